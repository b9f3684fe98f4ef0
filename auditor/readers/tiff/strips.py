"""Strips and tiles that libtiff decodes too leniently: deflate's checksum, and JPEG by the strict judge.

Source: Adobe Photoshop TIFF Technical Notes (2002), "JPEG compression" and "ZIP compression".
"""

from __future__ import annotations

import zlib

from auditor.model import Damage, Depth, Soundness
from auditor.readers.examination import Buffer
from auditor.readers.jpeg import reader as jpeg
from auditor.readers.tiff import ifd
from auditor.readers.tiff.walk import TiffImage
from auditor.words import percent_of

_DEFLATE, _JPEG, _JPEG_TABLES = (8, 32946), 7, 347
_EIGHT_BITS = 8
_MOST_INFLATED_BYTES = 1 << 30


def strip_damage(data: Buffer, images: tuple[TiffImage, ...]) -> Damage | None:
    """The first strip or tile that is provably broken; None where none is, or none can be judged."""
    for image in images:
        for start, end in image.parts:
            content = bytes(data[start:end])
            wrong = None
            if image.compression in _DEFLATE:
                wrong = _inflate(content)
            elif image.compression == _JPEG and set(ifd.numbers(data, image.table, 258)) == {_EIGHT_BITS}:
                wrong = _jpeg(ifd.content(data, image.table, _JPEG_TABLES), content)
            if wrong is not None:
                return Damage("corrupt_data", f"{wrong}, at {percent_of(start, len(data))} of the file", start)
    return None


def _inflate(content: bytes) -> str | None:
    # A stream that just ends is left to libtiff, which knows how many rows it must hold.
    try:
        zlib.decompressobj().decompress(content, _MOST_INFLATED_BYTES)
    except zlib.error as error:
        return f"a strip of the picture is corrupt: {error}"
    return None


def _jpeg(tables: bytes, content: bytes) -> str | None:
    whole = tables[:-2] + content[2:] if tables else content
    found = jpeg.examine(whole, "jpeg", Depth.DECODE)
    return f"a strip of the picture: {found.damage[0].detail}" if found.soundness is Soundness.DAMAGED else None
