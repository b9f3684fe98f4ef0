-- /// rule
-- id          = "unsafe-names"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Name a backup may refuse"
-- since       = "0.1.0"
-- tidying     = true
-- tags        = ["names"]
-- population  = "due"
-- needs       = ["files.status", "due.path_bytes"]
-- passed      = "Every file that is still to be copied has a name that any disk can hold."
-- failed_one  = "1 file that is still to be copied has a name that its backup may refuse."
-- failed_many = "$count files that are still to be copied have names that their backups may refuse."
-- message     = "$path cannot be stored under this name on every disk: $reason."
-- why = """
-- Windows, memory cards and many network shares refuse some letters and names. Copying programs skip such a file or
-- change its name, often without a word.
-- """
-- remedy      = "Rename it on the phone, or run `auditor backup`, which writes such names in a form that every disk holds."
-- not_covered = "Files that are in a backup already, under whatever name. Limits of clouds of their own."
-- sources     = ["Microsoft: Naming Files, Paths, and Namespaces"]
-- ///
SELECT 'source' AS side, path, reason, size_bytes
FROM (
    SELECT due.path AS path, due.size_bytes AS size_bytes,
        CASE WHEN due.path_bytes IS NOT NULL THEN 'the name is not valid UTF-8'
             WHEN narrow.backup IS NULL THEN CASE WHEN strlen(due.name) > 255 THEN 'the name is longer than 255 bytes' END
             WHEN regexp_matches(due.path, '[<>:"|?*\\\x00-\x1f]') THEN 'it holds one of < > : " | ? * \ or a control character'
             WHEN regexp_matches(due.path, '[. ](/|$)') THEN 'a name ends with a dot or a space'
             WHEN regexp_matches(lower(due.path), '(^|/)(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.[^/]*)?(/|$)')
             THEN 'Windows keeps this name for itself'
             WHEN len(due.name) > 255 THEN 'the name is longer than 255 letters' END AS reason
    FROM due
    JOIN files ON files.id = due.id
    -- The first backup whose file system refuses what Windows refuses; one that is not known may.
    CROSS JOIN (
        SELECT min(backup) AS backup
        FROM header
        WHERE side = 'backup' AND coalesce(lower(filesystem), 'ntfs') IN ('ntfs', 'ntfs3', 'fuseblk', 'vfat', 'msdos', 'fat', 'exfat', 'cifs', 'smb3', 'smbfs', '9p', 'drvfs')
    ) narrow
    WHERE NOT list_contains($proof, files.status)
)
WHERE reason IS NOT NULL
ORDER BY path
