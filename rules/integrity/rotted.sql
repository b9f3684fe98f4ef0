-- /// rule
-- id          = "rotted"
-- severity    = "error"
-- verdict     = "none"
-- theme       = "damage"
-- label       = "Rotted in the backup"
-- since       = "0.1.0"
-- tags        = ["integrity", "backup"]
-- population  = "backup WHERE len(damage) > 0"
-- needs       = []
-- passed      = "No damaged file of a backup had other bytes under the same date before."
-- failed_one  = "1 file of a backup has rotted: its bytes changed while its date did not."
-- failed_many = "$count files of a backup have rotted: their bytes changed while their dates did not."
-- message     = "$path in $backup: $what."
-- why = """
-- Whoever edits a file gives it a new date. Other bytes under the old date mean that the disk, a cable or a program spoilt
-- the file without anybody noticing; a disk that does this once does it again.
-- """
-- remedy      = "Run `auditor backup SOURCE DEST`: it repairs the file and puts the bad one aside. Then have the disk tested."
-- not_covered = "Backups that `auditor verify` has not read since: only a second reading can tell."
-- sources     = ["borg issue 9173, scorch issue 35: users ask for rot to be told apart from edits"]
-- ///
SELECT 'backup' AS side, path, backup, list_filter(damage, lambda d: d.code = 'rotted')[1].detail AS what, size_bytes
FROM backup
WHERE len(list_filter(damage, lambda d: d.code = 'rotted')) > 0
ORDER BY backup, path
