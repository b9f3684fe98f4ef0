"""An old verdict says that it is old."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from auditor.app import commands, jobs, later, results, shown
from auditor.app.commands import NoAnswer
from auditor.app.jobs import Job

OLD: dict[str, Any] = {
    "verdict": "NOT SAFE",
    "next": {"action": "backup", "arguments": ["/p", "/b"]},
    "provenance": {
        "started": "2026-01-02T00:00:00+00:00",
        "finished": "2026-01-02T02:00:00+00:00",
        "arguments": {"PHONE": ["/p"], "SOURCE": ["/p"], "BACKUPS": ["/b"], "DEST": ["/b"]},
    },
}


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """The newer audit of each, as `history` says."""
    known: dict[str, str | None] = {"/r/old": None}
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(results, "name_of", lambda folder: Path(folder).name)

    def ask(*_: str) -> dict[str, Any]:
        audits = [{"folder": one, "newer": its, "finished": "2026-03-01T10:00:00Z"} for one, its in known.items()]
        return {"audits": audits}

    monkeypatch.setattr(commands, "ask", ask)
    return known


def done(words: list[str], day: int, *events: dict[str, object], ended: float | None = None) -> Job:
    """A job of that day of January 2026, whose process is gone; it ended at once, or then, in days of that month."""
    folder = jobs.home() / f"202601{day:02}T000000000000-01234567"
    folder.mkdir(parents=True)
    about = {"words": words, "title": "It", "started": f"2026-01-{day:02}T00:00:00Z", "pid": 0, "argv": []}
    (folder / jobs.ABOUT).write_text(json.dumps(about))
    (folder / jobs.EVENTS).write_text("".join(json.dumps(event) + "\n" for event in events))
    last = datetime(2026, 1, 1, tzinfo=UTC).timestamp() + ((ended or day) - 1) * 86_400
    os.utime(folder / jobs.EVENTS, (last, last))
    return next(job for job in jobs.all_kept() if job.folder == folder)


def test_the_newest_of_which_nothing_was_done_since_is_of_today(newer: dict[str, str | None]) -> None:
    done(["undo", "--", "/p/.auditor/journal/1.journal"], 1, {"event": "result"})
    assert later.than(Path("/r/old"), OLD) is None


def test_a_newer_check_is_named(newer: dict[str, str | None]) -> None:
    newer.update({"/r/old": "/r/new", "/r/new": None})
    told = later.than(Path("/r/old"), OLD)
    assert told is not None and told.result == "new"
    assert told.says.startswith("There is a newer check, of 1 March 2026")


JOURNAL = {"event": "journal", "file": "/p/.auditor/journal/1.journal"}


@pytest.mark.parametrize(
    ("words", "event", "says"),
    [
        (["clean", "--apply", "--", "/r/old"], JOURNAL, "moved"),
        (["clean", "--", "/r/old"], JOURNAL, ""),
        (["clean", "--apply", "--", "/r/x"], JOURNAL | {"file": "/x/.auditor/journal/1.journal"}, ""),
        (["undo", "--", JOURNAL["file"]], {"event": "stopped"}, "put back"),
        (["backup", "--", "/p", "/b"], {"event": "stopped"}, "copied"),
        (["backup", "--", "/p", "/b"], {"event": "failed"}, ""),
        (["backup", "--", "/another", "/b"], {"event": "result"}, ""),
        (["backup", "--", "/p/DCIM", "/b"], {"event": "result"}, "copied"),
        (["backup", "--", "/p", "/"], {"event": "result"}, "copied"),
        (["backup", "--", "/p", "/b"], {"event": "result", "folder": "/r/old"}, ""),  # it is its own audit
        (["clean", "--apply", "--", "/r/old"], {"event": "failed", "journals": [JOURNAL["file"]]}, "moved"),
        (["clean", "--apply", "--", "/r/old"], {"event": "failed"}, ""),
        (["restore", "--", "/b", "/p/DCIM"], {"event": "result"}, "restored"),
        (["restore", "--", "/b", "/elsewhere"], {"event": "result"}, ""),
        (["verify", "--", "/b"], {"event": "result"}, ""),
    ],
    ids=str,
)
def test_what_was_done_to_its_places_since(
    newer: dict[str, str | None], words: list[str], event: dict[str, object], says: str
) -> None:
    done(words, 3, event)
    told = later.than(Path("/r/old"), OLD)
    assert (told.says if told else "").startswith(f"Since then files were {says}, 3 January 2026" if says else "")
    assert (told is None) is not bool(says)


@pytest.mark.parametrize("ended", [1.9, 2.0, 2.05, 3.0, None])
def test_what_was_done_while_it_checked_was_not_checked(
    newer: dict[str, str | None], ended: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It began before the audit, and ended in its midst, after it, or not yet."""
    done(["clean", "--apply", "--", "/r/old"], 1, JOURNAL, ended=ended)
    monkeypatch.setattr(Job, "is_alive", ended is None)
    told = later.than(Path("/r/old"), OLD)
    assert (told is None) is (ended in (1.9, 2.0))
    assert told is None or told.says.startswith("Meanwhile files were moved, 1 January 2026")


@pytest.mark.parametrize(
    "arguments", [["x"], "x", None, {"PHONE": [1], "BACKUPS": ["/b"]}, {"PHONE": "/p", "BACKUPS": ["/b"]}], ids=str
)
def test_what_names_no_places_has_no_button(
    newer: dict[str, str | None], arguments: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever wrote it: the first page is shown all the same."""
    odd = OLD | {"provenance": OLD["provenance"] | {"arguments": arguments}, "next": ["x"]}
    (tmp_path / "audit.json").write_text(json.dumps(odd))
    audit = {"folder": str(tmp_path), "changed": None, "newer": None, "finished": "2026-01-02T00:00:00Z"}
    audit |= {"sentence": "It.", "source": "p", "backups": ["b"]}
    monkeypatch.setattr(commands, "ask", lambda *_: {"audits": [audit]})
    page = bytes(shown.last(Request({"type": "http"})).body)
    assert b"Last time" in page and b"<button" not in page
    done(["undo", "--", JOURNAL["file"]], 3, {"event": "result"})
    newer["/r/old"] = None
    assert later.than(tmp_path, odd) is None


def test_that_it_cannot_be_told_is_said(newer: dict[str, str | None], monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: str) -> dict[str, Any]:
        raise NoAnswer("no")

    monkeypatch.setattr(commands, "ask", none)
    told = later.than(Path("/r/old"), OLD)
    assert told is not None and "cannot be told now" in told.says


USUAL = {
    "provenance": OLD["provenance"] | {"depth": "decode", "waivers": 0, "baseline": 0},
    "policy": {"id": "family", "sha256": "f"},
    "rules": [{"id": "a", "sha256": "1", "findings": 3}],
}


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({}, True),
        ({"rules": []}, True),  # fewer rules of ours: as the policy says
        ({"policy": {"id": "family", "sha256": "own"}}, False),
        ({"policy": ["x"]}, False),
        ({"rules": [{"id": "a", "sha256": "own"}]}, False),
        ({"rules": ["x"]}, False),
        ({"provenance": USUAL["provenance"] | {"depth": "hash"}}, False),
        ({"provenance": USUAL["provenance"] | {"waivers": 1}}, False),
        ({"provenance": USUAL["provenance"] | {"baseline": 1}}, False),
    ],
    ids=str,
)
def test_the_last_check_is_made_again_from_start_only_where_it_would_be_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], is_same: bool
) -> None:
    audit = {"folder": str(tmp_path), "changed": None, "newer": None, "finished": "2026-01-02T00:00:00Z"}
    audit |= {"sentence": "It.", "source": "p", "backups": ["b"]}

    def ask(command: str, *_: str) -> dict[str, Any]:
        rules = [{"id": "a", "sha256": "1"}, {"id": "b", "sha256": "2"}]
        return {"audits": [audit], "policy": {"sha256": "f"}, "rules": rules}

    monkeypatch.setattr(commands, "ask", ask)
    monkeypatch.setattr(results, "name_of", lambda folder: None)
    (tmp_path / "audit.json").write_text(json.dumps(OLD | USUAL | change))
    page = bytes(shown.last(Request({"type": "http"})).body).decode()
    assert ("<button>Check again</button>" in page) is is_same
    assert 'href="/?phone=%2Fp&amp;backup=%2Fb">Choose the same again' in page


def test_of_an_old_one_only_the_check_is_made_again() -> None:
    assert [step.says for step in shown.steps(OLD)] == ["Back up what is missing to b", "Check again"]
    assert [step.says for step in shown.check_again(OLD)] == ["Check again"]
