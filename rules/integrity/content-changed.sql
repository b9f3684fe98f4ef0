-- /// rule
-- id          = "content-changed"
-- severity    = "error"
-- verdict     = "not_safe"
-- theme       = "safety"
-- label       = "Other content"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due"
-- needs       = ["files.status"]
-- passed      = "No copy differs from a file whose name, size and date it has."
-- failed_one  = "1 copy in the backup has other content than the file on the phone."
-- failed_many = "$count copies in the backup have other content than the files on the phone."
-- message     = "$path and its copy in $backup have the same name, size and date, but other content."
-- why = """
-- Nothing that can be seen from outside tells the two apart, yet their bytes differ: the mark of a disk, a cable or a
-- memory that changes data silently. One of the two is wrong, and only comparing the contents shows it.
-- """
-- remedy      = "Open both at full size. [`auditor verify KEPT` tells of the backup that auditor made whether the copy changed since it was stored: then the phone's is right, and `auditor backup SOURCE DEST` stores it again.] Where the copy is right and the phone's is broken, it is the only good one: keep it, and copy it somewhere else. Where both look right, one was edited by a program that kept its date: keep both. If you edited neither, test the disk and the cable."
-- not_covered = "Which of the two is the right one."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path, files.detail AS detail,
    due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
LEFT JOIN pairs ON pairs.id = due.id AND pairs.backup = files.backup
LEFT JOIN backup ON backup.id = pairs.backup_id
WHERE files.status = 'damaged'
    -- cut-short-in-backup, damaged-in-backup and content-changed share the damaged copies among them, in this order.
    AND NOT coalesce(backup.size_bytes < due.size_bytes, false) AND backup.soundness IS DISTINCT FROM 'damaged'
ORDER BY due.path
