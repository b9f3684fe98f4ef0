-- /// rule
-- id          = "wrong-extension"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Wrong extension"
-- since       = "0.1.0"
-- tidying     = true
-- tags        = ["integrity"]
-- population  = "due WHERE format IS NOT NULL"
-- needs       = ["due.format"]
-- passed      = "Every photo and video has the extension of its format."
-- failed_one  = "1 photo or video has the extension of another format."
-- failed_many = "$count photos or videos have the extension of another format."
-- message     = "$path is $format data, not what .$extension promises."
-- why = """
-- The picture is there and its copies are compared by content, so nothing is at risk. But some programs refuse to open
-- a file whose content is not what its name promises, and call it damaged.
-- """
-- remedy      = "If a program refuses it, give a copy of the file the right extension."
-- not_covered = "Films: players go by content, and .mp4, .mov and .3gp are used for one another."
-- ///
SELECT 'source' AS side, due.path AS path, due.format AS format, due.extension AS extension, due.size_bytes AS size_bytes
FROM due
JOIN (
    VALUES ('jpg', 'jpeg'), ('jpeg', 'jpeg'), ('jpe', 'jpeg'), ('jfif', 'jpeg'), ('png', 'png'), ('gif', 'gif'), ('webp', 'webp'),
        ('bmp', 'bmp'), ('heic', 'heic'), ('heif', 'heic'), ('hif', 'heic'), ('avif', 'avif'), ('dng', 'raw'), ('nef', 'raw'),
        ('cr2', 'raw'), ('arw', 'raw'), ('raf', 'raw'), ('orf', 'raw'), ('rw2', 'raw'), ('mp4', 'film'), ('mov', 'film'),
        ('3gp', 'film'), ('m4v', 'film'), ('avi', 'film'), ('mkv', 'film'), ('webm', 'film')
) AS promised(extension, family) ON promised.extension = due.extension
JOIN (
    VALUES ('jpeg', 'jpeg'), ('png', 'png'), ('gif', 'gif'), ('webp', 'webp'), ('bmp', 'bmp'), ('heic', 'heic'), ('heif', 'heic'),
        ('avif', 'avif'), ('jxl', 'jxl'), ('jp2', 'jp2'), ('tiff', 'raw'), ('dng', 'raw'), ('nef', 'raw'), ('cr2', 'raw'),
        ('arw', 'raw'), ('raf', 'raw'), ('orf', 'raw'), ('rw2', 'raw'), ('pef', 'raw'), ('srw', 'raw'), ('raw', 'raw'),
        ('mp4', 'film'), ('mov', 'film'), ('3gp', 'film'), ('avi', 'film'), ('mkv', 'film'), ('webm', 'film'), ('mpeg', 'film'),
        ('mts', 'film'), ('asf', 'film'), ('flv', 'film')
) AS found(format, family) ON found.format = due.format
WHERE promised.family <> found.family
ORDER BY due.path
