-- /// rule
-- id          = "not-looked-into"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Not opened"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due WHERE soundness IS NOT NULL OR kind IN ('photo', 'video')"
-- needs       = ["due.soundness"]
-- passed      = "Every photo and video that was read was opened as well."
-- failed_one  = "1 photo or video could be compared, but not looked into."
-- failed_many = "$count photos or videos could be compared, but not looked into."
-- message     = "$path was not looked into: $reason."
-- why = """
-- The bytes of these files were read and compared, so their copies are proven like all others. But no decoder here
-- understands them, or nobody opened them in this run, so it is not known whether the picture itself is whole.
-- """
-- remedy      = "`auditor audit SOURCE PLACES` opens what can be opened. Of the others, open one in the program that made it."
-- ///
SELECT 'source' AS side, due.path AS path, 
    coalesce(due.error, CASE WHEN due.soundness IS NULL THEN 'it was compared, but not opened' END, 'the reason is not known')
        AS reason, due.format AS format,
    due.size_bytes AS size_bytes
FROM due
WHERE (due.soundness = 'not_checked' OR (due.soundness IS NULL AND due.kind IN ('photo', 'video'))) AND coalesce(due.sha256, due.md5, due.sha1, due.quickxor, due.dropbox) IS NOT NULL
ORDER BY due.path
