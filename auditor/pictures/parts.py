"""What a file holds beside its picture: content that a copy may have lost. What was written into it: `written`.

`held` looks for marks, and says too much rather than too little. A mark may stay when its content went; so where two
files are laid beside each other, what really lies behind a JPEG's picture counts too (`missing`).
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pillow_heif
from PIL import Image

from auditor.readers.jpeg.parts import find_parts
from auditor.readers.jpeg.walk import walk
from auditor.readers.limits import pillow_limits
from auditor.readers.sniff import RAW_FORMATS, sniff


class Part(StrEnum):
    """Content beside the picture."""

    CLIP = "motion clip"
    DEPTH = "depth map"
    GAIN_MAP = "gain map"
    THERMAL = "thermal data"
    SOUND = "sound"
    ALPHA = "transparency"
    RAW = "raw data of the sensor"


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


@dataclass(frozen=True, slots=True)
class Contents:
    """What one file holds beside its picture: what is known for certain, and the parts that lie behind the picture of a
    JPEG, previews left out, by SHA-256, with what they are called. `unseen` says that nobody could look whether
    something shines through the picture."""

    parts: frozenset[Part]
    behind: Mapping[str, str]
    unseen: bool = False


UNSEEN = "perhaps transparency, which could not be looked at"


def contents(data: bytes) -> Contents:
    """What a file holds beside its picture, with what no mark tells."""
    found = set(held(data))
    transparent: bool | None = False
    if sniff(data) in RAW_FORMATS:
        found.add(Part.RAW)
    else:
        transparent = _is_transparent(data)
    if transparent:
        found.add(Part.ALPHA)
    return Contents(frozenset(found), _behind(data), transparent is None)


def missing(kept: Contents, other: Contents) -> list[str]:
    """In words, the content beside the picture that the second file holds for certain and the first may not."""
    words = sorted(str(part) for part in other.parts - kept.parts)
    lying = {name for sha256, name in other.behind.items() if sha256 not in kept.behind}
    return words + sorted(name for name in lying if not any(word in name for word in words))


def perhaps_missing(kept: Contents, other: Contents) -> list[str]:
    """In words, what the second file may hold and the first does not."""
    return [UNSEEN] if other.unseen and Part.ALPHA not in kept.parts else []


def _is_transparent(data: bytes) -> bool | None:
    """Whether something shines through the picture; an alpha channel that is all opaque is none. None where nobody can
    tell: the picture does not open here."""
    if sniff(data) == "jpeg":
        return False  # it has no such channel
    pillow_limits()
    pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                if not image.has_transparency_data:
                    return False
                return image.convert("RGBA").getchannel("A").getextrema()[0] != 255
    except Exception:
        return None


def _behind(data: bytes) -> Mapping[str, str]:
    if sniff(data) != "jpeg":
        return {}
    walked = walk(data)
    if walked.end is None:
        return {}
    found = {}
    for part in find_parts(data, walked.segments, walked.end).parts:
        if part.essential:
            content = data[part.start : part.end]
            is_map = content.startswith(b"\xff\xd8") and Part.GAIN_MAP in held(content)
            found[hashlib.sha256(content).hexdigest()] = str(Part.GAIN_MAP) if is_map else part.name
    return found
