"""Commands as processes that outlive the page and the server: what they say goes to a file, which any server reads."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from auditor.app import commands
from auditor.dates import utc
from auditor.disk import own_notes

EVENTS, ABOUT, SAID, LEFT = "events.jsonl", "job.json", "said.txt", "left"
KEPT = 100
"""So many jobs are kept, the newest; besides them all that say what lies in a quarantine."""
_ID = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}")
_TAIL_BYTES = 1 << 20
"""The last thing that a command says is in so much of it, unless it names very many files."""
_STARTING = threading.Lock()
_ENDS = ("result", "failed", "stopped")


class State(StrEnum):
    """How far a job is."""

    RUNNING = "running"
    DONE = "done"  # it came to its end, whatever it found
    FAILED = "failed"  # it said why it could not
    STOPPED = "stopped"
    KILLED = "killed"  # its process is gone, without a word


@dataclass(frozen=True, slots=True)
class Phase:
    """A piece of a job's work. Sizes are 0 where it counts files or steps; `seconds_left` is None where not known."""

    title: str
    done: int = 0
    total: int = 0
    bytes: int = 0
    total_bytes: int = 0
    failed: int = 0
    failed_words: str = ""
    current: str = ""
    seconds: float = 0.0
    seconds_left: float | None = None

    @property
    def share(self) -> float | None:
        """How much of it is done, from 0 to 1; None where that is not known."""
        done, total = (self.bytes, self.total_bytes) if self.total_bytes else (self.done, self.total)
        return min(1.0, done / total) if total else None

    @property
    def bytes_a_second(self) -> float | None:
        """How fast it is; None where bytes are not counted, or it has hardly begun."""
        return self.bytes / self.seconds if self.bytes and self.seconds >= 1 else None


@dataclass(frozen=True, slots=True)
class Told:
    """What a command has said so far. `journals` are those of files that it moves; `end` is its last object, None while
    it goes on."""

    phases: tuple[Phase, ...] = ()
    notes: tuple[str, ...] = ()
    journals: tuple[str, ...] = ()
    is_stopping: bool = False
    end: dict[str, Any] | None = None

    def after(self, event: dict[str, Any]) -> Told:
        """The same, with one more event. One that is not known changes nothing."""
        match event.get("event"):
            case "phase":
                return replace(self, phases=(*self.phases, Phase(str(event.get("title", "")))))
            case "progress" if self.phases:
                return replace(self, phases=(*self.phases[:-1], _progress(self.phases[-1].title, event)))
            case "note":
                return replace(self, notes=(*self.notes[-49:], str(event.get("text", ""))))
            case "journal":
                return replace(self, journals=(*self.journals, str(event.get("file", ""))))
            case "stopping":
                return replace(self, is_stopping=True)
            case "result" | "failed" | "stopped":
                more = [path for path in event.get("journals") or [] if path not in self.journals]
                return replace(self, end=event, journals=(*self.journals, *more))
        return self


@dataclass(slots=True)
class Reader:
    """Reads what a command says while it says it: each call of `now` goes on where the last one ended."""

    path: Path
    told: Told = Told()
    _at: int = 0

    def now(self) -> Told:
        """All that was said so far; half a line waits for its other half."""
        with contextlib.suppress(OSError), self.path.open("rb") as stream:
            stream.seek(self._at)
            data = stream.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._at += len(whole)
            for line in whole.splitlines():
                with contextlib.suppress(ValueError, TypeError, AttributeError):
                    self.told = self.told.after(json.loads(line))
        return self.told


@dataclass(frozen=True, slots=True)
class Job:
    """A command that was started. `words` are those of its command line, without the program's name; `title` says for
    people what it does. Its process is known by `pid`, 0 where there never was one, and by its command line: `argv` is
    that without the program, which some systems write anew."""

    id: str
    words: tuple[str, ...]
    title: str
    started: str
    pid: int
    argv: tuple[str, ...]
    folder: Path = field(compare=False)

    @property
    def command(self) -> str:
        """The command's name."""
        return self.words[0]

    @property
    def places(self) -> tuple[str, ...]:
        """What it works on: the words after the options; none where it has no `--`."""
        return self.words[self.words.index("--") + 1 :] if "--" in self.words else ()

    @property
    def is_of_a_quarantine(self) -> bool:
        """Whether it moves files to a quarantine, puts them back or deletes them. What can still be put back is known
        by all of these together: without the later ones, what is gone would seem to lie there. Once all is settled, a
        verdict of before is still known by them to be old (`later`)."""
        return self.command == "undo" or not {"--apply", "--purge"}.isdisjoint(self.words)

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        import psutil  # the first page seldom has a job to look for

        try:
            process = psutil.Process(self.pid)
            is_it = bool(self.pid) and tuple(process.cmdline()[1:]) == self.argv
            return is_it and bool(process.status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False

    @property
    def is_left(self) -> bool:
        """Whether the user is done with it, as it is."""
        return (self.folder / LEFT).exists()

    def leave(self) -> None:
        """Notes that the user is done with it. Raises: OSError where that cannot be noted."""
        (self.folder / LEFT).touch()

    def reader(self) -> Reader:
        """What it says, from the beginning."""
        return Reader(self.folder / EVENTS)

    def state(self, told: Told) -> State:
        """How far it is, by what it has told."""
        if told.end is None:
            return State.RUNNING if self.is_alive else State.KILLED
        return {"result": State.DONE, "stopped": State.STOPPED}.get(told.end["event"], State.FAILED)

    def end(self) -> dict[str, Any] | None:
        """The last thing that it said, if it came to an end."""
        try:
            with (self.folder / EVENTS).open("rb") as stream:
                stream.seek(max(0, (self.folder / EVENTS).stat().st_size - _TAIL_BYTES))
                *before, last = stream.read().splitlines() or [b""]
                if not before:  # it alone is longer
                    stream.seek(0)
                    *_, last = stream.read().splitlines() or [b""]
            end = json.loads(last)
            return end if end.get("event") in _ENDS else None
        except (OSError, ValueError, AttributeError):
            return None

    def ended(self) -> datetime | None:
        """When it said its last; None while its process runs, or where that cannot be told."""
        try:
            last = datetime.fromtimestamp((self.folder / EVENTS).stat().st_mtime, UTC)
        except (OSError, ValueError, OverflowError):
            return None
        return None if self.is_alive else last

    def said(self) -> str:
        """The end of what it wrote beside its events, for who wants to know why it failed."""
        with contextlib.suppress(OSError), (self.folder / SAID).open("rb") as stream:
            stream.seek(max(0, (self.folder / SAID).stat().st_size - 4_000))
            return stream.read().decode("utf-8", "replace")
        return ""


def home() -> Path:
    """Where the jobs are kept."""
    return own_notes.folder() / "app" / "jobs"


def start(words: Sequence[str], title: str) -> Job:
    """Starts a command. It goes on whatever becomes of this process, in a session of its own.

    One that runs with the same words is returned instead: a button was pressed twice.

    Raises: OSError where it cannot be started or noted, and then it does not run; BadConfig, NoHome as `commands.home`.
    """
    with _STARTING:
        return _started(tuple(words), title)


def _started(words: tuple[str, ...], title: str) -> Job:
    if (same := next((job for job in running() if job.words == words), None)) is not None:
        return same
    at, now = commands.home(), datetime.now(UTC)
    job_id = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"  # two that begin in one second have an order
    folder = home() / job_id
    folder.mkdir(mode=0o700, parents=True)
    for old in all_kept()[KEPT - 1 :]:
        if not old.is_alive and not old.is_of_a_quarantine:
            shutil.rmtree(old.folder, ignore_errors=True)
    program, *argv = commands.argv(words[0], "--events", *words[1:])
    job = Job(job_id, words, title, utc(now), 0, tuple(argv), folder)
    _note(job)
    with (folder / EVENTS).open("xb") as out, (folder / SAID).open("xb") as said:
        process = subprocess.Popen(
            [program, *argv],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=said,
            cwd=at,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            start_new_session=True,
        )
    threading.Thread(target=process.wait, daemon=True).start()  # somebody has to take leave of it when it ends
    job = replace(job, pid=_shown(process.pid))
    try:
        _note(job)
    except OSError:
        stop(job)  # nobody could see it work, or stop it
        raise
    return job


def all_kept() -> list[Job]:
    """Every job, the newest first."""
    return sorted(_read_all(), key=lambda job: job.id, reverse=True)


def find(job_id: str) -> Job | None:
    """The job with this id; None where there is none."""
    return _read(home() / job_id) if _ID.fullmatch(job_id) else None


def running() -> list[Job]:
    """Those that go on, the newest first."""
    return [job for job in all_kept() if job.is_alive and job.end() is None]


def stop(job: Job) -> None:
    """Asks a job to stop cleanly; the same command goes on from there. Does nothing where it has ended, or was asked
    before: asked twice, it would not finish what is in hand."""
    if not job.is_alive or job.reader().now().is_stopping:
        return
    with contextlib.suppress(OSError):
        os.kill(job.pid, getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT))


def _shown(pid: int) -> int:
    """The same number, once the system shows the command line of that process: for a moment after it is started it has
    none, and would not be known."""
    import psutil

    with contextlib.suppress(psutil.Error):
        while not psutil.Process(pid).cmdline():
            time.sleep(0.001)
    return pid


def _note(job: Job) -> None:
    about = {name: getattr(job, name) for name in ("words", "title", "started", "pid", "argv")}
    (job.folder / f"{ABOUT}.new").write_text(json.dumps(about), "utf-8")
    (job.folder / f"{ABOUT}.new").replace(job.folder / ABOUT)


def _progress(title: str, event: dict[str, Any]) -> Phase:
    numbers = {name: int(event.get(name) or 0) for name in ("done", "total", "bytes", "total_bytes", "failed")}
    left = event.get("seconds_left")
    return Phase(
        title,
        **numbers,
        failed_words=str(event.get("failed_words") or ""),
        current=str(event.get("current") or ""),
        seconds=float(event.get("seconds") or 0),
        seconds_left=None if left is None else float(left),
    )


def _read_all() -> Iterator[Job]:
    with contextlib.suppress(OSError):
        for folder in home().iterdir():
            if (job := find(folder.name)) is not None:
                yield job


def _read(folder: Path) -> Job | None:
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        words = tuple(map(str, about["words"]))
        if not words:
            return None
        argv = tuple(map(str, about["argv"]))
        return Job(folder.name, words, str(about["title"]), str(about["started"]), int(about["pid"]), argv, folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None
