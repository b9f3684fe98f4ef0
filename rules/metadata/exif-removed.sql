-- /// rule
-- id          = "exif-removed"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "memory"
-- label       = "Date, camera and place lost"
-- since       = "0.1.0"
-- tags        = ["metadata"]
-- population  = "files WHERE status <> 'identical' AND list_contains($proof, status)"
-- needs       = ["files.status"]
-- passed      = "No copy has lost its date, camera and location."
-- failed_one  = "1 copy has lost its date, camera and location."
-- failed_many = "$count copies have lost their date, camera and location."
-- message     = "The copy of $path in $backup says neither when nor with what it was taken."
-- why = """
-- The picture is safe, but galleries will show it on the day it was copied. Messengers and some
-- clouds strip metadata from what passes through them.
-- """
-- remedy      = "Copy the originals over a cable with `auditor backup SOURCE DEST`; it adds them beside the stripped ones."
-- not_covered = "Metadata that this program does not read, such as ratings and names of people."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path, due.size_bytes AS size_bytes,
    due.taken_at AS taken_at, due.camera_model AS camera_model
FROM files
JOIN due ON due.id = files.id
JOIN pairs ON pairs.id = files.id AND pairs.backup = files.backup
JOIN backup ON backup.id = pairs.backup_id
WHERE files.status <> 'identical' AND list_contains($proof, files.status)
    AND coalesce(due.taken_at, due.camera_make, due.camera_model) IS NOT NULL
    AND coalesce(backup.taken_at, backup.camera_make, backup.camera_model) IS NULL
ORDER BY due.path
