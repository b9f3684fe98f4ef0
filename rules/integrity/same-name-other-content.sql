-- /// rule
-- id          = "same-name-other-content"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Same name, other content"
-- since       = "0.1.0"
-- tags        = ["integrity", "names"]
-- population  = "due WHERE sha256 IS NOT NULL"
-- needs       = ["due.sha256", "backup.sha256", "pairs.status"]
-- passed      = "Under the names of the phone the backup holds the same contents."
-- failed_one  = "1 file has a namesake with other content in the backup, beside its true copy."
-- failed_many = "$count files have namesakes with other content in the backup, beside their true copies."
-- message     = "$path is in $backup as $backup_path; under its own name there is another version."
-- why = """
-- A picture was edited, or a number was used again after the phone was reset: the backup keeps both versions. That is
-- as it should be; it only matters to who looks for a photo by its name.
-- """
-- remedy      = "Nothing needs to be done."
-- not_covered = "Files of which the backup has only another version (missing-from-backup says so), and swapped photos (one-name-two-contents)."
-- ///
WITH prefixes AS (
    -- Where in the backup the phone's folders begin: the most frequent places, and the top.
    SELECT backup, prefix
    FROM (
        SELECT backup, left(backup_path, len(backup_path) - len(path)) AS prefix, count(*) AS files
        FROM pairs
        WHERE ends_with(backup_path, '/' || path)
        GROUP BY backup, prefix
        QUALIFY row_number() OVER (PARTITION BY backup ORDER BY files DESC, prefix) <= 3
    )
    UNION
    SELECT backup, '' FROM pairs
)
SELECT 'source' AS side, due.path AS path, pairs.backup AS backup, pairs.backup_path AS backup_path,
    namesake.path AS namesake, due.size_bytes AS size_bytes, namesake.size_bytes AS size_there_bytes, due.taken_at AS taken_at
FROM due
JOIN pairs ON pairs.id = due.id AND pairs.status = 'identical'
JOIN prefixes ON prefixes.backup = pairs.backup
JOIN backup namesake ON namesake.backup = pairs.backup AND namesake.path = prefixes.prefix || due.path
ANTI JOIN source ON source.sha256 = namesake.sha256
WHERE namesake.sha256 <> due.sha256
ORDER BY due.path, pairs.backup, namesake.path
