"""What is positively known to only describe a film, by the names of its keys. docs/metadata-films.md says why.

Sources: Apple, "QuickTime File Format", "Metadata" (keys), and "Core Media metadata identifiers"; Android Open Source
Project, `MPEG4Writer` (com.android.*); Apple's iTunes list as AtomicParsley and ExifTool name it.
"""

from __future__ import annotations

_APPLE = b"com.apple.quicktime."
_KEYS = frozenset(
    {
        *(
            _APPLE + name
            for name in (
                *(b"album artist author arranger collection.user comment composer copyright creationdate".split()),
                *(b"credits description director displayname encodedby genre information keywords make model".split()),
                *(b"originalartist performer phonogramrights producer publisher rating.user software title".split()),
                *(b"year camera.identifier camera.lens_model camera.focal_length.35mm_equivalent".split()),
                *(b"location.ISO6709 location.accuracy.horizontal location.name location.body location.note".split()),
                *(b"location.role location.date location.facing direction.facing direction.motion".split()),
            )
        ),
        *(b"com.android." + name for name in (b"version", b"manufacturer", b"model")),
        b"com.samsung.android.utc_offset",
        # What FFmpeg writes with `use_metadata_tags`.
        *b"title artist album comment copyright description genre date encoder creation_time location".split(),
        *b"major_brand minor_version compatible_brands make model".split(),
    }
)
"""Not among them: what says how a film is played (rates, slow motion, cinematic, spatial), what belongs to a Live
Photo, and what nobody knows."""


def describes_key(name: bytes) -> bool:
    """Whether a key, with its namespace before it, is known to only describe."""
    return name[:4] == b"mdta" and name[4:] in _KEYS


ILST_NAMES = frozenset(
    b"aART desc ldes cprt gnre trkn disk tmpo cpil rtng stik hdvd catg keyw purd purl egid pcst tvsh tven tvnn tvsn"
    b" tves soal soar soaa soco sonm sosn auth titl dscp perf".split(b" ")
)
"""Texts and numbers of iTunes, beside the ones that begin with (c). Not among them: covers, whether it is played
without a gap (`pgap`), and free-form ones (`----`), of which some say how much is cut off at both ends."""
INFO_NAMES = frozenset(
    b"IARL IART ICMS ICMT ICOP ICRD ICRP IDIM IDIT IDPI IENG IGNR IKEY ILGT ILNG IMED INAM IPLT IPRD IPRT IRTD ISBJ"
    b" ISFT ISHP ISMP ISRC ISRF ITCH ITRK IWEB".split(b" ")
)
"""Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", INFO list; ExifTool, RIFF.pm."""
_TAGS = frozenset(
    b"TITLE SUBTITLE SUMMARY SYNOPSIS DESCRIPTION COMMENT COMMENTS KEYWORDS SUBJECT GENRE MOOD CONTENT_TYPE ARTIST"
    b" ALBUM ALBUM_ARTIST AUTHOR COMPOSER LYRICIST CONDUCTOR DIRECTOR PRODUCER ACTOR CHARACTER WRITTEN_BY PERFORMER"
    b" PUBLISHER COPYRIGHT PRODUCTION_COPYRIGHT LICENSE TERMS_OF_USE DATE DATE_RELEASED DATE_RECORDED DATE_ENCODED"
    b" DATE_TAGGED DATE_DIGITIZED DATE_WRITTEN DATE_PURCHASED CREATION_TIME LOCATION RECORDING_LOCATION RATING"
    b" LAW_RATING ENCODER ENCODED_BY ENCODER_SETTINGS ENCODER_OPTIONS HANDLER_NAME VENDOR_ID MAJOR_BRAND MINOR_VERSION"
    b" COMPATIBLE_BRANDS LANGUAGE DURATION BPS FPS NUMBER_OF_FRAMES NUMBER_OF_BYTES SOURCE_ID MAKE MODEL SOFTWARE YEAR"
    b" PART_NUMBER TOTAL_PARTS ISRC BARCODE CATALOG_NUMBER URL".split(b" ")
)
"""Matroska's registry of tags (draft-ietf-cellar-tags, 4), FFmpeg's names for what films in MP4 say, and mkvmerge's
statistics. Not among them: `alpha_mode` and `stereo_mode`, by which players choose, and names that nobody knows."""
_STATISTICS = b"_STATISTICS_"


def describes_tag(name: bytes) -> bool:
    """Whether a Matroska tag, by its name, is known to only describe."""
    plain = name.rstrip(b"\0").upper()
    return plain in _TAGS or plain.startswith(_STATISTICS) or plain.lower() in _KEYS
