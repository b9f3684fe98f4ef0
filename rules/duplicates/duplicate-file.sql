-- /// rule
-- id          = "duplicate-file"
-- severity    = "warning"
-- verdict     = "none"
-- since       = "0.1.0"
-- tidying     = true
-- tags        = ["duplicates"]
-- population  = "due WHERE sha256 IS NOT NULL AND kind IN ('photo', 'video')"
-- needs       = ["due.sha256"]
-- passed      = "No file is on the phone twice."
-- failed_one  = "1 file is on the phone twice."
-- failed_many = "$count files are on the phone more than once, byte for byte."
-- message     = "$path holds the same bytes as $other."
-- why = """
-- The same file lies in several places and takes its room each time. One of them is enough; nothing is lost with the
-- others.
-- """
-- remedy      = "`auditor duplicates PHONE` makes a plan of what could go, and `auditor clean` carries it out with an undo."
-- not_covered = "Pictures that only look the same (duplicate-picture, similar-picture)."
-- ///
WITH members AS (
    -- keep_rank: which of all files with this picture is kept; the same that `auditor duplicates` keeps.
    SELECT path, sha256, size_bytes, width, height, format, taken_at, latitude, keep_rank, keep_reason,
        row_number() OVER (PARTITION BY sha256 ORDER BY keep_rank NULLS LAST, path) AS place,
        count(*) OVER (PARTITION BY sha256) AS size
    FROM due
    WHERE sha256 IS NOT NULL AND size_bytes > 0 AND kind IN ('photo', 'video')
    QUALIFY size > 1
), kept AS (
    SELECT sha256, min(path) FILTER (WHERE place = 1) AS first, min(path) FILTER (WHERE place = 2) AS second
    FROM members
    GROUP BY sha256
)
SELECT 'source' AS side, members.path AS path, CASE WHEN place = 1 THEN second ELSE first END AS other,
    members.sha256[:16] AS "group", CASE WHEN keep_rank = 1 THEN 'yes' ELSE 'no' END AS keep, 'same-bytes' AS relation,
    CASE WHEN keep_rank = 1 THEN keep_reason WHEN place > 1 THEN 'every byte is the same'
         ELSE 'a file that holds more beside the same picture is kept' END AS reason,
    members.size_bytes AS size_bytes, members.width AS width, members.height AS height, members.format AS format,
    members.taken_at AS taken_at, members.latitude IS NOT NULL AS has_place
FROM members
JOIN kept ON kept.sha256 = members.sha256
ORDER BY first, place
