"""What a region must hold that is left out of a digest for its name: a text is a text, and padding is empty.

A name alone says nothing: a picture or a file can lie in a comment, and in padding.
"""

from __future__ import annotations

import re

from auditor.readers.examination import Buffer

_READ_BYTES = 1 << 20
_MOST_CONTROLS = 32
"""Lengths and languages before a text are bytes that no text has; 500 bytes of a coded picture hold more of these."""
_CONTROLS = bytes(byte for byte in range(1, 32) if byte not in b"\t\n\r")
_BOMS = (b"\xff\xfe", b"\xfe\xff")
_MOST_OTHER_BYTES = 1 << 10
"""A text in an older encoding than Unicode is no longer: any bytes above 127 are one in some of them, sound and coded
pictures too."""
_MOST_TEXT_BYTES = 1 << 16
"""A JPEG's comment, its EXIF and its XMP hold no more."""
MOST_NOTE_BYTES = 256
"""Numbers, dates, names and short tables of a camera are no larger, and a picture of that size shows nothing."""
_CODED = re.compile(rb"/9j/|iVBORw0KGg|R0lGOD|UklGR|AAAA[\w+/][GWm2]Z0eX|UEsDB|JVBERi|T2dnU|GkXfo|SUkqA|TU0AK|SUQz")
"""How pictures, films, sounds and archives begin in base 64 (RFC 4648)."""
_LEAST_CODED_BYTES = 512
_ALPHABET = bytes(range(48, 58)) + bytes(range(65, 91)) + bytes(range(97, 123)) + b"+/-_= \t\r\n"
_WRITERS = (b"IsoMedia File Produced with ",)
"""What GPAC's MP4Box writes of itself into padding."""
_MOST_WRITER_BYTES = 128


def is_text(content: bytes) -> bool:
    """Whether content is a text in any of the usual encodings, with at most a few bytes of fields around it: no longer
    than a person writes, and no file in base 64."""
    if len(content) > _MOST_TEXT_BYTES or _holds_coded_file(content):
        return False
    if len(content.translate(None, _CONTROLS)) + _MOST_CONTROLS >= len(content) and (
        len(content) <= _MOST_OTHER_BYTES or content.decode("utf-8", "replace").count("\ufffd") <= _MOST_CONTROLS
    ):
        return True
    at = min((place for bom in _BOMS if (place := content.find(bom)) >= 0), default=-1)
    if not 0 <= at <= _MOST_CONTROLS:
        return False
    try:
        text = content[at : len(content) - (len(content) - at) % 2].decode("utf-16")
    except UnicodeDecodeError:
        return False
    return sum(character < " " and character not in "\t\n\r\0" for character in text) <= _MOST_CONTROLS


def _holds_coded_file(content: bytes) -> bool:
    content = content.replace(b"\0", b"")  # UTF-16
    starts = (found.start() for found in _CODED.finditer(content))
    pieces = (content[at : at + _LEAST_CODED_BYTES] for at in starts)
    return any(len(piece) == _LEAST_CODED_BYTES and not piece.translate(None, _ALPHABET) for piece in pieces)


def is_note(content: bytes) -> bool:
    """Whether content is a text, one in UTF-16 without a mark among them, or too short to be anything else."""
    return len(content) <= MOST_NOTE_BYTES or is_text(content) or _is_wide_text(content)


def _is_wide_text(content: bytes) -> bool:
    """Whether content is UTF-16 in either order, with the name of its encoding before it or not: Exif 3.0, 4.6.6 D, and
    Windows' XPComment."""
    if len(content) > _MOST_TEXT_BYTES or _holds_coded_file(content):
        return False
    plain = content.removeprefix(b"UNICODE\0")
    for order in ("utf-16-le", "utf-16-be"):
        try:
            text = plain[: len(plain) // 2 * 2].decode(order).rstrip("\0")
        except UnicodeDecodeError:
            continue
        odd = sum(not (character.isprintable() or character in "\t\n\r\0\ufeff") for character in text)
        if odd * 50 <= len(text):
            return True
    return False


def is_padding(data: Buffer, start: int, end: int) -> bool:
    """Whether nothing but zeros, or a known program's word of itself, lies between two offsets."""
    end = min(end, len(data))
    for at in range(start, end, _READ_BYTES):
        if bytes(data[at : min(end, at + _READ_BYTES)]).strip(b"\0"):
            content = bytes(data[start : min(end, start + _MOST_WRITER_BYTES)])
            return end - start <= _MOST_WRITER_BYTES and content.startswith(_WRITERS) and is_text(content)
    return True
