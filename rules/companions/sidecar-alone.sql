-- /// rule
-- id          = "sidecar-alone"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Sidecar without a photo"
-- since       = "0.1.0"
-- tags        = ["companions"]
-- population  = "source WHERE kind = 'sidecar' AND NOT excluded"
-- needs       = ["source.sidecar"]
-- passed      = "Every sidecar lies beside its photo."
-- failed_one  = "1 sidecar has lost its photo."
-- failed_many = "$count sidecars have lost their photos."
-- message     = "$path speaks of a photo that is not beside it."
-- why = """
-- Small files such as .xmp, .aae and Takeout's .json hold dates, places and edits of the photo beside them. Alone they
-- say that a photo was there once, and was deleted, renamed or lies in another part of an export.
-- """
-- remedy      = "If it comes from a Google Takeout, download all parts of it. Else look for the photo in an older backup."
-- ///
SELECT 'source' AS side, source.path AS path, source.size_bytes AS size_bytes
FROM source
ANTI JOIN source photo ON photo.sidecar = source.path
WHERE source.kind = 'sidecar' AND NOT source.excluded
ORDER BY source.path
