-- /// rule
-- id          = "location-removed"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "memory"
-- label       = "Place lost"
-- since       = "0.1.0"
-- tags        = ["metadata"]
-- population  = "files WHERE status <> 'identical' AND list_contains($proof, status)"
-- needs       = ["files.status"]
-- passed      = "Copies with other metadata still say where the photo was taken."
-- failed_one  = "1 copy no longer says where the photo was taken."
-- failed_many = "$count copies no longer say where the photos were taken."
-- message     = "The copy of $path in $backup has lost the place where it was taken$how."
-- why = """
-- The picture is safe, but the map in the gallery will not show it once the phone is gone. Since Android 10 an app
-- without the right to see locations gets photos whose place is blanked, in files of the same size: many backup apps do.
-- """
-- remedy      = "Allow the backup app the access to photo locations, or copy the originals over a cable with `auditor backup SOURCE DEST`."
-- not_covered = "Copies that have lost all their metadata (exif-removed). Places that were changed to other places."
-- sources     = ["Android documentation: ACCESS_MEDIA_LOCATION", "AOSP: RedactingFileDescriptor"]
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path,
    CASE WHEN backup.size_bytes = due.size_bytes THEN ' (same size: it was blanked in place)' ELSE '' END AS how,
    due.size_bytes AS size_bytes, backup.size_bytes AS size_there_bytes, due.taken_at AS taken_at
FROM files
JOIN due ON due.id = files.id
JOIN pairs ON pairs.id = files.id AND pairs.backup = files.backup
JOIN backup ON backup.id = pairs.backup_id
WHERE files.status <> 'identical' AND list_contains($proof, files.status)
    AND due.latitude IS NOT NULL AND (backup.latitude IS NULL OR (backup.latitude = 0 AND backup.longitude = 0 AND due.latitude <> 0))
    -- Where date and camera are gone as well, exif-removed says so.
    AND NOT (coalesce(due.taken_at, due.camera_make, due.camera_model) IS NOT NULL
        AND coalesce(backup.taken_at, backup.camera_make, backup.camera_model) IS NULL)
ORDER BY due.path
