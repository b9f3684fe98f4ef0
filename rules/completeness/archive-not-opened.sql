-- /// rule
-- id          = "archive-not-opened"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "safety"
-- label       = "Archive not opened"
-- since       = "0.1.0"
-- tags        = ["completeness"]
-- population  = "backup"
-- needs       = ["pairs.status", "files.status", "files.copies"]
-- passed      = "No packed archive in a backup could hold what is missing there."
-- failed_one  = "1 packed archive was not opened; what is missing may lie in it."
-- failed_many = "$count packed archives were not opened; what is missing may lie in them."
-- message     = "$path in $backup was not opened."
-- why = """
-- Photos may lie in a ZIP or TAR in the folder. An archive is a place of its own: it is looked into where it is named.
-- """
-- remedy      = "Name it as the backup: `auditor audit PHONE takeout:FOLDER` for the parts of a Google Takeout, `auditor audit PHONE FILE` for any other archive."
-- not_covered = "Archives of other kinds (7z, RAR), and archives in archives."
-- ///
SELECT 'backup' AS side, b.path, b.backup, b.size_bytes
FROM backup AS b
WHERE regexp_matches(lower(b.path), '\.(zip|tar|tgz|tar\.gz|tbz2|tar\.bz2|txz|tar\.xz)$')
    -- What is missing here and proven elsewhere is not missed.
    AND EXISTS (
        SELECT 1 FROM pairs AS p JOIN files AS f ON f.id = p.id
        WHERE p.backup = b.backup AND p.status = 'missing' AND f.copies < $min_copies
    )
ORDER BY b.backup, b.path
