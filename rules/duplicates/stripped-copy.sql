-- /// rule
-- id          = "stripped-copy"
-- severity    = "info"
-- verdict     = "none"
-- since       = "0.1.0"
-- tags        = ["duplicates", "metadata"]
-- population  = "due WHERE image_sha256 IS NOT NULL"
-- needs       = ["due.image_sha256", "due.taken_at", "due.latitude"]
-- passed      = "No photo on the phone is a stripped copy of another one."
-- failed_one  = "1 photo on the phone is a stripped copy of another one: it has lost date, place or camera."
-- failed_many = "$count photos on the phone are stripped copies of others: they have lost date, place or camera."
-- message     = "$path holds the same picture as $other, but no longer says $lost."
-- why = """
-- The pictures are the same to the last bit, but this file was stripped, as messengers and editors do it: the other one
-- says more of when, where or with what it was taken. If one of them goes, it must never be the other one.
-- """
-- remedy      = "Keep the one that says more. `auditor duplicates PHONE` shows both side by side."
-- not_covered = "Titles, ratings and other notes that this program does not read; smaller and re-encoded copies (similar-picture)."
-- ///
SELECT 'source' AS side, due.path AS path, due.stripped_of AS other,
    list_aggregate(list_filter([
        CASE WHEN due.taken_at IS NULL AND more.taken_at IS NOT NULL THEN 'when' END,
        CASE WHEN due.latitude IS NULL AND more.latitude IS NOT NULL THEN 'where' END,
        CASE WHEN coalesce(due.camera_make, due.camera_model) IS NULL
                AND coalesce(more.camera_make, more.camera_model) IS NOT NULL THEN 'with what' END
    ], lambda word: word IS NOT NULL), 'string_agg', ' or ') || ' it was taken' AS lost,
    due.size_bytes AS size_bytes, due.format AS format
FROM due
JOIN (
    SELECT path, min(taken_at) AS taken_at, min(latitude) AS latitude, min(camera_make) AS camera_make,
        min(camera_model) AS camera_model
    FROM due
    GROUP BY path
) more ON more.path = due.stripped_of
ORDER BY due.path
