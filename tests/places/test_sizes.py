"""Sizes that are merely claimed: what no file can have is not known, and no sum or time-out is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.manifest.rows import from_row, to_row
from auditor.places import Entry
from auditor.places.adb import _STAT
from auditor.places.folder import FolderPlace
from auditor.scan.one_file import unread


@pytest.mark.parametrize("size", [-1, 1 << 63, 1 << 64, 10**400])
def test_a_size_that_no_file_has_is_not_known(size: int) -> None:
    entry = Entry("a.jpg", size_bytes=size)
    assert entry.size_bytes is None
    facts = unread(FolderPlace(Path("/"), "/"), entry, None)
    assert "size_bytes" not in to_row(facts) and from_row(to_row(facts)).size_bytes is None


@pytest.mark.parametrize("size", [0, 1, 600 << 30, (1 << 63) - 1])
def test_every_other_size_is_taken(size: int) -> None:
    assert Entry("a.jpg", size_bytes=size).size_bytes == size


def test_a_phone_that_states_a_number_without_end_states_none() -> None:
    assert _STAT.match(b"81a4 " + b"9" * 5000 + b" 1 ") is None
    assert _STAT.match(b"81a4 5 1 ") is not None
