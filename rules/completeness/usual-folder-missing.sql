-- /// rule
-- id          = "usual-folder-missing"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Usual folder not there"
-- since       = "0.1.0"
-- tags        = ["completeness", "phone"]
-- population  = "header WHERE side = 'source' AND is_phone AND regexp_matches(place, '^(adb|mtp):([^/]*|.*/(sdcard|emulated/0))/?$')"
-- needs       = ["header.is_phone", "source.path"]
-- passed      = "The folders that most phones have are in the list."
-- failed_one  = "1 folder that most phones have is not in the list."
-- failed_many = "$count folders that most phones have are not in the list."
-- message     = "There is no file in $path."
-- why = """
-- Screenshots, edited pictures, downloads, films and what messengers save lie outside the camera's folder, and people
-- forget them. Where one of these folders is empty there may be nothing to save; look once whether that is true.
-- """
-- remedy      = "Open the folder on the phone; if it holds photos or videos, unlock the phone and scan again."
-- not_covered = "Messengers that keep their pictures where only they can read them."
-- ///
WITH folders AS (
    SELECT DISTINCT lower(folder) || '/' AS folder FROM source
)
SELECT 'source' AS side, usual.name AS path
FROM header
CROSS JOIN (
    VALUES ('DCIM/Camera', '(^|/)dcim/(camera|[0-9]{3}[a-z0-9_]{5})/'), ('Pictures', '(^|/)pictures/'),
        ('Download', '(^|/)downloads?/'), ('Movies', '(^|/)(movies|video)/'),
        ('a messenger''s folder (WhatsApp, Telegram, Signal, Viber)', '(whatsapp|telegram|signal|viber|threema|messenger)[^/]*/')
) AS usual(name, pattern)
WHERE header.side = 'source' AND header.is_phone
    AND NOT EXISTS (SELECT 1 FROM folders WHERE regexp_matches(folders.folder, usual.pattern))
ORDER BY usual.name
