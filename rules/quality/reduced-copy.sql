-- /// rule
-- id          = "reduced-copy"
-- severity    = "error"
-- verdict     = "not_safe"
-- theme       = "safety"
-- label       = "Smaller copy"
-- since       = "0.1.0"
-- tags        = ["quality"]
-- population  = "due WHERE NOT list_contains($proof, 'reduced')"
-- needs       = ["files.status"]
-- passed      = "No file has only a smaller or re-encoded copy."
-- failed_one  = "1 file is in the backup only as a smaller or re-encoded copy."
-- failed_many = "$count files are in the backup only as smaller or re-encoded copies."
-- message     = "$backup holds $path only $how: $detail."
-- why = """
-- A cloud that saves storage, a messenger or a program has saved the picture again, most often smaller. It looks fine
-- on a phone, but detail may be gone for good, and with the phone goes the only original. The pixels were compared: it is
-- the same picture.
-- """
-- remedy      = "Run `auditor backup SOURCE DEST` for the originals; if a cloud made the copies, set it to keep originals. If such copies are enough: --policy storage-saver."
-- not_covered = "Films that were re-encoded: these are named by missing-from-backup. Copies with more pixels (larger-in-backup)."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path, files.detail AS detail,
    CASE WHEN backup.width * backup.height < due.width * due.height THEN 'as a smaller copy' ELSE 're-encoded' END AS how,
    due.width AS width, due.height AS height, backup.width AS width_there, backup.height AS height_there,
    due.size_bytes AS size_bytes, backup.size_bytes AS size_there_bytes, due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
LEFT JOIN pairs ON pairs.id = due.id AND pairs.backup = files.backup
LEFT JOIN backup ON backup.id = pairs.backup_id
WHERE files.status = 'reduced'
    -- The other ones are named by converted-format and larger-in-backup, which have these conditions too.
    AND NOT coalesce(backup.format <> due.format AND backup.width * backup.height = due.width * due.height, false)
    AND NOT coalesce(backup.width * backup.height > due.width * due.height, false)
ORDER BY due.path
