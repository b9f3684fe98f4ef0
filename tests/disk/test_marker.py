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
