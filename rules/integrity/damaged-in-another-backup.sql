-- /// rule
-- id          = "damaged-in-another-backup"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "damage"
-- label       = "Damaged in one backup"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "pairs WHERE (SELECT count(*) FROM header WHERE side = 'backup') > 1"
-- needs       = ["files.status", "pairs.status"]
-- passed      = "No copy is damaged in one backup while another holds it whole."
-- failed_one  = "1 copy is damaged in one backup; another backup holds it whole."
-- failed_many = "$count copies are damaged in one backup; another backup holds them whole."
-- message     = "The copy of $path in $backup is damaged ($detail); $good holds a good one: $good_path."
-- why = """
-- Nothing is lost, but this backup cannot be relied on: a second backup is there for the day when the first one fails.
-- """
-- remedy      = "Run `auditor backup` to this backup again, and test its disk if there are several."
-- ///
SELECT 'source' AS side, due.path AS path, pairs.backup AS backup, pairs.backup_path AS backup_path,
    coalesce(pairs.detail, 'its content differs') AS detail, files.backup AS good,
    files.backup_path AS good_path, due.size_bytes AS size_bytes
FROM pairs
JOIN files ON files.id = pairs.id
JOIN due ON due.id = pairs.id
WHERE pairs.status = 'damaged' AND list_contains($proof, files.status)
ORDER BY due.path, pairs.backup
