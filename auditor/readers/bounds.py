"""What a region must hold that is left out of a digest for its name: a text is a text, and padding is empty.

A name alone says nothing: a picture or a file can lie in a comment, and in padding.
"""

from __future__ import annotations

from auditor.readers.examination import Buffer

_READ_BYTES = 1 << 20
_MOST_CONTROLS = 32
"""Lengths and languages before a text are bytes that no text has; 500 bytes of a coded picture hold more of these."""
_CONTROLS = bytes(byte for byte in range(1, 32) if byte not in b"\t\n\r")
_BOMS = (b"\xff\xfe", b"\xfe\xff")
_WRITERS = (b"IsoMedia File Produced with ",)
"""What GPAC's MP4Box writes of itself into padding."""
_MOST_WRITER_BYTES = 128


def is_text(content: bytes) -> bool:
    """Whether content is a text in any of the usual encodings, with at most a few bytes of fields around it."""
    if len(content.translate(None, _CONTROLS)) + _MOST_CONTROLS >= len(content):
        return True
    at = min((place for bom in _BOMS if (place := content.find(bom)) >= 0), default=-1)
    if not 0 <= at <= _MOST_CONTROLS:
        return False
    try:
        text = content[at : len(content) - (len(content) - at) % 2].decode("utf-16")
    except UnicodeDecodeError:
        return False
    return sum(character < " " and character not in "\t\n\r\0" for character in text) <= _MOST_CONTROLS


def is_padding(data: Buffer, start: int, end: int) -> bool:
    """Whether nothing but zeros, or a known program's word of itself, lies between two offsets."""
    end = min(end, len(data))
    for at in range(start, end, _READ_BYTES):
        if bytes(data[at : min(end, at + _READ_BYTES)]).strip(b"\0"):
            content = bytes(data[start : min(end, start + _MOST_WRITER_BYTES)])
            return end - start <= _MOST_WRITER_BYTES and content.startswith(_WRITERS) and is_text(content)
    return True
