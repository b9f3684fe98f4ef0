"""Pictures that Pillow decodes strictly enough to judge: a whole load of every frame, then the grey picture."""

from __future__ import annotations

import dataclasses
import io

from auditor.model import Damage, Depth, Soundness, Tier
from auditor.readers import exif, perceptual
from auditor.readers.examination import Buffer, Examination
from auditor.readers.limits import pillow_limits, refusal
from auditor.readers.sniff import kind_of


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`."""
    from PIL import Image, UnidentifiedImageError

    pillow_limits()
    if format_ in ("heic", "heif"):
        import pillow_heif

        pillow_heif.register_heif_opener()
    kind = kind_of(format_)
    try:
        image = Image.open(io.BytesIO(data))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        return Examination(format=format_, kind=kind, error=f"decoder refuses the file: {error}")
    with image:
        facts = exif.metadata_of_exif(image.info.get("exif") or b"")
        width, height = image.size
        if (facts.orientation or 1) > 4 and format_ not in ("heic", "heif", "avif"):
            width, height = height, width
        seen = Examination(format=format_, kind=kind, width=width, height=height, metadata=facts)
        if not depth.reaches(Depth.DECODE):
            return seen
        too_large = refusal(width, height)
        if too_large:
            return dataclasses.replace(seen, error=too_large)
        try:
            image.load()
            picture = perceptual.normalise_image(
                image, None if format_ in ("heic", "heif", "avif") else facts.orientation
            )
        except Exception as error:
            return dataclasses.replace(
                seen,
                soundness=Soundness.DAMAGED,
                checked=(Tier.DECODE,),
                damage=(Damage("undecodable", f"the picture cannot be decoded: {error}"),),
            )
    return dataclasses.replace(seen, soundness=Soundness.SOUND, checked=(Tier.DECODE,), picture=picture)
