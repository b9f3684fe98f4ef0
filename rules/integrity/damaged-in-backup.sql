-- /// rule
-- id          = "damaged-in-backup"
-- severity    = "error"
-- verdict     = "not_safe"
-- theme       = "safety"
-- label       = "Damaged copy"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due"
-- needs       = ["files.status"]
-- passed      = "No file has only a damaged copy."
-- failed_one  = "1 file has only a damaged copy in the backup."
-- failed_many = "$count files have only damaged copies in the backup."
-- message     = "The copy of $path in $backup is damaged: $detail."
-- why = """
-- The file is whole on the phone, but its copy is broken, and a broken photo often looks fine in the gallery until you
-- open it. If the phone is lost now, the picture is lost or spoilt.
-- """
-- remedy      = "Run `auditor backup SOURCE DEST`: it writes a good copy and deletes nothing. If there are several, test the disk."
-- not_covered = "Copies that are only shorter (cut-short-in-backup), and copies whose damage no decoder sees (content-changed)."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path, files.detail AS detail,
    due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
JOIN pairs ON pairs.id = due.id AND pairs.backup = files.backup
JOIN backup ON backup.id = pairs.backup_id
WHERE files.status = 'damaged'
    -- cut-short-in-backup, damaged-in-backup and content-changed share the damaged copies among them, in this order.
    AND NOT coalesce(backup.size_bytes < due.size_bytes, false) AND backup.soundness = 'damaged'
ORDER BY due.path
