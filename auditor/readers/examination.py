"""What a reader takes and gives: a file's bytes in, an Examination out."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.model import Damage, Kind, Soundness, Tier, Trouble

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Buffer = bytes | mmap.mmap
"""A file's whole content: in memory, or mapped where it is large. Slicing gives bytes; find() and re work on both."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the file says of itself, in the units of FileFacts. `orientation` only where the file really holds it."""

    taken_at: str | None = None
    taken_offset: str | None = None
    taken_subsec: str | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    orientation: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    image_id: str | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """What the readers say of one file's bytes.

    `format` is a lower-case word (`jpeg`, `heic`, `mp4`, ...), None where the content is none that is known; `kind` is
    None then. `width` and `height` are as displayed (turned by the orientation). `soundness` is NOT_CHECKED with
    `error` set wherever the checks could not tell. `picture` is the grey picture as displayed, uint8, in the one
    normalised size that the perceptual hash is made from; None for videos and where nothing could be decoded.
    """

    format: str | None = None
    kind: Kind | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    soundness: Soundness = Soundness.NOT_CHECKED
    checked: tuple[Tier, ...] = ()
    damage: tuple[Damage, ...] = ()
    notes: tuple[str, ...] = ()
    error: Trouble | None = None
    image_sha256: str | None = None
    coded_sha256: str | None = None
    metadata: Metadata = Metadata()
    picture: npt.NDArray[np.uint8] | None = None
