-- /// rule
-- id          = "file-date-lost"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "memory"
-- label       = "File date lost"
-- since       = "0.1.0"
-- tags        = ["metadata"]
-- population  = "files WHERE list_contains($proof, status)"
-- needs       = ["due.mtime", "due.taken_at", "backup.mtime"]
-- passed      = "Files whose only date is that of the file have kept it."
-- failed_one  = "1 copy has lost the only date that the file had."
-- failed_many = "$count copies have lost the only date that the files had."
-- message     = "$path is of $mtime; its copy in $backup says $mtime_there, and nothing else tells the date."
-- why = """
-- Screenshots and pictures from messengers hold no date of their own. What the file says is all there is, and a copy
-- made without keeping dates stands under the day of the copying.
-- """
-- remedy      = "Copy with `auditor backup SOURCE DEST`, which keeps dates. The list of the phone (source.jsonl in the report) has them too."
-- not_covered = "Photos that hold their own date, names that hold one, and shifts by whole hours (time zones)."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path, due.mtime AS mtime,
    backup.mtime AS mtime_there, due.size_bytes AS size_bytes
FROM files
JOIN due ON due.id = files.id
JOIN pairs ON pairs.id = files.id AND pairs.backup = files.backup
JOIN backup ON backup.id = pairs.backup_id
WHERE list_contains($proof, files.status)
    AND due.kind IN ('photo', 'video') AND due.taken_at IS NULL AND due.mtime_trusted AND backup.mtime_trusted
    AND NOT regexp_matches(due.name, '(19|20)[0-9]{2}[-_.]?(0[1-9]|1[0-2])[-_.]?[0-3][0-9]')
    -- FAT keeps 2 s, and a wrong time zone shifts by whole hours, 26 at most.
    AND (abs(due.mtime_s - backup.mtime_s - 3600 * round((due.mtime_s - backup.mtime_s) / 3600)) > 2.01
        OR abs(due.mtime_s - backup.mtime_s) > 26.5 * 3600)
ORDER BY due.path
