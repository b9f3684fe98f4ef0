"""Do two pictures of one size differ anywhere by more than their encoding explains? Asked at full size, spot by spot.

A re-encoding errs everywhere, and the more so the more there is to encode; an edit errs in one place. So one picture
is predicted from the other by a small linear filter (which takes up sharpening, another way of scaling, a shift by
a fraction of a pixel and a change of brightness), and what is left is gathered over spots. How much is left in
spots of like busyness, half of them below, is the noise of this pair; a spot that stands far above it is a difference.
That is done for brightness at full size and for brightness and both colours at a half, a quarter, ... of it, so that
faint but large changes stand out as well as small strong ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy
from PIL import Image

Planes = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]

SPOT_PX = 6
BUSY_PX = 18
"""What a coder does in a block shows in the whole of it: JPEG's, with its colours, is 16 px."""
TONE_PX = 64
"""Tones may drift over more than so many pixels: the level below looks at these."""
BAND_ROWS = 512
MARGIN_ROWS = 64
LEAST_SIDE_PX = 128
"""Down to so long a side; the whole of a picture was compared before."""
TAPS = (*((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)), (-2, 0), (2, 0), (0, -2), (0, 2))
FITTED = 60_000
"""Pixels that the filter is fitted on."""
RIDGE = 1e-3
MOST_EDITED = 150
EDITED_SHARE = 0.01
LEAST_IN_BIN = 1500
BINS_AN_OCTAVE = 2

# Levels of 255.
BRIGHTNESS_FLOOR = (7.0, 6.0, 5.0, 4.0)
COLOUR_FLOOR = (4.0, 4.0, 3.5, 3.0)
"""By level; the last one holds for all below. No coder errs less than this where it errs."""
TIMES_NOISE = 2.4
"""A spot so many times as far off as half of its kind is a difference. Chosen on one half of the photos at hand, and
held on the other: benchmarks/duplicates/detail.py."""


@dataclass(frozen=True, slots=True)
class Spot:
    """The spot that differs most. `excess`: 1 and above is a difference. `x` and `y` in pixels of the pictures;
    `level`: it was seen at the size divided by 2 ** level; `plane` 0 brightness, 1 and 2 colours."""

    excess: float
    level: int = 0
    plane: int = 0
    x: int = 0
    y: int = 0


def worst_spot(a: Planes, b: Planes) -> Spot:
    """Compares two pictures of one size, (3, height, width) of Y, Cb, Cr. The order makes no difference.

    Memory: about 10 bytes a pixel beside the pictures.
    """
    worst = Spot(0.0)
    for level, plane, excess in excesses(a, b):
        at = np.unravel_index(int(excess.argmax()), excess.shape)
        scale = 2 << level
        found = Spot(float(excess[at]), level, plane, int(at[1]) * scale, int(at[0]) * scale)
        worst = max(worst, found, key=lambda spot: spot.excess)
    return worst


def excesses(a: Planes, b: Planes) -> Iterator[tuple[int, int, Plane]]:
    """Level, plane, and how far each spot stands above the noise, for every other pixel of every other row of the
    pictures at the size divided by 2 ** level. Where it is 1 and above, they differ."""
    level = 0
    while True:
        for plane in range(3) if level else range(1):
            yield level, plane, _excess(a, b, level, plane)
        if max(a.shape[1:]) < 2 * LEAST_SIDE_PX or min(a.shape[1:]) < 32:
            return
        a, b, level = _halved(a), _halved(b), level + 1


def _halved(planes: Planes) -> Planes:
    rows, columns = planes.shape[1] // 2 * 2, planes.shape[2] // 2 * 2
    even = planes[:, :rows, :columns].astype(np.uint16)
    total = even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]
    return ((total + 2) // 4).astype(np.uint8)


def _excess(a: Planes, b: Planes, level: int, plane: int) -> Plane:
    # The sharper one predicts the smoother one: what a copy lost cannot be predicted from it.
    if _sharpness(a[plane]) < _sharpness(b[plane]):
        a, b = b, a
    sources = [a[plane]] if plane == 0 else [a[plane], a[0], a[3 - plane]]
    weights = _fit(sources, b[plane])
    height = b.shape[1]
    bands = []
    for top in range(0, height, BAND_ROWS):
        # A band with the rows around it that its windows reach.
        first, last = max(0, top - MARGIN_ROWS), min(height, top + BAND_ROWS + MARGIN_ROWS)
        here = [source[first:last] for source in sources]
        found = _residuals(here, b[plane, first:last], b[0, first:last], weights, plane)
        inner = slice((top - first) // 2, (min(top + BAND_ROWS, height) - first) // 2)
        bands.append([part[inner] for part in found])
    off, busyness = (np.concatenate(parts) for parts in zip(*bands, strict=True))
    floor = (COLOUR_FLOOR if plane else BRIGHTNESS_FLOOR)[min(level, 3)]
    return np.asarray(off / (floor + TIMES_NOISE * _noise(off, busyness)))


def _sharpness(plane: Planes) -> float:
    here = plane[::3].astype(np.float32)
    return float(np.abs(np.diff(here, axis=1)).mean())


def _fit(sources: list[Planes], target: Planes) -> Plane:
    """The filter that predicts the target best: taps of the first source, then one of each other, then a constant."""
    height, width = target.shape
    rng = np.random.default_rng(1)
    count = min(FITTED, height * width)
    y, x = rng.integers(2, height - 2, count), rng.integers(2, width - 2, count)
    columns = [sources[0][y + dy, x + dx] for dy, dx in TAPS] + [source[y, x] for source in sources[1:]]
    design = np.stack([*columns, np.full(count, 255)], axis=1).astype(np.float64) / 255
    wanted = target[y, x].astype(np.float64) / 255
    # Leaning towards no change, where a flat picture leaves the filter open.
    plain = np.zeros(design.shape[1])
    plain[TAPS.index((0, 0))] = 1
    normal = design.T @ design / count + RIDGE * 1e-2 * np.eye(design.shape[1])
    found = np.linalg.solve(normal, design.T @ (wanted - design @ plain) / count) + plain
    found[-1] *= 255
    return found.astype(np.float32)


def _residuals(
    sources: list[Planes], target: Planes, brightness: Planes, weights: Plane, plane: int
) -> tuple[Plane, Plane]:
    """How far off the prediction is, as root mean square over a spot, and how busy its surroundings are; each for every
    other pixel of every other row."""
    padded = np.pad(sources[0], 2, mode="edge").astype(np.float32)
    height, width = target.shape
    predicted = np.full(target.shape, weights[-1], dtype=np.float32)
    for (dy, dx), weight in zip(TAPS, weights, strict=False):
        predicted += weight * padded[2 + dy : 2 + dy + height, 2 + dx : 2 + dx + width]
    for source, weight in zip(sources[1:], weights[len(TAPS) :], strict=False):
        predicted += weight * source
    wanted = target.astype(np.float32)
    busy = np.maximum(_gradient(predicted), _gradient(wanted))
    if plane:
        busy += 0.1 * _gradient(brightness.astype(np.float32))
    off = _halves((wanted - predicted - _tone(wanted - predicted)) ** 2)
    off = np.sqrt(np.maximum(scipy.ndimage.uniform_filter(off, SPOT_PX // 2), 0))
    busy = scipy.ndimage.maximum_filter(scipy.ndimage.uniform_filter(busy, BUSY_PX // 2), BUSY_PX // 2)
    return off, np.sqrt(np.maximum(busy, 0))


def _halves(plane: Plane) -> Plane:
    """Means of two by two pixels; an odd row or column at the end is one with the one before it."""
    padded = np.pad(plane, ((0, plane.shape[0] % 2), (0, plane.shape[1] % 2)), mode="edge")
    rows = padded[::2] + padded[1::2]
    return np.asarray((rows[:, ::2] + rows[:, 1::2]) / 4)


def _tone(plane: Plane) -> Plane:
    """What changes over more than `TONE_PX` pixels."""
    image = Image.fromarray(plane)
    cells = (max(1, round(image.width / TONE_PX)), max(1, round(image.height / TONE_PX)))
    return np.asarray(image.resize(cells, Image.Resampling.BOX).resize(image.size, Image.Resampling.BILINEAR))


def _gradient(plane: Plane) -> Plane:
    """The mean square of the steps to the right and downwards, for every other pixel of every other row."""
    steps = np.zeros_like(plane)
    steps[:, 1:] = np.diff(plane, axis=1) ** 2
    steps[1:] += np.diff(plane, axis=0) ** 2
    return _halves(steps)


def _noise(off: Plane, busyness: Plane) -> Plane:
    """Of each spot, how far off half of the spots are that are as busy. Rising with busyness, and where too few are as
    busy, as it rises below."""
    bins = np.floor(BINS_AN_OCTAVE * np.log2(np.maximum(busyness, 0.5)) + 0.5).astype(np.int16)
    low = int(bins.min())
    numbers = bins - low
    middles: list[float | None] = []
    for number in range(int(numbers.max()) + 1):
        here = off[numbers == number]
        middles.append(_usual(here) if here.size >= LEAST_IN_BIN else None)
    step = 2 ** (1 / BINS_AN_OCTAVE)
    known = [n for n, value in enumerate(middles) if value is not None]
    curve = np.zeros(len(middles), dtype=np.float32)
    for n in range(len(middles)):
        below = [k for k in known if k <= n]
        above = [k for k in known if k > n]
        if below:
            value = middles[below[-1]] or 0.0
            curve[n] = value * step ** (n - below[-1])
            if above:
                curve[n] = min(curve[n], max(value, middles[above[0]] or 0.0))
        elif above:
            curve[n] = middles[above[0]] or 0.0
    for before, after in pairwise(range(len(curve))):
        curve[after] = max(curve[after], curve[before])
    return curve[numbers]


def _usual(off: Plane) -> float:
    """The largest of these that is noise, if of the ones beyond it an edit made all."""
    beyond = max(MOST_EDITED, int(EDITED_SHARE * off.size))
    return float(np.partition(off, off.size - beyond - 1)[off.size - beyond - 1])
