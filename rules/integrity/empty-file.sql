-- /// rule
-- id          = "empty-file"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "damage"
-- label       = "Empty on the phone"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due WHERE kind IN ('photo', 'video')"
-- needs       = ["due.size_bytes"]
-- passed      = "No photo or video on the phone is empty."
-- failed_one  = "1 photo or video on the phone is empty."
-- failed_many = "$count photos or videos on the phone are empty."
-- message     = "$path has 0 bytes."
-- why = """
-- There is a name, but no picture behind it: storage was full or the phone crashed while the file was written. Other
-- programs show it as a grey square.
-- """
-- remedy      = "Look for the picture in a cloud or an older backup; if there is none, the empty file can go."
-- ///
SELECT 'source' AS side, due.path AS path, due.size_bytes AS size_bytes, due.mtime AS mtime
FROM due
WHERE due.size_bytes = 0 AND due.kind IN ('photo', 'video')
    -- Whether it is so on the phone is not known yet (arrived-damaged).
    AND due.error_kind IS DISTINCT FROM 'doubted'
ORDER BY due.path
