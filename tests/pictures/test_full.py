"""Pictures are the same only at the size at which they differ: small edits are found, re-encodings are none."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from auditor.pictures.detail import Planes, worst_spot
from auditor.pictures.full import compare_files
from auditor.pictures.likeness import Aim, Likeness
from auditor.pictures.looking import Look, look_at
from auditor.pictures.verify import Change, Doubt, Match, Relation
from tests import media_video
from tests.media import micro_video, motion_photo, ultra_hdr, with_xmp
from tests.pictures.listed import as_listed
from tests.pictures.test_verify import jpeg, other_format, scene


@functools.cache
def photo() -> Image.Image:
    """A photo of 12 megapixels, with the grain that every sensor has."""
    large = np.asarray(scene(5, (4000, 3000)), dtype=np.float32)
    grain = np.random.default_rng(2).normal(0, 3, large.shape[:2])[..., None]
    return Image.fromarray((large + grain).clip(0, 255).astype(np.uint8))


@functools.cache
def original() -> bytes:
    return jpeg(photo(), 93)


@functools.cache
def paper(last: str = "4", *, size: tuple[int, int] = (3840, 2160), letters: int = 12, grain: float = 0) -> Image.Image:
    """A screen or page full of small letters, the same but for one digit."""
    rng = np.random.default_rng(3)
    image = Image.new("RGB", size, (246, 244, 240))
    draw = ImageDraw.Draw(image)
    for line, y in enumerate(range(letters, size[1] - 2 * letters, 2 * letters)):
        words = " ".join("".join(rng.choice(list("abcdefghiknorstu"), rng.integers(3, 9))) for _ in range(24))
        draw.text((40, y), f"{line:03d} 1{last if line == 20 else 7} {words}", fill=(20, 20, 30), font_size=letters)
    noise = np.random.default_rng(4).normal(0, grain, (size[1], size[0], 1)) if grain else 0
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def patched(image: Image.Image, side: int) -> Image.Image:
    """The same with one small square of it taken from elsewhere."""
    edited = image.copy()
    edited.paste(image.crop((1500, 700, 1500 + side, 700 + side)), (2310, 1411))
    return edited


def match(ours: bytes, theirs: bytes) -> Match:
    found = compare_files(ours, theirs)
    assert isinstance(found, Match), found
    return found


def test_a_patch_of_8_px_in_12_megapixels_is_seen() -> None:
    found = match(original(), jpeg(patched(photo(), 8), 80))
    assert (found.relation, found.change) == (Relation.SIMILAR, Change.DETAIL)
    assert match(original(), jpeg(photo(), 60)).relation is Relation.SAME_PICTURE


@pytest.mark.parametrize("side", [8, 12, 16, 24])
@pytest.mark.parametrize("quality", [50, 80])
def test_a_patch_stands_above_the_noise_of_the_encoding(side: int, quality: int) -> None:
    cut = (1400, 600, 2600, 1600)
    ours, theirs = photo().crop(cut), patched(photo(), side).crop(cut)
    spot = worst_spot(planes(ours), planes(saved(theirs, quality)))
    assert spot.excess >= 1
    assert (abs(spot.x + 1400 - 2310 - side / 2) < side + 8) and (abs(spot.y + 600 - 1411 - side / 2) < side + 8)
    assert worst_spot(planes(ours), planes(saved(ours, quality))).excess < 1


def planes(image: Image.Image) -> Planes:
    return np.ascontiguousarray(np.asarray(image.convert("YCbCr")).transpose(2, 0, 1))


def saved(image: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(jpeg(image, quality)))


@pytest.mark.parametrize(
    "copy",
    [
        lambda: jpeg(photo(), 80, 1600, subsampling=2),
        lambda: jpeg(photo().transpose(Image.Transpose.ROTATE_90), 75, 2048),
        lambda: other_format(photo().resize((1280, 960), Image.Resampling.BILINEAR), "HEIF", quality=50),
    ],
    ids=["1600 px", "turned, 2048 px", "HEIC of 1280 px"],
)
def test_a_reduced_copy_of_a_photo_is_the_same(copy: Callable[[], bytes]) -> None:
    assert match(original(), copy()).relation is Relation.SAME_PICTURE


def test_a_letter_of_a_4k_screen_is_seen() -> None:
    screen = other_format(paper(), "PNG")
    assert match(screen, jpeg(paper(), 80)).relation is Relation.SAME_PICTURE
    assert match(screen, jpeg(paper("9"), 80)).relation is Relation.SIMILAR
    assert match(screen, other_format(paper("9"), "PNG")).relation is Relation.SIMILAR


def test_a_digit_of_a_page_is_seen_or_left_to_a_person() -> None:
    page, other = (paper(last, size=(3000, 4000), letters=28, grain=4) for last in "49")
    assert match(jpeg(page, 93), jpeg(page, 70)).relation is Relation.SAME_PICTURE
    assert match(jpeg(page, 93), jpeg(other, 70)).relation is Relation.SIMILAR
    # Letters of 12 px at a third of their size: nobody can read them in the copy.
    for last in "49":
        small = match(other_format(paper(), "PNG"), jpeg(paper(last), 90, 1280))
        assert small.relation is not Relation.SAME_PICTURE
    assert match(other_format(paper(), "PNG"), jpeg(paper(), 90, 1280)).doubt is Doubt.LETTERS


def test_a_colour_is_seen_that_leaves_the_greys_as_they_are() -> None:
    picture = scene(6, (2000, 1500))
    planes = np.asarray(picture.convert("YCbCr")).copy()
    planes[700:740, 900:960, 1] = np.clip(planes[700:740, 900:960, 1].astype(int) + 14, 0, 255)
    edited = Image.fromarray(planes, "YCbCr").convert("RGB")
    assert match(jpeg(picture, 93), jpeg(picture, 75)).relation is Relation.SAME_PICTURE
    assert match(jpeg(picture, 93), jpeg(edited, 75)).relation is Relation.SIMILAR


def test_a_look_says_what_a_reduced_copy_lacks(tmp_path: Path) -> None:
    picture = scene(7, (1200, 900))
    plain = jpeg(picture, 93)
    files = {
        "plain.jpg": plain,
        "depth.jpg": plain + b"GDepth:Data",
        "gain.jpg": plain + b"hdrgm:Version",
        "clip.jpg": plain + b"MotionPhoto_Data",
        "small.jpg": jpeg(picture, 80, 1000),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    said = {name: look_at(Look(as_listed(tmp_path, name), as_listed(tmp_path, "small.jpg"))) for name in files}
    assert (said["plain.jpg"].likeness, said["plain.jpg"].reason) == (Likeness.SAME, "")
    assert (said["gain.jpg"].likeness, said["gain.jpg"].reason) == (
        Likeness.SAME,
        "without the gain map of the original",
    )
    assert (said["depth.jpg"].likeness, said["depth.jpg"].reason) == (
        Likeness.CANNOT_TELL,
        "it is without the depth map of the original",
    )
    assert (said["clip.jpg"].likeness, said["clip.jpg"].reason) == (
        Likeness.CANNOT_TELL,
        "it is without the motion clip of the original",
    )
    parts = Look(as_listed(tmp_path, "depth.jpg"), as_listed(tmp_path, "plain.jpg"), Aim.PARTS)
    assert look_at(parts).reason.startswith("without the depth map")


@pytest.mark.parametrize("around", [motion_photo, micro_video])
def test_a_reduced_copy_that_kept_the_note_of_a_clip_alone_is_told(
    around: Callable[[bytes, bytes], bytes], tmp_path: Path
) -> None:
    picture = scene(7, (1200, 900))
    small = with_xmp(jpeg(picture, 80, 1000), 'GCamera:MotionPhoto="1"')
    motion = media_video.film(frames=15)
    (tmp_path / "clip.jpg").write_bytes(around(motion, jpeg(picture, 93)))
    (tmp_path / "lost.jpg").write_bytes(small)
    (tmp_path / "kept.jpg").write_bytes(around(motion, jpeg(picture, 80, 1000)))
    clip, lost, kept = (as_listed(tmp_path, name) for name in ("clip.jpg", "lost.jpg", "kept.jpg"))
    said = {file.path: look_at(Look(clip, file)) for file in (lost, kept)}
    assert said["lost.jpg"].likeness is Likeness.CANNOT_TELL
    assert said["lost.jpg"].reason == "it is without the motion clip of the original"
    assert (said["kept.jpg"].likeness, said["kept.jpg"].reason) == (Likeness.SAME, "")


def test_a_reduced_copy_whose_gain_map_was_reduced_too_is_the_same(tmp_path: Path) -> None:
    picture = scene(7, (1200, 900))
    (tmp_path / "large.jpg").write_bytes(ultra_hdr(1, still=jpeg(picture, 93)))
    (tmp_path / "small.jpg").write_bytes(ultra_hdr(1, (400, 300), still=jpeg(picture, 80, 1000)))
    answer = look_at(Look(as_listed(tmp_path, "large.jpg"), as_listed(tmp_path, "small.jpg")))
    assert (answer.likeness, answer.reason) == (Likeness.SAME, "")


def test_bytes_that_are_no_picture_give_none() -> None:
    assert not isinstance(compare_files(jpeg(scene(1, (64, 48)), 80), b"nothing"), Match)
