-- /// rule
-- id          = "not-a-photo"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "damage"
-- label       = "No photo inside"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due WHERE kind IN ('photo', 'video')"
-- needs       = ["due.format"]
-- passed      = "What is named as a photo or video is one."
-- failed_one  = "1 file is named like a photo or video, but is neither."
-- failed_many = "$count files are named like photos or videos, but are neither."
-- message     = "$path is not what its name says: it holds $what."
-- why = """
-- An error page saved under a picture's name, a program in disguise, or a picture that something has scrambled. Many at
-- once, with content that looks like noise, are the mark of ransomware: then do not overwrite any backup.
-- """
-- remedy      = "Do not open them. If there are many, unplug the backup disks and ask somebody who knows; else fetch the picture again."
-- not_covered = "Photos that only carry another photo format's name (wrong-extension)."
-- ///
SELECT 'source' AS side, due.path AS path,
    CASE due.format WHEN 'unknown' THEN 'nothing that is known, or noise' ELSE concat(due.format, ' data') END AS what,
    due.format AS format, due.size_bytes AS size_bytes, files.status AS status
FROM due
JOIN files ON files.id = due.id
WHERE due.size_bytes > 0 AND due.kind IN ('photo', 'video')
    AND due.format NOT IN (
        'jpeg', 'heic', 'heif', 'avif', 'png', 'webp', 'gif', 'tiff', 'bmp', 'jxl', 'jp2', 'dng', 'nef', 'cr2', 'cr3', 'crw', 'arw',
        'raf', 'orf', 'rw2', 'pef', 'srw', 'kdc', 'x3f', 'mrw', 'raw', 'mp4', 'mov', '3gp', 'avi', 'mkv', 'webm', 'mpeg', 'mts', 'asf', 'flv')
ORDER BY due.path
