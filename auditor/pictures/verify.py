"""Whether two pictures are one, at a first look of 768 px: decided by the worst tile and never by the average.

A changed word, a moved child or another number on an invoice is small: over a whole picture every average hides it.
So both pictures are brought to one size and cut into tiles of 16 px, the fine structure of each pair of tiles is
compared, and the worst pair decides; so does the worst spot of 7 px, as wide as a digit on a page. Where the pixels
cannot tell (too small, no structure) the answer is a doubt, never "same".
Thresholds: chosen on the first seed of benchmarks/duplicates (the spot's on two), then held fixed on the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import scipy
from PIL import Image

from auditor.pictures import tiles
from auditor.pictures.alignment import aligned_share
from auditor.pictures.loading import FILTER, LONG_SIDE_PX, Grey, More, Picture
from auditor.pictures.tiles import Plane, measure

COARSE_PX = 32
# Brightness levels of 255 and pixels at the size compared, unless a comment says otherwise.
LEAST_TILE_CORRELATION = tiles.MATCHING_CORRELATION
MOST_TILE_RESIDUAL = 0.6
# Copies of every kind reach 7.8; another last digit on an invoice begins at 10.2.
MOST_SPOT_RESIDUAL = 9.0
MOST_ASPECT_LOG = 0.012
MOST_GAIN = 0.06
MOST_SHIFT = 6.0
MOST_CHROMA = 7.0
LEAST_TEXTURED_SHARE = 0.02
LEAST_CONTRAST = 5.0
# Below these the two are not worth a person's look.
LEAST_COARSE_CORRELATION = 0.75
MATCHING_SHARE_EDITED = 0.6
PAGE_FLAT_SHARE = 0.35
PAGE_TONE_SHARE = 0.35


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
    TAKEN_APART = "taken_apart"  # both files say when they were taken, and it is not the same moment
    LETTERS = "letters"  # a page whose letters are too small in the smaller one to be told from others
    PREVIEW = "preview"  # of a RAW file only a preview smaller than the other picture could be compared
    TOO_LARGE = "too_large"  # more pixels than are compared at full size


class Change(StrEnum):
    """What an edit did, as far as the pixels tell."""

    MIRRORED = "mirrored"
    TONE = "brightness or contrast"
    COLOUR = "colours"
    CROPPED = "cropped or framed"
    PART = "a part of it"
    DETAIL = "a detail, seen at full size"


@dataclass(frozen=True, slots=True)
class Match:
    """The answer for two pictures, and what it rests on.

    `doubt` is set only where everything that could be compared agrees and yet SAME_PICTURE may not be said. `turn` is
    the EXIF orientation that shows the second like the first (1: as it is). `tile_correlation` (worst, -1..1),
    `tile_residual` (worst; infinite where the correlation told already), `gain`, `shift` and `chroma` are as measured;
    `side_px` is the long side they were measured at. None where a first look was enough.
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


def is_blank(picture: Picture) -> bool:
    """Whether a picture has too little structure to be told from another of its kind: dark, white, a wall, the sky."""
    grey = tiles.denoised(picture.grey.astype(np.float32))
    textured = tiles.tile_means((grey - tiles.lowest(grey)) ** 2) > tiles.TEXTURED_ENERGY
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
    measured = measure(_at_size(a.grey, size), _at_size(b.grey, size))
    chroma = _chroma(a, b)
    structure = (
        measured.tile_correlation >= LEAST_TILE_CORRELATION
        and measured.tile_residual <= MOST_TILE_RESIDUAL
        and measured.spot_residual <= MOST_SPOT_RESIDUAL
    )
    tone = abs(measured.gain - 1) <= MOST_GAIN and abs(measured.shift) <= MOST_SHIFT
    side = min(a.long_side_px, b.long_side_px)

    def said(relation: Relation, doubt: Doubt | None = None, change: Change | None = None) -> Match:
        worst = (measured.tile_correlation, measured.tile_residual)
        return Match(relation, doubt, change, turn, max(size), *worst, measured.gain, measured.shift, chroma)

    if structure and tone and chroma <= MOST_CHROMA and not mirrored:
        if measured.textured_share < LEAST_TEXTURED_SHARE or measured.contrast < LEAST_CONTRAST:
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
    if measured.matching_share >= MATCHING_SHARE_EDITED and measured.textured_share >= LEAST_TEXTURED_SHARE:
        if mirrored:
            return said(Relation.EDITED, change=Change.MIRRORED)
        if not tone:
            return said(Relation.EDITED, change=Change.TONE)
        if chroma > MOST_CHROMA and structure:
            return said(Relation.EDITED, change=Change.COLOUR)
        # A page or a screen with another word on it is another page, not an edit of the first.
        another = turn == 1 and measured.flat_share > PAGE_FLAT_SHARE and is_page(a) and is_page(b)
        return said(Relation.SIMILAR if another else Relation.EDITED, change=Change.PART)
    shifted = _compare_shifted(a, b, turn)
    return said(shifted.relation, change=shifted.change)


def is_page(picture: Picture) -> bool:
    """Whether much of a picture is one even tone, as paper and screens are."""
    levels = np.bincount(picture.grey.ravel(), minlength=256) / picture.grey.size
    return float(np.convolve(levels, np.ones(3)).max()) > PAGE_TONE_SHARE


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
    return max(float(np.abs(scipy.ndimage.uniform_filter(plane, 3)).max()) for plane in difference)


def _compare_shifted(a: Picture, b: Picture, turn: int) -> Match:
    """A guess for a person: whether one is a crop, a frame or a straightening of the other."""
    apart = _taken_apart(a, b)
    share = 0.0 if apart else aligned_share(a.grey, b.grey)
    if share >= MATCHING_SHARE_EDITED:
        return Match(Relation.EDITED, change=Change.MIRRORED if turn in (2, 4, 5, 7) else Change.CROPPED, turn=turn)
    near = float((_coarse(a.grey) * _coarse(b.grey)).mean()) >= LEAST_COARSE_CORRELATION
    return Match(Relation.SIMILAR if near else Relation.DIFFERENT, turn=turn)
