"""What a file holds beside its picture: content that a copy may have lost. What was written into it: `written`.

It looks for marks, and says too much rather than too little: a mark that stayed when its content went is harmless here,
since a file is asked only for what another one lacks.
"""

from __future__ import annotations

import re
from enum import StrEnum


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
