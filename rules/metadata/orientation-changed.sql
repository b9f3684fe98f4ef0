-- /// rule
-- id          = "orientation-changed"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "memory"
-- label       = "Shown sideways"
-- since       = "0.1.0"
-- tags        = ["metadata"]
-- population  = "files WHERE status = 'metadata_changed' AND list_contains($proof, status)"
-- needs       = ["files.status"]
-- passed      = "Every copy with the same picture data stands the same way up."
-- failed_one  = "1 copy will appear sideways or upside down."
-- failed_many = "$count copies will appear sideways or upside down."
-- message     = "The copy of $path in $backup is rotated."
-- why = """
-- The camera does not turn the picture but notes which way up it is. The copy holds the same picture with another note,
-- so it will lie on its side.
-- """
-- remedy      = "Nothing is lost: turn it in the gallery, or copy the original again with `auditor backup SOURCE DEST`."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path,
    coalesce(due.orientation, 1) AS orientation, coalesce(backup.orientation, 1) AS orientation_there,
    due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM files
JOIN due ON due.id = files.id
JOIN pairs ON pairs.id = files.id AND pairs.backup = files.backup
JOIN backup ON backup.id = pairs.backup_id
WHERE files.status = 'metadata_changed'
    AND coalesce(due.orientation, 1) <> coalesce(backup.orientation, 1)
ORDER BY due.path
