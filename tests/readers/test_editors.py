"""What phones, clouds and editors really do to a picture's metadata leaves `image_sha256` as it was: real tools."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from auditor.model import Depth, Soundness
from auditor.readers import Examination, examine
from tests import media, media_video

SMALL = (160, 120)
EDITS: dict[str, list[str]] = {
    "dates": ["-AllDates=2020:01:01 00:00:00"],
    "no position": ["-gps:all="],
    "captions": ["-ImageDescription=at sea", "-XMP:Description=at sea", "-IPTC:Caption-Abstract=at sea"],
    "rating, tags and faces": ["-XMP:Rating=4", "-XMP-lr:HierarchicalSubject=a|b", "-XMP-mwg-rs:RegionName=Ann"],
    "turned": ["-Orientation#=6"],
    "no metadata": ["-all=", "--icc_profile:all"],
    "comment": ["-Comment=hello"],
}


def _tagged() -> bytes:
    block = media.exif(orientation=1, gps=(52.5, -13.4), maker_note=media.apple_maker_note("A" * 36))
    return media.jpeg(1, SMALL, exif=block, icc_profile=_profile())


def _profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _clip() -> bytes:
    return media_video.film(frames=4, audio=None)


PICTURES: dict[str, Callable[[], bytes]] = {
    "plain.jpg": lambda: media.jpeg(1, SMALL),
    "tagged.jpg": _tagged,
    "ultra-hdr.jpg": lambda: media.ultra_hdr(1, (320, 240)),
    "samsung.jpg": lambda: media.samsung_motion(_clip(), media.jpeg(1, SMALL)),
    "motion.jpg": lambda: media.motion_photo(_clip(), media.jpeg(1, SMALL)),
    "micro-video.jpg": lambda: media.micro_video(_clip(), media.jpeg(1, SMALL)),
    "grid.heic": lambda: media_video.grid_heic(media_video.photo(192, 128), tile=64),
    "single.heic": lambda: media_video.heic(media_video.photo(96, 64)),
    "a.avif": lambda: media_video.avif(media_video.photo(96, 64)),
    "a.png": lambda: media.png(1, SMALL, exif=media.exif()),
    "a.webp": lambda: media.webp(1, SMALL),
    "tagged.webp": lambda: media.webp(1, SMALL, exif=media.exif(gps=(1, 2)), icc_profile=_profile()),
    "lossless.webp": lambda: media.webp(1, SMALL, lossless=True),
    "a.gif": lambda: media.gif(1, SMALL),
    "animated.gif": lambda: media.gif(1, SMALL, frames=3),
    "a.tif": lambda: media.tiff(1, SMALL, icc_profile=_profile()),
    "a.dng": lambda: media.dng(1),
}
CONTENT = {(f"{name}.jpg", "no metadata") for name in ("ultra-hdr", "samsung", "motion", "micro-video")}
"""Edits that take a gain map or a clip along: these are content."""


def _judge(path: Path) -> Examination:
    return examine(path.name, path.read_bytes(), Depth.DECODE)


@pytest.fixture(scope="module")
def exiftool() -> str:
    found = shutil.which("exiftool")
    if found is None:
        pytest.skip("exiftool is not installed")
    return found


@pytest.mark.parametrize("name", PICTURES)
def test_exiftool_leaves_the_picture_as_it_was(name: str, exiftool: str, tmp_path: Path) -> None:
    own = tmp_path / name
    own.write_bytes(PICTURES[name]())
    before = _judge(own)
    assert before.soundness is Soundness.SOUND, before.error
    edited = 0
    for edit, options in EDITS.items():
        path = tmp_path / f"edited {name}"
        shutil.copy(own, path)
        subprocess.run([exiftool, "-q", "-q", "-m", "-overwrite_original", *options, path], check=False)
        if path.read_bytes() == own.read_bytes():
            continue  # exiftool does not write that into files of this kind
        edited += 1
        after = _judge(path)
        assert after.soundness is Soundness.SOUND, (edit, after.error, after.damage)
        assert after.coded_sha256 == before.coded_sha256, edit
        assert (after.image_sha256 == before.image_sha256) is ((name, edit) not in CONTENT), edit
    assert edited


def test_a_thumbnail_may_be_added_turned_along_and_removed(exiftool: str, tmp_path: Path) -> None:
    own, thumbnail = tmp_path / "a.jpg", tmp_path / "thumbnail.jpg"
    own.write_bytes(_tagged())
    found = [_judge(own).image_sha256]
    for size in ((64, 48), (48, 64)):
        thumbnail.write_bytes(media.jpeg(1, size, exif=media.exif(orientation=6)))
        command = [exiftool, "-q", "-overwrite_original", f"-ThumbnailImage<={thumbnail}", own]
        subprocess.run(command, check=True)
        assert thumbnail.read_bytes() in own.read_bytes()
        found.append(_judge(own).image_sha256)
    subprocess.run([exiftool, "-q", "-overwrite_original", "-ThumbnailImage=", own], check=True)
    found.append(_judge(own).image_sha256)
    assert len(set(found)) == 1 and None not in found


@pytest.mark.parametrize("options", [["-purejpg"], ["-ts2020:01:01-00:00:00"], ["-cl", "hello"], ["-dt"], ["-de"]])
@pytest.mark.parametrize("name", ["plain.jpg", "samsung.jpg"])
def test_jhead_leaves_the_picture_as_it_was(name: str, options: list[str], tmp_path: Path) -> None:
    jhead = shutil.which("jhead")
    if jhead is None:
        pytest.skip("jhead is not installed")
    path = tmp_path / name
    content = PICTURES[name]()
    path.write_bytes(media.with_segment(content, 0xE1, media.exif(gps=(1, 2))))
    before = _judge(path)
    subprocess.run([jhead, *options, path], check=False, capture_output=True)
    assert _judge(path).image_sha256 == before.image_sha256


def _zeroed_position(content: bytes) -> bytes:
    """What Android does where an app may not know the place: zeros stand in its values. Source: its MediaProvider."""
    at = content.index(b"Exif\0\0") + 6
    changed = bytearray(content)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.getexif().get_ifd(0x8825)
    order = "<" if content[at : at + 2] == b"II" else ">"
    first = at + struct.unpack_from(order + "I", content, at + 4)[0]
    for entry in range(first + 2, first + 2 + 12 * struct.unpack_from(order + "H", content, first)[0], 12):
        if struct.unpack_from(order + "H", content, entry)[0] == 34853:
            table = at + struct.unpack_from(order + "I", content, entry + 8)[0]
            for field in range(table + 2, table + 2 + 12 * struct.unpack_from(order + "H", content, table)[0], 12):
                tag, _, count, value = struct.unpack_from(order + "HHII", content, field)
                if tag in (2, 4):
                    changed[at + value : at + value + 8 * count] = bytes(8 * count)
    assert bytes(changed) != content
    return bytes(changed)


def test_a_zeroed_position_leaves_the_picture_as_it_was() -> None:
    own = _tagged()
    before, after = (examine("a.jpg", c, Depth.DECODE) for c in (own, _zeroed_position(own)))
    assert before.metadata.latitude and not after.metadata.latitude
    assert after.image_sha256 == before.image_sha256


def test_a_trailer_of_samsungs_that_only_describes_may_go() -> None:
    still = media.jpeg(1, SMALL)
    own = still + media.seft((0x0A01, b"Image_UTC_Data", b"1700000000000"), (0x0AA1, b"MCC_Data", b"262"))
    assert examine("a.jpg", own, Depth.DECODE).image_sha256 == examine("a.jpg", still, Depth.DECODE).image_sha256


MATROSKA_EDITS: dict[str, tuple[list[str], bool]] = {
    "a track's name": (["--edit", "track:1", "--set", "name=The sea"], True),
    "a track's language": (["--edit", "track:1", "--set", "language=ger"], True),
    "no language": (["--edit", "track:1", "--delete", "language"], True),
    "a title": (["--edit", "info", "--set", "title=The sea"], True),
    "that it is always played": (["--edit", "track:1", "--set", "flag-forced=1"], False),
    "its width": (["--edit", "track:1", "--set", "display-width=640"], False),
}


@pytest.mark.parametrize("name", ["a.mkv", "merged.mkv", "a.webm"])
def test_mkvpropedit_leaves_the_film_as_it_was(name: str, tmp_path: Path) -> None:
    if shutil.which("mkvpropedit") is None or shutil.which("mkvmerge") is None:
        pytest.skip("MKVToolNix is not installed")
    own, edited = tmp_path / name, tmp_path / f"edited {name}"
    if name == "a.webm":
        own.write_bytes(media_video.film("webm", "libvpx-vp9", "libopus", frames=6))
    else:
        own.write_bytes(media_video.film("matroska", frames=15))
    if name == "merged.mkv":
        subprocess.run(["mkvmerge", "-q", "-o", edited, own], check=True)
        edited.replace(own)
    before = _judge(own)
    assert before.soundness is Soundness.SOUND, before.error
    for edit, (options, same) in MATROSKA_EDITS.items():
        shutil.copy(own, edited)
        subprocess.run(["mkvpropedit", "-q", edited, *options], check=True, capture_output=True)
        after = _judge(edited)
        assert after.soundness is Soundness.SOUND, (edit, after.error, after.damage)
        assert after.coded_sha256 == before.coded_sha256, edit
        assert (after.image_sha256 == before.image_sha256) is same, edit
