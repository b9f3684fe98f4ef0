"""What this machine keeps in mind: no run loses another one's note, and no table grows without end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.disk import locks, own_notes

pytestmark = pytest.mark.usefixtures("state")

_RUN = """
import sys
from auditor.disk import own_notes
for number in range(20):
    own_notes.change("t", f"{sys.argv[1]}-{number}", lambda _: number)
    own_notes.change("t", "all", lambda noted: (noted or 0) + 1)
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_runs_at_the_same_time_lose_no_note_of_each_other() -> None:
    runs = [subprocess.Popen([sys.executable, "-c", _RUN, name]) for name in "abc"]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    known = own_notes.recall("t")
    assert known.pop("all") == 60
    assert known == {f"{name}-{number}": number for name in "abc" for number in range(20)}


@pytest.mark.skipif(not locks.CAN_TELL, reason="the lock of another process cannot be taken for it here")
def test_behind_a_run_that_never_ends_nothing_is_lost_but_the_own_note(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_notes.change("t", "a", lambda _: 1)
    monkeypatch.setattr(own_notes, "_WAIT_S", 0.05)
    fd = os.open(state / "t.lock", os.O_RDWR)
    try:
        locks.take(fd)
        own_notes.change("t", "b", lambda _: 2)
    finally:
        os.close(fd)
    assert own_notes.recall("t") == {"a": 1}


def test_what_was_noted_longest_ago_falls_out(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_notes, "MOST_BYTES", 200)
    for number in range(50):
        own_notes.change("t", f"{number}", lambda _: "x" * 20)
        own_notes.change("t", "used", lambda _: "in every run")
    assert (state / "t.json").stat().st_size <= 200
    assert list(own_notes.recall("t"))[-2:] == ["49", "used"]
    before = own_notes.recall("t")
    own_notes.change("t", "too much alone", lambda _: "x" * 500)
    assert own_notes.recall("t") == before


def test_what_is_kept_is_never_more_than_is_read() -> None:
    from auditor.disk import small_files

    assert own_notes.MOST_BYTES < small_files.MOST_BYTES


def test_nothing_takes_a_note_away(state: Path) -> None:
    own_notes.change("t", "a", lambda _: ["\udcff", 1])
    own_notes.change("t", "b", lambda _: None)
    assert own_notes.recall("t") == {"a": ["\udcff", 1]}
    own_notes.change("t", "a", lambda _: None)
    assert json.loads((state / "t.json").read_bytes()) == {}


def test_a_table_that_cannot_be_read_is_not_replaced(state: Path) -> None:
    state.mkdir()
    (state / "t.json").mkdir()
    own_notes.change("t", "a", lambda _: 1)
    assert (state / "t.json").is_dir() and own_notes.recall("t") == {}
