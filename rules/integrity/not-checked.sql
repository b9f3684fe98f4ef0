-- /// rule
-- id          = "not-checked"
-- severity    = "error"
-- verdict     = "not_checked"
-- theme       = "safety"
-- label       = "Not compared"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due"
-- needs       = ["files.status", "files.only_claimed"]
-- passed      = "Every file that was read could be compared with the backup."
-- failed_one  = "1 file is not proven: what the backup holds of it could not be compared, or differs in what may be content."
-- failed_many = "$count files are not proven: what the backup holds of them could not be compared, or differs in what may be content."
-- message     = "$path is not proven: $detail."
-- why = """
-- The file was read, but what lies in the backup could not be held against it: its copy could not be read, only its
-- name is known, or the two look alike and nobody could look at the pixels. Or the copy holds the same picture and differs
-- elsewhere: a depth map, a gain map, the clip of a motion photo, thermal data or sound may be lost, which no look at the
-- picture shows; or the usual programs do not open it. It may be safe; this audit cannot say so.
-- """
-- remedy      = "Where the copy differs, `auditor backup SOURCE DEST` keeps it and adds the original. Else make readable what could not be read (rights, cable, disk); where a list stands for a folder, name the folder itself; where a copy may be the phone's own file, its reason says what to name. Then audit again."
-- not_covered = "Files that could not be read on the phone (unreadable-file); copies of which the cloud only repeats that they have this content (claimed-digest); larger pictures (perhaps-larger-in-backup)."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path,
    coalesce(files.detail, 'the reason is not known') AS detail, due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
LEFT JOIN pairs ON pairs.id = due.id AND pairs.backup = files.backup
LEFT JOIN backup ON backup.id = pairs.backup_id
WHERE files.status = 'not_checked'
    AND NOT (due.error IS NOT NULL AND coalesce(due.sha256, due.md5, due.sha1, due.quickxor, due.dropbox) IS NULL)
    AND NOT files.only_claimed
    AND NOT coalesce(backup.width * backup.height > due.width * due.height, false)
ORDER BY due.path
