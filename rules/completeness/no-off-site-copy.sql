-- /// rule
-- id          = "no-off-site-copy"
-- severity    = "error"
-- verdict     = "not_safe"
-- theme       = "safety"
-- label       = "No copy off-site"
-- since       = "0.1.0"
-- tags        = ["completeness", "office"]
-- population  = "due WHERE $off_site_copies > 0"
-- needs       = ["files.status", "files.off_site_copies"]
-- passed      = "Every file that is in a backup is also kept off-site."
-- failed_one  = "1 file has no copy off-site."
-- failed_many = "$count files have no copy off-site."
-- message     = "$path has $found off-site, and the policy asks for $wanted."
-- why = """
-- A fire, a flood or a theft takes everything that is in one house. The policy of this audit asks for a good copy
-- elsewhere: in a cloud, in a Google Takeout, or in a backup that the policy names under [backups] off_site. A policy to
-- name one in is made by `auditor policy show office -o my-policy.toml`; audit with `--policy my-policy.toml`.
-- """
-- remedy      = "Bring them into a cloud, or onto a disk that is kept elsewhere, and name that backup too when you audit again. That a disk is kept elsewhere, only you can know: a policy of your own says so under `off_site`; the report says how to make one."
-- not_covered = "Where a disk really lies: only clouds, Takeouts and the labels that the policy names count as off-site."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, files.off_site_copies AS off_site,
    CASE files.off_site_copies WHEN 0 THEN 'no copy' WHEN 1 THEN '1 copy' ELSE concat(files.off_site_copies, ' copies') END AS found,
    $off_site_copies AS wanted, due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
WHERE list_contains($proof, files.status) AND files.off_site_copies < $off_site_copies
ORDER BY due.path
