"""Sound or rare pictures that look broken at a glance, and are not."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from auditor.model import Depth, ErrorKind, Kind, Soundness, Trouble
from auditor.readers import Examination, examine
from tests import media


def _judge(content: bytes, name: str) -> Examination:
    return examine(name, content, Depth.DECODE)


def _night() -> Image.Image:
    picture = Image.new("RGB", (2400, 1800))
    picture.paste(media.image(1, (2400, 400)), (0, 0))
    return picture


FLAT = {
    "white": Image.new("RGB", (4000, 3000), "white"),
    "grey": Image.new("RGB", (4000, 3000), (128, 128, 128)),
    "black": Image.new("RGB", (4000, 3000)),
    "black below": _night(),
    "black above": _night().transpose(Image.Transpose.FLIP_TOP_BOTTOM),
}


@pytest.mark.parametrize("picture", FLAT.values(), ids=FLAT)
def test_a_webp_of_little_but_black_or_white_is_sound(picture: Image.Image) -> None:
    content = media.encoded(picture, "WEBP", quality=80)
    assert any(bytes(1024) in media.encoded(flat, "WEBP", quality=80) for flat in FLAT.values())
    found = _judge(content, "a.webp")
    assert found.soundness is Soundness.SOUND, found.damage


@pytest.mark.parametrize("where", ["middle", "end"])
def test_zeros_in_a_webp_of_something_are_damage(where: str) -> None:
    content = media.webp(1, (900, 700))
    at = len(content) // 2 if where == "middle" else len(content) - 2048
    found = _judge(content[:at] + bytes(2048) + content[at + 2048 :], "a.webp")
    assert [d.code for d in found.damage] == ["zero_block"]


def _bitmap(coded: bytes, *, compression: int = 1, bits: int = 8) -> bytes:
    palette = b"".join(bytes([i, i, i, 0]) for i in range(1 << bits))
    start = 14 + 40 + len(palette)
    head = struct.pack("<IiiHHIIiiII", 40, 8, 4, 1, bits, compression, len(coded), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", start + len(coded), 0, 0, start) + head + palette + coded


RUNS = {
    "whole": b"\x08\x01\0\0" * 4 + b"\0\1",
    "pixels passed over": b"\x04\x01\0\2\0\1\x02\x05\0\0\x08\x03\0\1",
    "ends early": b"\x08\x01\0\0\0\1",
    "no end mark": b"\x08\x01\0\0" * 4,
    "bytes as they are": b"\0\x08" + bytes(range(8)) + b"\0\0\0\1",
}


@pytest.mark.parametrize("coded", RUNS.values(), ids=RUNS)
def test_run_length_coded_bitmaps_are_not_damaged(coded: bytes) -> None:
    found = _judge(_bitmap(coded), "a.bmp")
    assert found.damage == ()
    assert found.soundness is Soundness.SOUND or (found.error and found.error.kind is ErrorKind.UNDECODABLE), found


@pytest.mark.parametrize("left", [5, 9])
def test_a_cut_run_length_coded_bitmap_is_damaged(left: int) -> None:
    whole = _bitmap(RUNS["whole"])
    found = _judge(whole[: len(whole) - left], "a.bmp")
    assert [d.code for d in found.damage] == ["truncated"]


def test_an_array_of_bitmaps_is_unsupported() -> None:
    content = b"BA" + struct.pack("<IIHH", 40, 0, 0, 0) + media.bmp(1, (32, 32))
    found = _judge(content, "SPADE.BMP")
    assert (found.kind, found.format, found.damage) == (Kind.PHOTO, "bmp", ())
    assert found.error and found.error.kind is ErrorKind.UNSUPPORTED


def test_jpeg_ls_is_unsupported() -> None:
    frame = b"\xff\xf7\0\x0b\x08\0\x10\0\x10\1\1\x11\0"
    scan = b"\xff\xda\0\x08\1\1\0\0\0\0" + b"\xff\x12\x34\x56\xff\x70" * 9 + b"\xff\xd9"
    found = _judge(b"\xff\xd8" + frame + scan, "scan.jpg")
    assert found.damage == ()
    assert found.error == Trouble(ErrorKind.UNSUPPORTED, "there is no decoder for JPEG-LS")
