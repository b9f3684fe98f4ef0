-- /// rule
-- id          = "larger-only-in-backup"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Larger file in the backup"
-- since       = "0.1.0"
-- tags        = ["quality"]
-- population  = "due WHERE kind = 'photo'"
-- needs       = ["files.status"]
-- params      = { most_bits_apart = 8, least_times = 1.25 }
-- passed      = "No photo with a copy in the backup has a larger namesake there that may be its original."
-- failed_one  = "1 photo has a copy in the backup, and a larger file of its name is only there: if the phone saves room, that is the original."
-- failed_many = "$count photos have copies in the backup, and larger files of their names are only there: if the phone saves room, these are the originals."
-- message     = "$path on the phone ($here) is in $backup, and so is a larger file of its name, $seen: $larger ($there)."
-- why = """
-- So it is where a phone saves room and keeps small pictures while the cloud has the originals. What the phone holds is
-- in the backup too; the originals are not on the phone, and whether they are safe this audit does not say.
-- """
-- remedy      = "Keep the larger ones: they may be the only originals. To copy originals from the phone, let it download them first (no storage optimisation)."
-- not_covered = "Larger pictures under other names; films. Only a rough fingerprint was compared, or none, so some may be other pictures."
-- ///
WITH larger AS (
    SELECT due.path AS path, there.backup AS backup, there.path AS larger, due.size_bytes AS size_bytes,
        due.taken_at AS taken_at, 'which looks the same' AS seen, concat(due.width, ' x ', due.height) AS here,
        concat(there.width, ' x ', there.height) AS there
    FROM due
    JOIN files ON files.id = due.id AND list_contains($proof, files.status)
    JOIN backup there ON there.stem = due.stem AND there.width * there.height > due.width * due.height
    WHERE due.kind = 'photo' AND coalesce(there.soundness, '') <> 'damaged'
        AND bit_count(xor(try_cast('0x' || due.phash AS UBIGINT), try_cast('0x' || there.phash AS UBIGINT))) <= $most_bits_apart
        AND abs(ln((due.width / due.height) / (there.width / there.height))) < 0.02
        AND NOT coalesce(due.taken_at <> there.taken_at, false)
        AND NOT EXISTS (SELECT 1 FROM source WHERE source.sha256 = there.sha256)
    UNION ALL
    -- What was there under the very path before `auditor backup` copied the small one, and nobody looked into.
    SELECT due.path, there.backup, there.path, due.size_bytes, due.taken_at, 'which was not looked into',
        concat(due.size_bytes, ' bytes'), concat(there.size_bytes, ' bytes')
    FROM due
    JOIN files ON files.id = due.id AND list_contains($proof, files.status)
    -- A phone that saves room saves a lot; a byte more is a file that was changed in the backup, which `verify` tells.
    JOIN backup there ON there.path = due.path AND there.size_bytes > $least_times * due.size_bytes
    WHERE due.kind = 'photo' AND there.kind = 'photo' AND there.phash IS NULL
        AND coalesce(there.soundness, 'not_checked') = 'not_checked'
        AND there.error_kind IS NULL AND there.claimed IS NULL
        AND files.backup = there.backup AND files.backup_path <> there.path
        AND NOT EXISTS (SELECT 1 FROM source WHERE source.sha256 = there.sha256)
)
SELECT 'source' AS side, path, backup, min(larger) AS larger, arg_min(seen, larger) AS seen, arg_min(here, larger) AS here,
    arg_min(there, larger) AS there, any_value(size_bytes) AS size_bytes, any_value(taken_at) AS taken_at
FROM larger
GROUP BY path, backup
ORDER BY path, backup
