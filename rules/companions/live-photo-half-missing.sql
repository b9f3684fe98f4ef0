-- /// rule
-- id          = "live-photo-half-missing"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Half a Live Photo"
-- since       = "0.1.0"
-- tags        = ["companions"]
-- population  = "due WHERE regexp_matches(image_id, '^[0-9A-Fa-f]{8}-')"
-- needs       = ["due.image_id"]
-- passed      = "Every Live Photo on the phone has its photo and its film."
-- failed_one  = "1 Live Photo on the phone is only half there."
-- failed_many = "$count Live Photos on the phone are only half there."
-- message     = "$path was taken as a Live Photo, but its $missing is not on the phone."
-- why = """
-- Photo and film of a Live Photo carry the same mark. Where one is missing it was deleted, or was left behind when the
-- photos came from another phone.
-- """
-- remedy      = "If you miss the motion, look for the other half in an older backup."
-- ///
SELECT 'source' AS side, one.path AS path, CASE one.kind WHEN 'photo' THEN 'film' ELSE 'photo' END AS missing,
    one.image_id AS image_id, one.size_bytes AS size_bytes, one.taken_at AS taken_at
FROM due one
-- Apple marks both halves with a UUID; other makers number their photos otherwise.
ANTI JOIN source other ON other.image_id = one.image_id AND other.kind <> one.kind AND other.kind IN ('photo', 'video')
ANTI JOIN source film ON film.companion_of = one.path AND film.kind = 'video'
WHERE regexp_matches(one.image_id, '^[0-9A-Fa-f]{8}-') AND one.kind IN ('photo', 'video')
    AND one.companion_of IS NULL
ORDER BY one.path
