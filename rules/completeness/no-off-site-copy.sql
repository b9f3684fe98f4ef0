-- /// rule
-- id          = "no-off-site-copy"
-- severity    = "error"
-- verdict     = "not_safe"
-- since       = "0.1.0"
-- tags        = ["completeness", "office"]
-- population  = "due WHERE $off_site_copies > 0"
-- needs       = ["files.status", "pairs.status", "header.off_site"]
-- passed      = "Every file that is in a backup is also kept off-site."
-- failed_one  = "1 file has no copy off-site."
-- failed_many = "$count files have no copy off-site."
-- message     = "$path has $off_site of $wanted copies off-site."
-- why = """
-- A fire, a flood or a theft takes everything that is in one house. The policy of this audit asks for a good copy
-- elsewhere: in a cloud, in a Google Takeout, or in a backup that the policy names under [backups] off_site.
-- """
-- remedy      = "Bring the file into the cloud or onto the disk that is kept elsewhere, and name that backup when you audit again."
-- not_covered = "Where a disk really lies: only clouds, Takeouts and the labels that the policy names count as off-site."
-- ///
SELECT 'source' AS side, due.path AS path, files.backup AS backup, coalesce(elsewhere.copies, 0) AS off_site,
    $off_site_copies AS wanted, due.size_bytes AS size_bytes, due.taken_at AS taken_at
FROM due
JOIN files ON files.id = due.id
LEFT JOIN (
    SELECT pairs.id, count(*) AS copies
    FROM pairs
    JOIN header ON header.backup = pairs.backup AND header.off_site
    WHERE list_contains($proof, pairs.status)
    GROUP BY pairs.id
) elsewhere ON elsewhere.id = due.id
WHERE list_contains($proof, files.status) AND coalesce(elsewhere.copies, 0) < $off_site_copies
ORDER BY due.path
