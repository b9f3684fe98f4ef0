-- /// rule
-- id          = "other-files"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Neither photo nor film"
-- since       = "0.1.0"
-- tags        = ["completeness"]
-- population  = "source WHERE kind = 'other' AND NOT excluded AND size_bytes IS NOT NULL AND NOT (coalesce(error_kind IN ('unreadable', 'unsupported', 'refused', 'doubted'), false) AND coalesce(sha256, md5, sha1, quickxor, dropbox) IS NULL)"
-- needs       = ["source.kind", "source.error_kind"]
-- passed      = "There are no files besides photos and videos."
-- failed_one  = "Files that are neither photos nor videos were not judged."
-- failed_many = "$count kinds of files that are neither photos nor videos were not judged."
-- message     = "Neither photos nor videos, and so not judged: $files in all ($size): $kinds."
-- why = """
-- This audit is about photos and videos. Documents, music and whatever else lies beside them is listed in files.csv,
-- but was not checked.
-- """
-- remedy      = "If they matter, back the whole folder up as well; `auditor manifest diff` compares all files of two lists."
-- not_covered = "Files that could not be read (unreadable-file, unreadable-other)."
-- ///
SELECT 'source' AS side, NULL::VARCHAR AS path, sum(files)::BIGINT AS files, sum(bytes)::BIGINT AS size_bytes,
    said_size(sum(bytes)::BIGINT) AS size,
    array_to_string(list(concat(extension, ' ', files) ORDER BY files DESC, extension)[:8], ', ') AS kinds
FROM (
    SELECT coalesce(nullif(extension, ''), 'no extension') AS extension, count(*) AS files, sum(size_bytes) AS bytes
    FROM source
    WHERE kind = 'other' AND NOT excluded AND NOT is_due AND size_bytes IS NOT NULL
        AND NOT (coalesce(error_kind IN ('unreadable', 'unsupported', 'refused', 'doubted'), false)
            AND coalesce(sha256, md5, sha1, quickxor, dropbox) IS NULL)
    GROUP BY 1
)
HAVING count(*) > 0
