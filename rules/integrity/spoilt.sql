-- /// rule
-- id          = "spoilt"
-- severity    = "error"
-- verdict     = "none"
-- theme       = "damage"
-- label       = "Spoilt in the backup"
-- since       = "0.1.0"
-- tags        = ["integrity", "backup"]
-- population  = "backup WHERE len(damage) > 0"
-- needs       = []
-- passed      = "No damaged file of a backup was whole when it was stored, and changed since."
-- failed_one  = "1 file of a backup was spoilt: it was changed since it was stored, and is empty or damaged now."
-- failed_many = "$count files of a backup were spoilt: they were changed since they were stored, and are empty or damaged now."
-- message     = "$path in $backup: $what."
-- why = """
-- A new date alone makes no edit. A program that crashed while it saved, a sync tool that wrote an empty file, or a virus that
-- encrypts leave a new date too, and a picture that cannot be opened any more. Many at once: stop, and look for the cause first.
-- """
-- remedy      = "Run `auditor backup SOURCE DEST`: it repairs the file and puts the bad one aside. Then find what changed it."
-- not_covered = "Backups that `auditor verify` has not read since: only a second reading can tell."
-- sources     = ["RFC 8493, section 3: valid means that every payload file has the bytes that were stored"]
-- ///
SELECT 'backup' AS side, path, backup, list_filter(damage, lambda d: d.code = 'spoilt')[1].detail AS what, size_bytes
FROM backup
WHERE len(list_filter(damage, lambda d: d.code = 'spoilt')) > 0
ORDER BY backup, path
