"""What a file holds beside its picture: content that a copy may have lost, and what people and cameras wrote into it.

It looks for marks, and says too much rather than too little: a mark that stayed when its content went is harmless here,
since a file is asked only for what another one lacks.
"""

from __future__ import annotations

import io
import re
import warnings
from contextlib import suppress
from enum import StrEnum
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, IptcImagePlugin

from auditor.readers.limits import pillow_limits


class Part(StrEnum):
    """Content beside the picture."""

    CLIP = "motion clip"
    DEPTH = "depth map"
    GAIN_MAP = "gain map"
    THERMAL = "thermal data"
    SOUND = "sound"


MARKS: dict[Part, tuple[bytes, ...]] = {
    Part.CLIP: (b"GCamera:MotionPhoto", b"GCamera:MicroVideo", b"MotionPhoto_Data", b"mpvd"),
    Part.DEPTH: (
        *(b"GDepth:", b"http://ns.google.com/photos/dd/1.0/", b"Camera:DepthMap", b"urn:mpeg:hevc:2015:auxid:2"),
        *(b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth", b"http://ns.apple.com/depthData/1.0/", b"DualShot_DepthMap"),
    ),
    Part.GAIN_MAP: (
        b"hdrgm:Version",
        b"photo:2020:aux:hdrgainmap",
        b"HDRGainMap:HDRGainMapVersion",
        b"urn:iso:std:iso:ts:21496",
    ),
    Part.THERMAL: (b"ThermalData",),
    Part.SOUND: (b"GAudio:", b"SoundShot_Meta", b"Sound_Shot_000"),
}
"""Source: Google, "Motion Photo format 1.0", "Depthmap Metadata", "Ultra HDR Image Format"; ISO/IEC 23008-12; ISO/TS
21496-1; Samsung's trailer; FLIR's segment APP1 (ExifTool's tag tables)."""

_FLIR = re.compile(rb"\xff\xe1..FLIR\0", re.DOTALL)


def held(data: bytes) -> frozenset[Part]:
    """The content beside the picture that a file has marks of."""
    found = {part for part, marks in MARKS.items() if any(mark in data for mark in marks)}
    if _FLIR.search(data):
        found.add(Part.THERMAL)
    return frozenset(found)


WRITTEN = {
    "ImageDescription": "caption",
    "XPComment": "caption",
    "UserComment": "caption",
    "XPTitle": "title",
    "XPKeywords": "keywords",
    "XPSubject": "subject",
    "Artist": "author",
    "XPAuthor": "author",
    "Copyright": "copyright",
    "Rating": "rating",
    "description": "caption",
    "title": "title",
    "subject": "keywords",
    "hierarchicalSubject": "keywords",
    "TagsList": "keywords",
    "creator": "author",
    "rights": "copyright",
    "Label": "label",
    "Headline": "title",
    "Regions": "faces",
    "RegionInfo": "faces",
    "PersonInImage": "faces",
    "City": "place name",
    "Country": "place name",
    "Location": "place name",
}
"""What people write: by the names of EXIF and XMP."""
CAPTURED = {
    "DateTimeOriginal": "date taken",
    "Make": "camera",
    "Model": "camera",
    "MakerNote": "maker notes",
    "LensModel": "lens",
    "GPSInfo": "place",
}
IPTC = {
    (2, 120): "caption",
    (2, 25): "keywords",
    (2, 5): "title",
    (2, 80): "author",
    (2, 116): "copyright",
    (2, 90): "place name",
    (2, 101): "place name",
    (2, 105): "title",
}
_XMP = re.compile(
    rb"<(?:\w+:)?(%(n)s)\b[^>]*>(.*?)</(?:\w+:)?\1>|\b\w+:(%(n)s)\s*=\s*[\"']([^\"']*)[\"']"
    % {b"n": b"|".join(sorted({name.encode() for name in WRITTEN}))},
    re.DOTALL,
)
_TAG = re.compile(rb"<[^>]*>")


def lacks(kept: bytes, other: bytes) -> list[str]:
    """In words, what the second file holds and the first does not: content, what people wrote where it reads otherwise,
    and what the camera noted where there is nothing of it."""
    ours, theirs = notes(kept), notes(other)
    words = [str(part) for part in sorted(held(other) - held(kept))]
    for name, texts in sorted(theirs.items()):
        missing = texts - ours.get(name, set()) if name in WRITTEN.values() else not ours.get(name)
        if missing:
            words.append(name)
    return words


def notes(data: bytes) -> dict[str, set[str]]:
    """What a picture's EXIF, XMP and IPTC say, by kind; empty where nothing can be read."""
    found: dict[str, set[str]] = {}

    def note(name: str, value: object) -> None:
        text = (
            value.decode("utf-16-le" if b"\0" in value[1:2] else "utf-8", "replace")
            if isinstance(value, bytes)
            else str(value)
        )
        if text := text.strip("\0 \r\n\t"):
            found.setdefault(name, set()).add(text)

    pillow_limits()
    pillow_heif.register_heif_opener()
    with suppress(Exception), warnings.catch_warnings():  # a broken block says nothing
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data)) as image:
            _exif(image.getexif(), note)
            for key, value in (IptcImagePlugin.getiptcinfo(image) or {}).items():
                if key in IPTC:
                    for one in value if isinstance(value, list) else [value]:
                        note(IPTC[key], one)
    for match in _XMP.finditer(data):
        name, text = (match[1], match[2]) if match[1] else (match[3], match[4])
        note(WRITTEN[name.decode()], b" ".join(_TAG.sub(b" ", text).split()))
    return found


def _exif(exif: Image.Exif, note: Any) -> None:
    tags: dict[int, object] = {**exif}
    with suppress(Exception):
        tags |= exif.get_ifd(ExifTags.IFD.Exif)
    for tag, value in tags.items():
        name = ExifTags.TAGS.get(tag, "")
        # An empty comment is its character code alone.
        if name == "UserComment" and isinstance(value, bytes):
            value = value[8:]
        if name in WRITTEN:
            note(WRITTEN[name], value)
        elif name in CAPTURED and name != "GPSInfo" and value:
            note(CAPTURED[name], "known")
    with suppress(Exception):
        if any(exif.get_ifd(ExifTags.IFD.GPSInfo).get(tag) for tag in (2, 4)):
            note("place", "known")
