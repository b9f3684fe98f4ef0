"""EXIF: what the camera wrote, and nothing that it did not write."""

from __future__ import annotations

import random
import struct

import pytest

from auditor.readers import exif
from auditor.readers.examination import Metadata
from auditor.readers.exif import date_of, metadata_of_exif, text_of
from tests import media


def test_everything_is_read_as_written() -> None:
    note = media.apple_maker_note("0A1B-22")
    block = media.exif(
        orientation=6, gps=(-33.5, 151.25), subsec="042", offset="+10:00", image_id="f00", maker_note=note
    )
    expected = Metadata(
        taken_at="2024-05-06T07:08:09",
        taken_offset="+10:00",
        taken_subsec="042",
        camera_make="Maker",
        camera_model="Phone 1",
        orientation=6,
        latitude=-33.5,
        longitude=151.25,
        image_id="0A1B-22",
    )
    assert metadata_of_exif(block) == expected
    assert metadata_of_exif(block[6:]) == expected


def test_absent_is_none() -> None:
    assert metadata_of_exif(media.exif(None, make="", model="")) == Metadata()
    assert metadata_of_exif(b"") == Metadata()


DATES = {
    "2024:05:06 07:08:09": "2024-05-06T07:08:09",
    "2024-05-06 07:08:09": "2024-05-06T07:08:09",
    "2024:05:06 07:08": "2024-05-06T07:08:00",
    "0000:00:00 00:00:00": None,
    "    :  :     :  :  ": None,
    "2024:02:31 07:08:09": None,
    "2024:05:06 24:08:09": None,
    "": None,
}


@pytest.mark.parametrize(("text", "expected"), DATES.items())
def test_dates(text: str, expected: str | None) -> None:
    assert date_of(text) == expected


TEXTS: list[tuple[object, str | None]] = [
    ("Phone\0junk", "Phone"),
    (b"Phone\0\xff", "Phone"),
    ("  Phone  ", "Phone"),
    ("a\x1b[31mb", "a [31mb"),
    ("\0\0", None),
    (7, None),
    (None, None),
]


@pytest.mark.parametrize(("value", "expected"), TEXTS)
def test_texts(value: object, expected: str | None) -> None:
    assert text_of(value) == expected


def test_a_zeroed_location_is_no_location() -> None:
    block = bytearray(media.exif(gps=(48.5, 9.25)))
    at = block.find(b"N\0")
    assert at > 0
    zeroed = media.exif(gps=(0.0, 0.0)).replace(b"N\0", b"\0\0").replace(b"E\0", b"\0\0")
    assert metadata_of_exif(zeroed).latitude is None
    # The null island itself, with hemispheres, is a place.
    assert metadata_of_exif(media.exif(gps=(0.0, 0.0))).latitude == 0


@pytest.mark.parametrize("seed", range(20))
def test_hostile_bytes_never_raise(seed: int) -> None:
    rng = random.Random(seed)
    block = bytearray(media.exif(gps=(1, 2), maker_note=media.apple_maker_note("x" * 36)))
    for _ in range(20):
        block[rng.randrange(6, len(block))] = rng.randrange(256)
        metadata_of_exif(bytes(block))
        metadata_of_exif(bytes(block[: rng.randrange(len(block))]))


def _full_block() -> bytes:
    """An EXIF block with every field that is read, each of the type that the standard gives it."""
    note = media.apple_maker_note("0A1B-22")
    block = media.exif(
        orientation=6, gps=(-33.5, 151.25), subsec="042", offset="+10:00", image_id="f00", maker_note=note
    ).removeprefix(b"Exif\0\0")
    order = "<" if block.startswith(b"II") else ">"
    return block.replace(struct.pack(order + "HH", 37500, 1), struct.pack(order + "HH", 37500, 7))


FULL = _full_block()


def test_a_block_as_the_standard_has_it_is_read_without_another_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = exif._metadata(exif._by_pillow(FULL))
    monkeypatch.delattr(exif, "_by_pillow")
    assert metadata_of_exif(FULL) == expected
    assert (expected.latitude, expected.image_id) == (-33.5, "0A1B-22")


@pytest.mark.parametrize("seed", range(8))
def test_a_block_that_is_read_without_pillow_says_the_same_to_it(seed: int) -> None:
    rng = random.Random(seed)
    read = 0
    for _ in range(40):
        block = bytearray(FULL)
        for _ in range(rng.choice((1, 2, 4))):
            block[rng.randrange(8, len(block))] = rng.choice((0, 1, 2, 3, 4, 5, 7, 255))
        tags = exif._by_directories(bytes(block))
        if tags is not None:
            read += 1
            assert repr(exif._metadata(tags)) == repr(exif._metadata(exif._by_pillow(bytes(block))))
    assert read > 5
