"""A film's digest covers all that its decoder needs: a hit byte of its tables never passes for the same film."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model import Depth, Soundness
from auditor.readers import examine
from auditor.readers.boxes import Box, inside
from auditor.readers.container import read_container
from tests import media_video as media

NEEDED = (b"stsd", b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco")
KINDS = {
    "h264.mp4": lambda: media.film(frames=30),
    "hevc.mov": lambda: media.film("mov", "libx265", "pcm_s16le", frames=30),
}


@functools.cache
def made(name: str) -> bytes:
    return KINDS[name]()


@functools.cache
def spans(name: str) -> tuple[tuple[int, int], ...]:
    """Where the bytes lie that a decoder needs: the tables, and of the descriptions the decoder's configuration."""
    data, found = made(name), []

    def descend(box: Box, skip: int = 0) -> None:
        for child in inside(data, box, skip):
            if child.kind in (b"trak", b"mdia", b"minf", b"stbl"):
                descend(child)
            elif child.kind == b"stsd":
                for entry in inside(data, child, 8):
                    found.extend((c.body, c.end) for c in inside(data, entry, 78) if c.kind in (b"avcC", b"hvcC"))
            elif child.kind in NEEDED:
                found.append((child.body + 4, child.end))

    moov = read_container(data).first(b"moov")
    assert moov
    descend(moov)
    return tuple(found)


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=120, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_changed_byte_of_a_table_changes_the_digest_or_is_damage(name: str, data: st.DataObject) -> None:
    own = examine(name, made(name), Depth.HASH).image_sha256
    start, end = data.draw(st.sampled_from(spans(name)))
    at = data.draw(st.integers(start, end - 1))
    content = bytearray(made(name))
    content[at] ^= data.draw(st.integers(1, 255))
    if examine(name, bytes(content), Depth.HASH).image_sha256 == own:
        assert examine(name, bytes(content), Depth.DECODE).soundness is Soundness.DAMAGED, f"byte {at}"


def test_dates_and_names_change_nothing() -> None:
    name = "h264.mp4"
    own = examine(name, made(name), Depth.HASH).image_sha256
    moov = read_container(made(name)).first(b"moov")
    assert moov
    content = bytearray(made(name))
    for box in inside(made(name), moov):
        if box.kind == b"mvhd":
            content[box.body + 4 : box.body + 12] = bytes.fromhex("dd112233dd112244")
        if box.kind == b"trak":
            header = inside(made(name), box).first(b"tkhd")
            assert header
            content[header.body + 4 : header.body + 12] = bytes.fromhex("dd112233dd112244")
    assert bytes(content) != made(name)
    assert examine(name, bytes(content), Depth.HASH).image_sha256 == own
    tagged = media.film(frames=30, metadata={"title": "x" * 300, "location": "+48.1000+011.5000/"})
    assert examine(name, tagged, Depth.HASH).image_sha256 == own


def _with(name: str, path: tuple[bytes, ...], at: int, value: bytes) -> bytes:
    """The film with other bytes `at` in the box that `path` leads to, of its first track."""
    data = made(name)
    box = read_container(data).first(b"moov")
    for kind in path:
        assert box
        box = inside(data, box).first(kind)
    assert box
    return data[: box.body + at] + value + data[box.body + at + len(value) :]


@pytest.mark.parametrize(
    ("path", "at", "value"),
    [
        pytest.param((b"trak", b"edts", b"elst"), 8, (500).to_bytes(4, "big"), id="only half a second is shown"),
        pytest.param((b"trak", b"edts", b"elst"), 12, (20_000).to_bytes(4, "big"), id="the beginning is passed over"),
        pytest.param((b"trak", b"edts", b"elst"), 12, b"\xff" * 4, id="nothing is shown"),
        pytest.param((b"trak", b"edts", b"elst"), 16, (2 << 16).to_bytes(4, "big"), id="twice as fast"),
        pytest.param((b"trak", b"tkhd"), 3, b"\0", id="the track is switched off"),
    ],
)
def test_a_film_of_which_less_is_shown_is_not_the_same(path: tuple[bytes, ...], at: int, value: bytes) -> None:
    name = "h264.mp4"
    cut = examine(name, _with(name, path, at, value), Depth.DECODE)
    assert cut.soundness is Soundness.SOUND
    assert cut.image_sha256 != examine(name, made(name), Depth.HASH).image_sha256


def test_an_edit_list_that_shows_all_is_no_change() -> None:
    name = "h264.mp4"
    without = _with(name, (b"trak", b"edts"), -4, b"free")
    assert without != made(name)
    assert examine(name, without, Depth.HASH).image_sha256 == examine(name, made(name), Depth.HASH).image_sha256


def test_a_later_picture_of_an_animation_counts() -> None:
    own, other = media.animated_avif(), media.animated_avif(seeds=(1, 2, 3, 9))
    assert examine("a.avif", own, Depth.DECODE).soundness is Soundness.SOUND
    assert examine("a.avif", other, Depth.HASH).image_sha256 != examine("a.avif", own, Depth.HASH).image_sha256
