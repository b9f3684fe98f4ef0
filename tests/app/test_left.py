"""What is not done with yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.app import jobs, left
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
