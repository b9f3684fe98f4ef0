"""PNG, WebP, GIF, TIFF, BMP and DNG: gross faults are found, sound files and harmless bytes behind them stay sound."""

from __future__ import annotations

import dataclasses
import mmap
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from auditor.model import Depth, Soundness, Tier
from auditor.readers import READER_FAILED, Examination, examine
from auditor.readers.perceptual import phash
from auditor.readers.tiff import ifd
from tests import media

SOUND: dict[str, bytes] = {
    "png": media.png(1),
    "png, palette": media.encoded(media.image(1).quantize(200), "PNG"),
    "png, 16 bit grey": media.encoded(media.image(1).convert("I;16"), "PNG"),
    "webp": media.webp(1, quality=90),
    "webp, lossless": media.webp(1, lossless=True),
    "webp, alpha": media.encoded(media.image(1).convert("RGBA"), "WEBP"),
    "webp, animated": media.encoded(
        media.image(1), "WEBP", save_all=True, append_images=[media.image(2), media.image(3)], duration=100
    ),
    "gif": media.gif(1),
    "gif, animated": media.gif(1, frames=3),
    "tiff, lzw": media.tiff(1),
    "tiff, deflate": media.tiff(1, compression="tiff_adobe_deflate"),
    "tiff, jpeg": media.tiff(1, compression="jpeg"),
    "tiff, plain": media.tiff(1, compression="raw"),
    "bmp": media.bmp(1),
    "dng": media.dng(1),
}


def _judge(content: bytes) -> Examination:
    return examine("IMG_1.jpg", content, Depth.DECODE)


@pytest.mark.parametrize("content", SOUND.values(), ids=SOUND)
@pytest.mark.parametrize("behind", [b"", bytes(4096), random.Random(1).randbytes(1024)], ids=["", "zeros", "noise"])
def test_sound_files_are_sound_by_decoding(content: bytes, behind: bytes) -> None:
    found = _judge(content + behind)
    assert found.soundness is Soundness.SOUND, (found.damage, found.error)
    assert Tier.DECODE in found.checked
    assert found.picture is not None and found.image_sha256 is not None
    assert found.width is not None and found.height is not None


@pytest.mark.parametrize("content", SOUND.values(), ids=SOUND)
@pytest.mark.parametrize("share", [10, 50, 90, 99])
def test_cut_files_are_damaged(content: bytes, share: int) -> None:
    found = _judge(content[: len(content) * share // 100])
    assert found.soundness is Soundness.DAMAGED, found
    assert found.picture is None and found.image_sha256 is None


@pytest.mark.parametrize("content", SOUND.values(), ids=SOUND)
def test_the_last_byte_counts(content: bytes) -> None:
    assert _judge(content[:-1]).soundness is Soundness.DAMAGED


def test_a_cut_file_says_how_much_is_left() -> None:
    details = {name: _judge(SOUND[name][: len(SOUND[name]) // 2]).damage[0].detail for name in ("png", "webp", "bmp")}
    assert "cut short at 50%" in details["webp"] and "cut short at 50%" in details["bmp"]
    assert "% of the picture" in details["png"]


CODED = [name for name in SOUND if name not in ("tiff, plain", "bmp", "dng")]


def _overwritten(content: bytes, filler: Callable[[int], bytes]) -> bytes:
    size = min(4096, len(content) // 8)
    at = len(content) // 2
    return content[:at] + filler(size) + content[at + size :]


@pytest.mark.parametrize("name", [*CODED, "dng"])
def test_a_block_of_zeros_is_damage(name: str) -> None:
    assert _judge(_overwritten(SOUND[name], bytes)).soundness is Soundness.DAMAGED


@pytest.mark.parametrize("name", CODED)
def test_a_block_of_noise_is_damage(name: str) -> None:
    assert _judge(_overwritten(SOUND[name], random.Random(2).randbytes)).soundness is Soundness.DAMAGED


@pytest.mark.parametrize("content", SOUND.values(), ids=SOUND)
def test_a_wiped_header_is_damage_under_a_photos_name(content: bytes) -> None:
    for size in (512, 4096):
        assert _judge(bytes(size) + content[size:]).soundness is Soundness.DAMAGED


@pytest.mark.parametrize("seed", range(40))
def test_any_bit_of_a_png_is_found(seed: int) -> None:
    content = bytearray(SOUND["png, palette"])
    content[random.Random(seed).randrange(8, len(content))] ^= 1 << seed % 8
    assert _judge(bytes(content)).soundness is Soundness.DAMAGED


def test_most_bits_of_a_lossy_webp_are_found() -> None:
    rng, content = random.Random(4), SOUND["webp"]
    found = 0
    for _ in range(30):
        at = rng.randrange(len(content) // 4, len(content))
        flipped = content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]
        found += _judge(flipped).soundness is Soundness.DAMAGED
    assert found >= 18


def _png_chunk(type_: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + type_ + body + struct.pack(">I", zlib.crc32(type_ + body))


BOMBS: dict[str, bytes] = {
    "png": b"\x89PNG\r\n\x1a\n"
    + _png_chunk(b"IHDR", struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0))
    + _png_chunk(b"IDAT", zlib.compress(bytes(1000)))
    + _png_chunk(b"IEND", b""),
    "gif": b"GIF89a" + struct.pack("<HH", 60000, 60000) + SOUND["gif"][10:],
    "webp": b"RIFF\x22\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff" + b"VP8L\x04\0\0\0\x2f\xff\xff\xff",
    "bmp": SOUND["bmp"][:18] + struct.pack("<ii", 60000, 60000) + SOUND["bmp"][26:],
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_bombs_are_refused_by_their_declared_size(content: bytes) -> None:
    found = _judge(content)
    assert found.soundness is Soundness.NOT_CHECKED
    assert found.error is not None and found.error.reason.startswith("too large for the limits: ")


def test_png_text_is_no_image_data() -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "x" * 5000)
    plain, tagged = media.png(1), media.png(1, pnginfo=info)
    assert plain != tagged
    assert _judge(plain).image_sha256 == _judge(tagged).image_sha256
    assert _judge(media.png(2)).image_sha256 != _judge(plain).image_sha256
    assert _judge(media.png(1, icc_profile=b"profile")).image_sha256 != _judge(plain).image_sha256


@pytest.mark.parametrize("format_", ["WEBP", "PNG", "TIFF"])
def test_exif_is_read_and_is_no_image_data(format_: str) -> None:
    block = media.exif("2023:01:02 03:04:05", gps=(10, 20))
    picture = media.image(1)
    tagged, plain = _judge(media.encoded(picture, format_, exif=block)), _judge(media.encoded(picture, format_))
    assert tagged.metadata.taken_at == "2023-01-02T03:04:05"
    assert tagged.metadata.latitude == 10
    assert tagged.image_sha256 == plain.image_sha256


def _distance(a: Examination, b: Examination) -> int:
    assert a.picture is not None and b.picture is not None
    return (int(phash(a.picture)[0], 16) ^ int(phash(b.picture)[0], 16)).bit_count()


@pytest.mark.parametrize("size", [(1601, 1203), (640, 480), (150, 100)], ids=str)
def test_one_picture_has_one_hash_in_every_format(size: tuple[int, int]) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    picture = media.image(11, size)
    upright = _judge(media.encoded(picture, "PNG"))
    from PIL import Image

    others = {
        "jpeg": media.encoded(picture, "JPEG", quality=85),
        "jpeg, progressive": media.encoded(picture, "JPEG", quality=60, progressive=True),
        "webp": media.encoded(picture, "WEBP", quality=80, method=0),
        "tiff": media.encoded(picture, "TIFF"),
        "bmp": media.encoded(picture, "BMP"),
        "half the size": media.encoded(picture.resize((size[0] // 2, size[1] // 2)), "JPEG", quality=80),
        "turned": media.encoded(
            picture.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=media.exif(orientation=6)
        ),
    }
    if size[0] < 1000:  # its encoder is slow
        others["heic"] = media.encoded(picture, "HEIF", quality=70)
    distances = {name: _distance(upright, _judge(content)) for name, content in others.items()}
    assert max(distances.values()) <= 4, distances
    assert sum(distances.values()) <= 2 * len(distances), distances


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("seed", range(3))
def test_nothing_makes_it_raise(name: str, seed: int) -> None:
    rng = random.Random(f"{name}{seed}")
    content = bytearray(SOUND[name])
    for _ in range(8):
        for _ in range(5):
            content[rng.randrange(2, min(len(content), 600))] = rng.randrange(256)
        found = _judge(bytes(content))
        assert not str(found.error).startswith(READER_FAILED), found.error


@pytest.mark.parametrize("name", [*SOUND, "jpeg", "jpeg with parts"])
def test_a_mapped_file_is_judged_like_one_in_memory(name: str, tmp_path: Path) -> None:
    content = {"jpeg": media.jpeg(1, exif=media.exif()), "jpeg with parts": media.ultra_hdr(1), **SOUND}[name]
    path = tmp_path / "file"
    for harm in (content, content[: len(content) // 2]):
        path.write_bytes(harm)
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            found = examine("IMG_1.jpg", mapped, Depth.DECODE)
        expected = _judge(harm)
        assert dataclasses.replace(found, picture=None) == dataclasses.replace(expected, picture=None)


def _animation() -> bytes:
    frames = [media.image(seed, (64, 48)) for seed in (1, 2)]
    return media.encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100)


def _coloured() -> bytes:
    return media.webp(1, (64, 48), icc_profile=bytes(range(128)))


def _see_through() -> bytes:
    picture = media.image(1, (64, 48)).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return media.encoded(picture, "WEBP", quality=60)


@pytest.mark.parametrize(
    ("own", "at", "change"),
    [
        pytest.param(_animation(), 4, lambda byte: byte + 9, id="a larger canvas"),
        pytest.param(_coloured(), 0, lambda byte: byte & ~0x20, id="a colour profile that is passed over"),
        pytest.param(_see_through(), 0, lambda byte: byte & ~0x10, id="transparency that is passed over"),
    ],
)
def test_the_header_of_a_webp_is_image_data(own: bytes, at: int, change: Callable[[int], int]) -> None:
    content = bytearray(own)
    place = own.index(b"VP8X") + 8 + at
    content[place] = change(own[place])
    assert _judge(bytes(content)).soundness is Soundness.SOUND
    assert _judge(bytes(content)).image_sha256 != _judge(own).image_sha256


def _with_tag_value(content: bytes, tag: int, value: bytes) -> bytes:
    """The TIFF with another first value of a tag, in every directory that has it."""
    head = ifd.header(content)
    assert head
    offset, changed = head.first, bytearray(content)
    while offset:
        table = ifd.directory(content, head, offset)
        assert table
        for sub in (offset, *ifd.numbers(content, table, 330)):
            entry = (ifd.directory(content, head, sub) or table).entries.get(tag)
            if entry:
                changed[entry.offset : entry.offset + len(value)] = value
        offset = table.next
    assert bytes(changed) != content
    return bytes(changed)


@pytest.mark.parametrize(
    ("content", "tag", "value"),
    [
        pytest.param(media.dng(1), 50717, b"\xff\x0f", id="white level"),
        pytest.param(media.dng(1), 50714, b"\x10\0", id="black level"),
        pytest.param(media.dng(1), 50728, b"\2\0\0\0", id="what is white"),
        pytest.param(
            # Not packed: of packed ones libtiff writes the tags, and not this one in every version.
            media.tiff(1, compression="raw", tiffinfo={532: (0.0, 255.0, 128.0, 255.0, 128.0, 255.0)}),
            532,
            b"\x10",
            id="black",
        ),
    ],
)
def test_how_a_tiff_is_shown_is_image_data(content: bytes, tag: int, value: bytes) -> None:
    other = _with_tag_value(content, tag, value)
    assert _judge(other).soundness is Soundness.SOUND
    assert _judge(other).image_sha256 != _judge(content).image_sha256
