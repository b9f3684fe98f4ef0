"""What a person sees: the verdict on stdout; progress, warnings and errors on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from auditor import words
from auditor.cli import programs
from auditor.words import counted, size, visible

if TYPE_CHECKING:
    from rich.console import Console

    from auditor.model import NextStep
    from auditor.scan import run as scan


class Begin(Protocol):
    """Begins the phase of a title, or goes on with it; `counting` is what it counts."""

    def __call__(self, title: str, counting: str = "") -> Callable[[scan.Progress], None]:
        """A listener to how far it is."""


@dataclass(slots=True)
class _Settings:
    debug: bool = False
    no_color: bool = False
    quiet: bool = False
    verbose: bool = False


@dataclass(slots=True)
class _Window:
    """What stands in it since the verdict was said: `text` and `style` are the verdict's, `lines` what came after."""

    text: str = ""
    style: str | None = None
    lines: int = 0


_settings = _Settings()
_window = _Window()

_TITLE = 28
"""Characters of a phase's title that are shown while it works: a label may be as long as a path."""


def reset() -> None:
    """Begins a run with what the environment says alone."""
    _settings.debug = _settings.quiet = _settings.verbose = False
    _settings.no_color = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def configure(*, debug: bool, no_color: bool, quiet: bool, verbose: bool) -> None:
    """Takes over the flags that hold for every command; one that was set stays set until the run ends."""
    _settings.debug |= debug
    _settings.no_color |= no_color
    _settings.quiet |= quiet
    _settings.verbose |= verbose


def debug() -> bool:
    """Whether the traceback of an error is wanted."""
    return _settings.debug


def quiet() -> bool:
    """Whether only the verdict, and what limits it, is wanted."""
    return _settings.quiet


def verbose() -> bool:
    """Whether each check is wanted with its time."""
    return _settings.verbose


def say(text: str = "", style: str | None = None) -> None:
    """One line on stdout, unless another program reads that."""
    if not programs.is_wanted():
        _line(text, style, stderr=False)


def verdict(text: str, style: str | None = None) -> None:
    """The line that says what came out, before what it is made of."""
    _window.text, _window.style, _window.lines = text, style, 0
    say(text, style)


def ending(*paths: str, step: NextStep | None = None) -> None:
    """The last lines of a command: paths and commands to copy, each with the word before it, and what to do next. Where
    these and what was said since the verdict fill the window, the verdict stands before them once more: so the end of
    the window tells all."""
    from auditor.cli import wrapped

    console = _console(stderr=False)
    following = [] if step is None else [_next(step)]
    if step is not None and not _is_command(step):
        following = wrapped.lines(_next(step), console.width)
    last = sum(wrapped.rows(line, console.width) for line in (*paths, *following))
    if console.is_terminal and _window.lines + last + 2 >= console.height:  # an empty line, and the prompt
        say()
        say(_window.text, _window.style)
    for path in paths:
        to_copy(path)
    next_step(step)


def to_copy(text: str) -> None:
    """As `say`, a line with a path or command that a person copies: it is in one piece, however wide the window is."""
    if not programs.is_wanted():
        _line(text, None, stderr=False, in_one_piece=True)


def next_step(step: NextStep | None) -> None:
    """The line that says what to do next, where there is something; programs are told it as data."""
    programs.tell_next(step)
    if step is not None:
        (to_copy if _is_command(step) else say)(_next(step))


def _is_command(step: NextStep) -> bool:
    """Whether a step is nothing but one command, half of which would run when it is pasted."""
    return step.action is not None and step == words.step(step.action, *(step.arguments or ()))


def _next(step: NextStep) -> str:
    return f"  Next     {visible(str(step))}"


def note(text: str) -> None:
    """One line on stderr, unless only the verdict is wanted; an event, where a program wants those."""
    if programs.are_events_wanted():
        programs.note(text.strip())
    elif not _settings.quiet:
        _line(text, None, stderr=True)


def error(text: str) -> None:
    """One sentence on stderr that says what stopped the command."""
    _line(f"auditor: {text}", "red", stderr=True)


def told(text: str) -> None:
    """Lines on stderr as another part wrote them: a usage error, a traceback."""
    for line in text.splitlines():
        _line(line, None, stderr=True)


def _line(text: str, style: str | None, *, stderr: bool, in_one_piece: bool = False) -> None:
    """The one way to the terminal: whatever name, error or path is in a line, none of it acts instead of showing. In a
    window it is broken between words; what goes elsewhere is not broken."""
    from auditor.cli import wrapped

    console, shown = _console(stderr=stderr), visible(text)
    is_whole = in_one_piece or not console.is_terminal
    lines = [shown] if is_whole else wrapped.lines(shown, console.width)
    _window.lines += sum(wrapped.rows(line, console.width) for line in lines) if console.is_terminal else 0
    for line in lines:
        console.print(
            line,
            style=None if _settings.no_color else style,  # bold is left out too
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def examples(lines: Sequence[tuple[str, str]]) -> str:
    """The end of a command's help: (command line, what it does) each."""
    return "\n\n".join(["Examples:", *(f"\b\n{line}\n    {what}" for line, what in lines)])


def _console(*, stderr: bool) -> Console:
    from rich.console import Console  # a help needs none, and must not wait for it

    # Names may hold bytes that no encoding of the terminal has; a name must never stop a report.
    stream = sys.stderr if stderr else sys.stdout
    with contextlib.suppress(AttributeError, ValueError):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    return Console(stderr=stderr, no_color=_settings.no_color, highlight=False, emoji=False)


@contextlib.contextmanager
def phase(
    title: str, failed: str = "could not be read", counting: str = ""
) -> Iterator[Callable[[scan.Progress], None]]:
    """Shows how far a piece of work is: a bar with rate and time left on a terminal, one line at the end when piped.

    `failed` is what is said of files with which it did not work out, `counting` what work without bytes counts.
    """
    if programs.are_events_wanted():
        yield programs.phase(title, failed)
        return
    title, started = visible(title), time.monotonic()
    last: list[scan.Progress] = []
    console = _console(stderr=True)
    if not console.is_terminal or _settings.quiet:
        yield lambda now: last.__setitem__(slice(None), [now])
    else:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
        from rich.table import Column

        # What tells how long it takes stands first and whole; what is cut, in a narrow window, is the name at the end.
        columns = (
            SpinnerColumn("line"),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, max_width=_TITLE)),
            BarColumn(bar_width=min(40, max(10, console.width // 6))),
            TimeRemainingColumn(table_column=Column(no_wrap=True)),
            TextColumn(
                "{task.fields[words]}",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
        )
        with Progress(*columns, console=console, transient=True, refresh_per_second=5, expand=True) as bar:
            task = bar.add_task(title, total=None, words="")

            def show(now: scan.Progress) -> None:
                last[:] = [now]
                done, total = programs.weight(now)
                bar.update(
                    task,
                    total=total,
                    completed=done,
                    words=_words(now, time.monotonic() - started, failed, counting),
                )

            yield show
    if last:
        width = console.width if console.is_terminal else sys.maxsize
        note(_ended(title, last[0], failed, counting, time.monotonic() - started, width))


@contextlib.contextmanager
def phases() -> Iterator[Begin]:
    """Phases one after the other: what is yielded begins the one of that title, and goes on with one that is open."""
    with contextlib.ExitStack() as open_phase:
        now: list[tuple[str, Callable[[scan.Progress], None]]] = []

        def begin(title: str, counting: str = "") -> Callable[[scan.Progress], None]:
            if not now or now[0][0] != title:
                open_phase.close()
                now[:] = [(title, open_phase.enter_context(phase(title, counting=counting)))]
            return now[0][1]

        yield begin


def steps(begin: Begin, title: str) -> Callable[[int, int, str], None]:
    """A listener to work that is counted in steps; its phase begins with the first of them."""

    def show(done: int, total: int, current: str) -> None:
        begin(title)(step(done, total, current))

    return show


def step(done: int, total: int, current: str = "") -> scan.Progress:
    """How far work is that is counted in steps, not in bytes."""
    from auditor.scan import run as scan  # what is shown is mostly not a scan, and need not wait for it

    return scan.Progress(done, total, 0, 0, current, 0, 0)


def _words(now: scan.Progress, seconds: float, failed: str, counting: str) -> str:
    if not now.total_bytes:
        return f"{_of(now, counting)}  {visible(now.current)}"
    rate = f"{size(int(now.bytes / seconds))}/s" if seconds > 0.5 else ""
    fewer = f"  {now.failed:,} {failed}" if now.failed else ""
    return f"{now.files:,} of {now.total_files:,} files  {rate}{fewer}  {visible(now.current)}"


def _of(now: scan.Progress, counting: str) -> str:
    return f"{now.files:,} of {now.total_files:,}{' ' * bool(counting)}{counting}"


def _ended(title: str, now: scan.Progress, failed: str, counting: str, seconds: float, width: int) -> str:
    """What is left of a phase, in one line of at most `width` cells: where that is too few, what was read before is not
    said, and the title is cut."""
    from rich.cells import cell_len, set_cell_size

    total, told = _of(now, counting), ""
    if now.total_bytes:
        total = f"{counted(now.files, 'file', 'files')}, {size(now.bytes)}"
        total += f", {now.failed:,} {failed}" if now.failed else ""
        told = f", {now.cached:,} read before" if now.cached else ""
    end = f"  {seconds:>7.1f} s"
    for said in (f" {total + told:<26}{end}", f" {total:<26}{end}"):
        line = f"{title:<24}{said}"
        if cell_len(line) <= width:
            return line
    room = max(1, width - cell_len(said))
    return set_cell_size(title if cell_len(title) <= room else f"{set_cell_size(title, room - 1)}…", room) + said
