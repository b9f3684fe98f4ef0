"""Commands that go on whatever becomes of the page and the server."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from auditor.app import jobs
from auditor.app.jobs import Job, Reader, State, Told
from auditor.config import Config
from tests import media


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("auditor.config.load", lambda: Config(reports=tmp_path / "home"))
    return tmp_path / "home"


def folder(top: Path, files: int) -> Path:
    top.mkdir()
    for number in range(files):
        (top / f"IMG_{number}.jpg").write_bytes(media.jpeg(number))
    return top


def ended(job: Job) -> Told:
    reader = job.reader()
    until = time.monotonic() + 120
    while job.state(told := reader.now()) is State.RUNNING or job.is_alive:
        assert time.monotonic() < until
        time.sleep(0.1)
    return told


def test_a_job_is_found_again_with_what_it_said(tmp_path: Path) -> None:
    job = jobs.start(("scan", "--", str(folder(tmp_path / "phone", 2))), "Listing")
    assert jobs.find(job.id) == job
    assert jobs.running() == [job]
    told = ended(job)
    assert job.state(told) is State.DONE
    assert told.end is not None
    assert told.end["files"] == 2
    assert told.phases
    assert jobs.running() == []
    assert jobs.all_kept() == [job]


def test_it_is_known_from_its_first_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = psutil.Process.cmdline
    asked: list[int] = []

    def late(process: psutil.Process) -> list[str]:
        """As a system does in which the process has not been given its memory yet."""
        asked.append(process.pid)
        return [] if len(asked) < 4 else shown(process)

    monkeypatch.setattr(psutil.Process, "cmdline", late)
    job = jobs.start(("scan", "--", str(folder(tmp_path / "phone", 1))), "Listing")
    assert job.is_alive
    assert job.state(ended(job)) is State.DONE


def test_one_that_cannot_be_done_says_why(tmp_path: Path) -> None:
    job = jobs.start(("scan", "--", str(tmp_path / "nothing")), "Listing")
    assert job.state(told := ended(job)) is State.FAILED
    assert told.end is not None
    assert "nothing" in told.end["sentence"]


def test_one_that_is_killed_has_said_no_end(tmp_path: Path) -> None:
    job = jobs.start(("scan", "--", str(folder(tmp_path / "phone", 300))), "Listing")
    os.kill(job.pid, signal.SIGKILL)
    assert job.state(ended(job)) is State.KILLED
    assert job.end() is None


def test_stop_is_a_clean_stop(tmp_path: Path) -> None:
    job = jobs.start(("scan", "--", str(folder(tmp_path / "phone", 300))), "Listing")
    reader = job.reader()
    while not reader.now().phases:
        time.sleep(0.05)
    jobs.stop(job)
    assert job.state(told := ended(job)) is State.STOPPED
    assert told.end is not None
    assert told.end["exit"] == 130


def test_another_process_of_the_same_number_is_not_the_job(tmp_path: Path) -> None:
    job = jobs.start(("scan", "--", str(folder(tmp_path / "phone", 1))), "Listing")
    ended(job)
    about = job.folder / jobs.ABOUT
    known = json.loads(about.read_text()) | {"pid": os.getpid()}
    about.write_text(json.dumps(known))
    again = jobs.find(job.id)
    assert again is not None
    assert not again.is_alive
    jobs.stop(again)  # and is left alone


@pytest.mark.parametrize(
    "job_id", ["", ".", "..", "../x", "/etc", "20260101T000000000000-0123456", "20260101T000000000000-0123456g"]
)
def test_no_other_name_is_a_job(job_id: str) -> None:
    assert jobs.find(job_id) is None


@pytest.mark.parametrize(
    "about", ["", "{", "[]", "{}", '{"words": []}', '{"words": ["audit"], "title": "x", "started": "x", "pid": "x"}']
)
def test_a_record_that_makes_no_sense_is_no_job(about: str) -> None:
    folder = jobs.home() / "20260101T000000000000-01234567"
    folder.mkdir(parents=True)
    (folder / jobs.ABOUT).write_text(about)
    assert jobs.find(folder.name) is None
    assert jobs.all_kept() == []


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    said = tmp_path / "events.jsonl"
    whole = json.dumps({"event": "phase", "number": 1, "title": "Reading"}) + "\n"
    said.write_text("no event\n[1]\n" + whole[:20])
    reader = Reader(said)
    assert reader.now() == Told()
    with said.open("a") as stream:
        stream.write(whole[20:] + json.dumps({"event": "progress", "done": 3, "total": 6, "failed": "x"}) + "\n")
        stream.write(json.dumps({"event": "progress", "done": 3, "total": 6}) + "\n")
    (phase,) = reader.now().phases
    assert (phase.title, phase.done, phase.share) == ("Reading", 3, 0.5)


def test_the_same_order_twice_is_one_job(tmp_path: Path) -> None:
    words = ("scan", "--", str(folder(tmp_path / "phone", 60)))
    job = jobs.start(words, "Listing")
    assert jobs.start(words, "Listing") == job
    ended(job)
    again = jobs.start(words, "Listing")
    assert again != job
    ended(again)


def test_nothing_runs_that_cannot_be_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full: before the process, or just after."""
    noted: list[Job] = []

    def note(job: Job) -> None:
        noted.append(job)
        if job.pid or not lets:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(jobs, "_note", note)
    for lets in (False, True):  # noqa: B007
        with pytest.raises(OSError, match="No space"):
            jobs.start(("scan", "--", str(tmp_path)), "Listing")
    until = time.monotonic() + 60
    while noted[-1].is_alive:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert [bool(job.pid) for job in noted] == [False, False, True]


def test_a_last_word_that_is_longer_than_what_is_read_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = jobs.start(("scan", "--", str(folder(tmp_path / "phone", 1))), "Listing")
    whole = ended(job).end
    monkeypatch.setattr(jobs, "_TAIL_BYTES", 20)
    assert job.end() == whole


def test_what_lies_in_a_quarantine_is_never_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor that it is there no more."""
    monkeypatch.setattr(jobs, "KEPT", 1)
    moved, emptied, undone = ["clean", "--apply", "--", "/a"], ["clean", "--purge", "/j"], ["undo", "--", "/j"]
    for number, words in enumerate((moved, emptied, undone, ["scan", "--", "/a"])):
        old = jobs.home() / f"20260101T{number:012}-01234567"
        old.mkdir(parents=True)
        about = {"words": words, "title": "It", "started": "2026-01-01T00:00:00Z", "pid": 0, "argv": []}
        (old / jobs.ABOUT).write_text(json.dumps(about))
    new = jobs.start(("undo", "--", str(tmp_path / "nothing")), "Putting back")
    ended(new)
    assert [list(job.words) for job in jobs.all_kept()] == [list(new.words), undone, emptied, moved]


def test_the_oldest_fall_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT", 2)
    phone = folder(tmp_path / "phone", 1)
    made = [jobs.start(("scan", "--", str(phone)), "Listing") for _ in range(1)]
    for _ in range(3):
        ended(made[-1])
        made.append(jobs.start(("scan", "--", str(phone)), "Listing"))
    ended(made[-1])
    assert len(jobs.all_kept()) <= 2
    assert jobs.find(made[-1].id) is not None
    assert jobs.find(made[0].id) is None
