-- /// rule
-- id          = "no-date-at-all"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "No date"
-- since       = "0.1.0"
-- tags        = ["metadata"]
-- population  = "due WHERE format IS NOT NULL AND kind IN ('photo', 'video')"
-- needs       = ["due.taken_at", "due.mtime", "due.format"]
-- passed      = "Every photo and video has a date of some kind."
-- failed_one  = "1 photo or video has no date at all."
-- failed_many = "$count photos or videos have no date at all."
-- message     = "Neither $path, nor its name, nor the file system tells when it was made."
-- why = """
-- No gallery can sort such a picture. It is safe, but it will be hard to find again.
-- """
-- remedy      = "If you know the date, write it into the picture with a gallery program, or put it into the file's name."
-- ///
SELECT 'source' AS side, path, mtime, size_bytes
FROM due
WHERE format IS NOT NULL AND taken_at IS NULL AND kind IN ('photo', 'video')
    -- Clocks that were never set say 1970 or 1980.
    AND (mtime_s IS NULL OR NOT mtime_trusted OR mtime_s < epoch(TIMESTAMP '1980-01-03'))
    AND NOT regexp_matches(name, '(19|20)[0-9]{2}[-_.]?(0[1-9]|1[0-2])[-_.]?[0-3][0-9]')
ORDER BY path
