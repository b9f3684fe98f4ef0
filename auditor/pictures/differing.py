"""In words, in which parts two files differ that hold the same coded picture, or the same frames.

The parts are the very pieces that `image_sha256` covers: what makes the digests differ is what is named. Names say what
is known of a part; of what nobody knows they say where it stands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from PIL import ExifTags

from auditor.model import Depth, Kind
from auditor.readers import examine
from auditor.readers.examination import Buffer
from auditor.readers.rest import Covered, listening
from auditor.readers.sniff import kind_of, sniff

_MOST_NAMED = 3


def differing(path: str, ours: Buffer, theirs: Buffer, told: Collection[str] = ()) -> str:
    """What the copy lost, what it alone has, and what differs, but for what is `told` already; empty where no part can
    be named.

    Both are read as `path` names the original. Does not raise for any content.
    """
    forms = sniff(ours), sniff(theirs)
    if forms[0] != forms[1]:
        return f"the original is {forms[0] or 'of an unknown form'}, the copy {forms[1] or 'of an unknown form'}"
    # Films are digested whole without a look at their frames.
    depth = Depth.HASH if kind_of(forms[0]) is Kind.VIDEO else Depth.DECODE
    mine, other = _pieces(path, ours, depth), _pieces(path, theirs, depth)
    lost, added = ([name for name in _names(pieces) if name not in told] for pieces in (mine - other, other - mine))
    groups = [
        ("the copy lost its ", [name for name in lost if name not in added]),
        ("only the copy has ", [name for name in added if name not in lost]),
        ("the copy has another ", [name for name in lost if name in added]),
    ]
    return "; ".join(lead + _listed(names) for lead, names in groups if names)


def _pieces(path: str, data: Buffer, depth: Depth) -> Counter[Covered]:
    with listening() as pieces:
        examine(path, data, depth)
    return Counter(pieces)


def _names(pieces: Iterable[Covered]) -> list[str]:
    return list(dict.fromkeys(_name(p.what, p.head) for p in pieces if p.head not in _EMPTY_PROFILES))


def _listed(names: list[str]) -> str:
    shown, more = names[:_MOST_NAMED], len(names) - _MOST_NAMED
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join((", ".join(shown[:-1]), shown[-1])) if len(shown) > 1 else shown[0]


_EMPTY_PROFILES = (b"prof", b"rICC")
"""What exiftool leaves of the profile of a HEIC that it takes away."""
_PROFILE, _COLOURS = "colour profile", "description of colours"
_THUMBNAIL = "preview, which is more than a small version of the picture"
_LEADS = (
    (b"segment 226", b"ICC_PROFILE", _PROFILE),
    (b"segment 225", b"FLIR", "thermal data"),
    (b"segment 224", b"II\x1a\0\0\0HEAP", "Canon record of the shot (CIFF)"),
    (b"iCCP", b"", _PROFILE),
    (b"ICCP", b"", _PROFILE),
    *((kind, b"", _COLOURS) for kind in (b"cHRM", b"gAMA", b"sRGB", b"cICP", b"mDCV", b"cLLI")),
    (b"YCbCr", b"", _COLOURS),
    (b"pixel shape", b"", "shape of the pixels"),
    (b"EXIF colours", b"", _COLOURS),
    (b"EXIF gain", b"", "gain map settings"),
    (b"EXIF unused", b"", "EXIF bytes to which nothing refers"),
    (b"Photoshop's thumbnail", b"", _THUMBNAIL),
    (b"JFIF's thumbnail", b"", _THUMBNAIL),
    (b"spare in the list", b"", "bytes between the parts"),
    (b"said of a description", b"", "bytes between the parts"),
    (b"colours", b"", _COLOURS),
    (b"MPF", b"", "index of further pictures"),
    (b"part ", b"", "part behind the picture"),
    (b"behind", b"", "bytes behind the end"),
    (b"stray", b"", "bytes between the parts"),
    (b"unused", b"", "bytes between the parts"),
)
"""What a piece is called and how it begins, and the words for it."""

_PROPERTIES = {
    b"colr": _COLOURS,
    b"auxC": "purpose of a further picture",
    b"clap": "crop",
    b"irot": "turn of a further picture",
    b"imir": "turn of a further picture",
}
_BOXES = {
    b"stsd": "setup of the decoders",
    b"stts": "times of frames",
    b"ctts": "times of frames",
    b"elst": "edit list",
    b"stsc": "tables of where frames lie",
    b"stsz": "tables of where frames lie",
    b"stco": "tables of where frames lie",
    b"stss": "list of key frames",
    b"colr": _COLOURS,
    b"covrdata": "cover",
    b"SDLN": "Samsung play mode",
}
_PROFILE_TAG = 34675
_THUMBNAIL_TAGS = frozenset({b"273", b"324", b"513"})
_COLOUR_TAGS = frozenset({301, 318, 319, 529, 532, 42240})
"""Transfer function, white point, primaries, YCbCr coefficients, black and white, gamma: Exif 3.0, 4.6.5 and 4.6.6."""

_TAG = re.compile(rb"(?:EXIF )?[\d\[\].+]*?\.?(\d+)(?: \d+ \d+)?(?: beyond)?\Z")
_XMP_NAME = re.compile(rb"\{?(?:https?://)?([\w.:/-]*)\}?([\w-]*)")


def _name(what: bytes, head: bytes) -> str:
    """The words for one piece. What stands in a file may be anything: only letters and digits of it are shown."""
    for lead, begin, words in _LEADS:
        if what.startswith(lead) and head.startswith(begin):
            return words
    if what == b"XMP":
        return _of_xmp(head)
    if what.startswith(b"Samsung "):
        return f"Samsung block {_plain(what.split(b' ', 2)[-1])}".rstrip()
    if what.startswith(b"Photoshop 8BIM"):
        return f"Photoshop resource 0x{int.from_bytes(what[14:16], 'big'):04X}"
    if what.startswith(b"segment "):
        return f"segment APP{int(what[8:]) - 224} {_plain(head[:16])}".rstrip()
    if what.startswith(b"item "):
        return _of_item(what, head)
    if what.startswith(b"EXIF ") and what.rsplit(b".", 1)[-1] in _THUMBNAIL_TAGS:
        return _THUMBNAIL
    if (tag := _TAG.match(what)) is not None:
        return _of_tag(int(tag[1]))
    last = what.rsplit(b"/", 1)[-1]
    return _BOXES.get(last) or f"part {_plain(what.replace(b'/', b'.')) or 'between frames'}"


def _of_item(what: bytes, head: bytes) -> str:
    words = what.split(b" ", 3)
    kind = words[-1]
    if len(words) == 4 and kind == b"colr" and head[:4] in (b"prof", b"rICC"):
        return _PROFILE
    if len(words) == 4 and len(kind) == 4:
        return _PROPERTIES.get(kind) or f"property {_plain(kind)} of a picture"
    return "further picture, or what belongs to one"


def _of_tag(tag: int) -> str:
    if tag == _PROFILE_TAG:
        return _PROFILE
    if tag in _COLOUR_TAGS:
        return _COLOURS
    return f"tag {ExifTags.TAGS.get(tag, hex(tag))}"


def _of_xmp(head: bytes) -> str:
    found = _XMP_NAME.match(head)
    where, name = (found[1], found[2]) if found else (b"", b"")
    if b"depth" in where.lower():
        return "depth map"
    if b"hdr-gain-map" in where:
        return "gain map settings"
    return f"XMP property {_plain(name) or _plain(where)}".rstrip()


def _plain(raw: bytes) -> str:
    """The printable beginning of a name in a file."""
    found = re.match(rb"[\w .,:/@+-]*", raw)
    return found[0].decode("ascii", "ignore").strip()[:40] if found else ""
