-- /// rule
-- id          = "old-android"
-- severity    = "info"
-- verdict     = "none"
-- theme       = "note"
-- label       = "Old Android"
-- since       = "0.1.0"
-- tags        = ["space", "phone"]
-- population  = "header WHERE side = 'source' AND try_cast(regexp_extract(android_version, '^[0-9]+') AS INTEGER) IS NOT NULL"
-- needs       = ["header.android_version"]
-- params      = { oldest_android = 10 }
-- passed      = "The phone's Android is not too old."
-- failed_one  = "The phone's Android is old."
-- failed_many = "The Android of $count phones is old."
-- message     = "The phone runs Android $version."
-- why = """
-- Android before version 10 gets no repairs of its security any more, and phones of that age fail: batteries swell and
-- memories wear out.
-- """
-- remedy      = "Back up this phone more often than others, and keep its photos on no single device."
-- ///
SELECT 'source' AS side, NULL::VARCHAR AS path, android_version AS version, model
FROM header
WHERE side = 'source' AND try_cast(regexp_extract(android_version, '^[0-9]+') AS INTEGER) < $oldest_android
