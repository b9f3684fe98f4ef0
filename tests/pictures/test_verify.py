"""Same picture or not: every kind of copy is recognised, and nothing that differs is called the same."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from auditor.model import Depth
from auditor.pictures.loading import NoPicture, Picture, Refusal, load
from auditor.pictures.verify import Change, Doubt, Match, Relation, compare
from auditor.readers import examine, perceptual

SAME, EDITED, SIMILAR, DIFFERENT = Relation.SAME_PICTURE, Relation.EDITED, Relation.SIMILAR, Relation.DIFFERENT
SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


def is_reduced_copy(original: Picture, copy: Picture) -> bool | None:
    """Whether `copy` shows the very picture of `original`, whatever its size, format and quality.

    None where that cannot be told: too small, no structure, several frames, other dates of capture in the two files.
    """
    match = compare(original, copy)
    if match.doubt is not None:
        return None
    return match.relation is Relation.SAME_PICTURE


def scene(seed: int, size: tuple[int, int] = (1600, 1200)) -> Image.Image:
    """A made-up photo: soft colours, shapes of every size, and fine structure everywhere."""
    rng = np.random.default_rng(seed)
    layers = np.zeros((size[1], size[0], 3), dtype=np.float32)
    for cells, strength in ((4, 70), (16, 40), (64, 30), (256, 25)):
        noise = rng.normal(128, strength, (max(2, cells * size[1] // size[0]), cells, 3)).clip(0, 255).astype(np.uint8)
        noise[..., 1:] = (noise[..., :1].astype(int) * 2 + noise[..., 1:]) // 3
        layers += np.asarray(Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC), dtype=np.float32) - 128
    return Image.fromarray((layers * 0.6 + 128).clip(8, 247).astype(np.uint8))


def page(amount: str, size: tuple[int, int] = (1240, 1754)) -> Image.Image:
    """An invoice: the same but for one number."""
    rng = np.random.default_rng(7)
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for line in range(40):
        words = " ".join("".join(rng.choice(list("abcdefghiknorstu"), rng.integers(3, 9))) for _ in range(9))
        draw.text((100, 120 + 36 * line), words, fill="black", font_size=26)
    draw.text((100, size[1] - 120), f"Total due EUR {amount}", fill="black", font_size=34)
    return image


def jpeg(image: Image.Image, quality: int = 85, side: int | None = None, **options: object) -> bytes:
    image = image.convert("RGB")
    if side:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, **options)
    return stream.getvalue()


def other_format(image: Image.Image, name: str, **options: object) -> bytes:
    pillow_heif.register_heif_opener()
    stream = io.BytesIO()
    image.save(stream, name, **options)
    return stream.getvalue()


def exif(orientation: int = 1, taken: str | None = None, subsec: str | None = None) -> bytes:
    block = Image.Exif()
    block[ExifTags.Base.Orientation] = orientation
    if taken:
        own = block.get_ifd(ExifTags.IFD.Exif)
        own[ExifTags.Base.DateTimeOriginal] = taken
        if subsec:
            own[ExifTags.Base.SubsecTimeOriginal] = subsec
    return block.tobytes()


def picture(data: bytes) -> Picture:
    loaded = load(data)
    assert isinstance(loaded, Picture), loaded
    return loaded


ORIGINAL = scene(1)


def answer(data: bytes, original: Image.Image = ORIGINAL) -> Match:
    there = compare(picture(jpeg(original, 95)), picture(data))
    back = compare(picture(data), picture(jpeg(original, 95)))
    assert (there.relation, there.doubt) == (back.relation, back.doubt), "the order must not matter"
    return there


COPIES = {
    "quality 40": jpeg(ORIGINAL, 40),
    "sent by a messenger": jpeg(ORIGINAL, 70, 1280, subsampling=2),
    "forwarded again": jpeg(Image.open(io.BytesIO(jpeg(ORIGINAL, 70, 1280))), 60, 960),
    "768 px": jpeg(ORIGINAL, 85, 768),
    "PNG": other_format(ORIGINAL, "PNG"),
    "WebP": other_format(ORIGINAL, "WEBP", quality=80),
    "HEIC": other_format(ORIGINAL, "HEIF", quality=60),
    "AVIF": other_format(ORIGINAL, "AVIF", quality=60),
    "turned by EXIF": jpeg(ORIGINAL.transpose(Image.Transpose.ROTATE_90), 90, exif=exif(6)),
    **{
        f"turned by EXIF, {name}": other_format(
            ORIGINAL.transpose(Image.Transpose.ROTATE_90), name, exif=exif(6), **options
        )
        for name, options in (("PNG", {}), ("WEBP", {"quality": 80}), ("AVIF", {}), ("HEIF", {}), ("TIFF", {}))
    },
    "turned in the pixels": jpeg(ORIGINAL.transpose(Image.Transpose.ROTATE_90), 90),
    "upside down": jpeg(ORIGINAL.transpose(Image.Transpose.ROTATE_180), 90),
    "transparent PNG": other_format(ORIGINAL.convert("RGBA"), "PNG"),
}


@pytest.mark.parametrize("name", [name for name in COPIES if "EXIF" in name])
def test_the_scan_sees_every_format_as_displayed(name: str) -> None:
    upright = examine("a.jpg", jpeg(ORIGINAL, 95), Depth.DECODE)
    seen = examine("b", COPIES[name], Depth.DECODE)
    assert (seen.width, seen.height) == (upright.width, upright.height)
    assert seen.picture is not None
    assert upright.picture is not None
    hashes = [int(perceptual.phash(picture)[0], 16) for picture in (seen.picture, upright.picture)]
    assert (hashes[0] ^ hashes[1]).bit_count() <= 4


@pytest.mark.parametrize("name", COPIES)
def test_copies_are_the_same_picture(name: str) -> None:
    match = answer(COPIES[name])
    assert match.relation is SAME, match
    assert is_reduced_copy(picture(jpeg(ORIGINAL, 95)), picture(COPIES[name])) is True


def drawn(text: str) -> Image.Image:
    image = ORIGINAL.copy()
    ImageDraw.Draw(image).text((980, 1100), text, fill=(255, 170, 0), font_size=40)
    return image


def patched(dx: int) -> Image.Image:
    """A child that moved: one part of the picture, a twentieth of the width, lies elsewhere."""
    image = ORIGINAL.copy()
    image.paste(ORIGINAL.crop((700, 500, 780, 580)), (700 + dx, 500))
    return image


EDITS = {
    "mirrored": (jpeg(ImageOps.mirror(ORIGINAL), 88), Change.MIRRORED),
    "mirrored and turned": (jpeg(ORIGINAL.transpose(Image.Transpose.TRANSPOSE), 88), Change.MIRRORED),
    "brighter": (jpeg(ImageEnhance.Brightness(ORIGINAL).enhance(1.25), 88), Change.TONE),
    "grey": (jpeg(ORIGINAL.convert("L"), 88), Change.COLOUR),
    "cropped by 3 %": (jpeg(ORIGINAL.crop((20, 30, 1572, 1194)), 88), Change.CROPPED),
    "framed": (jpeg(ImageOps.expand(ORIGINAL, (0, 72), "black"), 88), Change.CROPPED),
    "date printed on it": (jpeg(drawn("2019-07-14 16:32"), 88), Change.PART),
    "something moved": (jpeg(patched(60), 88), Change.PART),
}


@pytest.mark.parametrize("name", EDITS)
def test_edits_are_never_the_same_picture(name: str) -> None:
    data, change = EDITS[name]
    match = answer(data)
    assert (match.relation, match.doubt, match.change) == (EDITED, None, change)
    assert is_reduced_copy(picture(jpeg(ORIGINAL, 95)), picture(data)) is False


def test_another_picture_is_different() -> None:
    assert answer(jpeg(scene(2))).relation is DIFFERENT


@pytest.mark.parametrize("amount", ["731.40", "737.41", "131.41"])
@pytest.mark.parametrize("side", [1600, 1024, 768])
def test_an_invoice_with_another_number_is_another(amount: str, side: int) -> None:
    original = page("731.41")
    assert answer(jpeg(original, 70, side), original).relation is SAME
    match = answer(jpeg(page(amount), 70, side), original)
    assert (match.relation, match.doubt) == (SIMILAR, None)


def scanned(last_digit: int) -> Image.Image:
    """A printed A4 page at 200 dpi, all of it letters; the amount in its last line ends in the digit."""
    image = Image.new("RGB", (1654, 2339), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((140, 120, 520, 220), fill=(30, 70, 140))
    for line in range(36):
        text = " ".join(str(k * 7919 % 9973) for k in range(line * 15, line * 15 + 15))
        draw.text((140, 330 + 46 * line), text, "black", ImageFont.load_default(30))
    draw.text((1250, 2085), f"EUR 416.2{last_digit}", "black", ImageFont.load_default(36))
    return image


@pytest.mark.parametrize("side", [2339, 960])
@pytest.mark.parametrize("digits", [(8, 9), (5, 6), (3, 8), (6, 8), (0, 8)])
def test_one_digit_of_a_whole_page_is_seen(digits: tuple[int, int], side: int) -> None:
    first, other = (jpeg(scanned(digit), 70, side, subsampling=2) for digit in digits)
    assert compare(picture(first), picture(jpeg(scanned(digits[0]), 92))).relation is SAME
    assert compare(picture(first), picture(other)).relation is not SAME


@pytest.mark.parametrize("side", [767, 512, 256])
def test_small_copies_are_a_doubt(side: int) -> None:
    match = answer(jpeg(ORIGINAL, 85, side))
    assert (match.relation, match.doubt) == (SIMILAR, Doubt.TOO_SMALL)
    assert is_reduced_copy(picture(jpeg(ORIGINAL, 95)), picture(jpeg(ORIGINAL, 85, side))) is None


@pytest.mark.parametrize("level", [2, 128, 253])
def test_pictures_of_nothing_are_a_doubt(level: int) -> None:
    rng = np.random.default_rng(level)
    shots = [
        jpeg(Image.fromarray((level + rng.normal(0, 2, (960, 1280, 3))).clip(0, 255).astype(np.uint8)), 92)
        for _ in range(2)
    ]
    match = compare(picture(shots[0]), picture(shots[1]))
    assert match.relation in (SIMILAR, DIFFERENT)
    assert is_reduced_copy(picture(shots[0]), picture(shots[1])) is not True


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (("2020:01:02 10:00:00", None), ("2020:01:02 10:00:00", None), SAME),
        (("2020:01:02 10:00:00", None), ("2020:01:02 10:00:01", None), SIMILAR),
        (("2020:01:02 10:00:00", "120"), ("2020:01:02 10:00:00", "210"), SIMILAR),
        (("2020:01:02 10:00:00", "120"), ("2020:01:02 10:00:00", "12"), SAME),
        (("2020:01:02 10:00:00", "120"), ("2020:01:02 10:00:00", None), SAME),
        (("2020:01:02 10:00:00", None), (None, None), SAME),
        (("0000:00:00 00:00:00", None), ("2020:01:02 10:00:01", None), SAME),
    ],
)
def test_dates_only_ever_part(
    ours: tuple[str | None, str | None], theirs: tuple[str | None, str | None], expected: Relation
) -> None:
    pictures = [picture(jpeg(ORIGINAL, quality, exif=exif(1, *t))) for t, quality in ((ours, 95), (theirs, 80))]
    match = compare(*pictures)
    assert match.relation is expected
    assert match.doubt is (Doubt.TAKEN_APART if expected is SIMILAR else None)


def test_an_animation_is_never_taken_for_its_first_frame() -> None:
    frames = [ORIGINAL.resize((1000, 750)), scene(3).resize((1000, 750))]
    animated = other_format(frames[0], "WEBP", save_all=True, append_images=frames[1:], quality=80)
    match = answer(animated)
    assert (match.relation, match.doubt) == (SIMILAR, Doubt.FRAMES)


NOT_PICTURES = {
    "empty": (b"", Refusal.NOT_A_PICTURE),
    "text": (b"hello " * 50, Refusal.NOT_A_PICTURE),
    "cut in half": (jpeg(ORIGINAL)[:40_000], Refusal.BROKEN),
    "header alone": (jpeg(ORIGINAL)[:600], Refusal.BROKEN),
    "HEIC cut short": (other_format(ORIGINAL, "HEIF")[:2_000], Refusal.BROKEN),
}


@pytest.mark.parametrize("name", NOT_PICTURES)
def test_what_cannot_be_decoded_says_why(name: str) -> None:
    data, refusal = NOT_PICTURES[name]
    loaded = load(data)
    assert isinstance(loaded, NoPicture)
    assert loaded.refusal is refusal


def test_a_bomb_is_refused_unread() -> None:
    size = struct.pack(">II5B", 40_000, 40_000, 1, 0, 0, 0, 0)
    head = struct.pack(">I", len(size)) + b"IHDR" + size + struct.pack(">I", zlib.crc32(b"IHDR" + size))
    bomb = b"\x89PNG\r\n\x1a\n" + head + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    loaded = load(bomb)
    assert isinstance(loaded, NoPicture)
    assert loaded.refusal is Refusal.TOO_LARGE


@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared sample photos beside the checkout")
def test_real_photos_are_themselves_and_no_other() -> None:
    files = [
        "photos/jpg/hdr/iphone_hdr_NO.jpg",
        "photos/jpg/hdr/iphone_hdr_YES.jpg",
        "photos/heic/IMG_5195.HEIC",
        "photos/jpg/tests/42_IndexError.jpg",
    ]
    originals = [picture((SHARED / file).read_bytes()) for file in files]
    for k, file in enumerate(files):
        image = ImageOps.exif_transpose(Image.open(SHARED / file))
        small = picture(jpeg(image, 70, 1600, subsampling=2))
        found = [j for j, original in enumerate(originals) if compare(original, small).relation is SAME]
        assert found == [k], file
