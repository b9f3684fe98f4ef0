-- /// rule
-- id          = "raw-half-missing"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "RAW without its JPEG"
-- since       = "0.1.0"
-- tags        = ["companions"]
-- population  = "due WHERE extension IN ('dng', 'nef', 'nrw', 'cr2', 'cr3', 'crw', 'arw', 'raf', 'orf', 'rw2', 'pef', 'srw')"
-- needs       = ["due.companion_of"]
-- params      = { fewest_pairs = 5 }
-- passed      = "No RAW file lacks the JPEG that its neighbours have."
-- failed_one  = "1 RAW file has no JPEG beside it, though its neighbours have."
-- failed_many = "$count RAW files have no JPEG beside them, though their neighbours have."
-- message     = "$path has no JPEG beside it; others in its folder have ($pairs)."
-- why = """
-- In a folder where RAW and JPEG come in pairs, a RAW file alone may mean that its JPEG was deleted or lost.
-- """
-- remedy      = "Look whether you deleted the JPEG on purpose. If not, it can be made from the RAW file again."
-- not_covered = "JPEGs whose RAW file is gone: from outside they are photos like any other."
-- ///
SELECT 'source' AS side, path, pairs, size_bytes, taken_at
FROM (
    SELECT path, size_bytes, taken_at, companion_of,
        count(*) FILTER (WHERE companion_of IS NOT NULL) OVER (PARTITION BY folder) AS pairs,
        count(*) FILTER (WHERE companion_of IS NULL) OVER (PARTITION BY folder) AS alone
    FROM due
    WHERE extension IN ('dng', 'nef', 'nrw', 'cr2', 'cr3', 'crw', 'arw', 'raf', 'orf', 'rw2', 'pef', 'srw')
)
WHERE companion_of IS NULL AND pairs >= $fewest_pairs AND alone * 5 <= pairs
ORDER BY path
