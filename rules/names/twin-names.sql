-- /// rule
-- id          = "twin-names"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Name almost like another"
-- since       = "0.1.0"
-- tidying     = true
-- tags        = ["names"]
-- population  = "source WHERE size_bytes IS NOT NULL"
-- needs       = ["source.path"]
-- passed      = "No two names differ only by capitals or by how their letters are encoded."
-- failed_one  = "1 name differs from another only by capitals or by how its letters are encoded."
-- failed_many = "$count names differ from others only by capitals or by how their letters are encoded."
-- message     = "$path and $other differ only by capitals or by how their letters are encoded."
-- why = """
-- Windows, Macs and memory cards take such names for one. A program that copies both there overwrites the first with the
-- second, and says nothing.
-- """
-- remedy      = "Rename one of them on the phone. `auditor backup` keeps both, under names that differ."
-- sources     = ["Unicode Standard Annex 15: normalization forms"]
-- ///
WITH named AS (
    SELECT path, size_bytes, sha256, lower(nfc_normalize(path)) AS folded
    FROM source
    WHERE size_bytes IS NOT NULL AND NOT excluded
), twins AS (
    SELECT folded, min(path) AS first
    FROM named
    GROUP BY folded
)
-- The first may keep its name.
SELECT 'source' AS side, named.path AS path, first AS other,
    named.size_bytes AS size_bytes, named.sha256 AS sha256
FROM named
JOIN twins ON twins.folded = named.folded AND named.path <> first
ORDER BY named.folded, named.path
