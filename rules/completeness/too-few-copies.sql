-- /// rule
-- id          = "too-few-copies"
-- severity    = "error"
-- verdict     = "not_safe"
-- theme       = "safety"
-- label       = "Too few copies"
-- since       = "0.1.0"
-- tags        = ["completeness", "office"]
-- population  = "due WHERE $min_copies > 1"
-- needs       = ["files.status", "files.copies"]
-- passed      = "No file has fewer copies than the policy asks for."
-- failed_one  = "1 file has fewer copies than the policy asks for."
-- failed_many = "$count files have fewer copies than the policy asks for."
-- message     = "$path has $copies of $wanted copies."
-- why = """
-- One backup can burn, be stolen or fail together with the phone. The policy of this audit asks for more than one good
-- copy of each file, each in a backup of its own; two copies on the same disk count as one.
-- """
-- remedy      = "Run `auditor backup SOURCE` to the backup that lacks them, or to another disk or cloud where there is no other backup yet; then audit again with all backups named."
-- not_covered = "Files that are in no backup at all: these are named by missing-from-backup. Whether two folders are on one disk."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.copies AS copies, $min_copies AS wanted,
    due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
WHERE list_contains($proof, files.status) AND files.copies < $min_copies
ORDER BY due.path
