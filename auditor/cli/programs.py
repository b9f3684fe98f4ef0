"""What other programs read in place of the screen: with --json one object at the end, with --events a line for each
thing that happens, the last of which is that object. docs/automation.md describes both.

Everything that a command finds out is told here once (`tell`), and printed when it ends, with its exit code.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.model import NextStep
    from auditor.scan.run import Progress

VERSION = 1
"""Grows when something that was there means something else, or is gone. What is added does not count."""
INTERRUPTS = tuple(signal.Signals[name] for name in ("SIGINT", "SIGBREAK") if name in signal.Signals.__members__)
"""What asks a command to stop; the second is what another program can send on Windows."""
EVERY_S = 0.2
"""Progress is told no more often."""


class Output(StrEnum):
    """Who reads what a command says."""

    SCREEN = "screen"
    JSON = "--json"
    EVENTS = "--events"


@dataclass(slots=True)
class _Run:
    output: Output = Output.SCREEN
    command: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    phases: int = 0
    is_writing: bool = False
    waiting: list[Callable[[], None]] = field(default_factory=list)


_run = _Run()


def begin(words: Sequence[str]) -> None:
    """Begins a run with the words of its command line: what stops it before they are understood is told too."""
    global _run
    words = words[: words.index("--")] if "--" in words else words
    _run = _Run(next((Output(word) for word in words if word in ("--json", "--events")), Output.SCREEN))
    _run.command = next((word for word in words if not word.startswith("-")), "")
    if _run.output is Output.EVENTS:
        if threading.current_thread() is threading.main_thread():
            for number in INTERRUPTS:
                signal.signal(number, _on_signal)
        _event("started", command=_run.command, arguments=list(words))


def named(command: str) -> None:
    """Says which command it is, once that is understood: of a group, with the word after it."""
    _run.command = command


def is_wanted() -> bool:
    """Whether a program reads stdout: then nothing else is written there."""
    return _run.output is not Output.SCREEN


def are_events_wanted() -> bool:
    """Whether it reads what happens on the way."""
    return _run.output is Output.EVENTS


def tell(**facts: Any) -> None:
    """Facts for the object at the end; a later one of the same name takes the place of an earlier one."""
    _run.told |= facts


def tell_next(step: NextStep | None) -> None:
    """What to do next; None where there is nothing."""
    tell(next=None if step is None else {"action": step.action, "arguments": step.arguments, "sentence": str(step)})


def phase(title: str, failed: str) -> Callable[[Progress], None]:
    """A piece of work begins; what is returned tells how far it is. `failed` is what files are with which it did not
    work out."""
    _run.phases += 1
    _event("phase", number=_run.phases, title=title)
    started, last = time.monotonic(), 0.0

    def show(now: Progress) -> None:
        nonlocal last
        whole = now.files >= now.total_files
        if not whole and time.monotonic() - last < EVERY_S:
            return
        last = time.monotonic()
        _event(
            "progress",
            done=now.files,
            total=now.total_files,
            bytes=now.bytes,
            total_bytes=now.total_bytes,
            failed=now.failed,
            failed_words=failed if now.failed else None,
            current=now.current,
            seconds=round(last - started, 1),
            seconds_left=_left(now, last - started),
        )

    return show


def weight(now: Progress) -> tuple[int, int]:
    """How much work is done, and how much there is."""
    return weighed(now.files, now.bytes), weighed(now.total_files, now.total_bytes)


def weighed(files: int, size_bytes: int) -> int:
    """How much work files are: small ones cost time too, 100 kB each beyond their bytes."""
    return size_bytes + files * 100_000


def note(text: str) -> None:
    """A sentence for people on what happens."""
    _event("note", text=text)


def happened(event: str, **facts: Any) -> None:
    """Something that programs want to know at once, and people do not."""
    if are_events_wanted():
        _event(event, **facts)


def stopping() -> None:
    """A first SIGINT was heard: what is in hand is finished, and the command ends."""
    if are_events_wanted():
        when_whole(lambda: _event("stopping"))


def when_whole(act: Callable[[], None]) -> None:
    """Acts now or, in the middle of a line, when it is whole: what a signal does must not cut an event."""
    if _run.is_writing:
        _run.waiting.append(act)
    else:
        act()


def end(code: int) -> None:
    """The object of a command that came to its end, whatever its exit code says."""
    _last("result", code)


def fail(sentence: str, code: int) -> None:
    """The object of a command that did not: `sentence` is what happened, to what, and what to do."""
    with contextlib.suppress(BrokenPipeError):  # nobody reads any more; the exit code says it all the same
        _last("stopped" if code == 130 else "failed", code, sentence=sentence)


def _left(now: Progress, seconds: float) -> int | None:
    done, total = weight(now)
    return round(seconds * (total - done) / done) if done and seconds > 1 else None


def _last(event: str, code: int, **facts: Any) -> None:
    if is_wanted():
        # What did not come to its end has no verdict, and its sentence is what stopped it.
        told = {name: fact for name, fact in _run.told.items() if event == "result" or name != "verdict"}
        _write({"version": VERSION, "event": event, "command": _run.command, "exit": code, **told, **facts})
        _run.output = Output.SCREEN  # nothing comes after it


def _event(event: str, **facts: Any) -> None:
    _write({"version": VERSION, "event": event, **facts})


def _write(record: Mapping[str, Any]) -> None:
    line = json.dumps(record, default=str) + "\n"
    _run.is_writing = True
    try:
        sys.stdout.write(line)
        sys.stdout.flush()
    finally:
        _run.is_writing = False
    while _run.waiting:
        _run.waiting.pop(0)()


def _on_signal(number: int, frame: object) -> None:
    when_whole(_interrupt)


def _interrupt() -> None:
    raise KeyboardInterrupt
