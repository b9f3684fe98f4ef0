"""What `auditor undo` does."""

from __future__ import annotations

from pathlib import Path

import typer

from auditor.cleanup import journal as journals
from auditor.cleanup import undo
from auditor.cleanup.journal import State
from auditor.cli import copying, programs, screen
from auditor.errors import Interrupted
from auditor.words import counted, visible

SHOWN = 20


def command(*, journal: Path) -> None:
    """As the command of this name in `auditor.cli` says."""
    with copying.stoppable() as stop, screen.phases() as begin:
        results = undo.undo(journal, progress=screen.steps(begin, "Putting back"), stop=stop)
        stopped = stop()
    back = sum(result.refused is None for result in results)
    entries = journals.read(journal)[1]
    states = [entry.state for entry in entries]
    asked = {result.entry.number for result in results}
    is_cut = stopped and any(entry.state is State.MOVED and entry.number not in asked for entry in entries)
    gone = states.count(State.PURGED)
    if results:
        screen.say(f"{counted(back, 'file is', 'files are')} back in place.")
    else:
        before = states.count(State.RESTORED)
        screen.say(
            f"Nothing to undo: {counted(before, 'file is', 'files are')} back already."
            if before
            else "Nothing to undo."
        )
    if gone:
        screen.say(f"  {counted(gone, 'file was', 'files were')} deleted for good by --purge.")
    left = [result for result in results if result.refused]
    programs.tell(
        back=back,
        deleted=gone,
        in_all=journals.in_all(entries),
        not_put_back=[{"path": str(one.entry.file.whole), "reason": one.refused} for one in left],
    )
    for result in left[:SHOWN]:
        screen.say(f"  not put back: {visible(result.refused or '')}")
    if len(left) > SHOWN:
        screen.say(f"  and {len(left) - SHOWN:,} more")
    if is_cut:
        raise Interrupted("stopped. What was put back stays there; the same command goes on with the others.")
    raise typer.Exit(1 if left else 0)
