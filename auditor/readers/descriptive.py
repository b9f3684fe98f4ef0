"""What is positively known to only describe a picture: the lists behind `image_sha256`, each with its source.

Whatever stands in none of them counts as content. `docs/metadata.md` says why each one is here.
"""

from __future__ import annotations

_CAPTIONS = frozenset(
    {
        270, 315, 316, 33432,  # description, artist, host computer, copyright: TIFF 6.0, section 8
        306, 36867, 36868, 36880, 36881, 36882, 37520, 37521, 37522,  # dates: Exif 3.0, 4.6.6 F
        36864, 37121, 40960,  # versions: Exif 3.0, 4.6.6 A and C
        37510, 42016, 42032,  # comment, unique id, owner: Exif 3.0, 4.6.6 D and H
        18246, 18249, 40091, 40092, 40093, 40094, 40095,  # rating, title, comment, author, keywords, subject: Windows
        274,  # orientation: TIFF 6.0, section 8; a turn is metadata, with a finding of its own
        33723,  # IPTC: Adobe, "TIFF technical note", RichTIFFIPTC
        59932, 59933,  # padding and its offset: Windows
    }
)  # fmt: skip
RAW_TAGS = _CAPTIONS
"""In RAW files nothing else: makers and models choose the decoder, notes and settings steer the development."""

TIFF_TAGS = _CAPTIONS | frozenset(
    {
        269, 271, 272, 282, 283, 285, 296, 297, 305,  # names, maker, model, resolution, software: TIFF 6.0, section 8
        50341,  # print image matching: Seiko Epson
        33434, 33437, 34850, 34852, 34855, 34856, 34858, 34859, *range(34864, 34870), 36864, 37377, 37378, 37379, 37380,
        37381, 37382, 37383, 37384, 37385, 37386, 37396, *range(37888, 37894), 41483, 41484, 41486, 41487, 41488, 41492,
        41493, 41495, 41728, 41729, 41730, *range(41985, 41997), *range(42033, 42041), 42080, 42081, 42082, 37121,
        37122, 40960, 40962, 40963, 40964,  # how it was taken, lens, software, sizes: Exif 3.0, 4.6.6 A to J
        37500,  # the maker's note: Exif 3.0, 4.6.6 D; no decoder of a developed picture asks it, but see GAIN_TAGS
    }
)  # fmt: skip
"""In pictures of which everything that a decoder needs stands elsewhere."""

EXIF_TAGS = TIFF_TAGS | frozenset(
    {
        # The thumbnail, and the tiles of a HEIC, which Apple repeats: Exif 3.0, 4.6.9.
        254, 255, 256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 322, 323, 513, 514,
        4097, 4098,  # sizes of a related image, which some phones write here: Exif 3.0, 4.6.8
        529, 530, 531, 532,  # how YCbCr lies: in JPEG, JFIF and the frame header decide (ITU-T T.871, 6.2)
    }
)  # fmt: skip
"""In the EXIF blocks of JPEG, PNG, WebP and HEIF, whose pictures are described by the file's own headers."""

GPS_TAGS = frozenset(range(32))
"""Exif 3.0, 4.6.7."""
INTEROP_TAGS = frozenset({1, 2, 4096, 4097, 4098})
"""Exif 3.0, 4.6.8; the index R03 (Adobe RGB) counts with the colour space."""

GAIN_TAGS = (0x0021, 0x0030)
"""Apple's maker note: headroom and gain, without which a gain map cannot be applied."""

XMP_NAMESPACES = frozenset(
    {
        "adobe:ns:meta/",
        "http://purl.org/dc/elements/1.1/",
        *(
            f"http://ns.adobe.com/{name}"
            for name in (
                *("xap/1.0/", "xap/1.0/mm/", "xap/1.0/rights/", "xap/1.0/bj/", "xap/1.0/t/pg/", "xap/1.0/g/"),
                *("xap/1.0/sType/ResourceRef#", "xap/1.0/sType/ResourceEvent#", "xap/1.0/sType/Version#"),
                *("xap/1.0/sType/Dimensions#", "xap/1.0/sType/Job#", "xap/1.0/sType/Font#", "xap/1.0/g/img/"),
                *("xmp/note/", "xmp/sType/Area#", "photoshop/1.0/", "tiff/1.0/", "exif/1.0/", "exif/1.0/aux/"),
                *("camera-raw-settings/1.0/", "camera-raw-saved-settings/1.0/", "lightroom/1.0/", "bridge/1.0/"),
                *("xmp/1.0/DynamicMedia/", "creatorAtom/1.0/", "pdf/1.3/", "swf/1.0/", "StockPhoto/1.0/"),
            )
        ),
        "http://cipa.jp/exif/1.0/",
        "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
        "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
        "http://iptc.org/std/Iptc4xmpExt/2008-02-29/LocationDetails/",
        "http://ns.useplus.org/ldf/xmp/1.0/",
        "http://ns.microsoft.com/photo/1.0",
        "http://ns.microsoft.com/photo/1.0/",
        "http://ns.microsoft.com/photo/1.1",
        "http://ns.microsoft.com/photo/1.2/",
        "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
        "http://ns.microsoft.com/photo/1.2/t/Region#",
        "http://www.metadataworkinggroup.com/schemas/regions/",
        "http://www.metadataworkinggroup.com/schemas/keywords/",
        "http://www.metadataworkinggroup.com/schemas/collections/",
        "http://www.digikam.org/ns/1.0/",
        "http://www.digikam.org/ns/kipi/1.0/",
        "http://ns.acdsee.com/iptc/1.0/",
        "http://ns.acdsee.com/regions/",
        "http://darktable.sf.net/",
        "http://ns.exiftool.org/1.0/",
        "http://ns.exiftool.ca/1.0/",
        "http://creativecommons.org/ns#",
        "http://xmp.gettyimages.com/gift/1.0/",
        "http://prismstandard.org/namespaces/basic/2.0/",
    }
)
"""Properties in these say who, when, where, how and what: ISO 16684-1 and Adobe's "XMP specification part 2", IPTC,
PLUS, the Metadata Working Group, Exif in XMP (CIPA DC-010), and the programs that write ratings, tags and faces."""

XMP_CONTENT_PREFIXES = frozenset(
    {
        *("GDepth", "GImage", "GAudio", "GCamera", "GContainer", "GPano", "GSpherical", "Container", "Item", "Device"),
        *("Camera", "DepthMap", "hdrgm", "HDRGainMap", "depthData", "portraitLightingEffect", "apdi"),
    }
)
"""Where depth, gain maps, clips, sounds and panoramas stand, as their specifications write it: readers of these, such
as libultrahdr, look for the prefix, whatever namespace it has. Source: Google, "Motion Photo format 1.0", "Depthmap
Metadata", "Dynamic Depth", "Photo Sphere XMP Metadata", "Ultra HDR Image Format"; exiftool, Apple's XMP."""

_CAMERA = "{http://ns.google.com/photos/1.0/camera/}"
XMP_NAMES = frozenset(
    _CAMERA + name
    for name in ("BurstID", "BurstPrimary", "DisableAutoCreation", "DisableSuggestedAction", "hdrp_makernote")
) | frozenset(_CAMERA + name for name in ("shot_log_data", "SpecialTypeID", "PortraitRequest", "ImagesTaken"))
"""Google's camera: burst and maker's note. All else in its namespaces holds or locates clips, depth, gain maps."""

PHOTOSHOP_RESOURCES = frozenset(
    {
        0x03E9, 0x03ED, 0x03F0, 0x03F1, 0x03F3, 0x03F5, 0x03F8, 0x03FD, 0x03FE, 0x0402, 0x0404, 0x0406, 0x0408, 0x0409,
        0x040A, 0x040B, 0x040C, 0x040D, 0x0414, 0x0419, 0x041A, 0x041E, 0x0421, 0x0422, 0x0423, 0x0425, 0x0426, 0x043A,
        0x043B, 0x2710,
    }
)  # fmt: skip
"""IPTC, resolution, printing, thumbnails, copyright, addresses, versions: Adobe, "Photoshop File Formats", image
resources. Paths, profiles, aspect ratios and layers are not among them."""

SAMSUNG_BLOCKS = frozenset({0x0A01, 0x0AA1, 0x0C61})
"""Samsung's trailer: time, country code, capture mode, each a few letters. Pictures, sounds, clips and depth are the
others: exiftool, Samsung.pm, "Trailer"."""

PNG_KEYWORDS = frozenset(
    (
        b"Title", b"Author", b"Description", b"Copyright", b"Creation Time", b"Software", b"Disclaimer", b"Warning",
        b"Source", b"Comment", b"Collection", b"create-date", b"date:create", b"date:modify", b"date:timestamp",
    )
)  # fmt: skip
"""PNG, third edition, 11.3.3.2, and ImageMagick's and exiftool's dates. Others may hold whole drawings."""
PNG_KEYWORDS_LEADS = (b"exif:", b"dc:", b"xmp:", b"photoshop:", b"tiff:", b"Thumb::")
"""ImageMagick's copies of EXIF and XMP properties, the desktop's thumbnails."""
