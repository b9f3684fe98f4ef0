"""This machine's note on restores: whatever lies in its place, a restore goes on without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.copier import leftovers


@pytest.fixture(autouse=True)
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    return tmp_path / "state/restores.json"


def test_what_is_remembered_is_known_again(tmp_path: Path) -> None:
    leftovers.remember(tmp_path, {"0123abcd"})
    assert leftovers.marks(tmp_path) == {"0123abcd"}
    leftovers.remember(tmp_path, set())
    assert leftovers.marks(tmp_path) == set()


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_note_says_nothing(note: Path, tmp_path: Path, content: bytes) -> None:
    note.write_bytes(content)
    assert leftovers.marks(tmp_path) == set()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_fifo_is_not_waited_for(note: Path, tmp_path: Path) -> None:
    os.mkfifo(note)
    assert leftovers.marks(tmp_path) == set()
