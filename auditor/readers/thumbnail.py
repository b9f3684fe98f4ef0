"""Whether a region holds what its name says: a small version of the picture, and nothing else.

It must be a whole JPEG that decodes, or plain pixels of the stated size, and smaller than the picture itself. Whether
it shows the same is not asked: editors leave old thumbnails behind, and one that is small is nobody's only picture.
"""

from __future__ import annotations

import re

from auditor.readers.bounds import is_text
from auditor.readers.inner_files import is_makers_data, is_smaller
from auditor.readers.jpeg.decode import is_whole
from auditor.readers.jpeg.walk import picture_of, walk

_JFXX_JPEG, _JFXX_PALETTE, _JFXX_RGB = 0x10, 0x11, 0x13
_PHOTOSHOP_HEAD_BYTES = 28
_MOST_ASIDE_BYTES = 4096
"""A colour profile, and what an encoder notes of itself."""
_REMNANT = re.compile(rb"(?:[^\xff]|\xff[\0\xd0-\xd7])*\xff\xd9")
"""The end of an older thumbnail in a place of one size for all: coded data without the tables to read it."""
_MOST_REMNANT_BYTES = 2048


def is_small_jpeg(content: bytes, width: int, height: int) -> bool:
    """Whether `content` is one whole JPEG, smaller than `width` x `height`, that decodes without a complaint, with
    nothing in it that is no picture, and fill bytes behind it, or the remnant of an older one."""
    if content[:2] != b"\xff\xd8":
        return False
    walked = walk(content, headers_only=False)
    frame = walked.frame
    if frame is None or walked.end is None or not is_smaller(frame.width, frame.height, (width, height)):
        return False
    if not _is_remnant(content[walked.end :].strip(b"\0\xff")) or not is_whole(picture_of(content, walked), frame):
        return False
    # A JPEG may hold EXIF, and that a JPEG: each of half the size of the one around it, so that there is an end to it.
    from auditor.readers.jpeg.rest import jpeg_rest

    aside = jpeg_rest(content[: walked.end], walked, (), (frame.width // 2, frame.height))
    return sum(len(piece) for _, piece in aside) <= _MOST_ASIDE_BYTES and all(
        is_makers_data(piece, (0, 0)) for _, piece in aside
    )


def _is_remnant(content: bytes) -> bool:
    return not content or (
        is_makers_data(content, (0, 0), _MOST_REMNANT_BYTES) and _REMNANT.fullmatch(content) is not None
    )


def is_plain_thumbnail(width: int, height: int, length: int, picture: tuple[int, int]) -> bool:
    """Whether `length` bytes are no more than the colours of a thumbnail's pixels: Exif 3.0, 4.6.9."""
    return is_smaller(width, height, picture) and length <= 3 * width * height


def is_jfif_thumbnail(body: bytes, width: int, height: int) -> bool:
    """Whether behind JFIF's header stand the pixels of the stated size, smaller than the picture, or nothing. Source:
    ITU-T T.871, 10.1."""
    if len(body) >= 14 and body[12] * body[13] >= max(1, width * height):
        return False
    return not any(body[14 + 3 * body[12] * body[13] :]) if len(body) >= 14 else len(body) == 12


def is_jfxx_thumbnail(body: bytes, width: int, height: int) -> bool:
    """Whether a JFXX segment holds one small picture. Source: JFIF 1.02, "JFIF extension"."""
    form, content = body[5:6], body[6:]
    if form == bytes([_JFXX_JPEG]):
        return is_small_jpeg(content, width, height)
    if len(content) < 2 or content[0] * content[1] >= width * height:
        return False
    pixels = content[0] * content[1]
    size = {_JFXX_PALETTE: 768 + pixels, _JFXX_RGB: 3 * pixels}.get(form[0])
    return size is not None and not any(content[2 + size :])


def is_photoshop_thumbnail(content: bytes, width: int, height: int) -> bool:
    """Whether a resource of Photoshop's holds one small JPEG behind its header. Source: Adobe, "Photoshop File Formats
    Specification", "Thumbnail resource format"."""
    return is_small_jpeg(content[_PHOTOSHOP_HEAD_BYTES:], width, height)


def is_ducky(body: bytes) -> bool:
    """Whether Adobe's segment holds a quality and texts: exiftool, APP12.pm, "Ducky"."""
    at = len(b"Ducky")
    while at + 4 <= len(body):
        tag, length = (int.from_bytes(body[at + i : at + i + 2], "big") for i in (0, 2))
        content = body[at + 4 : at + 4 + length]
        if tag == 0:
            break
        if len(content) != length or not (length == 4 if tag == 1 else tag in (2, 3) and is_text(content)):
            return False
        at += 4 + length
    return not any(body[at:])
