-- /// rule
-- id          = "left-out-by-exclusion"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Left out by the policy"
-- since       = "0.1.0"
-- tags        = ["completeness"]
-- population  = "source"
-- needs       = ["source.excluded", "source.kind"]
-- passed      = "No photo or video lies in a place that the policy leaves out."
-- failed_one  = "Photos or videos of 1 folder were left out, as the policy says."
-- failed_many = "Photos or videos of $count folders were left out, as the policy says."
-- message     = "$path: $what of $size left out, for instance $example."
-- why = """
-- Trashed and half-written files, thumbnails and caches need no backup, so the policy leaves them out. They are counted
-- here, by folder, so that nothing is left out that somebody wanted. Each is a row of files.csv with the status not_due.
-- """
-- remedy      = "If one of them matters, take it out of its bin on the phone, or change `exclude_names` or `exclude_paths` in a copy of the policy, which `auditor policy show family -o my-policy.toml` makes, and audit with `--policy my-policy.toml`."
-- not_covered = "Files that are neither photos nor videos."
-- ///
SELECT 'source' AS side, coalesce(nullif(folder, ''), '(the top folder)') AS path, count(*) AS files,
    coalesce(sum(size_bytes), 0)::BIGINT AS size_bytes, said_size(coalesce(sum(size_bytes), 0)::BIGINT) AS size,
    CASE count(*) WHEN 1 THEN '1 photo or video was' ELSE concat(count(*), ' photos or videos were') END AS what,
    min(name) AS example
FROM source
WHERE excluded AND kind IN ('photo', 'video')
GROUP BY folder
ORDER BY path
