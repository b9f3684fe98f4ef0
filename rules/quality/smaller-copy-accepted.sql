-- /// rule
-- id          = "smaller-copy-accepted"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Smaller copy accepted"
-- since       = "0.1.0"
-- tags        = ["quality", "storage-saver"]
-- population  = "due WHERE list_contains($proof, 'reduced')"
-- needs       = ["files.status"]
-- passed      = "Every original is in a backup, none only as a smaller or re-encoded copy."
-- failed_one  = "1 original is only on the phone; the backup holds a smaller or re-encoded copy."
-- failed_many = "$count originals are only on the phone; the backup holds smaller or re-encoded copies."
-- message     = "$path is in $backup as a smaller or re-encoded copy: $detail."
-- why = """
-- The policy of this audit says that such a copy is good enough, so the file counts as safe. The full quality is on the
-- phone alone, and goes with it.
-- """
-- remedy      = "If you want the originals, audit with --policy family and run `auditor backup SOURCE DEST`."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path, files.detail AS detail,
    due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
LEFT JOIN pairs ON pairs.id = due.id AND pairs.backup = files.backup
LEFT JOIN backup ON backup.id = pairs.backup_id
WHERE files.status = 'reduced'
    AND NOT coalesce(backup.width * backup.height > due.width * due.height, false)
ORDER BY due.path
