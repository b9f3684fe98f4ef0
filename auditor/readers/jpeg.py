"""JPEG: strict libjpeg decode at one eighth, warnings and all, and the digest of the image without its metadata."""

from __future__ import annotations

import dataclasses

import numpy as np
import simplejpeg

from auditor.model import Damage, Depth, Kind, Soundness, Tier
from auditor.readers import exif, perceptual
from auditor.readers.examination import Buffer, Examination
from auditor.readers.limits import refusal


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`."""
    facts = exif.metadata_of_exif(_exif_block(data))
    try:
        height, width, _colours, _sampling = simplejpeg.decode_jpeg_header(data, strict=False)
    except ValueError as error:
        damage = Damage("undecodable", f"the header cannot be read: {error}", 0)
        return Examination(
            format=format_, kind=Kind.PHOTO, metadata=facts, soundness=Soundness.DAMAGED, damage=(damage,)
        )
    shown = (height, width) if (facts.orientation or 1) > 4 else (width, height)
    seen = Examination(format=format_, kind=Kind.PHOTO, width=shown[0], height=shown[1], metadata=facts)
    if not depth.reaches(Depth.DECODE):
        return seen
    if too_large := refusal(width, height):
        return dataclasses.replace(seen, error=too_large)
    factor = perceptual.reduction(width, height)
    try:
        grey = simplejpeg.decode_jpeg(
            data, "GRAY", min_height=-(-height // factor), min_width=-(-width // factor), min_factor=float(factor)
        )
    except ValueError as error:
        damage = Damage("undecodable", f"the picture is broken: {error}")
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, checked=(Tier.DECODE,), damage=(damage,))
    picture = perceptual.normalise(np.squeeze(grey, 2), width / factor, height / factor, facts.orientation)
    return dataclasses.replace(seen, soundness=Soundness.SOUND, checked=(Tier.DECODE,), picture=picture)


def _exif_block(data: Buffer) -> bytes:
    at = data.find(b"Exif\0\0", 0, 1 << 16)
    return b"" if at < 4 else bytes(data[at : at - 4 + 2 + int.from_bytes(data[at - 2 : at], "big")])
