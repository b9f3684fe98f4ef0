-- /// rule
-- id          = "suspicious-on-phone"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "damage"
-- label       = "Perhaps overwritten"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due WHERE soundness IS NOT NULL"
-- needs       = ["due.soundness"]
-- passed      = "No photo or video looks as if something had been overwritten."
-- failed_one  = "1 photo or video looks as if part of it had been overwritten."
-- failed_many = "$count photos or videos look as if part of them had been overwritten."
-- message     = "$path may be damaged: $reason."
-- why = """
-- A decoder had nothing to say, but the bytes look as no camera writes them. Most such pictures are spoilt in a part;
-- a few, such as wholly black ones, are in order.
-- """
-- remedy      = "Open the file and look at all of it. If it is spoilt, look for a whole copy in an older backup."
-- ///
SELECT 'source' AS side, due.path AS path, coalesce(due.error, due.notes[-1], 'its bytes look overwritten') AS reason,
    due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM due
WHERE due.soundness = 'suspicious'
    -- Whether it is so on the phone is not known yet (arrived-damaged).
    AND due.error_kind IS DISTINCT FROM 'doubted'
ORDER BY due.path
