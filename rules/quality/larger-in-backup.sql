-- /// rule
-- id          = "larger-in-backup"
-- severity    = "warning"
-- verdict     = "not_checked"
-- theme       = "safety"
-- label       = "Larger in the backup"
-- since       = "0.1.0"
-- tags        = ["quality"]
-- population  = "due WHERE NOT list_contains($proof, 'reduced')"
-- needs       = ["files.status"]
-- passed      = "No picture has more pixels in the backup than on the phone."
-- failed_one  = "1 picture has more pixels in the backup than on the phone: the original is there, the phone holds a smaller one."
-- failed_many = "$count pictures have more pixels in the backup than on the phone: the originals are there, the phone holds smaller ones."
-- message     = "$backup holds the larger picture, $path on the phone is a smaller one: $detail."
-- why = """
-- So it is where a phone saves room and keeps small pictures while the cloud has the originals. The pixels were compared: it
-- is the same picture. What the phone holds is not in the backup byte for byte, and that the larger one is the original
-- and not a blown-up copy nobody can prove, so the file counts as not checked, not as lost.
-- """
-- remedy      = "If the phone optimises its storage, the originals are in the backup, and nothing is to be copied. Look at one of them; then `auditor audit PHONE BACKUPS --policy storage-saver` counts them as safe."
-- not_covered = "Films: a smaller one is another film to this program."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path, files.detail AS detail,
    due.width AS width, due.height AS height, backup.width AS width_there, backup.height AS height_there,
    due.size_bytes AS size_bytes, backup.size_bytes AS size_there_bytes, due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
JOIN pairs ON pairs.id = due.id AND pairs.backup = files.backup
JOIN backup ON backup.id = pairs.backup_id
WHERE files.status = 'reduced'
    AND backup.width * backup.height > due.width * due.height
ORDER BY due.path
