"""Whether a file of its own lies in bytes of which only their maker knows the form: makers' notes, leftovers, settings.

Cameras keep previews there, and remnants of them. What begins as a larger picture, a film, a sound or an archive is no
such thing.
"""

from __future__ import annotations

import re

from auditor.readers.jpeg.walk import walk

MOST_PREVIEW_PIXELS = 1920 * 1920
"""CIPA DC-007, 5.2.3.3.1: the larger class of large thumbnails is of the size of full HD, whatever its shape."""
MOST_BYTES = 1 << 16
"""What a segment of a JPEG holds, where all of these come from."""
_MOST_JPEGS = 64
_LEAST_BYTES = 16
"""Shorter than the head of any file."""
_JPEG = b"\xff\xd8\xff"
_BEGINNINGS = (
    *(b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"ftyp", b"WAVEfmt ", b"AVI LIST", b"WEBPVP8", b"BPG\xfb"),
    *(b"PK\3\4", b"%PDF-", b"OggS\0", b"fLaC\0", b"#!AMR", b"ID3\2\0", b"ID3\3\0", b"ID3\4\0", b"\x1a\x45\xdf\xa3"),
    *(b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\7", b"\xfd7zXZ\0", b"\x1f\x8b\x08\0", b"\x1f\x8b\x08\x08", b"BZh91AY&SY"),
    *(b"8BPS\0\1", b"SQLite format 3\0", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
)
"""Those that four bytes or more tell from chance; the two that begin with zeros, of which notes are full, apart."""
_BEGINS = re.compile(b"|".join(map(re.escape, _BEGINNINGS)))
_BEGINNINGS_OF_ZEROS = (b"\0\0\0\x0cjP  ", b"\0\0\0\x0cJXL ")


def is_makers_data(content: bytes, picture: tuple[int, int], most: int = MOST_BYTES) -> bool:
    """Whether content is no longer than `most` bytes, and no file lies in it but JPEGs smaller than the picture."""
    if len(content) < _LEAST_BYTES:
        return True
    if len(content) > most or _BEGINS.search(content) or any(map(content.__contains__, _BEGINNINGS_OF_ZEROS)):
        return False
    at = content.find(_JPEG)
    if content.count(_JPEG) > _MOST_JPEGS:
        return False
    while at >= 0:
        found = walk(content[at:])
        if found.frame is not None and found.scans and not is_smaller(found.frame.width, found.frame.height, picture):
            return False
        at = content.find(_JPEG, at + (found.end or len(_JPEG)))
    return True


def is_smaller(width: int, height: int, picture: tuple[int, int]) -> bool:
    """Whether a picture is a reduction of another by its size, and no larger than previews are."""
    return 0 < width * height < picture[0] * picture[1] and width * height <= MOST_PREVIEW_PIXELS
