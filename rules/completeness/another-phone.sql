-- /// rule
-- id          = "another-phone"
-- severity    = "error"
-- verdict     = "none"
-- theme       = "safety"
-- label       = "Backup of another phone"
-- since       = "0.1.0"
-- tags        = ["completeness", "backup"]
-- population  = "header WHERE side = 'backup' AND len(source_ids) > 0"
-- needs       = ["header.source_ids", "pairs.status"]
-- params      = { few_files = 10, found_percent = 10 }
-- passed      = "Each backup knows this phone, or holds its files."
-- failed_one  = "1 backup is of another phone."
-- failed_many = "$count backups are of other phones."
-- message     = "The backup $backup holds files of $others; of $phone hardly any ($found of $files) are in it."
-- why = """
-- A backup says whose files it holds. Where it does not name this phone and hardly any of its files are in it, the two do
-- not belong together, and thousands of missing files are one mistake: the wrong phone, or the wrong disk.
-- """
-- remedy      = "Name the phone and the backup that belong together. To keep this phone there too, run `auditor backup`: it goes beside the other."
-- not_covered = "Backups that were not made with `auditor backup`: they do not say whose files they hold."
-- ///
WITH found AS (
    SELECT backup, count(*) AS files, count(*) FILTER (WHERE status NOT IN ('missing', 'not_checked')) AS found
    FROM pairs
    GROUP BY backup
)
SELECT 'backup' AS side, NULL::VARCHAR AS path, h.backup AS backup, s.label AS phone,
    array_to_string(h.source_labels, ', ') AS others, found.found AS found, found.files AS files
FROM header h
JOIN header s ON s.side = 'source'
JOIN found ON found.backup = h.backup
WHERE len(h.source_ids) > 0 AND NOT list_contains(h.source_ids, s.place_id)
    AND found.files >= $few_files AND found.found * 100 < found.files * $found_percent
ORDER BY h.backup
