-- /// rule
-- id          = "similar-picture"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "space"
-- label       = "Lesser copy on the phone"
-- since       = "0.1.0"
-- tidying     = true
-- tags        = ["duplicates"]
-- population  = "due WHERE phash IS NOT NULL AND coalesce(soundness, '') NOT IN ('damaged', 'suspicious')"
-- needs       = ["due.phash"]
-- params      = { most_alike = 8 }
-- passed      = "Of the photos that are to be backed up and were looked into, none was found that looks like a smaller or re-encoded copy of another one; damaged ones were not compared."
-- failed_one  = "1 photo looks like a smaller or re-encoded copy of another one."
-- failed_many = "$count photos look like smaller or re-encoded copies of others."
-- message     = "$path looks like a smaller or re-encoded copy of $other."
-- why = """
-- Messengers save smaller copies of what was sent, and programs other formats. Only a rough fingerprint of the pictures was compared here, so
-- some of these pairs differ in what matters, such as one word on a page.
-- """
-- remedy      = "`auditor duplicates PHONE` compares the pixels and tells real copies from look-alikes. Delete nothing on this list alone."
-- not_covered = "Damaged files (damaged-on-phone, suspicious-on-phone). Pictures with so little in them that many look alike, such as blank pages. Copies with as many pixels in the same format, such as bursts; turned and cropped pictures."
-- ///
WITH pictures AS (
    SELECT path, phash, sha256, image_sha256, width, height, format, taken_at, size_bytes, width * height AS pixels,
        first_value(path) OVER best AS other, first_value(width * height) OVER best AS best_pixels,
        first_value(format) OVER best AS best_format, first_value(taken_at) OVER best AS best_taken_at,
        first_value(width / height) OVER best AS best_shape, first_value(image_sha256) OVER best AS best_image,
        count(*) OVER (PARTITION BY phash) AS alike
    FROM due
    WHERE alike_rank IS NOT NULL
    WINDOW best AS (PARTITION BY phash ORDER BY alike_rank)
)
SELECT 'source' AS side, path, other, width, height, format, size_bytes, taken_at
FROM pictures
-- Many at once are pictures with little in them: dark, white, blank pages.
WHERE alike <= $most_alike
    AND (pixels < best_pixels OR format <> best_format)
    AND abs(ln((width / height) / best_shape)) < 0.02
    AND NOT coalesce(taken_at <> best_taken_at, false)
    AND image_sha256 IS DISTINCT FROM best_image
ORDER BY path
