-- /// rule
-- id          = "unreadable-other"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "safety"
-- label       = "Not read, kind unknown"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "source WHERE kind = 'other' AND NOT excluded AND NOT is_due AND size_bytes IS NOT NULL"
-- needs       = ["source.kind", "source.error_kind"]
-- passed      = "Every file that is neither photo nor video is known to be none by what is in it."
-- failed_one  = "1 file was not read: only its name says that it is no photo or video."
-- failed_many = "$count files were not read: only their names say that they are no photos or videos."
-- message     = "$path was not read ($reason); by its name it is no photo or video."
-- why = """
-- What a file is shows in what is in it. Where that cannot be read, its name is all there is to go by: a document by its
-- name is taken for one, and is not part of the verdict, but it might be a photo that was named so.
-- """
-- remedy      = "Each file has its reason beside it: unlock a phone and check its cable, check the rights or the archive, and audit again; or see to it that none of these is a photo."
-- not_covered = "Files whose names say nothing or promise a photo: these must be backed up (unreadable-file)."
-- ///
SELECT 'source' AS side, path, error AS reason, size_bytes
FROM source
WHERE kind = 'other' AND NOT excluded AND NOT is_due AND size_bytes IS NOT NULL
    -- What was looked into has a digest, whatever was made of it.
    AND error_kind IN ('unreadable', 'unsupported', 'refused', 'doubted')
    AND coalesce(sha256, md5, sha1, quickxor, dropbox) IS NULL
ORDER BY path
