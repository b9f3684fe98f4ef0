-- /// rule
-- id          = "not-looked-into"
-- severity    = "info"
-- verdict     = "none"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due WHERE soundness IS NOT NULL"
-- needs       = ["due.soundness"]
-- passed      = "Every photo and video that was read could be decoded."
-- failed_one  = "1 photo or video could be compared, but not looked into."
-- failed_many = "$count photos or videos could be compared, but not looked into."
-- message     = "$path was not looked into ($reason)."
-- why = """
-- The bytes of these files were read and compared, so their copies are proven like all others. But no decoder here
-- understands them, so it is not known whether the picture itself is whole.
-- """
-- remedy      = "Open one of them in the program that made it. Nothing more is needed if it shows the picture."
-- ///
SELECT 'source' AS side, due.path AS path, coalesce(due.error, 'the reason is not known') AS reason, due.format AS format,
    due.size_bytes AS size_bytes
FROM due
WHERE due.soundness = 'not_checked' AND coalesce(due.sha256, due.md5, due.sha1, due.quickxor, due.dropbox) IS NOT NULL
ORDER BY due.path
