"""Two grey pictures of one size, compared tile by tile: how the worst pair of tiles agrees, and how much of it all."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt
import scipy
from PIL import Image

Plane = npt.NDArray[np.float32]

TILE_PX = 16
DETAIL_PX = 5
SPOT_PX = 7
TEXTURED_ENERGY = 9.0
"""Mean square of a tile's fine structure, in levels of 255: below it is noise and compression."""
FLAT_ENERGY = 1.0
MATCHING_CORRELATION = 0.75


@dataclass(frozen=True, slots=True)
class Measure:
    """What the tiles say. `gain` and `shift` bring the first to the brightness of the second.

    Shares are of all tiles, but `matching_share`: of those that hold structure in either picture. `contrast` is the
    deviation of the flatter one of the two. `spot_residual` is the largest difference, as root mean square over a spot
    of 7 px, in levels of 255: one other digit on a page is as small as that, and fills no tile. Where a tile's
    structure differs already (below `MATCHING_CORRELATION`), neither residual is worth its cost, and both are infinite.
    """

    tile_correlation: float
    tile_residual: float
    spot_residual: float
    matching_share: float  # of the tiles that hold structure in either picture
    textured_share: float
    flat_share: float
    contrast: float
    gain: float
    shift: float


def measure(a: Plane, b: Plane) -> Measure:
    """Compares two pictures of one size."""
    a, b = denoised(a), denoised(b)
    mean_a, mean_b = float(a.mean()), float(b.mean())
    centred_a, centred_b = a - mean_a, b - mean_b
    variance = float((centred_a**2).mean())
    gain = float((centred_a * centred_b).mean()) / variance if variance > 0 else 1.0
    detail_a, detail_b = a - lowest(a), b - lowest(b)
    energy_a, energy_b = tile_means(detail_a**2), tile_means(detail_b**2)
    together = tile_means(detail_a * detail_b)
    textured = np.maximum(energy_a, energy_b) > TEXTURED_ENERGY
    correlation = together[textured] / np.sqrt(np.maximum(energy_a * energy_b, 1e-6))[textured]
    worst = float(correlation.min(initial=1.0))
    residual, spot = inf, inf
    if worst >= MATCHING_CORRELATION:
        residual, spot = _differences(centred_a, centred_b, mean_b - mean_a, gain, energy_a)
    return Measure(
        tile_correlation=worst,
        tile_residual=residual,
        spot_residual=spot,
        matching_share=float((correlation >= MATCHING_CORRELATION).mean()) if correlation.size else 0.0,
        textured_share=float(textured.mean()),
        flat_share=float((np.maximum(energy_a, energy_b) < FLAT_ENERGY).mean()),
        contrast=min(float(a.std()), float(b.std())),
        gain=gain,
        shift=mean_b - mean_a,
    )


def _differences(a: Plane, b: Plane, shift: float, gain: float, energy: Plane) -> tuple[float, float]:
    """The worst tile's residual and the worst spot's, of two pictures of mean 0. `energy` is of the first one's tiles.

    As they are, or brought to one brightness: on a white page the fit is led by its thin letters, and wrong elsewhere.
    """
    squares = [(b - a + shift) ** 2, (b - gain * a) ** 2]
    residuals = [np.sqrt(tile_means(square)) / (3 + np.sqrt(energy)) for square in squares]
    spots = [float(scipy.ndimage.uniform_filter(square, SPOT_PX).max()) for square in squares]
    return min(float(of_tiles.max()) for of_tiles in residuals), float(np.sqrt(max(0.0, min(spots))))


def denoised(plane: Plane) -> Plane:
    """Blurred by (1 2 1)/4 both ways, a deviation of 0.7 px: what compression adds lies mostly below that."""
    padded = np.pad(plane, 1, mode="edge")
    down = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    blurred: Plane = (down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]) / 16
    return blurred


def lowest(plane: Plane) -> Plane:
    """The picture without its fine structure: means over cells of 5 px, spread smoothly again."""
    image = Image.fromarray(plane)
    cells = (max(1, round(image.width / DETAIL_PX)), max(1, round(image.height / DETAIL_PX)))
    return np.asarray(image.resize(cells, Image.Resampling.BOX).resize(image.size, Image.Resampling.BICUBIC))


def tile_means(plane: Plane) -> Plane:
    """Means over tiles of 16 px; what is left at the right and lower edge is a smaller tile, never left out."""
    rows = np.arange(0, plane.shape[0], TILE_PX)
    columns = np.arange(0, plane.shape[1], TILE_PX)
    sums = np.add.reduceat(np.add.reduceat(plane, rows, axis=0), columns, axis=1)
    heights = np.diff(np.append(rows, plane.shape[0]))
    widths = np.diff(np.append(columns, plane.shape[1]))
    means: Plane = (sums / (heights[:, None] * widths[None, :])).astype(np.float32)
    return means
