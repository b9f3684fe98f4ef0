-- /// rule
-- id          = "incomplete-list"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "safety"
-- label       = "List not complete"
-- since       = "0.1.0"
-- tags        = ["completeness"]
-- population  = "header"
-- needs       = ["header.complete"]
-- passed      = "Every list ended cleanly."
-- failed_one  = "1 list is not complete."
-- failed_many = "$count lists are not complete."
-- message     = "The list of $whose is not complete: $reasons."
-- why = """
-- What a list did not reach is not known: it may hold files that are in no backup, or the copies that seem to be
-- missing. So nothing is called safe on such a list, and nothing missing.
-- """
-- remedy      = "Mend what the reason names: unlock a phone and check its cable, check the rights of a folder, make a list again with `auditor scan`. Then audit again."
-- not_covered = "What lies in the places that could not be listed."
-- ///
SELECT side, NULL::VARCHAR AS path, backup, CASE side WHEN 'source' THEN 'the phone' ELSE concat('the backup ', backup) END AS whose,
    coalesce(nullif(array_to_string(reasons, '; '), ''), 'it broke off') AS reasons
FROM header
WHERE complete IS DISTINCT FROM true
ORDER BY side DESC, backup
