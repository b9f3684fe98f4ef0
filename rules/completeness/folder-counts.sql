-- /// rule
-- id          = "folder-counts"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Folder with fewer files"
-- since       = "0.1.0"
-- tags        = ["completeness"]
-- population  = "due"
-- needs       = ["pairs.status"]
-- passed      = "Every folder has as many files and bytes in each backup as on the phone."
-- failed_one  = "1 folder has files on the phone that a backup does not hold as they are."
-- failed_many = "$count folders have files on the phone that a backup does not hold as they are."
-- message     = "$path: $on_phone, $size on the phone; as they are there, $there."
-- why = """
-- This is the check that people do by hand: the number of files and the size of each folder, on the phone and in the
-- backup. Only files whose content is in the backup count, wherever they lie there; a smaller,
-- larger or changed picture is another file.
-- """
-- remedy      = "The other findings name each of these files, and say what to do."
-- not_covered = "Files of the backup that are not on the phone."
-- ///
WITH held AS (
    SELECT due.folder AS folder, pairs.backup AS backup, count(*) AS files, coalesce(sum(due.size_bytes), 0)::BIGINT AS size_bytes,
        count(*) FILTER (WHERE list_contains($proof, pairs.status)) AS files_there,
        coalesce(sum(due.size_bytes) FILTER (WHERE list_contains($proof, pairs.status)), 0)::BIGINT AS bytes_there
    FROM due
    JOIN pairs ON pairs.id = due.id
    GROUP BY due.folder, pairs.backup
    HAVING files_there < files
)
SELECT 'source' AS side, coalesce(nullif(folder, ''), '(the top folder)') AS path,
    CASE count(*) WHEN 1 THEN min(backup) END AS backup, min(files) AS files, min(size_bytes) AS size_bytes,
    CASE min(files) WHEN 1 THEN '1 file' ELSE format('{:,} files', min(files)) END AS on_phone,
    said_size(min(size_bytes)) AS size,
    string_agg(format('{:,} of them ({}) in {}', files_there, said_size(bytes_there), backup), '; ' ORDER BY backup)
        AS there
FROM held
GROUP BY folder
ORDER BY path
