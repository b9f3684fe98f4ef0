-- /// rule
-- id          = "storage-nearly-full"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "space"
-- label       = "Storage nearly full"
-- since       = "0.1.0"
-- tags        = ["space", "phone"]
-- population  = "header WHERE side = 'source' AND is_phone AND storage_total_bytes > 0 AND storage_free_bytes IS NOT NULL"
-- needs       = ["header.storage_total_bytes", "header.storage_free_bytes"]
-- params      = { full_percent = 95 }
-- passed      = "The phone has room left."
-- failed_one  = "The phone's storage is nearly full."
-- failed_many = "The storage of $count phones is nearly full."
-- message     = "The phone's storage is $used_percent% full: $free of $total are free."
-- why = """
-- A phone that is full cuts photos and films short, and its camera may stop in the middle of a film.
-- """
-- remedy      = "First make the backup whole and audit it; then `auditor duplicates` and `safe-to-delete.csv` show what can go."
-- ///
SELECT 'source' AS side, NULL::VARCHAR AS path, floor((storage_total_bytes - storage_free_bytes) * 100 / storage_total_bytes)::BIGINT AS used_percent,
    said_size(storage_free_bytes) AS free, said_size(storage_total_bytes) AS total,
    storage_free_bytes, storage_total_bytes
FROM header
WHERE side = 'source' AND is_phone AND storage_total_bytes > 0
    AND (storage_total_bytes - storage_free_bytes) * 100 > storage_total_bytes * $full_percent
