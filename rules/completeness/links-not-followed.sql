-- /// rule
-- id          = "links-not-followed"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "safety"
-- label       = "Link not followed"
-- since       = "0.1.0"
-- tags        = ["completeness"]
-- population  = "source"
-- needs       = ["source.error_kind"]
-- passed      = "There are no links or special files in what was listed."
-- failed_one  = "1 link or special file was not followed."
-- failed_many = "$count links or special files were not followed."
-- message     = "$path was not opened ($reason)."
-- why = """
-- A link shows a file or folder that lies elsewhere. It is not followed, since it may lead out of the place or in a
-- circle, so what it shows has not been looked at unless it lies in the same place.
-- """
-- remedy      = "If the link leads to photos, audit the folder that it leads to as well."
-- not_covered = "What the links lead to."
-- ///
SELECT 'source' AS side, path, error AS reason
FROM source
WHERE size_bytes IS NULL AND NOT excluded AND NOT is_due
    -- A link to what is listed by itself (alias) hides nothing.
    AND error_kind IN ('link', 'link_to_file', 'not_held', 'special')
ORDER BY path
