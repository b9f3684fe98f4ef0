-- /// rule
-- id          = "empty-list"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "safety"
-- label       = "Nothing listed"
-- since       = "0.1.0"
-- tags        = ["completeness"]
-- population  = "header"
-- needs       = ["header.files"]
-- passed      = "No list is empty."
-- failed_one  = "1 list is empty."
-- failed_many = "$count lists are empty."
-- message     = "The list of $whose holds no file at all ($place)."
-- why = """
-- A phone or a disk with no file on it is nearly always one that was not reached: locked, not mounted, the wrong folder.
-- """
-- remedy      = "Unlock the phone or connect the disk, look whether its photos can be seen, and run the audit again."
-- ///
SELECT side, NULL::VARCHAR AS path, backup, CASE side WHEN 'source' THEN 'the phone' ELSE concat('the backup ', backup) END AS whose, place
FROM header
WHERE files = 0
ORDER BY side DESC, backup
