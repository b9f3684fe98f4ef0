"""TIFF pictures: every directory and strip lies inside the file, then Pillow (libtiff) decodes all pages.

Source: TIFF 6.0.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator

from auditor.model import Damage, Depth, Kind, Soundness, Tier
from auditor.readers import exif
from auditor.readers.descriptive import TIFF_TAGS
from auditor.readers.examination import Buffer, Examination
from auditor.readers.limits import refusal, refused_by_decoder
from auditor.readers.stills import pillow
from auditor.readers.tiff.strips import strip_damage
from auditor.readers.tiff.walk import TiffWalk, digests, walk

_RARE_CODECS = frozenset({34661, 34676, 34677, 34712, 34925, 50000, 50001, 50002, 52546})
"""Compressions that a build of libtiff may well lack: its failure proves nothing there."""


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. `coded_sha256` covers the strips and tiles of all pages; `image_sha256` that and
    every field of every directory that is not known to be descriptive, and unused bytes but zeros."""
    facts = exif.metadata_of_exif(bytes(data))
    walked = walk(data)
    seen = Examination(format=format_, kind=Kind.PHOTO, metadata=facts)
    if walked.images:
        main = max(walked.images, key=lambda image: image.width * image.height)
        size = (main.width, main.height)
        shown = size[::-1] if (facts.orientation or 1) > 4 else size
        seen = dataclasses.replace(seen, width=shown[0] or None, height=shown[1] or None)
    if not depth.reaches(Depth.DECODE):
        return seen
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE,), notes=walked.notes)
    if walked.damage is not None:
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(walked.damage,))
    if too_large := next((r for i in walked.images if (r := refusal(i.width, i.height))), None):
        return dataclasses.replace(seen, error=too_large)
    return _decoded(data, walked, seen)


def _decoded(data: Buffer, walked: TiffWalk, seen: Examination) -> Examination:
    with _libtiff_silenced():
        loaded = pillow.load(bytes(data), "TIFF", seen.metadata.orientation)
    rare = any(image.compression in _RARE_CODECS for image in walked.images)
    if loaded.broken is not None and rare:
        return dataclasses.replace(seen, error=refused_by_decoder(loaded.broken))
    if loaded.error is not None:
        return dataclasses.replace(seen, error=loaded.error)
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE, Tier.DECODE))
    damage = strip_damage(data, walked.images)
    if damage is None and loaded.broken is not None:
        damage = Damage("corrupt_data", f"the picture cannot be decoded: {loaded.broken}")
    if damage is not None:
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(damage,))
    coded, image = digests(data, walked, TIFF_TAGS)
    return dataclasses.replace(
        seen,
        soundness=Soundness.SOUND,
        notes=seen.notes + ((loaded.note,) if loaded.note else ()),
        coded_sha256=coded,
        image_sha256=image,
        picture=loaded.picture,
    )


@contextlib.contextmanager
def _libtiff_silenced() -> Iterator[None]:
    """libtiff writes its complaints to the process's stderr itself, under the file name `tempfile.tif`."""
    with contextlib.ExitStack() as stack:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        stack.callback(os.close, kept)
        stack.callback(os.close, nowhere)
        os.dup2(nowhere, 2)
        stack.callback(os.dup2, kept, 2)
        yield
