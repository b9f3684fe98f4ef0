"""The digest of a HEIC covers all that its decoder needs, and nothing that only describes the picture."""

from __future__ import annotations

import functools
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model import Depth, Soundness
from auditor.readers import examine
from auditor.readers.heif.check import payload_of
from auditor.readers.heif.items import read_items
from auditor.readers.isobmff.boxes import Box, inside, meta_boxes
from auditor.readers.isobmff.container import read_container
from tests import media_video as media


@functools.cache
def made() -> bytes:
    return media.grid_heic(media.photo(384, 256), tile=128)


@functools.cache
def meta() -> dict[bytes, Box]:
    box = read_container(made()).first(b"meta")
    assert box
    found = {inner.kind: inner for inner in meta_boxes(made(), box)}
    iprp = inside(made(), found[b"iprp"])
    ipco = iprp.first(b"ipco")
    ipma = iprp.first(b"ipma")
    assert ipco
    assert ipma
    return {**found, b"ipma": ipma, **{inner.kind: inner for inner in reversed(inside(made(), ipco).boxes)}}


def needed(kind: bytes) -> list[int]:
    """The bytes of a box that say where a tile lies or how it is decoded."""
    box = meta()[kind]
    if kind == b"iloc":
        # Of each entry the item's number and its extent; the EXIF's is not the picture's.
        tiles = range(box.body + 8, box.body + 8 + 6 * 16, 16)
        return [at + field for at in tiles for field in (0, 1, *range(8, 16))]
    if kind == b"ipma":
        return [box.body + 8 + 5 * tile + field for tile in range(6) for field in (0, 1, 3, 4)]
    if kind == b"iref":
        return list(range(box.body + 12, box.body + 16 + 2 * 6))
    return list(range(box.body + (4 if kind in (b"ispe", b"pitm") else 0), box.end))


@pytest.mark.parametrize("kind", [b"hvcC", b"ispe", b"iloc", b"ipma", b"iref", b"pitm", b"idat"])
@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_changed_byte_that_the_decoder_needs_changes_the_digest_or_is_damage(
    kind: bytes, data: st.DataObject
) -> None:
    own = examine("x.heic", made(), Depth.HASH).image_sha256
    at = data.draw(st.sampled_from(needed(kind)))
    # The highest bit of a property's index says only that it must be understood.
    change = data.draw(st.integers(1, 127 if kind == b"ipma" else 255))
    content = bytearray(made())
    content[at] ^= change
    if examine("x.heic", bytes(content), Depth.HASH).image_sha256 == own:
        assert examine("x.heic", bytes(content), Depth.DECODE).soundness is not Soundness.SOUND, f"byte {at}"


def test_another_date_place_or_turn_changes_nothing() -> None:
    own = examine("x.heic", made(), Depth.HASH)
    start = made().index(b"2023:07:14 18:05:09")
    content = bytearray(made())
    content[start : start + 10] = b"1999:01:02"
    turn = meta()[b"irot"]
    content[turn.body] = 1
    seen = examine("x.heic", bytes(content), Depth.HASH)
    assert (seen.metadata.taken_at, seen.width) == ("1999-01-02T18:05:09", own.height)
    assert seen.image_sha256 == own.image_sha256


def several(*, further: bool = True, colours: int = 2) -> bytes:
    """A HEIC of a picture, a second one that nothing refers to, and two colour profiles of the first."""
    part = media.heic(media.photo(128, 128, seed=1)), media.heic(media.photo(128, 128, seed=2))
    payloads, configurations = [], []
    for content in part:
        items = read_items(content, read_container(content).first(b"meta"))  # type: ignore[arg-type]
        item = items.items[items.primary]
        payloads.append(payload_of(content, item))
        configurations.append(item.property(b"hvcC") or b"")
    numbers = (1, 2) if further else (1,)
    profiles = [media.box(b"colr", b"nclx\0\1\0\r\0\6\x80"), media.box(b"colr", b"prof" + bytes(range(64)))]
    ispe = media.full(b"ispe", 0, 0, struct.pack(">II", 128, 128))
    ipco = media.box(b"ipco", *(media.box(b"hvcC", c) for c in configurations), ispe, *profiles)
    links = {1: (0x81, 3, *(4, 5)[:colours]), 2: (0x82, 3)}
    ipma = media.full(
        b"ipma", 0, 0, struct.pack(">I", len(numbers)),
        *(struct.pack(">HB", n, len(links[n])) + bytes(links[n]) for n in numbers),
    )  # fmt: skip
    infe = (media.full(b"infe", 2, 0, struct.pack(">HH", n, 0), b"hvc1", b"\0") for n in numbers)
    iinf = media.full(b"iinf", 0, 0, struct.pack(">H", len(numbers)), *infe)
    handler = media.full(b"hdlr", 0, 0, struct.pack(">I4s12sB", 0, b"pict", bytes(12), 0))
    pitm = media.full(b"pitm", 0, 0, struct.pack(">H", 1))
    start = 0
    for _ in range(2):
        places = [start, start + len(payloads[0])]
        entries = [struct.pack(">HHHHII", n, 0, 0, 1, places[n - 1], len(payloads[n - 1])) for n in numbers]
        iloc = media.full(b"iloc", 1, 0, bytes([0x44, 0]), struct.pack(">H", len(entries)), *entries)
        listed = media.full(b"meta", 0, 0, handler, pitm, iinf, media.box(b"iprp", ipco, ipma), iloc)
        head = media.box(b"ftyp", b"heic\0\0\0\0mif1heic") + listed
        start = len(head) + 8
    return head + media.box(b"mdat", *payloads)


def test_a_further_picture_and_a_second_profile_count() -> None:
    whole, alone, paler = several(), several(further=False), several(colours=1)
    assert {examine("x.heic", c, Depth.DECODE).soundness for c in (whole, alone, paler)} == {Soundness.SOUND}
    assert len({examine("x.heic", c, Depth.HASH).image_sha256 for c in (whole, alone, paler)}) == 3
