"""What phones, clouds and editors really do to a film's metadata leaves its digest as it is: the real tools."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.model import Depth, Soundness
from auditor.readers import examine
from auditor.readers.film.compare import same_samples
from tests import media_video as media

SOURCES: dict[str, Callable[[], bytes]] = {
    "film.mp4": lambda: media.film(frames=15, metadata={"title": "a day", "location": "+48.1000+011.5000/"}),
    "film.mov": lambda: media.film("mov", audio="pcm_s16le", frames=15, metadata={"title": "a day"}),
    "turned.mp4": lambda: media.turned_film(90),
}
EDITS = {
    "dates": [
        "-AllDates=2020:01:02 03:04:05",
        "-TrackCreateDate=2020:01:02 03:04:05",
        "-MediaModifyDate=2020:01:02 03:04:05",
    ],
    "place": ["-GPSCoordinates=48.1, 11.5, 500"],
    "no place": ["-GPSCoordinates="],
    "title and keywords": ["-Title=A long title that needs more room than there was", "-Keys:Keywords=a,b"],
    "rating as XMP": ["-XMP:Rating=5", "-XMP:Title=x"],
    "Apple's date": ["-Keys:CreationDate=2020:01:02 03:04:05+01:00"],
    "maker and model": ["-Keys:Make=Maker", "-Keys:Model=Model", "-UserData:Author=me"],
    "turned": ["-Rotation=180"],
    "all texts removed": ["-ItemList:all=", "-UserData:all=", "-Keys:all=", "-XMP:all="],
}


def run(*words: str | Path) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def written(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(SOURCES[name]())
    return path


def assert_same_film(one: Path, other: Path) -> None:
    own, seen = (examine(p.name, p.read_bytes(), Depth.DECODE) for p in (one, other))
    assert one.read_bytes() != other.read_bytes()
    assert (own.soundness, seen.soundness) == (Soundness.SOUND, Soundness.SOUND), seen.error
    assert own.image_sha256 is not None
    assert (seen.image_sha256, seen.coded_sha256) == (own.image_sha256, own.coded_sha256)
    assert same_samples(one.read_bytes(), other.read_bytes(), "mp4", "mp4").same is True


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not here")
@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("edit", EDITS)
def test_exiftool_changes_nothing_but_metadata(tmp_path: Path, name: str, edit: str) -> None:
    film = written(tmp_path, name)
    out = tmp_path / f"edited-{name}"
    done = subprocess.run(["exiftool", "-q", "-m", "-o", out, *EDITS[edit], film], capture_output=True, check=False)
    if done.returncode or not out.exists() or out.read_bytes() == film.read_bytes():
        pytest.skip(f"this exiftool does not do that: {done.stderr.decode()[:80]}")
    assert_same_film(film, out)


@pytest.mark.skipif(not shutil.which("qt-faststart"), reason="qt-faststart is not here")
@pytest.mark.parametrize("name", SOURCES)
def test_an_index_moved_to_the_front_changes_nothing(tmp_path: Path, name: str) -> None:
    film = written(tmp_path, name)
    run("qt-faststart", film, tmp_path / f"fast-{name}")
    assert_same_film(film, tmp_path / f"fast-{name}")


@pytest.mark.parametrize("kind", [b"loci", b"\xa9xyz"])
@pytest.mark.parametrize("freed", [False, True])
def test_a_place_that_android_blanked_out_changes_nothing(tmp_path: Path, kind: bytes, freed: bool) -> None:
    """An app without the right to see places gets zeros in the box, and in later versions `free` over its name."""
    film = written(tmp_path, "film.mp4")
    data = film.read_bytes()
    at = data.find(kind)
    if at < 0:
        at = data.index(b"\xa9xyz" if b"\xa9xyz" in data else b"loci")
        data = data[:at] + kind + data[at + 4 :]
        film.write_bytes(data)
    end = at - 4 + int.from_bytes(data[at - 4 : at], "big")
    out = tmp_path / "blanked.mp4"
    out.write_bytes(data[:at] + (b"free" if freed else kind) + bytes(end - at - 4) + data[end:])
    assert_same_film(film, out)


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not here")
@pytest.mark.parametrize("to", ["mp4", "mov", "mkv"])
def test_a_film_in_another_wrapping_has_the_same_frames(tmp_path: Path, to: str) -> None:
    """FFmpeg writes the tables anew, so it is not the same by its digest; by its frames it is found, and compared."""
    film = written(tmp_path, "film.mp4")
    out = tmp_path / f"wrapped.{to}"
    run("ffmpeg", "-v", "error", "-i", film, "-c", "copy", "-map_metadata", "-1", out)
    own, seen = (examine(p.name, p.read_bytes(), Depth.DECODE) for p in (film, out))
    assert seen.soundness is Soundness.SOUND
    assert seen.coded_sha256 == own.coded_sha256
