"""What `auditor drill` does."""

from __future__ import annotations

import json
import random
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import typer

from auditor.cli import copying, named, programs, screen, unfinished
from auditor.config import Role
from auditor.copier.execute import RunOptions
from auditor.errors import BadOutput, BadPlace
from auditor.isolation import pool
from auditor.places.presence import watch
from auditor.report import DRILL
from auditor.scrub import drill as drills
from auditor.scrub.drill import Result
from auditor.store.generations import Store
from auditor.words import typed, visible

NAME = "drill"


def command(
    *, backup: str, sample: int, seed: int | None, work: Path | None, out: Path | None, hang: float, jobs: int | None
) -> None:
    """As the command of this name in `auditor.cli` says."""
    place = copying.kept_folder(named.place(backup))
    named.used(place, Role.BACKUP)
    folder = out or unfinished.new(NAME, folder=named.home())
    if folder.exists():
        raise BadOutput(f"{folder} is there already; name another folder with -o")
    if not folder.parent.is_dir():
        raise BadOutput(f"there is no folder {folder.parent} to write the record into; make it, or choose another -o")
    if work is not None and not work.is_dir():
        raise BadPlace(f"there is no folder {work} to restore to; make it, or name another one with --in")
    chosen = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    with (
        tempfile.TemporaryDirectory(prefix="auditor-drill-", dir=work) as target,
        copying.stoppable() as stop,
        screen.phase(f"Restoring a sample of {named.called(place)}", "not restored") as show,
    ):
        options = RunOptions(hang_s=hang, wait_s=0, unplugged=watch(place, None), stop=stop)
        options = replace(options, on_progress=copying.as_scan(show))
        found = drills.drill(
            Store(place.root), Path(target), sample, chosen, options, _now, jobs or pool.default_jobs()
        )
    drills.write(found, folder)
    programs.tell(folder=folder.absolute(), **json.loads((folder / DRILL).read_text("utf-8")))
    bad = [(one.original.path, one.detail) for one in found.tried if one.result is not Result.RESTORED]
    copying.listed(bad, screen.say)
    sign, colour = ("✓", "green") if found.passed else ("✗", "red")
    screen.say(f"{sign} {visible(found.sentence)}", style=f"bold {colour}")
    if not screen.quiet():
        screen.to_copy(f"  Record   {visible(str(folder / DRILL))}")
        screen.to_copy(f"  Sign it  auditor seal {visible(typed(str(folder)))} --key FILE")
    raise typer.Exit(0 if found.passed else 1)


def _now() -> datetime:
    return datetime.now(UTC)
