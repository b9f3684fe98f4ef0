-- /// rule
-- id          = "unreadable-file"
-- severity    = "error"
-- verdict     = "not_checked"
-- theme       = "safety"
-- label       = "Not read"
-- since       = "0.1.0"
-- tags        = ["integrity"]
-- population  = "due"
-- needs       = ["files.status"]
-- passed      = "Every file on the phone could be read."
-- failed_one  = "1 file on the phone was not read."
-- failed_many = "$count files on the phone were not read."
-- message     = "$path was not read ($reason)."
-- why = """
-- What is not read cannot be compared, so nobody knows whether the backup holds it. Often the phone was locked, the
-- cable was loose, or the program has no right to read that folder; sometimes the memory is failing. A link is not
-- followed on purpose: it may lead out of the place.
-- """
-- remedy      = "Each file has its reason beside it. A phone: unlock it and check the cable. A folder, disk or archive: check the rights, and whether it opens elsewhere. A link: put the file itself in its place. Then audit again; if it stays so, copy what can be read first."
-- not_covered = "Files of the backup that could not be read (unreadable-in-backup, not-checked)."
-- ///
SELECT 'source' AS side, due.path AS path, due.error AS reason, due.size_bytes AS size_bytes
FROM due
JOIN files ON files.id = due.id
-- The rest of what was not checked is named by not-checked, which has this condition too.
WHERE files.status = 'not_checked'
    AND due.error IS NOT NULL AND coalesce(due.sha256, due.md5, due.sha1, due.quickxor, due.dropbox) IS NULL
ORDER BY due.path
