"""The perceptual hash: imagehash's own, with its seven other orientations from the same numbers."""

from __future__ import annotations

import imagehash
import numpy as np
import pytest
from PIL import Image

from auditor.readers import perceptual


def _picture(seed: int, width: int = 640, height: int = 480) -> Image.Image:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


def _distance(a: str, b: str) -> int:
    return (int(a, 16) ^ int(b, 16)).bit_count()


@pytest.mark.parametrize("seed", range(20))
def test_the_hash_is_imagehash_of_the_normalised_picture(seed: int) -> None:
    picture = perceptual.normalise_image(_picture(seed), None)
    assert perceptual.phash(picture)[0] == str(imagehash.phash(Image.fromarray(picture)))


@pytest.mark.parametrize("seed", range(20))
def test_the_hash_is_near_imagehash_of_the_picture_itself(seed: int) -> None:
    image = _picture(seed, 1600, 1200)
    ours, _ = perceptual.phash(perceptual.normalise_image(image, None))
    assert _distance(ours, str(imagehash.phash(image))) <= 2


TURNS = (
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.ROTATE_180,
    Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_270,  # Pillow turns anticlockwise
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
)


@pytest.mark.parametrize("seed", range(10))
def test_turned_hashes_are_the_hashes_of_turned_pictures(seed: int) -> None:
    picture = perceptual.normalise_image(_picture(seed), None)
    _, turned = perceptual.phash(picture)
    expected = [str(imagehash.phash(Image.fromarray(picture).transpose(turn))) for turn in TURNS]
    # Frequencies that are equal but for rounding may fall on either side of the median.
    assert all(_distance(a, b) <= 1 for a, b in zip(turned, expected, strict=True))


def test_where_the_shortcut_fails_imagehash_is_asked_seven_times_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = perceptual.normalise_image(_picture(4), None)
    monkeypatch.setattr(perceptual, "_COSINES", perceptual._COSINES[::-1])
    own, turned = perceptual.phash(picture)
    assert own == str(imagehash.phash(Image.fromarray(picture)))
    assert turned == tuple(str(imagehash.phash(Image.fromarray(picture).transpose(turn))) for turn in TURNS)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_displayed_is_what_pillow_displays(orientation: int) -> None:
    from PIL import ImageOps

    picture = perceptual.normalise_image(_picture(3), None)
    image = Image.fromarray(picture)
    image.getexif()[274] = orientation
    assert np.array_equal(perceptual.displayed(picture, orientation), np.asarray(ImageOps.exif_transpose(image)))


def test_transparency_lies_on_white() -> None:
    clear = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    assert perceptual.normalise_image(clear, None).min() == 255


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F", "I;16"])
def test_every_mode_has_a_picture(mode: str) -> None:
    image = Image.new(mode, (70, 3))
    assert perceptual.normalise_image(image, 6).shape == (32, 32)
