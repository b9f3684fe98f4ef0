-- /// rule
-- id          = "file-too-large-for-disk"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "space"
-- label       = "Too large for the disk"
-- since       = "0.1.0"
-- tags        = ["space"]
-- population  = "header WHERE side = 'backup' AND lower(filesystem) IN ('vfat', 'msdos', 'fat', 'fat32')"
-- needs       = ["header.filesystem", "pairs.status", "due.size_bytes"]
-- passed      = "No film is too large for the file system of its backup."
-- failed_one  = "1 film is too large for the file system of its backup."
-- failed_many = "$count films are too large for the file systems of their backups."
-- message     = "$path ($size) cannot be stored in $backup: FAT holds files up to 4 GiB."
-- why = """
-- Most sticks and cards up to 32 GB are formatted with FAT, which cannot hold a file of 4 GiB or more. A long film stops
-- the copying, or is cut off there.
-- """
-- remedy      = "Save what is on that disk, format it as exFAT, and copy again; or use another disk."
-- ///
SELECT 'source' AS side, due.path AS path, pairs.backup AS backup, said_size(due.size_bytes) AS size,
    due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM due
JOIN pairs ON pairs.id = due.id
JOIN header ON header.side = 'backup' AND header.backup = pairs.backup
WHERE lower(header.filesystem) IN ('vfat', 'msdos', 'fat', 'fat32') AND due.size_bytes > 4294967295
    AND NOT list_contains($proof, pairs.status)
ORDER BY due.path, pairs.backup
