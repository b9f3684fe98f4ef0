-- /// rule
-- id          = "sharp-drop"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "safety"
-- label       = "Far fewer files than before"
-- since       = "0.1.0"
-- tags        = ["completeness"]
-- population  = "header WHERE previous_files IS NOT NULL"
-- needs       = ["header.previous_files"]
-- params      = { drop_percent = 20, drop_files = 20 }
-- passed      = "No place holds far fewer files than when it was last listed."
-- failed_one  = "1 place holds far fewer files than when it was last listed."
-- failed_many = "$count places hold far fewer files than when they were last listed."
-- message     = "$whose: $now now, $previous_files in the list before ($previous_finished)."
-- why = """
-- Many files fewer than last time may be a clean-up that somebody made, or a folder that was not reached, a card that
-- is not in the phone, a deletion by mistake. An audit of what is left says nothing of what is gone.
-- """
-- remedy      = "If nobody cleaned up, look for the missing folders; `auditor manifest diff` of the two lists names every file."
-- not_covered = "Small losses: fewer than 20 files or 20% (the policy's drop_files and drop_percent)."
-- ///
SELECT side, NULL::VARCHAR AS path, backup, CASE side WHEN 'source' THEN 'The phone' ELSE concat('The backup ', backup) END AS whose,
    CASE files WHEN 1 THEN '1 file' ELSE concat(files, ' files') END AS now, files, previous_files, coalesce(previous_finished, 'no date') AS previous_finished, bytes, previous_bytes
FROM header
WHERE previous_files - files >= $drop_files AND (previous_files - files) * 100 >= previous_files * $drop_percent
ORDER BY side DESC, backup
