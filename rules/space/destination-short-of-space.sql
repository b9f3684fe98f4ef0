-- /// rule
-- id          = "destination-short-of-space"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "space"
-- label       = "Backup too full"
-- since       = "0.1.0"
-- tags        = ["space"]
-- population  = "header WHERE side = 'backup' AND storage_free_bytes IS NOT NULL"
-- needs       = ["header.storage_free_bytes", "pairs.status", "due.size_bytes"]
-- passed      = "Every backup has room for what is still to be copied."
-- failed_one  = "1 backup has no room for what is still to be copied."
-- failed_many = "$count backups have no room for what is still to be copied."
-- message     = "$backup has $free free, but $needed are still to be copied to it."
-- why = """
-- A copying program that runs out of space stops in the middle, and some leave the last file cut short.
-- """
-- remedy      = "Make room on that disk or use a larger one, before you run `auditor backup`."
-- ///
SELECT 'backup' AS side, NULL::VARCHAR AS path, header.backup AS backup, said_size(header.storage_free_bytes) AS free,
    said_size(lacking.bytes) AS needed, header.storage_free_bytes AS free_bytes, lacking.bytes AS needed_bytes
FROM header
JOIN (
    SELECT pairs.backup, sum(due.size_bytes)::BIGINT AS bytes
    FROM pairs
    JOIN due ON due.id = pairs.id
    WHERE NOT list_contains($proof, pairs.status) AND pairs.status <> 'not_checked'
    GROUP BY pairs.backup
) lacking ON lacking.backup = header.backup
WHERE lacking.bytes > header.storage_free_bytes
ORDER BY header.backup
