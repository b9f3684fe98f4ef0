-- /// rule
-- id          = "claimed-digest"
-- severity    = "error"
-- verdict     = "not_checked"
-- theme       = "safety"
-- label       = "Only claimed"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due WHERE EXISTS (SELECT 1 FROM backup WHERE backup.claimed IS NOT NULL)"
-- needs       = ["files.status", "files.only_claimed"]
-- passed      = "No file rests on a digest that was only claimed."
-- failed_one  = "1 file is not proven: of its copy, the cloud only repeats the digest that was claimed when it was uploaded."
-- failed_many = "$count files are not proven: of their copies, the cloud only repeats the digests that were claimed when they were uploaded."
-- message     = "$path is not proven: $detail."
-- why = """
-- Some clouds keep a digest that the uploading program sent along and repeat it, even when what they store has rotted.
-- Nobody read the stored bytes, so the copy may be as it should be, or not.
-- """
-- remedy      = "Nothing is to be copied: download and read every copy with `auditor audit SOURCE PLACES --depth decode`. [Or, where the cloud has the phone's folders, read a sample: `auditor scan SOURCE -o phone.jsonl`, `rclone mount REMOTE FOLDER`, then `auditor verify FOLDER --manifest phone.jsonl --sample 300`: with none bad, at most 1 in 100 of many thousands are (95% confidence).]"
-- not_covered = "Digests that a service computes from what it stores are proof. Where the claimed digest is of other content, or the size differs: not-checked."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path,
    coalesce(files.detail, 'its digest is only claimed') AS detail, backup.claimed AS claimed, due.size_bytes AS size_bytes,
    due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
JOIN pairs ON pairs.id = due.id AND pairs.backup = files.backup
JOIN backup ON backup.id = pairs.backup_id
WHERE files.only_claimed
    AND NOT (due.error IS NOT NULL AND coalesce(due.sha256, due.md5, due.sha1, due.quickxor, due.dropbox) IS NULL)
ORDER BY due.path
