"""What of a block of IPTC is more than words: previews larger than the picture, rasters, whatever is no text.

Source: IPTC-IIM 4.2, part 1, 1.5 (datasets), and appendices D to F (previews).
"""

from __future__ import annotations

from auditor.readers.bounds import is_note
from auditor.readers.rest import Piece
from auditor.readers.thumbnail import is_small_jpeg

_MARK = 0x1C
_PREVIEW = (2, 202)
_MOST_LENGTH_BYTES = 4


def iptc_rest(block: bytes, picture: tuple[int, int]) -> list[Piece]:
    """The datasets that hold no text, in order; previews smaller than the picture left out. Does not raise for any
    content."""
    if block[:1] != bytes([_MARK]) and block[3:4] == bytes([_MARK]):
        # Some TIFF writers declare it as numbers of four bytes, which others then turn around.
        block = b"".join(block[at : at + 4][::-1] for at in range(0, len(block), 4))
    pieces: list[Piece] = []
    at = 0
    while at + 5 <= len(block) and block[at] == _MARK:
        length, body = int.from_bytes(block[at + 3 : at + 5], "big"), at + 5
        if length & 0x8000:
            wide = length & 0x7FFF
            if wide > _MOST_LENGTH_BYTES:
                break
            length, body = int.from_bytes(block[body : body + wide], "big"), body + wide
        if body + length > len(block):
            break
        record, dataset = block[at + 1], block[at + 2]
        content = block[body : body + length]
        preview = (record, dataset) == _PREVIEW and is_small_jpeg(content, *picture)
        if not preview and not is_note(content):
            pieces.append((b"IPTC %d:%d" % (record, dataset), content))
        at = body + length
    left = block[at:].strip(b"\0")
    return pieces if is_note(left) else [*pieces, (b"IPTC that cannot be read", left)]
