-- /// rule
-- id          = "folder-counts"
-- severity    = "info"
-- verdict     = "none"
-- since       = "0.1.0"
-- tags        = ["completeness"]
-- population  = "due"
-- needs       = ["pairs.status"]
-- passed      = "Every folder has as many files and bytes in each backup as on the phone."
-- failed_one  = "1 folder has fewer files in a backup than on the phone."
-- failed_many = "$count times a folder has fewer files in a backup than on the phone."
-- message     = "$path: $files files, $size on the phone; $files_there files, $size_there of them in $backup."
-- why = """
-- This is the check that people do by hand: the number of files and the size of each folder, on the phone and in the
-- backup. Only files whose content is in the backup count, wherever they lie there.
-- """
-- remedy      = "The other findings name each file that is missing; run `auditor backup` to the backup named here."
-- not_covered = "Files of the backup that are not on the phone."
-- ///
SELECT 'source' AS side, coalesce(nullif(due.folder, ''), '(the top folder)') AS path, pairs.backup AS backup, count(*) AS files,
    count(*) FILTER (WHERE list_contains($proof, pairs.status)) AS files_there,
    coalesce(sum(due.size_bytes), 0)::BIGINT AS size_bytes,
    formatReadableDecimalSize(coalesce(sum(due.size_bytes), 0)::BIGINT) AS size,
    formatReadableDecimalSize(coalesce(sum(due.size_bytes) FILTER (WHERE list_contains($proof, pairs.status)), 0)::BIGINT)
        AS size_there
FROM due
JOIN pairs ON pairs.id = due.id
GROUP BY due.folder, pairs.backup
HAVING files_there < files
ORDER BY path, backup
