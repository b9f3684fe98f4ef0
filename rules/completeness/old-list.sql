-- /// rule
-- id          = "old-list"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "safety"
-- label       = "Old list"
-- since       = "0.1.0"
-- tags        = ["completeness"]
-- population  = "header"
-- needs       = ["header.age_days"]
-- passed      = "Every list is fresh."
-- failed_one  = "1 list is old."
-- failed_many = "$count lists are old."
-- message     = "The list of $whose was made $days days ago; the policy allows $allowed."
-- why = """
-- A list says what was there when it was made. Photos taken since then, and copies that were deleted or broke since
-- then, are not in it.
-- """
-- remedy      = "Run `auditor scan` again, or name the folder itself instead of its list."
-- ///
SELECT side, NULL::VARCHAR AS path, backup, CASE side WHEN 'source' THEN 'the phone' ELSE concat('the backup ', backup) END AS whose,
    floor(age_days)::BIGINT AS days, $max_list_age_days AS allowed, finished
FROM header
WHERE age_days > $max_list_age_days
ORDER BY side DESC, backup
