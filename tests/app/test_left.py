"""What is not done with yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.app import jobs, left
from auditor.app.jobs import Job
from tests.app.test_later import done

RESULT = {"event": "result", "exit": 0}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path))


def test_all_that_is_kept_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start is not kept waiting by those who clean up often."""
    moved = [
        done(["clean", "--apply", "--", "/r"], day, {"event": "journal", "file": f"/{day}"}, RESULT)
        for day in range(1, 6)
    ]
    done(["undo", "--", "/4"], 7, RESULT)
    kept, read = jobs.all_kept(), jobs.find
    again: list[str] = []
    monkeypatch.setattr(jobs, "find", lambda job_id: again.append(job_id) or read(job_id))
    assert left.in_quarantine(kept) == [moved[4], moved[2], moved[1]]
    assert left.stopped(kept) == [] and again == []


@pytest.mark.parametrize("words", [["undo", "--", "/j"], ["clean", "--purge", "/j", "--older-than", "0d"]], ids=str)
def test_nothing_is_offered_of_what_is_at_work(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    moved = done(["clean", "--apply", "--", "/r"], 1, {"event": "journal", "file": "/j"}, RESULT)
    at_work = done(words, 2)
    assert left.in_quarantine(jobs.all_kept()) == [moved]
    monkeypatch.setattr(Job, "is_alive", property(lambda job: job == at_work))
    assert left.in_quarantine(jobs.all_kept()) == []
