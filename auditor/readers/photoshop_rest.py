"""Photoshop's image resources that are not known to be descriptive: profiles, paths, aspect ratio and what is unknown.

Source: Adobe, "Photoshop File Formats Specification", "Image resource blocks".
"""

from __future__ import annotations

from auditor.readers.bounds import is_text
from auditor.readers.descriptive import PHOTOSHOP_RESOURCES
from auditor.readers.inner_files import is_makers_data
from auditor.readers.iptc_rest import iptc_rest
from auditor.readers.rest import Piece, unclaimed
from auditor.readers.thumbnail import is_photoshop_thumbnail
from auditor.readers.xmp_rest import xmp_rest

_SIGNATURES = (b"8BIM", b"PHUT", b"AgHg", b"DCSR", b"MeSa")
_XMP, _IPTC = 0x0424, 0x0404
_EXIF = frozenset({0x0422, 0x0423})
_THUMBNAILS = frozenset({0x0409, 0x040C})
_MOST_SETTINGS_BYTES = 4096


def photoshop_rest(resources: bytes, picture: tuple[int, int]) -> list[Piece]:
    """The blocks that may be content, in order; what is no block counts too. Thumbnails smaller than the
    picture are descriptive, and short settings and texts of the known kinds. Does not raise for any content."""
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
            pieces += xmp_rest(content, picture)
        elif number == _IPTC:
            pieces += iptc_rest(content, picture)
        elif number in _THUMBNAILS:
            fits = is_photoshop_thumbnail(content, *picture)
            pieces += [] if fits else [(b"Photoshop's thumbnail", content)]
        elif resources[at : at + 4] != b"8BIM" or not _describes(number, content, picture):
            pieces.append((b"Photoshop " + resources[at:name_end], content))
        at = body + length + length % 2
    return pieces + unclaimed(b"Photoshop", resources[at:])


def _describes(number: int, content: bytes, picture: tuple[int, int]) -> bool:
    if number in _EXIF:
        return is_makers_data(content, picture)
    short = is_makers_data(content, picture, _MOST_SETTINGS_BYTES)
    return number in PHOTOSHOP_RESOURCES and (short or is_text(content))
