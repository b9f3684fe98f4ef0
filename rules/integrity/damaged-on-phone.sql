-- /// rule
-- id          = "damaged-on-phone"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "damage"
-- label       = "Damaged on the phone"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due WHERE soundness IS NOT NULL"
-- needs       = ["due.soundness", "due.damage"]
-- passed      = "No photo or video that was looked into is damaged on the phone."
-- failed_one  = "1 photo or video is damaged on the phone already."
-- failed_many = "$count photos or videos are damaged on the phone already."
-- message     = "$path is damaged on the phone: $damage$elsewhere."
-- why = """
-- The backup can only hold what the phone gives: a copy of a damaged picture is as damaged. It was broken before it was
-- copied, by a full memory, a failing card or a transfer that broke off. Such a file is never offered for deletion.
-- """
-- remedy      = "Look for a whole copy: in an older backup, the cloud, or with the person who sent it. Do not delete the damaged one."
-- not_covered = "Damage that shows no trace, such as single changed bits; only an earlier list of digests finds it."
-- ///
SELECT 'source' AS side, due.path AS path, due.damage[1].detail AS damage, due.damage[1].code AS code,
    due.damage[1]."offset" AS "offset",
    coalesce(' (perhaps whole in ' || whole.place || ' as ' || whole.path || ')', '') AS elsewhere,
    whole.place AS whole_backup, whole.path AS whole_path,
    due.size_bytes AS size_bytes, due.taken_at AS taken_at, files.status AS status
FROM due
JOIN files ON files.id = due.id
LEFT JOIN (
    -- The same first 64 KiB, and it goes on to the end; or, where those were hit, the same name and length.
    WITH bad AS (SELECT id, head_sha256, name, size_bytes FROM due WHERE soundness = 'damaged'),
    good AS (SELECT *, backup AS place, backup_number AS turn FROM backup WHERE soundness = 'sound'),
    found AS (
        SELECT bad.id, good.size_bytes, place, turn, path
        FROM bad JOIN good ON good.head_sha256 = bad.head_sha256 WHERE good.size_bytes >= bad.size_bytes
        UNION ALL
        SELECT bad.id, good.size_bytes, place, turn, path
        FROM bad JOIN good ON good.name = bad.name AND good.size_bytes = bad.size_bytes
    )
    SELECT id, min_by(place, (size_bytes, turn, path)) AS place, min_by(path, (size_bytes, turn, path)) AS path
    FROM found
    GROUP BY id
) whole ON whole.id = due.id
WHERE due.soundness = 'damaged' AND due.size_bytes > 0
    -- Whether it is so on the phone is not known yet (arrived-damaged).
    AND due.error_kind IS DISTINCT FROM 'doubted'
    -- Files that are no pictures at all, and pictures that only lost their clip, have rules of their own.
    AND (coalesce(len(due.damage), 0) = 0 OR len(list_filter(due.damage, lambda d: d.code NOT IN ('not_media', 'part_missing'))) > 0)
ORDER BY due.path
