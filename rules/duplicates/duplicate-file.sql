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
    SELECT *,
        row_number() OVER (PARTITION BY sha256 ORDER BY in_camera DESC, mtime_s NULLS LAST, len(path), path) AS place,
        count(*) OVER (PARTITION BY sha256) AS size
    FROM (
        SELECT path, sha256, size_bytes, width, height, format, taken_at, latitude, mtime_s, regexp_matches(lower(path), '(^|/)dcim/') AS in_camera
        FROM due
        WHERE sha256 IS NOT NULL AND size_bytes > 0 AND kind IN ('photo', 'video')
    )
    QUALIFY size > 1
), kept AS (
    SELECT sha256, min(path) FILTER (WHERE place = 1) AS first, min(path) FILTER (WHERE place = 2) AS second,
        bool_or(in_camera AND place = 1) AND NOT bool_or(in_camera AND place = 2) AS by_folder
    FROM members
    GROUP BY sha256
)
SELECT 'source' AS side, members.path AS path, CASE WHEN place = 1 THEN second ELSE first END AS other,
    members.sha256[:16] AS "group", CASE WHEN place = 1 THEN 'yes' ELSE 'no' END AS keep, 'same-bytes' AS relation,
    CASE WHEN place > 1 THEN 'same bytes as the kept file' WHEN by_folder THEN 'it lies in the camera''s folder'
         ELSE 'it is the oldest, or has the shortest path' END AS reason,
    members.size_bytes AS size_bytes, members.width AS width, members.height AS height, members.format AS format,
    members.taken_at AS taken_at, members.latitude IS NOT NULL AS has_place
FROM members
JOIN kept ON kept.sha256 = members.sha256
ORDER BY first, place
