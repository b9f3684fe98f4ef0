-- /// rule
-- id          = "arrived-damaged"
-- severity    = "error"
-- verdict     = "not_checked"
-- theme       = "safety"
-- label       = "Arrived damaged"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due WHERE soundness IS NOT NULL"
-- needs       = []
-- passed      = "No photo or video arrived damaged through a cable or a mount that may have spoilt it."
-- failed_one  = "1 photo or video arrived damaged; whether it is so on the phone is not known yet."
-- failed_many = "$count photos or videos arrived damaged; whether they are so on the phone is not known yet."
-- message     = "$path arrived damaged: $damage."
-- why = """
-- Cables, mounts and phones that fall asleep give zeros, half files or wrong bytes, and twice the same ones while they
-- last. What was copied may be all that the phone has, or less. It is known when another run reads the file again: then
-- it is fetched whole, or it is damaged on the phone.
-- """
-- remedy      = "Plug the phone in again, and run the same `auditor backup` once more."
-- not_covered = "Folders of this machine's own disks: a second read of those says the same at once."
-- ///
SELECT 'source' AS side, due.path AS path, coalesce(due.damage[1].detail, due.notes[-1], 'its bytes look overwritten') AS damage,
    due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM due
WHERE due.error_kind = 'doubted'
ORDER BY due.path
