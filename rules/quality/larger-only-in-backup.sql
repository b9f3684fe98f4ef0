-- /// rule
-- id          = "larger-only-in-backup"
-- severity    = "warning"
-- verdict     = "none"
-- since       = "0.1.0"
-- tags        = ["quality"]
-- population  = "due WHERE phash IS NOT NULL"
-- needs       = ["due.phash", "backup.phash", "files.status"]
-- params      = { most_bits_apart = 8 }
-- passed      = "No proven picture has a larger namesake in the backup that looks the same."
-- failed_one  = "1 picture is proven, but small: a larger one of its name that looks the same is only in the backup."
-- failed_many = "$count pictures are proven, but small: larger ones of their names that look the same are only in the backup."
-- message     = "$path on the phone is a small picture ($width x $height); $backup holds it, and also a larger one that looks the same: $larger ($width_there x $height_there)."
-- why = """
-- So it is where a phone saves room and keeps small pictures while the cloud has the originals. What the phone holds is
-- safe; the originals are not on the phone, and whether they are safe this audit does not say.
-- """
-- remedy      = "Keep the larger ones: they may be the only originals. To copy originals from the phone, let it download them first (no storage optimisation)."
-- not_covered = "Larger pictures under other names; films. Only a rough fingerprint was compared, so some may be other pictures."
-- ///
SELECT 'source' AS side, due.path AS path, there.backup AS backup, min(there.path) AS larger,
    any_value(due.width) AS width, any_value(due.height) AS height, max_by(there.width, there.width * there.height) AS width_there,
    max_by(there.height, there.width * there.height) AS height_there, any_value(due.size_bytes) AS size_bytes,
    any_value(due.taken_at) AS taken_at
FROM due
JOIN files ON files.id = due.id AND list_contains($proof, files.status)
JOIN backup there ON there.stem = due.stem AND there.width * there.height > due.width * due.height
WHERE due.phash IS NOT NULL AND there.phash IS NOT NULL AND coalesce(there.soundness, '') <> 'damaged'
    AND bit_count(xor(try_cast('0x' || due.phash AS UBIGINT), try_cast('0x' || there.phash AS UBIGINT))) <= $most_bits_apart
    AND abs(ln((due.width / due.height) / (there.width / there.height))) < 0.02
    AND NOT coalesce(due.taken_at <> there.taken_at, false)
    AND NOT EXISTS (SELECT 1 FROM source WHERE source.sha256 = there.sha256)
GROUP BY due.path, there.backup
ORDER BY due.path, there.backup
