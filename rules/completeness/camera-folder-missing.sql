-- /// rule
-- id          = "camera-folder-missing"
-- severity    = "warning"
-- verdict     = "none"
-- theme       = "safety"
-- label       = "No camera folder"
-- since       = "0.1.0"
-- tags        = ["completeness", "phone"]
-- population  = "header WHERE side = 'source' AND is_phone AND regexp_matches(place, '^(adb|mtp):([^/]*|.*/(sdcard|emulated/0))/?$')"
-- needs       = ["header.is_phone", "source.path"]
-- passed      = "The phone's camera folder is in the list."
-- failed_one  = "The phone's camera folder is not in the list."
-- failed_many = "The camera folders of $count phones are not in the list."
-- message     = "There is no file in DCIM, where the camera keeps its photos."
-- why = """
-- Every Android phone keeps what its camera takes under DCIM. A list of a phone without it has hardly seen the phone's
-- photos: the phone was locked, the access was not allowed on its screen, or they lie on the memory card.
-- """
-- remedy      = "Unlock the phone, allow the access to files on its screen, and scan again; name the card too if there is one."
-- not_covered = "Phones that are read through a folder, whose lists do not say that they are phones."
-- ///
SELECT 'source' AS side, NULL::VARCHAR AS path, model
FROM header
WHERE side = 'source' AND is_phone
    AND NOT EXISTS (SELECT 1 FROM source WHERE lower(path) LIKE 'dcim/%' OR lower(path) LIKE '%/dcim/%')
