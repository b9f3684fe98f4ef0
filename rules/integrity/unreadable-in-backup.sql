-- /// rule
-- id          = "unreadable-in-backup"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "safety"
-- label       = "Not readable in the backup"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "backup"
-- needs       = ["backup.error_kind"]
-- passed      = "Every file of the backup could be read."
-- failed_one  = "1 file or folder of the backup could not be read."
-- failed_many = "$count files or folders of the backup could not be read."
-- message     = "$path in $backup could not be read ($reason)."
-- why = """
-- A backup that cannot be read when nothing is at stake will not be readable when it is needed. Read errors are often the
-- first sign of a failing disk.
-- """
-- remedy      = "Connect the backup if it was unplugged, and check the rights of the folder. If both are right, copy the backup to another disk soon."
-- ///
SELECT 'backup' AS side, path, backup, error AS reason, size_bytes
FROM backup
WHERE error_kind IN ('unreadable', 'link', 'link_to_file')
ORDER BY backup, path
