"""BMP: nothing in it is coded, so only its length and header can be judged; Pillow reads the pixels."""

from __future__ import annotations

import dataclasses
import hashlib
import struct

from auditor.model import Damage, Depth, Kind, Soundness, Tier
from auditor.readers import pillow
from auditor.readers.examination import Buffer, Examination
from auditor.readers.limits import refusal, refused_by_decoder
from auditor.readers.rest import whole_sha256
from auditor.readers.wording import cut_short

_UNCOMPRESSED = (0, 3, 6)
_OLD_HEADER_BYTES = 12


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. `coded_sha256` covers all but the file header, `image_sha256` every byte:
    a BMP holds no metadata."""
    head = bytes(data[:54]).ljust(54, b"\0")
    seen = Examination(format=format_, kind=Kind.PHOTO)
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
    loaded = pillow.load(bytes(data), "BMP", None)
    if loaded.broken is not None and compression in _UNCOMPRESSED:
        # All its bytes are there, and nothing in them is coded: what the decoder minds is the kind of file.
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
