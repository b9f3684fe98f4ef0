"""Films: every gross damage is found, sound ones are never alarmed, and the facts are those of the file."""

from __future__ import annotations

import functools
import mmap
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.model import Depth, Kind, Soundness, Tier
from auditor.readers import Examination, examine
from tests import media_video as media
from tests.media_harm import bit_flips, gross_harm, random_blocks

REAL = Path(__file__).parents[3] / "shared" / "data"
REAL_FILES = sorted(p for p in REAL.rglob("*") if p.suffix.lower() in (".mp4", ".mov", ".3gp", ".avi", ".mkv"))

MADE: dict[str, Callable[[], bytes]] = {
    "h264.mp4": media.film,
    "h264 index first.mp4": lambda: media.film(options={"movflags": "faststart"}),
    "fragmented.mp4": lambda: media.film(options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    "hevc.mp4": lambda: media.film(codec="libx265"),
    "hevc and plain sound.mov": lambda: media.film("mov", "libx265", "pcm_s16le"),
    "no sound.mov": lambda: media.film("mov", audio=None),
    "mpeg4.3gp": lambda: media.film("3gp", "mpeg4", media.PHONE_SOUND),
    "h263.3gp": lambda: media.film("3gp", "h263", media.PHONE_SOUND, size=(176, 144)),
    "mpeg4.avi": lambda: media.film("avi", "mpeg4", "pcm_s16le"),
    "mjpeg.avi": lambda: media.film("avi", "mjpeg", "pcm_s16le"),
    "h264.mkv": lambda: media.film("matroska"),
    "hevc.mkv": lambda: media.film("matroska", "libx265"),
    "vp9.webm": lambda: media.film("webm", "libvpx-vp9", "libopus", frames=30),
}
LARGE_BLOCKS = {"h264.mp4", "hevc.mp4", "hevc and plain sound.mov", "no sound.mov", "h264.mkv"}


@functools.cache
def made(name: str) -> bytes:
    return MADE[name]()


def payload(data: bytes) -> tuple[int, int]:
    """Where the film's frames lie."""
    for mark, skip in ((b"mdat", 4), (b"movi", 4), (b"\x1f\x43\xb6\x75", 12)):
        at = data.find(mark)
        if at >= 0:
            index = max(data.find(b"moov", at), data.find(b"idx1", at), data.find(b"\x1c\x53\xbb\x6b", at))
            return at + skip, index - 4 if index > 0 else len(data)
    raise AssertionError("no frames")


def look(name: str, data: bytes | mmap.mmap, depth: Depth = Depth.DECODE) -> Examination:
    return examine(name, data, depth)


@pytest.mark.parametrize("depth", [Depth.DECODE, Depth.DEEP])
@pytest.mark.parametrize("name", MADE)
def test_sound_films_are_sound(name: str, depth: Depth) -> None:
    seen = look(name, made(name), depth)
    assert (seen.soundness, seen.damage, seen.error, seen.notes) == (Soundness.SOUND, (), None, ())
    deep = (Tier.DEEP,) if depth is Depth.DEEP else ()
    assert seen.checked == (Tier.STRUCTURE, Tier.DECODE, *deep)
    assert (seen.kind, seen.format) == (Kind.VIDEO, name.rpartition(".")[2])
    assert (seen.width, seen.height) == ((176, 144) if "h263" in name else (192, 128))
    assert seen.duration_s == pytest.approx(2 if "webm" in name else 3, abs=0.2)


@pytest.mark.skipif(not REAL_FILES, reason="the real phone films are not here")
@pytest.mark.parametrize("depth", [Depth.DECODE, Depth.DEEP])
@pytest.mark.parametrize("path", REAL_FILES, ids=lambda p: p.name)
def test_real_phone_films_are_sound(path: Path, depth: Depth) -> None:
    seen = look(path.name, path.read_bytes(), depth)
    assert (seen.soundness, seen.damage, seen.error) == (Soundness.SOUND, (), None)


@pytest.mark.parametrize("name", MADE)
def test_every_gross_damage_is_found(name: str) -> None:
    data = made(name)
    for what, broken in gross_harm(data, payload(data), name):
        if "4 KiB" in what and name not in LARGE_BLOCKS:
            continue
        seen = look(name, broken)
        assert seen.soundness is Soundness.DAMAGED, what
        assert all(d.code and d.detail for d in seen.damage), what


@pytest.mark.skipif(not REAL_FILES, reason="the real phone films are not here")
@pytest.mark.parametrize("path", REAL_FILES, ids=lambda p: p.name)
def test_every_gross_damage_to_a_real_film_is_found(path: Path) -> None:
    data = path.read_bytes()
    for what, broken in gross_harm(data, payload(data), path.name):
        if "4 KiB" in what and b"MJPG" in data[:1024]:
            continue  # black may be zeros there
        assert look(path.name, broken).soundness is Soundness.DAMAGED, what


@pytest.mark.parametrize(
    ("name", "flips", "blocks"), [("no sound.mov", 0.4, 0.8), ("hevc.mkv", 0.5, 0.8), ("mpeg4.avi", 0.0, 0.7)]
)
def test_the_deep_check_finds_foreign_blocks_and_flipped_bits(name: str, flips: float, blocks: float) -> None:
    data = made(name)
    for harm, least in ((bit_flips, flips), (random_blocks, blocks)):
        found = [look(name, b, Depth.DEEP).soundness for _, b in harm(data, payload(data), name, 20)]
        assert found.count(Soundness.DAMAGED) / len(found) >= least, harm.__name__


def test_key_frames_are_decoded_by_default_and_the_others_only_deep() -> None:
    data = bytearray(made("no sound.mov"))
    whole = look("x.mov", bytes(data))
    start, end = payload(bytes(data))
    at = (start + end) // 2  # in the second second of three, behind its key frame
    data[at : at + 600] = bytes(b % 250 + 3 for b in range(600))
    assert whole.soundness is Soundness.SOUND
    deep = look("x.mov", bytes(data), Depth.DEEP)
    assert deep.soundness is Soundness.DAMAGED
    assert "the video breaks at 0:01" in deep.damage[-1].detail


def test_a_cut_film_says_how_much_is_left() -> None:
    data = made("h264 index first.mp4")
    seen = look("x.mp4", data[: len(data) * 61 // 100])
    assert seen.damage[0].code == "truncated"
    assert seen.damage[0].detail.startswith(f"cut short at 60%: 251 of {len(data) / 1000:.0f} kB; ")
    assert "% of the video is gone" in seen.damage[0].detail


def test_a_film_whose_index_was_cut_off_says_that_more_is_missing() -> None:
    data = made("h264.mp4")
    seen = look("x.mp4", data[: payload(data)[1] - 1000])
    assert "of at least" in seen.damage[0].detail


@pytest.mark.parametrize("name", ["h264.mp4", "hevc and plain sound.mov", "mpeg4.avi", "h264.mkv"])
@pytest.mark.parametrize("tail", [bytes(4096), b"\x99\x98\x97" * 100])
def test_bytes_behind_the_end_are_harmless(name: str, tail: bytes) -> None:
    seen = look(name, made(name) + tail)
    assert (seen.soundness, seen.damage) == (Soundness.SOUND, ())
    assert seen.notes


def test_the_digest_is_of_the_film_and_not_of_its_wrapping() -> None:
    own = look("x.mp4", made("h264.mp4"), Depth.HASH).image_sha256
    assert own
    tagged = media.film(metadata={"title": "Another name", "comment": "x" * 500})
    for other in (made("h264 index first.mp4"), tagged, made("h264.mp4") + bytes(4096)):
        assert look("x.mp4", other, Depth.HASH).image_sha256 == own
    pieces, whole = (look("x.mp4", made(name), Depth.HASH) for name in ("fragmented.mp4", "h264.mp4"))
    assert (
        pieces.coded_sha256 == whole.coded_sha256
    )  # its tables are others, so that only the frames are surely the same
    assert pieces.image_sha256 != own
    assert look("x.mp4", made("h264.mp4") + b"something", Depth.HASH).image_sha256 not in (own, None)
    data = made("h264.mp4")
    at = payload(data)[0] + 5000
    changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    assert look("x.mp4", changed, Depth.HASH).image_sha256 not in (own, None)


@pytest.mark.parametrize("name", ["mpeg4.avi", "h264.mkv"])
def test_the_digest_of_other_containers_sees_every_frame(name: str) -> None:
    data = made(name)
    own, seen = look(name, data, Depth.HASH).image_sha256, set()
    for _, changed in bit_flips(data, payload(data), name, 12):
        seen.add(look(name, changed, Depth.HASH).image_sha256)
    assert own not in seen
    assert len(seen) > 6 or seen == {None}  # FFmpeg gives each part of an MKV a checksum


def test_apples_own_date_place_and_identifier_are_read() -> None:
    keys = {
        "com.apple.quicktime.creationdate": "2024-08-09T21:05:33+0200",
        "com.apple.quicktime.location.ISO6709": "+47.3769+008.5417+410.0/",
        "com.apple.quicktime.make": "Apple",
        "com.apple.quicktime.model": "iPhone 15",
        "com.apple.quicktime.content.identifier": "0A1B2C3D-1111-2222-3333-444455556666",
    }
    data = media.film("mov", frames=15, options={"movflags": "use_metadata_tags"}, metadata=keys)
    seen = look("x.mov", data, Depth.HASH).metadata
    assert (seen.taken_at, seen.taken_offset) == ("2024-08-09T21:05:33", "+02:00")
    assert (seen.latitude, seen.longitude) == (47.3769, 8.5417)
    assert (seen.camera_make, seen.camera_model) == ("Apple", "iPhone 15")
    assert seen.image_id == "0A1B2C3D-1111-2222-3333-444455556666"


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_the_headers_date_is_utc(container: str) -> None:
    data = media.film(container, frames=15, metadata={"creation_time": "2023-07-14T16:05:09.000000Z"})
    seen = look("x", data, Depth.HASH).metadata
    assert (seen.taken_at, seen.taken_offset) == ("2023-07-14T16:05:09", "+00:00")


def test_android_writes_the_place_as_user_data() -> None:
    seen = look("x.mp4", media.film("mp4", frames=15, metadata={"location": "-33.8568+151.2153/"}), Depth.HASH)
    assert (seen.metadata.latitude, seen.metadata.longitude) == (-33.8568, 151.2153)


@pytest.mark.parametrize(("turns", "size"), [(0, (192, 128)), (90, (128, 192)), (180, (192, 128)), (270, (128, 192))])
def test_width_and_height_are_as_displayed(turns: int, size: tuple[int, int]) -> None:
    seen = look("x.mp4", media.turned_film(turns), Depth.DECODE)
    assert (seen.width, seen.height, seen.soundness) == (*size, Soundness.SOUND)


def test_a_film_without_pictures_cannot_be_judged() -> None:
    seen = look("x.mp4", media.sound_only())
    assert seen.soundness is Soundness.NOT_CHECKED
    assert str(seen.error) == "there is no video in it"


def test_a_film_too_large_is_refused_before_it_is_decoded() -> None:
    data = made("h264.mp4")
    size = (192).to_bytes(2, "big") + (128).to_bytes(2, "big")
    at = data.index(size, data.index(b"avc1"))
    huge = data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]
    seen = look("x.mp4", huge)
    assert seen.soundness is Soundness.NOT_CHECKED
    assert seen.error
    assert seen.error.reason.startswith("too large")


@pytest.mark.parametrize("table", [b"stsc", b"stts", b"stsz", b"stco"])
def test_a_table_of_impossible_counts_costs_no_memory(table: bytes) -> None:
    data = made("h264.mp4")
    at = data.index(table) + 8
    for field in range(0, 12, 4):
        seen = look("x.mp4", data[: at + field] + b"\xff\xff\xff\xf0" + data[at + field + 4 :])
        assert seen.soundness is not Soundness.NOT_CHECKED or seen.error


def test_a_mapped_file_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(made("h264.mp4"))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert look(path.name, mapped, Depth.DEEP).soundness is Soundness.SOUND


def test_a_frame_that_the_index_places_outside_the_film_is_damage() -> None:
    data = made("h264.mp4")
    at = data.index(b"stco") + 12
    moved = data[:at] + (8).to_bytes(4, "big") + data[at + 4 :]
    assert look("x.mp4", moved).damage[0].code in ("bad_index", "bad_data")


@pytest.mark.parametrize("name", MADE)
def test_hostile_bytes_never_raise_and_are_never_called_sound_when_cut(name: str) -> None:
    data = made(name)
    for cut in range(0, 4000, 37):
        assert look(name, data[:cut]).soundness is not Soundness.SOUND


@pytest.mark.parametrize("container", ["mp4", "matroska", "avi"])
def test_texts_that_are_no_utf8_cost_no_film_its_check(container: str) -> None:
    """Old phones wrote them in the code page of their country; some versions of PyAV then refuse the whole film."""
    codecs = ("mpeg4", "pcm_s16le") if container == "avi" else ("libx264", "aac")
    data = media.film(container, *codecs, frames=15, metadata={"title": "Gruesse aus"})
    other = data.replace(b"Gruesse aus", b"Gr\xfc\xdfe aus..")
    assert other != data
    if container == "matroska":  # FFmpeg gives each part of an MKV a checksum
        other = other.replace(b"\xbf\x84", b"\xec\x84")
    seen = look(f"x.{container}", other)
    assert (seen.soundness, seen.error) == (Soundness.SOUND, None)
