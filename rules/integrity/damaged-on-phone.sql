-- /// rule
-- id          = "damaged-on-phone"
-- severity    = "warning"
-- verdict     = "none"
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
-- remedy      = "Look for a whole copy: in an older backup, the cloud, or with the person who sent it. Do not delete either file."
-- not_covered = "Damage that shows no trace, such as single changed bits; only an earlier list of digests finds it."
-- ///
SELECT 'source' AS side, due.path AS path, due.damage[1].detail AS damage, due.damage[1].code AS code,
    due.damage[1]."offset" AS "offset",
    coalesce(' (perhaps whole in the backup as ' || whole.path || ')', '') AS elsewhere,
    due.size_bytes AS size_bytes, due.taken_at AS taken_at, files.status AS status
FROM due
JOIN files ON files.id = due.id
LEFT JOIN (
    SELECT head_sha256, max(size_bytes) AS size_bytes, arg_max(path, size_bytes) AS path
    FROM backup
    WHERE soundness = 'sound' AND head_sha256 IS NOT NULL
    GROUP BY head_sha256
) whole ON whole.head_sha256 = due.head_sha256 AND whole.size_bytes > due.size_bytes
WHERE due.soundness = 'damaged' AND due.size_bytes > 0
    -- Files that are no pictures at all, and pictures that only lost their clip, have rules of their own.
    AND (coalesce(len(due.damage), 0) = 0 OR len(list_filter(due.damage, lambda d: d.code NOT IN ('not_media', 'part_missing'))) > 0)
ORDER BY due.path
