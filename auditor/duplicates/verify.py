"""Whether two pictures are one: decided on pixels, by the worst tile and never by the average.

A changed word, a moved child or another number on an invoice is small: over a whole picture every average hides it.
So both pictures are brought to one size and cut into tiles of 16 px, the fine structure of each pair of tiles is
compared, and the worst pair decides. Where the pixels cannot tell (too small, no structure) the answer is a doubt,
never "same".
Thresholds: chosen on the first seed of benchmarks/duplicates, then held fixed on the others; see its RESULTS.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from auditor.duplicates.pictures import FILTER, LONG_SIDE_PX, Grey, More, Picture

Plane = npt.NDArray[np.float32]

TILE_PX = 16
COARSE_PX = 32
# Brightness levels of 255 and pixels at the size compared, unless a comment says otherwise.
DETAIL_PX = 5
TEXTURED_ENERGY = 9.0  # mean square of a tile's fine structure: below it is noise and compression
LEAST_TILE_CORRELATION = 0.75
MOST_TILE_RESIDUAL = 0.6
MOST_ASPECT_LOG = 0.012
MOST_GAIN = 0.06
MOST_SHIFT = 6.0
MOST_CHROMA = 7.0
LEAST_TEXTURED_SHARE = 0.02
LEAST_CONTRAST = 5.0
# Below these the two are not worth a person's look.
LEAST_COARSE_CORRELATION = 0.75
MATCHING_SHARE_EDITED = 0.6


class Relation(StrEnum):
    """What one file is to another, strongest first. Only the three same ones are ever acted on without a person.

    `compare` looks at pixels and says the last four.
    """

    SAME_BYTES = "same-bytes"
    SAME_IMAGE_DATA = "same-image-data"
    SAME_PICTURE = "same-picture"
    EDITED = "edited"
    SIMILAR = "similar"
    DIFFERENT = "different"


class Doubt(StrEnum):
    """Why two pictures that look the same are not called the same."""

    TOO_SMALL = "too_small"  # one of them has under 768 px on its long side: a changed digit is lost in it
    NO_TEXTURE = "no_texture"  # dark, white, wall, sky: two such pictures differ by noise alone
    FRAMES = "frames"  # one of them is an animation or has several pages, and only the first was compared
    CLIP = "clip"  # said by callers only: the copy lacks the motion clip that the original has
    TAKEN_APART = "taken_apart"  # both files say when they were taken, and it is not the same moment


class Change(StrEnum):
    """What an edit did, as far as the pixels tell."""

    MIRRORED = "mirrored"
    TONE = "brightness or contrast"
    COLOUR = "colours"
    CROPPED = "cropped or framed"
    PART = "a part of it"


@dataclass(frozen=True, slots=True)
class Match:
    """The answer for two pictures, and what it rests on.

    `doubt` is set only where everything that could be compared agrees and yet SAME_PICTURE may not be said. `turn` is
    the EXIF orientation that shows the second like the first (1: as it is). `tile_correlation` (worst, -1..1),
    `tile_residual` (worst), `gain`, `shift` and `chroma` are as measured; `side_px` is the long side they were
    measured at. None where a first look was enough.
    """

    relation: Relation
    doubt: Doubt | None = None
    change: Change | None = None
    turn: int = 1
    side_px: int = 0
    tile_correlation: float | None = None
    tile_residual: float | None = None
    gain: float | None = None
    shift: float | None = None
    chroma: float | None = None


@dataclass(frozen=True, slots=True)
class _Measure:
    """Two pictures of one size, compared tile by tile."""

    tile_correlation: float
    tile_residual: float
    matching_share: float  # of the tiles that hold structure in either picture
    textured_share: float
    flat_share: float
    contrast: float
    gain: float
    shift: float


def compare(a: Picture, b: Picture) -> Match:
    """What `b` is to `a`; the answer is the same the other way round but for `turn` and the direction of the tone."""
    best: Match | None = None
    for turn in _likely_turns(a, b):
        turned = b.turned(turn) if turn != 1 else b
        ours, theirs = a.translated or a, turned.translated or turned
        for first, second in ((a, turned), (ours, theirs)) if ours is not a or theirs is not turned else ((a, turned),):
            match = _compare_turned(first, second, turn)
            if match.relation is Relation.SAME_PICTURE:
                return match
            if best is None or closeness(match) > closeness(best):
                best = match
    return best or Match(Relation.DIFFERENT)


def is_reduced_copy(original: Picture, copy: Picture) -> bool | None:
    """Whether `copy` shows the very picture of `original`, whatever its size, format and quality.

    None where that cannot be told: too small, no structure, several frames, other dates of capture in the two files,
    or the same picture without the motion clip that the original has.
    """
    match = compare(original, copy)
    if match.doubt is not None:
        return None
    if match.relation is Relation.SAME_PICTURE and original.more - copy.more:
        return None
    return match.relation is Relation.SAME_PICTURE


def is_blank(picture: Picture) -> bool:
    """Whether a picture has too little structure to be told from another of its kind: dark, white, a wall, the sky."""
    grey = _denoised(picture.grey.astype(np.float32))
    textured = _tile_means((grey - _lowest(grey)) ** 2) > TEXTURED_ENERGY
    return float(textured.mean()) < LEAST_TEXTURED_SHARE or float(grey.std()) < LEAST_CONTRAST


def closeness(match: Match) -> tuple[bool, int]:
    """How near a match comes to the same picture: to order matches of one picture with several others."""
    order = (Relation.DIFFERENT, Relation.SIMILAR, Relation.EDITED, Relation.SAME_PICTURE)
    return match.doubt is not None, order.index(match.relation)


def _likely_turns(a: Picture, b: Picture) -> list[int]:
    """The orientations of `b` in which it looks like `a` from afar, likeliest first, at most three; as it is first."""
    ours = _coarse(a.grey)
    theirs = _coarse(b.grey)
    turned = {turn: theirs if turn == 1 else _turned(theirs, turn) for turn in range(1, 9)}
    scores = {turn: float((ours * grey).mean()) for turn, grey in turned.items()}
    best = max(scores.values())
    likely = sorted((t for t in scores if scores[t] >= min(best - 0.03, 0.97)), key=lambda t: (-(t == 1), -scores[t]))
    return [t for t in likely if scores[t] >= LEAST_COARSE_CORRELATION - 0.35][:3]


def _coarse(grey: Grey) -> Plane:
    """The picture squeezed to 32 x 32, mean 0 and deviation 1 (all 0 where it is flat)."""
    small = np.asarray(Image.fromarray(grey).resize((COARSE_PX, COARSE_PX), Image.Resampling.BOX), dtype=np.float32)
    small = small - np.float32(small.mean())
    deviation = np.float32(small.std())
    return np.asarray(small / deviation) if deviation > 0 else small


def _turned(plane: Plane, turn: int) -> Plane:
    grey = plane.T if turn > 4 else plane
    grey = grey[:, ::-1] if turn in (2, 3, 6, 7) else grey
    return grey[::-1, :] if turn in (3, 4, 7, 8) else grey


def _compare_turned(a: Picture, b: Picture, turn: int) -> Match:
    mirrored = turn in (2, 4, 5, 7)
    apart = abs(np.log((a.width / a.height) / (b.width / b.height)))
    if apart > MOST_ASPECT_LOG:
        return _compare_shifted(a, b, turn)
    size = min(a.grey.shape, b.grey.shape, key=max)
    measure = _measure(_at_size(a.grey, size), _at_size(b.grey, size))
    chroma = _chroma(a, b)
    structure = measure.tile_correlation >= LEAST_TILE_CORRELATION and measure.tile_residual <= MOST_TILE_RESIDUAL
    tone = abs(measure.gain - 1) <= MOST_GAIN and abs(measure.shift) <= MOST_SHIFT
    side = min(a.long_side_px, b.long_side_px)

    def said(relation: Relation, doubt: Doubt | None = None, change: Change | None = None) -> Match:
        worst = (measure.tile_correlation, measure.tile_residual)
        return Match(relation, doubt, change, turn, max(size), *worst, measure.gain, measure.shift, chroma)

    if structure and tone and chroma <= MOST_CHROMA and not mirrored:
        if measure.textured_share < LEAST_TEXTURED_SHARE or measure.contrast < LEAST_CONTRAST:
            return said(Relation.SIMILAR, Doubt.NO_TEXTURE)
        if More.FRAMES in a.more | b.more:
            return said(Relation.SIMILAR, Doubt.FRAMES)
        if _taken_apart(a, b):
            return said(Relation.SIMILAR, Doubt.TAKEN_APART)
        if side < LONG_SIDE_PX:
            return said(Relation.SIMILAR, Doubt.TOO_SMALL)
        return said(Relation.SAME_PICTURE)
    if _taken_apart(a, b):
        return said(Relation.SIMILAR)
    if measure.matching_share >= MATCHING_SHARE_EDITED and measure.textured_share >= LEAST_TEXTURED_SHARE:
        if mirrored:
            return said(Relation.EDITED, change=Change.MIRRORED)
        if not tone:
            return said(Relation.EDITED, change=Change.TONE)
        if chroma > MOST_CHROMA and structure:
            return said(Relation.EDITED, change=Change.COLOUR)
        # A page or a screen with another word on it is another page, not an edit of the first.
        return said(Relation.SIMILAR if measure.flat_share > 0.35 else Relation.EDITED, change=Change.PART)
    shifted = _compare_shifted(a, b, turn)
    return said(shifted.relation, change=shifted.change)


def _taken_apart(a: Picture, b: Picture) -> bool:
    """Whether the files themselves say that they are two moments. Never evidence for anything else."""
    if a.taken is None or b.taken is None:
        return False
    if a.taken != b.taken:
        return True
    return a.subsec is not None and b.subsec is not None and a.subsec.rstrip("0") != b.subsec.rstrip("0")


def _at_size(grey: Grey, size: tuple[int, ...]) -> Plane:
    if grey.shape == size:
        return grey.astype(np.float32)
    return np.asarray(Image.fromarray(grey).resize((size[1], size[0]), FILTER), dtype=np.float32)


def _chroma(a: Picture, b: Picture) -> float:
    """The largest difference of Cb or Cr over areas of about three tiles."""
    height, width = min(a.chroma.shape[1:], b.chroma.shape[1:], key=max)
    difference = [
        _at_size(ours, (height, width)) - _at_size(theirs, (height, width))
        for ours, theirs in zip(a.chroma, b.chroma, strict=True)
    ]
    return max(float(np.abs(ndimage.uniform_filter(plane, 3)).max()) for plane in difference)


def _measure(a: Plane, b: Plane) -> _Measure:
    a, b = _denoised(a), _denoised(b)
    mean_a, mean_b = float(a.mean()), float(b.mean())
    centred_a, centred_b = a - mean_a, b - mean_b
    variance = float((centred_a**2).mean())
    gain = float((centred_a * centred_b).mean()) / variance if variance > 0 else 1.0
    residual = centred_b - gain * centred_a
    detail_a, detail_b = a - _lowest(a), b - _lowest(b)
    energy_a, energy_b = _tile_means(detail_a**2), _tile_means(detail_b**2)
    together = _tile_means(detail_a * detail_b)
    textured = np.maximum(energy_a, energy_b) > TEXTURED_ENERGY
    correlation = together[textured] / np.sqrt(np.maximum(energy_a * energy_b, 1e-6))[textured]
    residuals = np.sqrt(_tile_means(residual**2)) / (3 + np.sqrt(energy_a))
    return _Measure(
        tile_correlation=float(correlation.min(initial=1.0)),
        tile_residual=float(residuals.max()),
        matching_share=float((correlation >= LEAST_TILE_CORRELATION).mean()) if correlation.size else 0.0,
        textured_share=float(textured.mean()),
        flat_share=float((np.maximum(energy_a, energy_b) < 1).mean()),
        contrast=min(float(a.std()), float(b.std())),
        gain=gain,
        shift=mean_b - mean_a,
    )


def _denoised(plane: Plane) -> Plane:
    """Blurred by (1 2 1)/4 both ways, a deviation of 0.7 px: what compression adds lies mostly below that."""
    padded = np.pad(plane, 1, mode="edge")
    down = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    blurred: Plane = (down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]) / 16
    return blurred


def _lowest(plane: Plane) -> Plane:
    """The picture without its fine structure: means over cells of 5 px, spread smoothly again."""
    image = Image.fromarray(plane)
    cells = (max(1, round(image.width / DETAIL_PX)), max(1, round(image.height / DETAIL_PX)))
    return np.asarray(image.resize(cells, Image.Resampling.BOX).resize(image.size, Image.Resampling.BICUBIC))


def _tile_means(plane: Plane) -> Plane:
    """Means over tiles of 16 px; what is left at the right and lower edge is a smaller tile, never left out."""
    rows = np.arange(0, plane.shape[0], TILE_PX)
    columns = np.arange(0, plane.shape[1], TILE_PX)
    sums = np.add.reduceat(np.add.reduceat(plane, rows, axis=0), columns, axis=1)
    heights = np.diff(np.append(rows, plane.shape[0]))
    widths = np.diff(np.append(columns, plane.shape[1]))
    means: Plane = (sums / (heights[:, None] * widths[None, :])).astype(np.float32)
    return means


def _compare_shifted(a: Picture, b: Picture, turn: int) -> Match:
    """A guess for a person: whether one is a crop, a frame or a straightening of the other."""
    apart = _taken_apart(a, b)
    share = 0.0 if apart else _aligned_share(a.grey, b.grey)
    if share >= MATCHING_SHARE_EDITED:
        return Match(Relation.EDITED, change=Change.MIRRORED if turn in (2, 4, 5, 7) else Change.CROPPED, turn=turn)
    near = float((_coarse(a.grey) * _coarse(b.grey)).mean()) >= LEAST_COARSE_CORRELATION
    return Match(Relation.SIMILAR if near else Relation.DIFFERENT, turn=turn)


SHIFT_SIDE_PX = 256
SCALES = (1.0, 0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.92, 0.9)


def _aligned_share(a: Grey, b: Grey) -> float:
    """The share of tiles that agree once one is scaled (by up to a tenth) and moved to lie on the other, at 256 px.

    Source: phase correlation, Kuglin and Hines, "The phase correlation image alignment method" (1975).
    """
    best = 0.0
    for scale in SCALES:
        for left, right in ((a, b), (b, a)) if scale != 1 else ((a, b),):
            first, second = _small(left, 1.0), _small(right, scale)
            best = max(best, _overlap_share(first, second))
            if best >= MATCHING_SHARE_EDITED:
                return best
    return best


def _small(grey: Grey, scale: float) -> Plane:
    factor = SHIFT_SIDE_PX * scale / max(grey.shape)
    size = (max(8, round(grey.shape[1] * factor)), max(8, round(grey.shape[0] * factor)))
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC), dtype=np.float32)


def _overlap_share(a: Plane, b: Plane) -> float:
    height, width = max(a.shape[0], b.shape[0]), max(a.shape[1], b.shape[1])
    spectrum = np.fft.rfft2(a - a.mean(), (height, width)) * np.conj(np.fft.rfft2(b - b.mean(), (height, width)))
    peak = np.fft.irfft2(spectrum / np.maximum(np.abs(spectrum), 1e-6), (height, width))
    down, right = (int(k) for k in np.unravel_index(int(peak.argmax()), peak.shape))
    best = 0.0
    for dy in (down, down - height):
        for dx in (right, right - width):
            top, left = max(0, dy), max(0, dx)
            bottom, end = min(a.shape[0], b.shape[0] + dy), min(a.shape[1], b.shape[1] + dx)
            if bottom - top < 0.8 * min(a.shape[0], b.shape[0]) or end - left < 0.8 * min(a.shape[1], b.shape[1]):
                continue
            measure = _measure(a[top:bottom, left:end], b[top - dy : bottom - dy, left - dx : end - dx])
            best = max(best, measure.matching_share)
    return best
