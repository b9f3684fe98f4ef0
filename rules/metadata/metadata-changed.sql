-- /// rule
-- id          = "metadata-changed"
-- severity    = "error"
-- verdict     = "not_safe"
-- theme       = "safety"
-- label       = "Other metadata"
-- since       = "0.1.0"
-- tags        = ["metadata", "strict"]
-- population  = "due WHERE NOT list_contains($proof, 'metadata_changed')"
-- needs       = ["files.status"]
-- passed      = "No file has only a copy with other metadata."
-- failed_one  = "1 file has only a copy with other metadata."
-- failed_many = "$count files have only copies with other metadata."
-- message     = "The copy of $path in $backup holds the same picture with other metadata: $detail."
-- why = """
-- The picture itself is the same to the last bit, but what is written beside it, such as date, place or camera, is not.
-- The policy of this audit asks for every byte.
-- """
-- remedy      = "Run `auditor backup SOURCE DEST`: it keeps the changed copy and adds the original. Or use the policy family."
-- not_covered = "Whether the change was wanted."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path,
    coalesce(files.detail, 'other metadata changed') AS detail, due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
WHERE files.status = 'metadata_changed'
ORDER BY due.path
