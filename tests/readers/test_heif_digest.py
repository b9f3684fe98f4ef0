"""The digest of a HEIC covers all that its decoder needs, and nothing that only describes the picture."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model import Depth, Soundness
from auditor.readers import examine
from auditor.readers.boxes import Box, inside, meta_boxes
from auditor.readers.container import read_container
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
