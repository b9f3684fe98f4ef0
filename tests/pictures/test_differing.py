"""What is said of a copy that holds the same picture and differs elsewhere: the part is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import ImageCms

from auditor.model import Depth
from auditor.pictures.differing import differing
from auditor.pictures.likeness import Aim, Likeness
from auditor.pictures.looking import SAME_FILM, Look, look_at
from auditor.readers import examine
from tests import media, media_video
from tests.pictures.listed import as_listed

SMALL = (160, 120)


def profile(space: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()


@pytest.mark.parametrize("make", [media.jpeg, media.png, media.webp, media.tiff])
def test_a_colour_profile_that_was_lost_is_named(make: Callable[..., bytes]) -> None:
    with_it, without = make(1, SMALL, icc_profile=profile("sRGB")), make(1, SMALL)
    assert "the copy lost its colour profile" in differing("a", with_it, without)
    assert "only the copy has colour profile" in differing("a", without, with_it)
    assert differing("a", with_it, make(1, SMALL, icc_profile=profile("LAB"))) == "the copy has another colour profile"


def test_other_parts_are_named_by_what_is_known_of_them() -> None:
    plain = media.jpeg(1, SMALL)
    thermal = media.with_segment(plain, 0xE1, b"FLIR\0\1\0\0" + b"t" * 99)
    assert differing("a.jpg", thermal, plain) == "the copy lost its thermal data"
    strange = media.with_segment(plain, 0xE7, b"WHAT\x1b[31m" + b"t" * 99)
    assert differing("a.jpg", strange, plain) == "the copy lost its segment APP7 WHAT"
    trailer = plain + media.seft((0x0AB1, b"DualShot_DepthMap_1", b"d" * 99))
    assert "Samsung block DualShot_DepthMap_1" in differing("a.jpg", trailer, plain)
    assert differing("a.jpg", plain, plain) == ""


def test_what_a_place_for_metadata_held_is_named() -> None:
    plain = media.jpeg(1, SMALL)
    large = media.jpeg(2, (320, 240))
    note = media.with_segment(plain, 0xE1, media.exif(maker_note=b"note" + large))
    assert differing("a.jpg", note, plain) == "the copy lost its tag MakerNote"
    photoshop = b"Photoshop 3.0\x008BIM\x04\x0c\0\0" + (len(large) + 28).to_bytes(4, "big") + bytes(28) + large
    preview = media.with_segment(plain, 0xED, photoshop + bytes(len(large) % 2))
    assert differing("a.jpg", preview, plain).startswith("the copy lost its preview")
    unused = media.with_segment(plain, 0xE1, media.exif() + b"what nothing refers to" * 99)
    assert differing("a.jpg", unused, plain) == "the copy lost its EXIF bytes to which nothing refers"


def test_what_is_named_is_what_makes_the_digests_differ() -> None:
    plain = media.jpeg(1, SMALL)
    for other in (media.with_segment(plain, 0xE1, media.exif(gps=(1, 2))), plain + bytes(16), plain + b"more"):
        same = examine("a.jpg", plain, Depth.DECODE).image_sha256 == examine("a.jpg", other, Depth.DECODE).image_sha256
        assert same is (differing("a.jpg", plain, other) == "")


def test_of_two_films_with_the_same_frames_the_part_that_differs_is_named(tmp_path: Path) -> None:
    film = media_video.film(frames=15, audio=None)
    (tmp_path / "a.mp4").write_bytes(film + media_video.box(b"chap", b"what nobody knows"))
    (tmp_path / "b.mp4").write_bytes(film)
    seen = look_at(Look(as_listed(tmp_path, "a.mp4"), as_listed(tmp_path, "b.mp4"), Aim.PARTS))
    assert seen.likeness is Likeness.SAME
    assert seen.reason == f"{SAME_FILM}; the copy lost its part chap"


def test_a_film_of_another_form_is_told_as_that() -> None:
    films = (media_video.film(kind, frames=15, audio=None) for kind in ("mp4", "matroska"))
    assert differing("a.mp4", *films) == "the original is mp4, the copy mkv"
