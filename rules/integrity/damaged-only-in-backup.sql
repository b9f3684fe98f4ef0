-- /// rule
-- id          = "damaged-only-in-backup"
-- severity    = "warning"
-- verdict     = "none"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "backup WHERE soundness IS NOT NULL"
-- needs       = ["backup.soundness", "backup.damage"]
-- passed      = "No photo or video that only the backup holds is damaged."
-- failed_one  = "1 photo or video that only the backup holds is damaged."
-- failed_many = "$count photos or videos that only the backup holds are damaged."
-- message     = "$path in $backup is damaged: $damage."
-- why = """
-- These pictures are not on the phone, so the backup may be the last place that has them, and what it has is broken.
-- """
-- remedy      = "Look for another copy before it is gone everywhere: another backup, the cloud, an old phone or card."
-- not_covered = "Damaged copies of files that are on the phone: these have rules of their own."
-- ///
SELECT 'backup' AS side, backup.path AS path, backup.backup AS backup, coalesce(backup.damage[1].detail, 'it cannot be decoded') AS damage,
    backup.damage[1].code AS code, backup.size_bytes AS size_bytes, backup.taken_at AS taken_at
FROM backup
LEFT JOIN (SELECT DISTINCT backup_id FROM pairs WHERE backup_id IS NOT NULL) used ON used.backup_id = backup.id
LEFT JOIN (SELECT DISTINCT sha256 FROM source WHERE sha256 IS NOT NULL) here ON here.sha256 = backup.sha256
WHERE backup.soundness = 'damaged' AND backup.kind IN ('photo', 'video') AND used.backup_id IS NULL AND here.sha256 IS NULL
ORDER BY backup.backup, backup.path
