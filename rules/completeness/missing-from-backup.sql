-- /// rule
-- id          = "missing-from-backup"
-- severity    = "error"
-- verdict     = "not_safe"
-- theme       = "safety"
-- label       = "Not in the backup"
-- since       = "0.1.0"
-- tags        = ["completeness"]
-- population  = "due"
-- needs       = ["pairs.status"]
-- passed      = "Every file that should be in the backup is there."
-- failed_one  = "1 file is not in the backup."
-- failed_many = "$count files are not in the backup."
-- message     = "$path is in none of the backups."
-- why = """
-- If the phone is lost or wiped, these files are gone. Whole contents are compared: a copy that was renamed or moved
-- counts, a file that only has the same name does not.
-- """
-- remedy      = "Run `auditor backup SOURCE DEST`, then audit again. Keep the phone until then."
-- not_covered = "Files that could not be read, and copies that are damaged or re-encoded: these have rules of their own."
-- sources     = ["RFC 8493, section 3: complete means that every listed payload file is present"]
-- ///
SELECT 'source' AS side, due.path AS path, due.size_bytes AS size_bytes, due.taken_at AS taken_at, files.detail AS detail
FROM due
JOIN files ON files.id = due.id
WHERE files.status = 'missing'
ORDER BY due.path
