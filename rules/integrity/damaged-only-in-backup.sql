-- /// rule
-- id          = "damaged-only-in-backup"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "damage"
-- label       = "Damaged, only in the backup"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "backup WHERE soundness IS NOT NULL"
-- needs       = ["backup.soundness", "backup.damage"]
-- passed      = "No photo or video that only the backup holds is damaged."
-- failed_one  = "1 photo or video that only the backup holds is damaged."
-- failed_many = "$count photos or videos that only the backup holds are damaged."
-- message     = "$path in $backup is damaged: $damage$elsewhere."
-- why = """
-- These pictures are not on the phone, so the backup may be the last place that has them, and what it has is broken.
-- """
-- remedy      = "Look for another copy before it is gone everywhere: another backup, the cloud, an old phone or card."
-- not_covered = "Damaged copies of files that are on the phone: these have rules of their own."
-- ///
SELECT 'backup' AS side, backup.path AS path, backup.backup AS backup, coalesce(backup.damage[1].detail, 'it cannot be decoded') AS damage,
    coalesce(' (perhaps whole ' || whole.place || ' as ' || whole.path || ')', '') AS elsewhere,
    CASE WHEN whole.place = 'on the phone' THEN whole.path END AS phone_path, backup.damage[1].code AS code, backup.size_bytes AS size_bytes, backup.taken_at AS taken_at
FROM backup
ANTI JOIN pairs ON pairs.backup_id = backup.id
ANTI JOIN source ON source.sha256 = backup.sha256
LEFT JOIN (
    -- The same first 64 KiB, and it goes on to the end; or, where those were hit, the same name and length.
    WITH bad AS (SELECT id, head_sha256, name, size_bytes FROM backup WHERE soundness = 'damaged'),
    good AS (
        SELECT head_sha256, name, size_bytes, path, 'in ' || backup AS place, backup_number AS turn FROM backup WHERE soundness = 'sound'
        UNION ALL
        SELECT head_sha256, name, size_bytes, path, 'on the phone', -1 FROM source WHERE soundness = 'sound'
    ),
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
) whole ON whole.id = backup.id
WHERE backup.soundness = 'damaged' AND backup.kind IN ('photo', 'video')
ORDER BY backup.backup, backup.path
