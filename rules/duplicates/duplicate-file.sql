-- /// rule
-- id          = "duplicate-file"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "space"
-- label       = "Same file twice"
-- since       = "0.1.0"
-- tidying     = true
-- tags        = ["duplicates"]
-- population  = "due WHERE sha256 IS NOT NULL AND kind IN ('photo', 'video') AND stripped_of IS NULL AND coalesce(soundness, '') NOT IN ('damaged', 'suspicious')"
-- needs       = ["due.sha256"]
-- passed      = "Of the photos and videos that are to be backed up and were read, none is on the phone twice; empty, damaged and stripped ones were not counted."
-- failed_one  = "1 file holds the same bytes as another one on the phone."
-- failed_many = "$count files hold the same bytes as others on the phone."
-- message     = "$path holds the same bytes as $other."
-- why = """
-- The same file lies in several places and takes up space each time. One of them is enough; you lose nothing by
-- removing the others.
-- """
-- remedy      = "`auditor duplicates PHONE` makes a plan of what could go, and `auditor clean` carries it out with an undo."
-- not_covered = "Damaged files, of which none is to go (damaged-on-phone, suspicious-on-phone), and stripped ones (stripped-copy). Pictures that only look the same (duplicate-picture, similar-picture)."
-- ///
WITH members AS (
    -- keep_rank: which of all files with this picture is kept; the same that `auditor duplicates` keeps.
    SELECT path, sha256, size_bytes, width, height, format, taken_at, latitude, keep_rank, keep_reason,
        row_number() OVER (PARTITION BY sha256 ORDER BY keep_rank NULLS LAST, path) AS place,
        count(*) OVER (PARTITION BY sha256) AS size,
        keep_rank = min(keep_rank) OVER (PARTITION BY coalesce(image_sha256, sha256)) AS best
    FROM due
    WHERE sha256 IS NOT NULL AND size_bytes > 0 AND kind IN ('photo', 'video') AND stripped_of IS NULL
        AND coalesce(soundness, '') NOT IN ('damaged', 'suspicious')
    QUALIFY size > 1
), kept AS (
    SELECT sha256, min(path) FILTER (WHERE place = 1) AS first, min(path) FILTER (WHERE place = 2) AS second
    FROM members
    GROUP BY sha256
)
SELECT 'source' AS side, members.path AS path, CASE WHEN place = 1 THEN second ELSE first END AS other,
    members.sha256[:16] AS "group", CASE WHEN best THEN 'yes' ELSE 'no' END AS keep, 'same-bytes' AS relation,
    CASE WHEN best THEN keep_reason WHEN place > 1 THEN 'every byte is the same'
         ELSE 'a file that holds more beside the same picture is kept' END AS reason,
    members.size_bytes AS size_bytes, members.width AS width, members.height AS height, members.format AS format,
    members.taken_at AS taken_at, members.latitude IS NOT NULL AS has_place
FROM members
JOIN kept ON kept.sha256 = members.sha256
ORDER BY first, place
