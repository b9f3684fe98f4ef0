-- /// rule
-- id          = "one-name-two-contents"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "memory"
-- label       = "Exchanged name"
-- since       = "0.1.0"
-- tags        = ["names"]
-- population  = "due WHERE sha256 IS NOT NULL"
-- needs       = ["due.sha256", "backup.sha256", "pairs.status"]
-- passed      = "No name stands for one photo on the phone and for another of its photos in the backup."
-- failed_one  = "1 photo has the name in the backup that another one has on the phone."
-- failed_many = "$count photos have swapped names between phone and backup."
-- message     = "$path: under this name $backup holds what the phone has as $other."
-- why = """
-- Both photos are safe, since contents are compared and not names. But whoever restores or compares by name takes one
-- photo for the other; two files were swapped, or renamed over one another.
-- """
-- remedy      = "Look at both and give them their right names, on the phone or in the backup."
-- not_covered = "Names under which the backup holds a photo that the phone no longer has (same-name-other-content)."
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
), phone AS (
    SELECT sha256, min(path) AS first FROM source GROUP BY sha256
)
SELECT 'source' AS side, due.path AS path, pairs.backup AS backup, namesake.path AS namesake, phone.first AS other,
    pairs.backup_path AS backup_path, due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM due
JOIN pairs ON pairs.id = due.id AND pairs.status = 'identical'
JOIN prefixes ON prefixes.backup = pairs.backup
JOIN backup namesake ON namesake.backup = pairs.backup AND namesake.path = prefixes.prefix || due.path
JOIN phone ON phone.sha256 = namesake.sha256
WHERE namesake.sha256 <> due.sha256
ORDER BY due.path, pairs.backup, namesake.path
