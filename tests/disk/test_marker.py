"""A place record says which backup lies in a folder, or that it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.disk import marker
from auditor.errors import BadPlace


@pytest.mark.parametrize("data", [b'id = ""\n', b"", b"id = 5\n[[source]]\n", b"\xff"])
def test_a_record_without_an_id_is_no_record(data: bytes) -> None:
    with pytest.raises(BadPlace, match=r"place\.toml cannot be understood"):
        marker.parse(data, Path("place.toml"))


def test_a_record_is_read_back_as_it_was_written() -> None:
    mine = marker.Marker("one", layout="mirror", sources=(marker.SourceMark("a", "Anna's «phone»\n", "", 1, 2, ""),))
    assert marker.parse(mine.text(), Path("place.toml")) == mine


@pytest.mark.parametrize("before", ["DCIM/b.jpg", "DCIM/b\udcff.jpg", "DCIM/b\\xff.jpg", "DCIM/b\n.jpg"])
def test_what_a_phone_has_answered_for_is_read_back_to_the_file(before: str) -> None:
    source = marker.SourceMark("a", "Anna", "", 1, 2, "").settled(5, before)
    (known,) = marker.parse(marker.Marker("one", sources=(source,)).text(), Path("place.toml")).sources
    assert known.last_answered == 5
    told = {(4, "z"): True, (5, "DCIM/a.jpg"): True, (5, before): False, (5, "DCIM/c.jpg"): False, (6, "a"): False}
    assert {one: known.has_answered(*one) for one in told} == told
    assert known.settled(5).has_answered(5, "z") and not known.settled(5).has_answered(6, "")
    assert not known.settled(0).has_answered(1, "a")
