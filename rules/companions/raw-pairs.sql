-- /// rule
-- id          = "raw-pairs"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "memory"
-- label       = "RAW and JPEG split up"
-- since       = "0.1.0"
-- tags        = ["companions"]
-- population  = "due WHERE companion_of IS NOT NULL AND kind = 'photo'"
-- needs       = ["due.companion_of", "files.status"]
-- passed      = "Where a photo was taken as RAW and JPEG, the backup has both or neither."
-- failed_one  = "1 photo was taken as RAW and JPEG, but only one of them is in the backup."
-- failed_many = "$count photos were taken as RAW and JPEG, but only one of the two is in the backup."
-- message     = "$path belongs to $photo, but only $which is safe."
-- why = """
-- The RAW file holds all that the camera saw, the JPEG what it made of it. Clouds and galleries often copy the JPEG
-- alone and show the photo as backed up.
-- """
-- remedy      = "Run `auditor backup SOURCE DEST`, or switch RAW files on in the cloud's settings."
-- ///
SELECT 'source' AS side, raw.path AS path, photo.path AS photo,
    CASE WHEN list_contains($proof, raw_file.status) THEN 'the RAW file' ELSE 'the JPEG' END AS which,
    raw.size_bytes AS size_bytes, raw.taken_at AS taken_at
FROM due raw
JOIN due photo ON photo.path = raw.companion_of
JOIN files raw_file ON raw_file.id = raw.id
JOIN files photo_file ON photo_file.id = photo.id
WHERE raw.kind = 'photo' AND list_contains($proof, raw_file.status) <> list_contains($proof, photo_file.status)
ORDER BY raw.path
