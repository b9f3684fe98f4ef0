-- /// rule
-- id          = "stripped-copy"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "memory"
-- label       = "Stripped copy on the phone"
-- since       = "0.1.0"
-- tags        = ["duplicates", "metadata"]
-- population  = "due WHERE image_sha256 IS NOT NULL"
-- needs       = ["due.image_sha256", "due.taken_at", "due.latitude"]
-- passed      = "Of the photos and videos that are to be backed up and were looked into, none is on the phone a second time without its date, place or camera."
-- failed_one  = "1 file on the phone is a stripped copy of another one: it has lost date, place or camera."
-- failed_many = "$count files on the phone are stripped copies of others: they have lost date, place or camera."
-- message     = "$path holds the same $what as $other, but no longer says $lost."
-- why = """
-- The pictures or films are the same to the last bit, but this file was stripped, as editors and apps that hide the place
-- do it: the other one says more of when, where or with what it was taken. If one of them goes, it must never be the
-- other one: so this is a warning, and no tidying up. What messengers save smaller is another picture, and not named here.
-- """
-- remedy      = "Keep the one that says more. `auditor duplicates PHONE` shows both side by side."
-- not_covered = "Titles, ratings and other notes that this program does not read; smaller and re-encoded copies (similar-picture)."
-- ///
SELECT 'source' AS side, due.path AS path, due.stripped_of AS other,
    CASE WHEN due.kind = 'video' THEN 'film' ELSE 'picture' END AS what,
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
