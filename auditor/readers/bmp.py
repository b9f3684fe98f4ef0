"""BMP: nothing in it is coded, so only its length and header can be judged; Pillow reads the pixels."""

from __future__ import annotations

import dataclasses
import hashlib
import struct

from auditor.model import Damage, Depth, Kind, Soundness, Tier
from auditor.readers import pillow
from auditor.readers.examination import Buffer, Examination
from auditor.readers.limits import refusal
from auditor.readers.wording import cut_short

_UNCOMPRESSED = (0, 3, 6)


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. `image_sha256` covers all but the file header."""
    head = bytes(data[:54])
    seen = Examination(format=format_, kind=Kind.PHOTO)
    if len(head) < 54:
        return dataclasses.replace(seen, error="unsupported: an old kind of BMP")
    start, _, width, height, _, bits, compression = struct.unpack_from("<IIiiHHI", head, 10)
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
    if loaded.refused is not None:
        return dataclasses.replace(seen, error=f"decoder refuses the file: {loaded.refused}")
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE, Tier.DECODE))
    if loaded.broken is not None:
        damage = Damage("corrupt_data", f"the picture cannot be decoded: {loaded.broken}")
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(damage,))
    digest = hashlib.sha256(data[14:]).hexdigest()
    return dataclasses.replace(seen, soundness=Soundness.SOUND, image_sha256=digest, picture=loaded.picture)
