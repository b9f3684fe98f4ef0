"""Two films side by side, as FFmpeg's demuxers read them."""

from __future__ import annotations

import functools
import io

import pytest

from auditor.readers.film.compare import same_samples
from tests import media_video as media


@functools.cache
def film(container: str = "mp4", codec: str = "libx264", audio: str | None = "aac") -> bytes:
    return media.film(container, codec, audio, frames=20)


def put(data: bytes, mark: bytes, at: int, value: bytes) -> bytes:
    """The film with other bytes `at` behind the first `mark`."""
    at += data.index(mark) + len(mark)
    return data[:at] + value + data[at + len(value) :]


def test_a_film_is_the_same_as_itself_with_another_name_and_date() -> None:
    other = put(film(), b"mvhd", 4, bytes.fromhex("dd112233dd112244"))
    assert other != film()
    same = same_samples(film(), io.BytesIO(other), "mp4", "mov")
    assert (same.same, same.reason, same.turned) == (True, None, False)


def test_a_turned_film_has_the_same_samples_and_is_said_to_be_turned() -> None:
    same = same_samples(media.turned_film(0), media.turned_film(90), "mp4", "mp4")
    assert (same.same, same.turned) == (True, True)


CHANGES = {
    "a frame": ("mp4", lambda mp4, avi: put(mp4, b"mdat", 4000, b"\1"), "the video differs"),
    "the speed": ("mp4", lambda mp4, avi: put(mp4, b"mdhd", 12, (9999).to_bytes(4, "big")), "times differ"),
    "no sound": ("mp4", lambda mp4, avi: film(audio=None), "one holds video, sound, the other video"),
    "AVI: no sound": ("avi", lambda mp4, avi: put(avi, b"aud", 0, b"\xc7"), "the other video, video"),
    "AVI: the speed": ("avi", lambda mp4, avi: put(avi, b"strh", 24, b"\1\0\0\0\x99\0\0\0"), "times differ"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_differs_is_said(what: str) -> None:
    form, change, says = CHANGES[what]
    own = {"mp4": film(), "avi": film("avi", "mpeg4", "pcm_s16le")}
    seen = same_samples(own[form], change(*own.values()), form, form)
    assert seen.same is False
    assert says in str(seen.reason)


def test_a_film_that_ffmpeg_refuses_is_neither_the_same_nor_another() -> None:
    seen = same_samples(film(), film().replace(b"moov", b"moof"), "mp4", "mp4")
    assert seen.same is None
    assert "cannot read it" in str(seen.reason)
