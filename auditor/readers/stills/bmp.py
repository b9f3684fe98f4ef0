"""BMP: nothing in it is coded, so only its length and header can be judged; Pillow reads the pixels."""

from __future__ import annotations

import dataclasses
import hashlib
import struct

from auditor import words
from auditor.model import Damage, Depth, ErrorKind, Kind, Soundness, Tier, Trouble
from auditor.readers.examination import Buffer, Examination
from auditor.readers.limits import refusal, refused_by_decoder
from auditor.readers.rest import whole_sha256
from auditor.readers.stills import pillow
from auditor.readers.wording import cut_short

_UNCOMPRESSED = (0, 3, 6)
_RUNS = {1: 8, 2: 4}
"""Kinds of run-length coding, and how many bits a pixel takes in each."""
_OLD_HEADER_BYTES = 12


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. `coded_sha256` covers all but the file header, `image_sha256` every byte:
    a BMP holds no metadata."""
    head = bytes(data[:54]).ljust(54, b"\0")
    seen = Examination(format=format_, kind=Kind.PHOTO)
    if head[:2] == b"BA":
        error = Trouble(ErrorKind.UNSUPPORTED, "there is no decoder for OS/2's arrays of bitmaps")
        return dataclasses.replace(seen, error=error)
    start, header_bytes = struct.unpack_from("<II", head, 10)
    if header_bytes == _OLD_HEADER_BYTES:
        width, height, _, bits = struct.unpack_from("<HHHH", head, 18)
        compression = 0
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", head, 18)
    seen = dataclasses.replace(seen, width=abs(width) or None, height=abs(height) or None)
    if not depth.reaches(Depth.DECODE):
        return seen
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE,))
    if too_large := refusal(abs(width), abs(height)):
        return dataclasses.replace(seen, error=too_large)
    end = start + (abs(width) * bits + 31) // 32 * 4 * abs(height)
    if compression in _UNCOMPRESSED and end > len(data):
        damage = cut_short(len(data), end)
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(damage,))
    cut = _runs_cut(data, start, abs(width), abs(height), compression)
    if cut is not None:
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(cut,))
    loaded = pillow.load(bytes(data), "BMP", None)
    if loaded.broken is not None and compression in (*_UNCOMPRESSED, *_RUNS):
        # All its bytes are there, and its runs come to their end: what the decoder minds is the kind of file.
        return dataclasses.replace(seen, error=refused_by_decoder(loaded.broken))
    if loaded.error is not None:
        return dataclasses.replace(seen, error=loaded.error)
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE, Tier.DECODE))
    if loaded.broken is not None:
        damage = Damage("corrupt_data", f"the picture cannot be decoded: {loaded.broken}")
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(damage,))
    coded = hashlib.sha256(data[14:]).hexdigest()
    image = whole_sha256(coded, [(b"header", head[:14])])
    return dataclasses.replace(
        seen, soundness=Soundness.SOUND, coded_sha256=coded, image_sha256=image, picture=loaded.picture
    )


def _runs_cut(data: Buffer, start: int, width: int, height: int, compression: int) -> Damage | None:
    """The proof that a run-length coded picture is cut: its runs neither come to their end nor fill the picture.

    Source: Microsoft, "Bitmap Compression" (Windows GDI): pixels may be passed over, and the end may come at any place.
    """
    bits, size = _RUNS.get(compression), len(data)
    if bits is None:
        return None
    at, x, y = start, 0, 0
    while at + 2 <= size:
        count, value = data[at], data[at + 1]
        at += 2
        if count:
            x += count
        elif value == 0:
            x, y = 0, y + 1
        elif value == 1:
            return None
        elif value == 2:
            if at + 2 > size:
                break
            x, y, at = x + data[at], y + data[at + 1], at + 2
        else:
            x, at = x + value, at + (value * bits + 15) // 16 * 2
    if at <= size and (y >= height or (y == height - 1 and x >= width)):
        return None  # some writers leave the end mark away
    return Damage("truncated", f"cut short after {words.size(size)}: its last rows are missing", size)
