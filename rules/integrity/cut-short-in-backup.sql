-- /// rule
-- id          = "cut-short-in-backup"
-- severity    = "error"
-- verdict     = "not_safe"
-- theme       = "safety"
-- label       = "Cut short"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due"
-- needs       = ["files.status"]
-- passed      = "No file has only a copy that was cut short."
-- failed_one  = "1 file was cut short in the backup."
-- failed_many = "$count files were cut short in the backup."
-- message     = "The copy of $path in $backup is $detail."
-- why = """
-- The copying broke off: a cable that was pulled, a disk that was full, an upload that was not finished. Name and date
-- of the copy look right, but the end of the picture or film is gone, or all of it.
-- """
-- remedy      = "Run `auditor backup SOURCE DEST`: it writes a whole copy. Keep the phone until an audit says that it is safe."
-- not_covered = "Files that are cut short on the phone already (damaged-on-phone, empty-file)."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path, files.detail AS detail,
    due.size_bytes AS size_bytes, backup.size_bytes AS size_there_bytes, due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
JOIN pairs ON pairs.id = due.id AND pairs.backup = files.backup
JOIN backup ON backup.id = pairs.backup_id
WHERE files.status = 'damaged'
    -- cut-short-in-backup, damaged-in-backup and content-changed share the damaged copies among them, in this order.
    AND backup.size_bytes < due.size_bytes
ORDER BY due.path
