-- /// rule
-- id          = "date-taken-changed"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "memory"
-- label       = "Date taken changed"
-- since       = "0.1.0"
-- tags        = ["metadata"]
-- population  = "files WHERE status <> 'identical' AND list_contains($proof, status)"
-- needs       = ["files.status"]
-- passed      = "Copies with other metadata still say when the photo was taken."
-- failed_one  = "1 copy has another date, or none."
-- failed_many = "$count copies have another date, or none."
-- message     = "$path was taken $taken_at; its copy in $backup says $taken_there."
-- why = """
-- Galleries sort by this date, so the copy will be found in the wrong year or not at all. For evidence it is a change
-- of the record.
-- """
-- remedy      = "Find out which program wrote the copy, and copy the originals over a cable with `auditor backup SOURCE DEST`."
-- not_covered = "Which of the two dates is the true one. Dates of files (file-date-lost)."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path, due.taken_at AS taken_at,
    coalesce(backup.taken_at, 'nothing') AS taken_there, due.size_bytes AS size_bytes
FROM files
JOIN due ON due.id = files.id
JOIN pairs ON pairs.id = files.id AND pairs.backup = files.backup
JOIN backup ON backup.id = pairs.backup_id
WHERE files.status <> 'identical' AND list_contains($proof, files.status)
    AND due.taken_at IS NOT NULL AND due.taken_at IS DISTINCT FROM backup.taken_at
    -- Where camera and date are gone together, exif-removed says so.
    AND (backup.taken_at IS NOT NULL OR coalesce(backup.camera_make, backup.camera_model) IS NOT NULL)
ORDER BY due.path
