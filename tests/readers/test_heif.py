"""HEIC and AVIF: every gross damage is found, sound files are never alarmed, and the facts are those of the file."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from auditor.model import Depth, Kind, Soundness, Tier
from auditor.readers import Examination, examine, perceptual
from tests import media_video as media
from tests.media_harm import bit_flips, gross_harm, random_blocks

REAL = Path(__file__).parents[3] / "shared" / "data"
REAL_FILES = sorted(p for p in REAL.rglob("*") if p.suffix.lower() in (".heic", ".heif", ".avif"))

MADE: dict[str, Callable[[], bytes]] = {
    "single.heic": media.heic,
    "grid.heic": media.grid_heic,
    "small tiles.heic": lambda: media.grid_heic(tile=64),
    "picture.avif": media.avif,
    "motion.heic": media.motion_heic,
    "animated.avif": media.animated_avif,
}


@functools.cache
def made(name: str) -> bytes:
    return MADE[name]()


def payload(data: bytes) -> tuple[int, int]:
    """Where the coded pictures lie."""
    at = data.index(b"mdat") + 4
    clip = data.find(b"mpvd")
    return at, clip - 4 if clip > 0 else len(data)


def look(name: str, data: bytes, depth: Depth = Depth.DECODE) -> Examination:
    return examine(name, data, depth)


@pytest.mark.parametrize("depth", [Depth.DECODE, Depth.DEEP])
@pytest.mark.parametrize("name", MADE)
def test_sound_pictures_are_sound(name: str, depth: Depth) -> None:
    seen = look(name, made(name), depth)
    assert (seen.soundness, seen.damage, seen.error, seen.notes) == (Soundness.SOUND, (), None, ())
    assert seen.checked[:2] == (Tier.STRUCTURE, Tier.DECODE)
    assert (Tier.DEEP in seen.checked) is (depth is Depth.DEEP)
    assert (seen.kind, seen.width, seen.height) == (Kind.PHOTO, 360, 250)


@pytest.mark.skipif(not REAL_FILES, reason="the real phone photos are not here")
@pytest.mark.parametrize("path", REAL_FILES, ids=lambda p: p.name)
def test_real_phone_pictures_are_sound(path: Path) -> None:
    seen = look(path.name, path.read_bytes())
    assert (seen.soundness, seen.damage, seen.error) == (Soundness.SOUND, (), None)
    assert seen.picture is not None
    assert seen.width
    assert seen.height


@pytest.mark.slow
@pytest.mark.skipif(not REAL_FILES, reason="the real phone photos are not here")
@pytest.mark.parametrize("path", REAL_FILES, ids=lambda p: p.name)
def test_every_gross_damage_to_a_real_picture_is_found(path: Path) -> None:
    data = path.read_bytes()
    for what, broken in gross_harm(data, payload(data), path.name):
        seen = look(path.name, broken)
        assert seen.soundness is Soundness.DAMAGED, what
        assert all(d.code and d.detail for d in seen.damage), what


@pytest.mark.parametrize("name", MADE)
def test_every_gross_damage_is_found(name: str) -> None:
    data = made(name)
    for what, broken in gross_harm(data, payload(data), name):
        assert look(name, broken).soundness is Soundness.DAMAGED, what


@pytest.mark.parametrize(
    ("name", "flips", "blocks"), [("grid.heic", 0.8, 0.9), ("single.heic", 0.8, 0.9), ("picture.avif", 0.9, 0.9)]
)
def test_most_flipped_bits_and_foreign_blocks_are_found(name: str, flips: float, blocks: float) -> None:
    data = made(name)
    for harm, least in ((bit_flips, flips), (random_blocks, blocks)):
        verdicts = [look(name, broken).soundness for _, broken in harm(data, payload(data), name, 24)]
        assert verdicts.count(Soundness.DAMAGED) / len(verdicts) >= least, harm.__name__


def test_a_cut_says_how_much_is_left() -> None:
    data = made("grid.heic")
    seen = look("x.heic", data[: len(data) * 61 // 100])
    assert seen.damage[0].code == "truncated"
    assert seen.damage[0].detail.startswith("cut short at 60%: 44 of 72 kB; ")
    assert "of the picture's 6 tiles are cut or gone" in seen.damage[0].detail
    assert seen.damage[0].offset == len(data) * 61 // 100


def test_one_broken_tile_is_named_and_the_others_counted() -> None:
    data = bytearray(made("grid.heic"))
    start, end = payload(bytes(data))
    at = start + (end - start) // 2
    data[at : at + 3000] = bytes(b % 251 + 1 for b in range(3000))
    damage = look("x.heic", bytes(data)).damage
    assert all(d.detail.startswith("tile ") for d in damage)
    assert damage[-1].detail.endswith("of the picture's 6 tiles are sound")


def test_a_tile_that_the_list_forgets_is_missed() -> None:
    data = made("grid.heic")
    broken = data.replace(b"dimg\0\7\0\6", b"dimg\0\7\0\5")
    assert broken != data
    assert look("x.heic", broken).damage[0].code == "missing_part"


@pytest.mark.parametrize("tail", [bytes(4096), bytes(range(1, 200)), b"\0\0\0\x10junkABCDEFGH"])
def test_bytes_behind_the_end_are_harmless(tail: bytes) -> None:
    seen = look("x.heic", made("grid.heic") + tail)
    assert (seen.soundness, seen.damage) == (Soundness.SOUND, ())


def test_the_image_digest_outlives_a_change_of_metadata_and_nothing_else() -> None:
    data = made("grid.heic")
    own = look("x.heic", data, Depth.HASH).image_sha256
    renamed = data.replace(b"Test camera", b"Best camera")
    turned = media.grid_heic(turns=3)
    changed = data[:-2000] + bytes([data[-2000] ^ 1]) + data[-1999:]
    assert own == look("x.heic", renamed, Depth.HASH).image_sha256 == look("x.heic", turned, Depth.HASH).image_sha256
    assert own != look("x.heic", changed, Depth.HASH).image_sha256
    assert look("x.heic", data[:-2000], Depth.HASH).image_sha256 is None


def test_the_motion_clip_is_judged_too() -> None:
    data = made("motion.heic")
    still = look("x.heic", made("grid.heic"), Depth.HASH).image_sha256
    assert still != look("x.heic", data, Depth.HASH).image_sha256
    at = data.index(b"mpvd") + 3000
    broken = data[:at] + bytes(range(1, 251)) * 8 + data[at + 2000 :]
    (damage,) = look("x.heic", broken, Depth.DEEP).damage
    assert damage.detail.startswith("motion clip: ")


def test_listing_facts_need_no_decoding() -> None:
    seen = look("x.heic", made("grid.heic"), Depth.HASH)
    assert (seen.soundness, seen.checked, seen.picture) == (Soundness.NOT_CHECKED, (), None)
    assert (seen.metadata.taken_at, seen.metadata.camera_model) == ("2023-07-14T18:05:09", "Test camera")


@pytest.mark.parametrize("mirror", [None, 0, 1])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_the_picture_is_turned_as_libheif_turns_it(turns: int, mirror: int | None) -> None:
    data = media.grid_heic(turns=turns, mirror=mirror)
    seen = look("x.heic", data)
    shown = pillow_heif.open_heif(io.BytesIO(data)).to_pillow()
    assert (seen.width, seen.height) == shown.size
    expected = perceptual.normalise_image(shown, None)
    assert seen.picture is not None
    assert np.abs(seen.picture.astype(int) - expected).mean() < 3
    # So does the orientation that is told: EXIF's of the same meaning.
    upright = pillow_heif.open_heif(io.BytesIO(media.grid_heic())).to_pillow()
    again = perceptual.normalise_image(upright, seen.metadata.orientation)
    assert np.abs(again.astype(int) - expected).mean() < 3


def test_exif_does_not_turn_a_heic() -> None:
    made_ = media.grid_heic(turns=3)
    (note,) = [form for form in (b"\x01\x12\0\3\0\0\0\1\0", b"\x12\x01\3\0\1\0\0\0") if form in made_]
    at = made_.index(note) + len(note)
    for value in (1, 6, 8):
        content = made_[:at] + bytes([value]) + made_[at + 1 :]
        assert look("x.heic", content, Depth.HASH).metadata.orientation == 6


@pytest.mark.skipif(not REAL_FILES, reason="the real phone photos are not here")
@pytest.mark.parametrize("path", REAL_FILES, ids=lambda p: p.name)
def test_real_pictures_look_as_another_decoder_shows_them(path: Path) -> None:
    pillow_heif.register_heif_opener()
    seen = look(path.name, path.read_bytes())
    with Image.open(path) as image:
        assert (seen.width, seen.height) == image.size
        expected = perceptual.normalise_image(image, None)
    assert seen.picture is not None
    # Not the perceptual hash: that of a picture of one colour is noise. Not the level: Pillow's grey is that of BT.601.
    shape, of_the_other = (grey - grey.mean() for grey in (seen.picture.astype(float), expected.astype(float)))
    assert np.abs(shape - of_the_other).mean() < 3


def test_a_picture_too_large_is_refused_before_it_is_decoded() -> None:
    data = made("single.heic")
    ispe = b"ispe" + bytes(4) + (360).to_bytes(4, "big") + (250).to_bytes(4, "big")
    huge = ispe[:8] + (20000).to_bytes(4, "big") + (20000).to_bytes(4, "big")
    seen = look("x.heic", data.replace(ispe, huge))
    assert seen.soundness is Soundness.NOT_CHECKED
    assert seen.error
    assert seen.error.reason.startswith("too large")
