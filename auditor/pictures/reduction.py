"""Was a small JPEG made of a large picture, or the large one of it? Asked of the rounding that JPEG leaves behind.

A JPEG keeps of each 8 x 8 block the strengths of 64 patterns, each rounded to a step that is written in the file. Where
the small picture was made of the large one, the strengths of the large one, reduced, are anything, and the rounding has
moved them by anything up to half a step: one in two by more than a quarter. Where the large one was blown up from
the small one, the roundings are in it already, and nearly all strengths lie where the small one has them. And where one
in many is off by more than a whole step, the small one shows something that the large one does not.

That tells nothing where the large one's own rounding may have moved them as far: it was blown up, and saved more
coarsely than the small one. So the small one's steps have to be wide beside what is left of the large one's when it is
reduced, by its file, and by what it may have been before: one that was saved twice shows the last table alone. Of a
large one that is no JPEG nothing is known.

How the large one was reduced is not known: the reduction is fitted, from the usual filters and small shifts of each.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pillow_heif
import scipy
from PIL import ExifTags, Image, ImageCms

from auditor.pictures import loading
from auditor.pictures.detail import TAPS, Plane
from auditor.readers.limits import pillow_limits
from auditor.readers.perceptual import displayed
from auditor.readers.sniff import sniff

FILTERS = (
    *(Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS),
    Image.Resampling.NEAREST,
)
BLOCK_PX = 8
TILE_PX = 64
TILES = 40
"""So many parts of the picture tell of the whole of it."""
RIDGE = 1e-6
FITTED_OF = 5
"""One pixel in so many is enough for the fit."""
LEAST_STEP = 4
"""Finer steps than these drown in the large one's own rounding."""
LEAST_TIMES = 0.6
"""Weaker strengths than so many steps were rounded to nothing."""
LEAST_STRENGTHS = 2_000
MOST_NEAR = 0.49
LEAST_ROUNDED = 0.75
MOST_BEYOND = 0.007
MOST_NOISE = 0.5
"""Measured: docs/duplicates.md."""
COARSE = 70
"""Of this quality a large picture may have been once, whatever its file says now."""
BACK = {6: 8, 8: 6}
"""The turns that are not their own way back, by EXIF's numbers."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """How far the strengths of a small JPEG lie from those of a large picture reduced: of `strengths` that it holds,
    the shares that are off by less than a quarter of a step (`near`), by no more than half a step, as rounding is
    (`rounded`), and by more than a whole one (`beyond`). `noise` is how wide the large one's own steps are beside those
    of the small one, once it is reduced."""

    strengths: int
    noise: float = 0.0
    near: float = 0.0
    rounded: float = 0.0
    beyond: float = 0.0

    @property
    def is_of_a_reduction(self) -> bool:
        """Whether the small one was made of the large one, and shows nothing else."""
        enough = self.strengths >= LEAST_STRENGTHS and self.noise <= MOST_NOISE
        is_rounding = self.near <= MOST_NEAR and self.rounded >= LEAST_ROUNDED
        return enough and is_rounding and self.beyond <= MOST_BEYOND


def is_reduction(small: bytes, large: bytes, turn: int = 1) -> bool:
    """Whether a JPEG is known to be made of a JPEG with more pixels, and to show nothing that it does not.

    False too where nothing is known. `turn` is the EXIF orientation that shows the small one like the large one. Never
    raises for what the bytes hold.
    """
    if not sniff(small) == sniff(large) == "jpeg" or len(large) <= len(small):
        return False
    pillow_limits()
    pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return any(found.is_of_a_reduction for found in roundings(small, large, turn))
    except Exception:  # the one-file boundary: decoders raise anything
        return False


def roundings(small: bytes, large: bytes, turn: int = 1) -> Iterator[Rounding]:
    """Of the large one as it is stored, then of it brought to sRGB where it has other colours.

    Raises: whatever Pillow raises.
    """
    with Image.open(io.BytesIO(small)) as image:
        steps = _steps(image)
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        image.draft("L", image.size)
        wanted = np.asarray(image.convert("L"))
    with Image.open(io.BytesIO(large)) as image:
        theirs = np.maximum(_steps(image), _coarse())
    theirs = np.maximum(theirs, theirs.T)  # it may be turned
    for brightness in _brightness(large):
        for step in (turn, orientation):
            if step in range(2, 9):
                brightness = np.ascontiguousarray(displayed(brightness, BACK.get(step, step)))
        yield _rounding(wanted, steps, brightness, theirs)


def _steps(image: Image.Image) -> Plane:
    table = image.quantization[0]  # type: ignore[attr-defined]
    return np.asarray(table, dtype=np.float32).reshape(BLOCK_PX, BLOCK_PX)


@cache
def _coarse() -> Plane:
    stream = io.BytesIO()
    Image.new("L", (BLOCK_PX, BLOCK_PX)).save(stream, "JPEG", quality=COARSE)
    with Image.open(stream) as image:
        return _steps(image)


def _brightness(data: bytes) -> Iterator[loading.Grey]:
    image, orientation = loading.opened(data)
    with image:
        profile = loading.foreign_profile(image)
        shown = [loading.on_white(image)]
    if profile is not None:
        with suppress(ImageCms.PyCMSError, OSError):  # as it is, then
            shown.append(ImageCms.profileToProfile(shown[0], profile, loading.SRGB, outputMode="RGB") or shown[0])
    for each in shown:
        plane = np.asarray(each.convert("L"))
        yield displayed(plane, orientation) if orientation in range(2, 9) else plane


def _rounding(wanted: loading.Grey, steps: Plane, brightness: loading.Grey, theirs: Plane) -> Rounding:
    height, width = wanted.shape
    large = Image.fromarray(brightness)
    reduced = [np.asarray(large.resize((width, height), each)) for each in FILTERS]
    corners = _corners(height, width)
    if not corners:
        return Rounding(0)
    sources = np.concatenate([_sources(reduced, top, left) for top, left in corners])
    target = np.concatenate([wanted[y : y + TILE_PX, x : x + TILE_PX].ravel() for y, x in corners]) / np.float64(255)
    some, wanted_there = sources[::FITTED_OF], target[::FITTED_OF]
    normal = some.T @ some / len(some) + RIDGE * np.eye(some.shape[1])
    fitted = sources @ np.linalg.solve(normal, some.T @ wanted_there / len(some))
    held, off = _strengths(target), np.abs(_strengths(target - fitted)) / steps
    told = (np.abs(held) > LEAST_TIMES * steps) & (steps >= LEAST_STEP)
    told[:, 0, 0] = False  # the mean of a block: the fit leaves nothing of it
    moved = off[told]
    if not moved.size:
        return Rounding(0)
    times = min(brightness.shape[0] / height, brightness.shape[1] / width)
    noise = np.broadcast_to(_left_of(theirs, times) / steps, told.shape)[told]
    shares = (moved < 0.25, moved <= 0.5, moved > 1)
    return Rounding(int(moved.size), float(np.median(noise)), *(float(share.mean()) for share in shares))


def _left_of(steps: Plane, times: float) -> Plane:
    """How wide a large picture's steps are still, when it is reduced to one that it is so many `times` as large as: a
    pattern lies at a coarser one there, and many roundings come together in it."""
    at = np.ceil(np.arange(BLOCK_PX) / times).astype(int)
    return np.asarray(steps[np.ix_(at, at)] / np.float32(times))


def _corners(height: int, width: int) -> list[tuple[int, int]]:
    """Where parts of the picture begin, on the grid of its blocks, spread over all of it."""
    tops, lefts = (range(BLOCK_PX, side - TILE_PX - BLOCK_PX, TILE_PX) for side in (height, width))
    corners = [(top, left) for top in tops for left in lefts]
    chosen = np.random.default_rng(1).permutation(len(corners))[:TILES]
    return [corners[number] for number in chosen]


def _sources(reduced: Sequence[loading.Grey], top: int, left: int) -> npt.NDArray[np.float64]:
    shifted = [
        plane[top + dy : top + dy + TILE_PX, left + dx : left + dx + TILE_PX].ravel()
        for plane in reduced
        for dy, dx in TAPS
    ]
    return np.stack([*shifted, np.full(TILE_PX * TILE_PX, 255)], axis=1) / np.float64(255)


def _strengths(tiles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of each block, how strong each of the 64 patterns is. Source: ITU-T T.81, A.3.3."""
    count = TILE_PX // BLOCK_PX
    blocks = (255 * tiles).reshape(-1, count, BLOCK_PX, count, BLOCK_PX).swapaxes(2, 3)
    return np.asarray(scipy.fft.dctn(blocks.reshape(-1, BLOCK_PX, BLOCK_PX), axes=(1, 2), norm="ortho"))
