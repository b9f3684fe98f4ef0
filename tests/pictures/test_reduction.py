"""A small copy is told from a small original that somebody blew up."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from auditor.pictures.reduction import is_reduction, roundings
from tests.pictures.test_verify import exif, jpeg, other_format, scene

LARGE = jpeg(scene(1), 92)
SHOWN = Image.open(io.BytesIO(LARGE))
SMALL = jpeg(SHOWN, 60, 800)
DOUBLED = Image.open(io.BytesIO(SMALL)).resize((1600, 1200), Image.Resampling.LANCZOS)


@pytest.mark.parametrize(
    ("small", "turn"),
    [
        (SMALL, 1),
        (jpeg(SHOWN.resize((800, 600), Image.Resampling.NEAREST), 60), 1),
        (jpeg(SHOWN.transpose(Image.Transpose.ROTATE_90), 60, 800), 6),
        (jpeg(SHOWN.transpose(Image.Transpose.ROTATE_90), 60, 800, exif=exif(6)), 1),
        (jpeg(SHOWN.transpose(Image.Transpose.ROTATE_180), 60, 800, exif=exif(6)), 6),
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


@pytest.mark.parametrize(
    ("blur", "quality", "times", "saved"),
    [(1.5, 90, 1.5, (70,)), (0, 95, 2.5, (50,)), (0, 95, 2, (60, 95))],
    ids=["soft", "coarse", "saved twice"],
)
def test_what_was_blown_up_and_saved_coarsely_is_no_original(
    blur: float, quality: int, times: float, saved: tuple[int, ...]
) -> None:
    """The large one's rounding has moved the strengths as far as the small one's would have."""
    small = jpeg(scene(1, (800, 600)).filter(ImageFilter.GaussianBlur(blur)), quality)
    large = Image.open(io.BytesIO(small)).resize((round(800 * times), round(600 * times)), Image.Resampling.BICUBIC)
    for again in saved:
        data = jpeg(large, again)
        large = Image.open(io.BytesIO(data))
    (found,) = roundings(small, data)
    assert replace(found, noise=0).is_of_a_reduction  # by the shares alone it would be
    assert not found.is_of_a_reduction and not is_reduction(small, data)


def test_a_file_that_takes_less_bytes_is_no_original_nor_one_whose_rounding_is_unknown() -> None:
    assert not is_reduction(SMALL + bytes(len(LARGE)), LARGE)
    for name, how in (("HEIF", {"quality": 90}), ("PNG", {"compress_level": 1})):
        assert not is_reduction(SMALL, other_format(SHOWN, name, **how)), name


def test_of_what_has_no_rounding_nothing_is_known() -> None:
    assert not is_reduction(other_format(SHOWN.resize((800, 600)), "PNG"), LARGE)
    assert not is_reduction(jpeg(SHOWN, 60, 60), LARGE)
    assert not is_reduction(jpeg(SHOWN, 100, 800), LARGE)
    assert not is_reduction(SMALL, LARGE[:200]) and not is_reduction(SMALL[:200], LARGE)
