-- /// rule
-- id          = "live-photo-pairs"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "memory"
-- label       = "Live Photo split up"
-- since       = "0.1.0"
-- tags        = ["companions"]
-- population  = "due WHERE companion_of IS NOT NULL AND kind = 'video'"
-- needs       = ["due.companion_of", "backup.sha256"]
-- passed      = "Photo and film of every Live Photo lie together in the backup."
-- failed_one  = "1 Live Photo is split up in the backup."
-- failed_many = "$count Live Photos are split up in the backup."
-- message     = "$path belongs to $photo, but in the backup $what."
-- why = """
-- A Live Photo is two files, a photo and a short film of the same name in the same folder. Programs put them together
-- by that; apart, or with one of them missing, the motion is lost or stands alone in the gallery.
-- """
-- remedy      = "Copy both again into one folder with `auditor backup SOURCE DEST`, under their own names."
-- not_covered = "Motion photos that are one file (motion-part-missing)."
-- ///
WITH halves AS (
    SELECT film.id AS film_id, film.path AS path, photo.id AS photo_id, photo.path AS photo, film.size_bytes AS size_bytes
    FROM due film
    JOIN due photo ON photo.path = film.companion_of
    WHERE film.kind = 'video' AND photo.kind = 'photo' AND NOT coalesce(film.image_id <> photo.image_id, false)
), copies AS (
    -- Every copy of each half, not only the best one: another may be the one that lies beside its mate.
    SELECT half.id, backup.backup, backup.folder, backup.stem
    FROM (SELECT film_id AS id FROM halves UNION SELECT photo_id FROM halves) half
    JOIN due ON due.id = half.id
    JOIN backup ON backup.sha256 = due.sha256
    UNION
    SELECT pairs.id, backup.backup, backup.folder, backup.stem
    FROM (SELECT film_id AS id FROM halves UNION SELECT photo_id FROM halves) half
    JOIN pairs ON pairs.id = half.id AND list_contains($proof, pairs.status)
    JOIN backup ON backup.id = pairs.backup_id
), together AS (
    SELECT halves.film_id
    FROM halves
    JOIN copies film ON film.id = halves.film_id
    JOIN copies photo ON photo.id = halves.photo_id AND photo.backup = film.backup AND photo.folder = film.folder
        AND (photo.stem = film.stem OR starts_with(film.stem, photo.stem || '.'))
)
SELECT 'source' AS side, halves.path AS path, halves.photo AS photo,
    CASE WHEN has_film AND has_photo THEN 'the two lie in different places or under different names'
         WHEN has_film THEN 'only the film is safe' ELSE 'only the photo is safe' END AS what,
    halves.size_bytes AS size_bytes
FROM (
    SELECT halves.*, list_contains($proof, film.status) AS has_film, list_contains($proof, photo.status) AS has_photo
    FROM halves
    JOIN files film ON film.id = halves.film_id
    JOIN files photo ON photo.id = halves.photo_id
    ANTI JOIN together ON together.film_id = halves.film_id
) halves
WHERE has_film OR has_photo
ORDER BY halves.path
