"""The perceptual hash, by one route for every format, so that the same picture gets the same hash from JPEG or HEIC.

Each decoder's picture is reduced by whole factors, then brought to 32 x 32 through one filter, then turned as
displayed. Its hash is `imagehash.phash` of that. The seven other orientations follow from the 64 numbers behind it,
which costs less than asking seven times more; that they do so is checked for every picture.
Source: Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import imagehash
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL.Image import Image

Grey = npt.NDArray[np.uint8]

SIDE = 32
"""Pixels on each side of the normalised picture."""

_LEAST_BEFORE_FILTER = 2 * SIDE
_TRANSPOSED = frozenset({5, 6, 7, 8})


def reduction(width: int, height: int) -> int:
    """By which factor (8, 4, 2, 1) a picture may be reduced by averaging and still be twice the normalised size."""
    return next((k for k in (8, 4, 2) if min(width, height) >= k * _LEAST_BEFORE_FILTER), 1)


def normalise(grey: Grey, width: float, height: float, orientation: int | None) -> Grey:
    """The normalised picture, (32, 32) uint8 as displayed, of a grey picture that was reduced already.

    `width` and `height` are the exact size within `grey` that holds the picture: a JPEG decoded at 1/8 ends in a
    padded column. `orientation` as in EXIF, None for 1.
    """
    from PIL import Image

    small = Image.fromarray(grey).resize(
        (SIDE, SIDE), Image.Resampling.LANCZOS, box=(0, 0, min(width, grey.shape[1]), min(height, grey.shape[0]))
    )
    return displayed(np.asarray(small), orientation)


def normalise_image(image: Image, orientation: int | None) -> Grey:
    """The normalised picture of a decoded Pillow image of any mode, transparency laid on white."""
    factor = reduction(*image.size)
    grey = _grey(image)
    width, height = grey.size
    if factor > 1:
        grey = grey.reduce(factor)
    return normalise(np.asarray(grey), width / factor, height / factor, orientation)


def _grey(image: Image) -> Image:
    from PIL import Image as PillowImage

    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = PillowImage.new("RGBA", rgba.size, "white")
        white.alpha_composite(rgba)
        return white.convert("L")
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image, dtype=np.float32)
        # Sixteen bits a sample: the upper eight are the picture.
        scale = 256.0 if float(values.max(initial=0.0)) > 255 else 1.0
        return PillowImage.fromarray(np.clip(values / scale, 0, 255).astype(np.uint8))
    # Of CIE Lab the lightness is the grey picture already.
    return image.getchannel(0) if image.mode == "LAB" else image.convert("L")


def displayed(grey: Grey, orientation: int | None) -> Grey:
    """The picture turned as EXIF's orientation asks. Source: EXIF 2.32, tag 274."""
    turned = grey.swapaxes(0, 1) if orientation in _TRANSPOSED else grey
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1, :]
    return np.ascontiguousarray(turned)


def _cosines() -> npt.NDArray[np.float64]:
    """The 8 lowest rows of the 32-point type-II cosine transform, unnormalised as scipy.fftpack has it."""
    k = np.arange(8)[:, None]
    n = np.arange(SIDE)[None, :]
    return np.asarray(2.0 * np.cos(np.pi * k * (2 * n + 1) / (2 * SIDE)), dtype=np.float64)


_COSINES = _cosines()
_ORIENTATIONS = (2, 3, 4, 5, 6, 7, 8)
_ROUNDING_BITS = 1
"""Frequencies that are equal but for rounding may fall on either side of the median."""
_ALTERNATING = np.where(np.arange(8) % 2, -1.0, 1.0)


def phash(picture: Grey) -> tuple[str, tuple[str, ...]]:
    """The 64-bit perceptual hash of a normalised picture as 16 hex digits, and those of its seven other orientations.

    The seven come in the order mirrored left-right, turned by 180, mirrored top-bottom, transposed, turned by 90
    clockwise, transversed, turned by 270. Mirroring flips the sign of the odd frequencies and transposing swaps the
    two directions, so no picture is turned and transformed again; but for one whose own hash does not come out so.
    """
    from PIL import Image

    own = imagehash.phash(Image.fromarray(picture)).hash
    low = _COSINES @ picture.astype(np.float64) @ _COSINES.T
    across, down = low * _ALTERNATING[None, :], low * _ALTERNATING[:, None]
    both = down * _ALTERNATING[None, :]
    blocks = np.stack((low, across, both, down, low.T, down.T, both.T, across.T)).reshape(8, 64)
    bits = blocks > np.median(blocks, axis=1, keepdims=True)
    if np.count_nonzero(own.ravel() != bits[0]) > _ROUNDING_BITS:
        bits[1:] = [imagehash.phash(Image.fromarray(displayed(picture, to))).hash.ravel() for to in _ORIENTATIONS]
    return _hex(own), tuple(_hex(one) for one in bits[1:])


def _hex(bits: npt.NDArray[np.bool_]) -> str:
    """As imagehash writes a hash: the first bit is the highest."""
    return np.packbits(bits).tobytes().hex()
