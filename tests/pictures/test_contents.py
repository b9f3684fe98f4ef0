"""One image digest is proof only where independent decoders open both files and see the same."""

from __future__ import annotations

import io
from pathlib import Path

import av
import pytest

from auditor.errors import BadPlace
from auditor.pictures import contents
from auditor.pictures.contents import same_contents
from auditor.pictures.likeness import Aim, Answer, Likeness, Side
from auditor.pictures.looking import Look, look_at
from auditor.places.folder import FolderPlace
from tests import media_video
from tests.pictures.listed import as_listed
from tests.pictures.test_verify import exif, jpeg, other_format, scene

SCENE = scene(3, (320, 240))


def asked(tmp_path: Path, ours: bytes, theirs: bytes) -> Answer:
    for name, data in (("ours", ours), ("theirs", theirs)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_bytes(data)
    return same_contents(as_listed(tmp_path / "ours", "x"), as_listed(tmp_path / "theirs", "x"))


def flipped(data: bytes, at: int, value: int) -> bytes:
    assert data[at] != value
    return data[:at] + bytes([value]) + data[at + 1 :]


HEIC = other_format(SCENE, "HEIF", quality=70)
PLAIN = jpeg(SCENE, 80)

SAME = {
    "a JPEG with and without Exif": (jpeg(SCENE, 80, exif=exif(1, "2020:01:02 10:00:00")), PLAIN),
    "the same HEIC": (HEIC, HEIC),
    "a JPEG that says to turn it": (jpeg(SCENE, 80, exif=exif(6)), PLAIN),
    "a TIFF that says to turn it": (other_format(SCENE, "TIFF", exif=exif(6)), other_format(SCENE, "TIFF")),
    "two cut short alike": (PLAIN[:-3000], PLAIN[:-3000]),
    "an animation": (
        other_format(SCENE.convert("P"), "GIF", save_all=True, append_images=[SCENE.rotate(90).convert("P")]),
        other_format(
            SCENE.convert("P"), "GIF", save_all=True, append_images=[SCENE.rotate(90).convert("P")], comment=b"x"
        ),
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_files_that_differ_in_metadata_alone_show_the_same(case: str, tmp_path: Path) -> None:
    assert asked(tmp_path, *SAME[case]).likeness is Likeness.SAME


def test_of_what_is_too_large_its_beginning_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MAX_BYTES", len(PLAIN) // 2)
    answer = asked(tmp_path, PLAIN, PLAIN)
    assert answer.likeness is Likeness.CANNOT_TELL and "too large" in answer.reason


def test_a_picture_that_no_program_opens_any_more_is_no_copy(tmp_path: Path) -> None:
    """The version of a HEIC's `meta` box: our own walk need not care, libheif refuses the file."""
    broken = flipped(HEIC, HEIC.index(b"meta") + 4, 4)
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    copy = asked(tmp_path / "1", HEIC, broken)
    assert (copy.likeness, copy.side) == (Likeness.CANNOT_TELL, Side.COPY)
    assert "the copy cannot be opened" in copy.reason
    original = asked(tmp_path / "2", broken, HEIC)
    assert (original.likeness, original.side) == (Likeness.CANNOT_TELL, Side.ORIGINAL)


DIFFERENT = {
    "other pixels": (jpeg(SCENE, 80), jpeg(SCENE, 79)),
    "a bitmap whose pixels begin elsewhere": (
        other_format(SCENE, "BMP"),
        flipped(other_format(SCENE, "BMP"), 10, 0x2D),
    ),
    "another number of frames": (
        other_format(SCENE.convert("P"), "GIF"),
        other_format(SCENE.convert("P"), "GIF", save_all=True, append_images=[SCENE.rotate(90).convert("P")]),
    ),
    "frames that are shown longer": tuple(
        other_format(
            SCENE.convert("P"), "GIF", save_all=True, append_images=[SCENE.rotate(90).convert("P")], duration=duration
        )
        for duration in (100, 600)
    ),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_files_that_show_something_else_are_not_the_same(case: str, tmp_path: Path) -> None:
    assert asked(tmp_path, *DIFFERENT[case]).likeness is Likeness.DIFFERENT


def test_a_file_that_is_gone_is_to_blame_itself(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(PLAIN)
    there, gone = as_listed(tmp_path, "a.jpg"), as_listed(tmp_path, "b.jpg")
    assert same_contents(there, gone).side is Side.COPY
    assert same_contents(gone, there).side is Side.ORIGINAL


def test_a_place_that_is_lost_on_the_way_costs_one_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(scene(1)))
    file = as_listed(tmp_path, "a.jpg")

    def lost(*_: object) -> None:
        raise BadPlace("the phone was unplugged")

    monkeypatch.setattr(FolderPlace, "open", lost)
    assert same_contents(file, file).likeness is Likeness.CANNOT_TELL
    for aim in Aim:
        assert look_at(Look(file, file, aim)).likeness is Likeness.CANNOT_TELL


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_films_are_the_same_by_their_samples_and_their_times(container: str, tmp_path: Path) -> None:
    ours = media_video.film(frames=15)
    named, slower, silent = (remuxed(ours, container, **change) for change in ({}, {"slower": 6}, {"streams": 1}))
    folders = [tmp_path / name for name in ("named", "slower", "silent")]
    plain = remuxed(ours, container, title=False)
    for folder, film, likeness in zip(
        folders, (named, slower, silent), (Likeness.SAME, Likeness.DIFFERENT, Likeness.DIFFERENT), strict=True
    ):
        folder.mkdir()
        assert asked(folder, plain, film).likeness is likeness


def remuxed(film: bytes, container: str, *, title: bool = True, slower: int = 1, streams: int = 2) -> bytes:
    """The same samples in a new file, with a name, other times or fewer streams."""
    out = io.BytesIO()
    with av.open(io.BytesIO(film)) as source, av.open(out, "w", format=container) as target:
        if title:
            target.metadata["title"] = "Grandma"
        chosen = list(source.streams)[:streams]
        made = {stream.index: target.add_stream_from_template(stream) for stream in chosen}
        for packet in source.demux(chosen):
            if packet.dts is None:
                continue
            packet.pts, packet.dts = packet.pts * slower, packet.dts * slower
            packet.stream = made[packet.stream.index]
            target.mux(packet)
    return out.getvalue()


def test_a_film_that_differs_outside_its_frames_is_said_to_differ_in_its_times(tmp_path: Path) -> None:
    (tmp_path / "slow.mkv").write_bytes(remuxed(media_video.film(frames=15), "matroska", slower=6))
    (tmp_path / "film.mkv").write_bytes(remuxed(media_video.film(frames=15), "matroska"))
    answer = look_at(Look(as_listed(tmp_path, "film.mkv"), as_listed(tmp_path, "slow.mkv"), Aim.PARTS))
    assert answer.likeness is Likeness.DIFFERENT
    assert "times" in answer.reason
