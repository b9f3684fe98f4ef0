"""Whether one picture is a crop, a frame or a straightening of another: a guess for a person, never proof.

Source: phase correlation, Kuglin and Hines, "The phase correlation image alignment method" (1975).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from auditor.pictures.loading import Grey
from auditor.pictures.tiles import Plane, measure

Spectrum = npt.NDArray[np.complex128]

SCALES = (1.0, 0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.92, 0.9)
COARSE_SIDE_PX = 128
"""Where the scale is looked for."""
FINE_SIDE_PX = 256
"""Where the tiles are compared."""
TRIED = 2
LEAST_OVERLAP = 0.8


@dataclass(frozen=True, slots=True)
class _Shift:
    """Where the second picture lies on the first, in pixels, up to the size of the search; `peak` is how clearly."""

    peak: float
    down: int
    right: int
    height: int
    width: int


def aligned_share(a: Grey, b: Grey) -> float:
    """The share of tiles that agree once one is scaled (by up to a tenth) and moved to lie on the other, 0 to 1."""
    options = [(a, b, scale) for scale in SCALES] + [(b, a, scale) for scale in SCALES[1:]]
    peaks = [*_peaks(a, b, SCALES), *_peaks(b, a, SCALES[1:])]
    best = 0.0
    for at in np.argsort(peaks)[::-1][:TRIED]:
        first, second, scale = options[int(at)]
        best = max(best, _overlap_share(_small(first, FINE_SIDE_PX), _small(second, FINE_SIDE_PX * scale)))
    return best


def _peaks(first: Grey, second: Grey, scales: Sequence[float]) -> list[float]:
    """How clearly the second picture, made smaller by each of the scales, lies on the first."""
    whole = _small(first, COARSE_SIDE_PX)
    spectra: dict[tuple[int, int], Spectrum] = {}  # the first one's, by the size of the search: nearly always one
    peaks = []
    for scale in scales:
        scaled = _small(second, COARSE_SIDE_PX * scale)
        size = _search_size(whole, scaled)
        if size not in spectra:
            spectra[size] = _spectrum(whole, size)
        peaks.append(_shift_of(spectra[size], _spectrum(scaled, size), size).peak)
    return peaks


def _small(grey: Grey, side_px: float) -> Plane:
    factor = side_px / max(grey.shape)
    size = (max(8, round(grey.shape[1] * factor)), max(8, round(grey.shape[0] * factor)))
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR, reducing_gap=2), dtype=np.float32)


def _shift(a: Plane, b: Plane) -> _Shift:
    size = _search_size(a, b)
    return _shift_of(_spectrum(a, size), _spectrum(b, size), size)


def _search_size(a: Plane, b: Plane) -> tuple[int, int]:
    return max(a.shape[0], b.shape[0]), max(a.shape[1], b.shape[1])


def _shift_of(a: Spectrum, b: Spectrum, size: tuple[int, int]) -> _Shift:
    spectrum = a * np.conj(b)
    found = np.fft.irfft2(spectrum / np.maximum(np.abs(spectrum), 1e-6), size)
    down, right = (int(k) for k in np.unravel_index(int(found.argmax()), found.shape))
    return _Shift(float(found.max()), down, right, *size)


def _spectrum(plane: Plane, size: tuple[int, int]) -> Spectrum:
    return np.fft.rfft2(plane - plane.mean(), size)


def _overlap_share(a: Plane, b: Plane) -> float:
    shift = _shift(a, b)
    best = 0.0
    # A shift by -k and one by the size less k are one to the transform.
    for dy in (shift.down, shift.down - shift.height):
        for dx in (shift.right, shift.right - shift.width):
            top, left = max(0, dy), max(0, dx)
            bottom, end = min(a.shape[0], b.shape[0] + dy), min(a.shape[1], b.shape[1] + dx)
            tall, wide = min(a.shape[0], b.shape[0]), min(a.shape[1], b.shape[1])
            if bottom - top >= LEAST_OVERLAP * tall and end - left >= LEAST_OVERLAP * wide:
                measured = measure(a[top:bottom, left:end], b[top - dy : bottom - dy, left - dx : end - dx])
                best = max(best, measured.matching_share)
    return best
