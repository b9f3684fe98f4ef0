-- /// rule
-- id          = "duplicate-picture"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "space"
-- label       = "Same picture twice"
-- since       = "0.1.0"
-- tidying     = true
-- tags        = ["duplicates"]
-- population  = "due WHERE image_sha256 IS NOT NULL AND stripped_of IS NULL AND coalesce(soundness, '') NOT IN ('damaged', 'suspicious')"
-- needs       = ["due.image_sha256"]
-- passed      = "Of the pictures and films that are to be backed up and were looked into, none is on the phone twice with other metadata; damaged and stripped ones were not counted."
-- failed_one  = "1 file holds a picture or film that is on the phone more than once, with other metadata."
-- failed_many = "$count files hold pictures or films that are on the phone more than once, with other metadata."
-- message     = "$path holds the same $what as $other, with other metadata."
-- why = """
-- The pictures or films are the same to the last bit; only what is written beside them differs, such as a title. Each says when,
-- where and with what it was taken if another one does. The file that says most is the one to keep.
-- """
-- remedy      = "`auditor duplicates PHONE` shows them side by side and makes a plan of what could go."
-- not_covered = "Damaged files (damaged-on-phone, suspicious-on-phone); copies that have lost date, place or camera (stripped-copy). Smaller and re-encoded copies: `auditor duplicates` compares their pixels."
-- ///
WITH pictures AS (
    -- One of each content: files with the same bytes are named by duplicate-file.
    SELECT image_sha256, sha256, arg_min(due, (coalesce(keep_rank, 0), path)) AS one
    FROM due
    SEMI JOIN (
        SELECT image_sha256 FROM due WHERE image_sha256 IS NOT NULL GROUP BY image_sha256 HAVING min(sha256) <> max(sha256)
    ) several USING (image_sha256)
    WHERE sha256 IS NOT NULL AND stripped_of IS NULL AND coalesce(soundness, '') NOT IN ('damaged', 'suspicious')
    GROUP BY image_sha256, sha256
), members AS (
    SELECT image_sha256, one.path, one.kind, one.size_bytes, one.width, one.height, one.format, one.taken_at, one.latitude,
        one.keep_reason,
        -- Which is kept: the same that `auditor duplicates` keeps.
        row_number() OVER (PARTITION BY image_sha256 ORDER BY one.keep_rank NULLS LAST, one.path) AS place,
        count(*) OVER (PARTITION BY image_sha256) AS size
    FROM pictures
    QUALIFY size > 1
), kept AS (
    SELECT image_sha256, min(path) FILTER (WHERE place = 1) AS first, min(path) FILTER (WHERE place = 2) AS second
    FROM members
    GROUP BY image_sha256
)
SELECT 'source' AS side, members.path AS path, CASE WHEN place = 1 THEN second ELSE first END AS other,
    CASE WHEN members.kind = 'video' THEN 'film' ELSE 'picture' END AS what, members.image_sha256[:16] AS "group", CASE WHEN place = 1 THEN 'yes' ELSE 'no' END AS keep, 'same-image-data' AS relation,
    CASE WHEN place = 1 THEN keep_reason ELSE 'same image data as the kept file' END AS reason,
    members.size_bytes AS size_bytes, members.width AS width, members.height AS height, members.format AS format,
    members.taken_at AS taken_at, members.latitude IS NOT NULL AS has_place
FROM members
JOIN kept ON kept.image_sha256 = members.image_sha256
ORDER BY first, place
