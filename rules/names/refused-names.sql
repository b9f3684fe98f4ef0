-- /// rule
-- id          = "refused-names"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "safety"
-- label       = "Refused name"
-- since       = "0.1.0"
-- tags        = ["names"]
-- population  = "(SELECT path FROM source UNION ALL SELECT path FROM backup)"
-- needs       = ["source.error_kind", "backup.error_kind"]
-- passed      = "No list holds a name or an archive that could do harm."
-- failed_one  = "1 name or packed file was refused, since it could do harm."
-- failed_many = "$count names or packed files were refused, since they could do harm."
-- message     = "$path was not touched ($reason)."
-- why = """
-- Archives and other people's lists can hold names that lead out of their folder, and small files that unpack to fill
-- the disk. No honest program makes them.
-- """
-- remedy      = "Find out where the archive or list comes from, and use nothing of it until you know."
-- ///
SELECT side, path, backup, reason, size_bytes
FROM (
    SELECT 'source' AS side, path, NULL::VARCHAR AS backup, error AS reason, size_bytes FROM source WHERE error_kind = 'refused'
    UNION ALL
    SELECT 'backup' AS side, path, backup, error AS reason, size_bytes FROM backup WHERE error_kind = 'refused'
)
ORDER BY side DESC, backup, path
