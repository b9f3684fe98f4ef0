"""A small copy is told from a small original that somebody blew up."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFilter

from auditor.pictures.reduction import is_reduction
from tests.pictures.test_verify import exif, jpeg, other_format, scene

LARGE = jpeg(scene(1), 92)
SHOWN = Image.open(io.BytesIO(LARGE))
SMALL = jpeg(SHOWN, 80, 1000)
DOUBLED = Image.open(io.BytesIO(SMALL)).resize((2000, 1500), Image.Resampling.LANCZOS)


@pytest.mark.parametrize(
    ("small", "turn"),
    [
        (SMALL, 1),
        (jpeg(SHOWN.resize((960, 720), Image.Resampling.NEAREST), 70), 1),
        (jpeg(SHOWN.transpose(Image.Transpose.ROTATE_90), 80, 960), 6),
        (jpeg(SHOWN.transpose(Image.Transpose.ROTATE_90), 80, 960, exif=exif(6)), 1),
        (jpeg(SHOWN.transpose(Image.Transpose.ROTATE_180), 80, 960, exif=exif(6)), 6),
    ],
    ids=["reduced", "by leaving pixels out", "turned", "turned by EXIF", "turned by both"],
)
def test_a_small_copy_was_made_of_the_large_picture(small: bytes, turn: int) -> None:
    assert is_reduction(small, LARGE, turn)
    assert not is_reduction(LARGE, small)


def grain(image: Image.Image) -> Image.Image:
    noise = np.random.default_rng(3).normal(0, 3, (image.height, image.width, 3))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    "made",
    [lambda image: image, lambda image: image.filter(ImageFilter.UnsharpMask(2, 100, 2)), grain],
    ids=["doubled", "and sharpened", "with grain"],
)
def test_a_small_original_is_no_reduction_of_what_it_became(
    made: Callable[[Image.Image], Image.Image],
) -> None:
    assert not is_reduction(SMALL, jpeg(made(DOUBLED), 92))


def test_of_what_has_no_rounding_nothing_is_known() -> None:
    assert not is_reduction(other_format(SHOWN.resize((960, 720)), "PNG"), LARGE)
    assert not is_reduction(jpeg(SHOWN, 80, 60), LARGE)
    assert not is_reduction(jpeg(SHOWN, 100, 960), LARGE)
    assert not is_reduction(SMALL, LARGE[:200]) and not is_reduction(SMALL[:200], LARGE)
