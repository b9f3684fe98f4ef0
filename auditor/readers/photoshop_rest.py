"""Photoshop's image resources that are not known to be descriptive: profiles, paths, aspect ratio and what is unknown.

Source: Adobe, "Photoshop File Formats Specification", "Image resource blocks".
"""

from __future__ import annotations

from auditor.readers.descriptive import PHOTOSHOP_RESOURCES
from auditor.readers.rest import Piece, unclaimed
from auditor.readers.thumbnail import is_photoshop_thumbnail
from auditor.readers.xmp_rest import xmp_rest

_SIGNATURES = (b"8BIM", b"PHUT", b"AgHg", b"DCSR", b"MeSa")
_XMP = 0x0424
_THUMBNAILS = frozenset({0x0409, 0x040C})
_ANY_SIZE = (1 << 16, 1 << 16)


def photoshop_rest(resources: bytes, picture: tuple[int, int] = _ANY_SIZE) -> list[Piece]:
    """The blocks that may be content, in order; what is no block counts too. Thumbnails smaller than the
    picture, of which the size may be known, are descriptive. Does not raise for any content."""
    pieces: list[Piece] = []
    at, size = 0, len(resources)
    while at + 12 <= size and resources[at : at + 4] in _SIGNATURES:
        number = int.from_bytes(resources[at + 4 : at + 6], "big")
        name_end = at + 6 + (1 + resources[at + 6] + 1) // 2 * 2
        length = int.from_bytes(resources[name_end : name_end + 4], "big")
        body = name_end + 4
        if body + length > size:
            break
        content = resources[body : body + length]
        if number == _XMP:
            pieces += xmp_rest(content)
        elif number in _THUMBNAILS and not is_photoshop_thumbnail(content, *picture):
            pieces.append((b"Photoshop's thumbnail", content))
        elif number not in PHOTOSHOP_RESOURCES or resources[at : at + 4] != b"8BIM":
            pieces.append((b"Photoshop " + resources[at:name_end], content))
        at = body + length + length % 2
    return pieces + unclaimed(b"Photoshop", resources[at:])
