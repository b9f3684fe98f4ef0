"""What `auditor restore` does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import typer

from auditor.cli import ahead, copying, named, programs, screen
from auditor.config import Role
from auditor.copier import restore as restoring
from auditor.copier.execute import RunOptions
from auditor.copier.plan import Action
from auditor.copier.publish import Outcome
from auditor.errors import BadPlace, Interrupted
from auditor.places.presence import watch
from auditor.store.generations import Store
from auditor.words import count, counted, size, visible


def command(
    *, backup: str, target: str, only: str | None, source: str | None, plan_only: bool, hang: float, wait: float
) -> None:
    """As the command of this name in `auditor.cli` says."""
    backup, target = named.place(backup), named.place(target)
    place = copying.kept_folder(backup)
    named.used(place, Role.BACKUP)
    root = copying.folder(target)
    store = Store(place.root)
    wanted = restoring.originals(store, source, only)
    if not wanted:
        raise BadPlace(f"{backup} holds nothing that fits" if only else f"{backup} holds no files")
    for trouble in store.last_troubles():
        screen.note(f"{visible(trouble)} The one before it is taken, and its lines where they can be read.")
    with restoring.prepare(store, root, wanted, datetime.now(UTC)) as job:
        for warning in job.plan.warnings:
            screen.note(visible(warning))
        if job.plan.refusals:
            raise BadPlace(" ".join(map(str, job.plan.refusals)))
        way = copying.way(place, root)
        if plan_only:
            steps = job.plan.of(Action.COPY)
            what = counted(len(steps), "file", "files")
            cannot = [{"path": s.path, "reason": s.reason} for s in job.plan.of(Action.CANNOT)]
            bytes_ = sum(s.size_bytes or 0 for s in steps)
            programs.tell(plan={"files": len(steps), "bytes": bytes_, "not_restored": cannot})
            screen.say(f"Plan: {what} to restore, {size(sum(s.size_bytes or 0 for s in steps))}")
            copying.say_ahead(job.plan, way, screen.say)
            copying.listed((s.path, s.reason or "") for s in job.plan.of(Action.CANNOT))
            return
        title = f"Restoring to {named.called_folder(root)}"
        copying.say_ahead(job.plan, way)
        with copying.stoppable() as stop, screen.phase(title, "not restored") as show:
            timed = ahead.timed(show, title, copying.COPY, way.name, way.kind, is_said=False)
            options = RunOptions(hang_s=hang, wait_s=wait, unplugged=watch(place, job.publisher.door), stop=stop)
            ending = restoring.carry_out(job, replace(options, on_progress=copying.as_scan(timed)))
    done = [r for r in ending.results if r.outcome is not Outcome.FAILED]
    failed = [(r.step.path, r.reason or "") for r in ending.results if r.outcome is Outcome.FAILED]
    failed += [(s.path, s.reason or "") for s in job.plan.of(Action.CANNOT)]
    edited = [(r.step.path, r.step.reason or "") for r in done if r.step.reason]
    programs.tell(
        target=root,
        restored=len(done),
        there=len(job.there),
        not_restored=[{"path": path, "reason": reason} for path, reason in failed],
        edited=[{"path": path, "reason": reason} for path, reason in edited],
        gone=ending.gone or None,
    )
    if ending.stopped and not ending.gone:
        raise Interrupted(
            f"stopped. {counted(len(done), 'file is', 'files are')} restored; the same command goes on from there."
        )
    if edited:
        screen.note("Edited in the backup after they were stored; restored as they are now:")
        copying.listed(edited)
    if failed:
        screen.note(f"{count(len(failed)):>10}  not restored:")
        copying.listed(failed)
    cold = copying.cold_reads([r.cold for r in done])
    there = f", {count(len(job.there))} {'was' if len(job.there) == 1 else 'were'} there already" if job.there else ""
    if ending.gone:
        whole = counted(len(done), "file is", "files are")
        _say(f"✗ Stopped: {ending.gone}. {whole} restored.", "bold red")
    elif failed:
        of = counted(len(wanted), "file", "files")
        _say(f"✗ {count(len(failed))} of {of} could not be restored.", "bold red")
    else:
        _say(f"✓ {counted(len(done), 'file is', 'files are')} restored{there}{cold}.", "bold green")
    raise typer.Exit(1 if failed or ending.gone else 0)


def _say(sentence: str, style: str) -> None:
    """The last sentence, to people and, without its sign, to programs."""
    programs.tell(sentence=sentence[2:])
    screen.say(visible(sentence), style=style)
