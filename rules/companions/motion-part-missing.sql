-- /// rule
-- id          = "motion-part-missing"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Motion clip gone"
-- since       = "0.1.0"
-- tags        = ["companions"]
-- population  = "due WHERE soundness IS NOT NULL"
-- needs       = ["due.damage"]
-- passed      = "No photo on the phone lacks a part that it declares, such as its motion clip."
-- failed_one  = "1 photo on the phone lacks a part that it declares, such as its motion clip."
-- failed_many = "$count photos on the phone lack a part that they declare, such as their motion clip."
-- message     = "$path: $what."
-- why = """
-- Motion photos carry a short film behind the picture, and some pictures a second one for brighter screens. Programs
-- that edit or send such a photo often drop the part but leave the note that it is there. The picture itself is whole.
-- """
-- remedy      = "If you miss the motion, look for the original in an older backup or the cloud."
-- ///
SELECT 'source' AS side, path, list_filter(damage, lambda d: d.code = 'part_missing')[1].detail AS what, size_bytes, taken_at
FROM due
WHERE len(list_filter(damage, lambda d: d.code = 'part_missing')) > 0
ORDER BY path
