-- /// rule
-- id          = "perhaps-larger-in-backup"
-- severity    = "warning"
-- verdict     = "not_checked"
-- theme       = "safety"
-- label       = "Perhaps larger in the backup"
-- since       = "0.1.0"
-- tags        = ["quality"]
-- population  = "due"
-- needs       = ["files.status", "files.only_claimed"]
-- passed      = "No picture that could not be compared has more pixels in the backup than on the phone."
-- failed_one  = "1 picture has more pixels in the backup than on the phone, and could not be compared: the original seems to be there, and a smaller one on the phone."
-- failed_many = "$count pictures have more pixels in the backup than on the phone, and could not be compared: the originals seem to be there, and smaller ones on the phone."
-- message     = "$backup holds a larger picture ($width_there x $height_there) that looks like $path on the phone ($width x $height): $detail."
-- why = """
-- So it is where a phone saves room and keeps small pictures while the cloud has the originals. By the lists, or by what
-- could be seen, they look alike; that they are the same picture is not proven.
-- """
-- remedy      = "If the phone optimises its storage, the originals are in the backup, and nothing is to be copied. Where lists were compared, audit the phone and the backup themselves: then the pixels are compared, and `auditor audit SOURCE PLACES --policy storage-saver` counts what is the same as safe. Else look at both at full size."
-- not_covered = "Films: a smaller one is another film to this program."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.backup_path AS backup_path,
    coalesce(files.detail, 'the reason is not known') AS detail, due.width AS width, due.height AS height,
    backup.width AS width_there, backup.height AS height_there, due.size_bytes AS size_bytes,
    backup.size_bytes AS size_there_bytes, due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
JOIN pairs ON pairs.id = due.id AND pairs.backup = files.backup
JOIN backup ON backup.id = pairs.backup_id
WHERE files.status = 'not_checked' AND NOT files.only_claimed
    AND backup.width * backup.height > due.width * due.height
    AND NOT (due.error IS NOT NULL AND coalesce(due.sha256, due.md5, due.sha1, due.quickxor, due.dropbox) IS NULL)
ORDER BY due.path
