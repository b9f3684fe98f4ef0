-- /// rule
-- id          = "converted-format"
-- severity    = "error"
-- verdict     = "not_safe"
-- theme       = "safety"
-- label       = "Other format"
-- since       = "0.1.0"
-- tags        = ["quality"]
-- population  = "due WHERE NOT list_contains($proof, 'reduced')"
-- needs       = ["files.status"]
-- passed      = "No file has only a copy in another format."
-- failed_one  = "1 file is in the backup only in another format."
-- failed_many = "$count files are in the backup only in other formats."
-- message     = "$backup holds $path only as $format_there: $detail."
-- why = """
-- The picture was converted to another format, as Windows and iPhones do with HEIC on the way to a computer. It has
-- as many pixels, but each such step loses detail, and depth, motion and edits that the original held are gone.
-- """
-- remedy      = "On an iPhone choose Settings, Photos, Keep Originals; then run `auditor backup SOURCE DEST`."
-- not_covered = "Copies with fewer pixels (reduced-copy) or more (larger-in-backup)."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path, files.detail AS detail,
    due.format AS format, backup.format AS format_there, due.size_bytes AS size_bytes, backup.size_bytes AS size_there_bytes,
    due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
JOIN pairs ON pairs.id = due.id AND pairs.backup = files.backup
JOIN backup ON backup.id = pairs.backup_id
WHERE files.status = 'reduced'
    AND backup.format <> due.format AND backup.width * backup.height = due.width * due.height
ORDER BY due.path
