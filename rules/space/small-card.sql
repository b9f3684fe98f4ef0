-- /// rule
-- id          = "small-card"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "space"
-- label       = "Small card"
-- since       = "0.1.0"
-- tags        = ["space"]
-- population  = "header WHERE storage_total_bytes > 0 AND (is_phone OR lower(filesystem) IN ('vfat', 'msdos', 'fat', 'exfat'))"
-- needs       = ["header.storage_total_bytes"]
-- params      = { smallest_bytes = 31000000000 }
-- passed      = "No phone, card or stick is smaller than 32 GB."
-- failed_one  = "1 phone, card or stick is smaller than 32 GB."
-- failed_many = "$count phones, cards or sticks are smaller than 32 GB."
-- message     = "$whose holds $total in all."
-- why = """
-- A few minutes of film fill a small card, and small cards are mostly old ones, which fail first.
-- """
-- remedy      = "Use a card or stick of 64 GB or more of a known make, and copy what is on the old one soon."
-- ///
SELECT side, NULL::VARCHAR AS path, backup, CASE side WHEN 'source' THEN 'The phone or card' ELSE concat('The disk of the backup ', backup) END AS whose,
    said_size(storage_total_bytes) AS total, storage_total_bytes
FROM header
WHERE storage_total_bytes > 0 AND storage_total_bytes < $smallest_bytes
    AND (is_phone OR lower(filesystem) IN ('vfat', 'msdos', 'fat', 'exfat'))
ORDER BY side DESC, backup
