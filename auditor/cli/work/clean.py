"""What `auditor clean` does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import typer

from auditor.cleanup import apply, choices, files, phone, plan, undo
from auditor.cleanup import journal as journals
from auditor.cleanup.apply import Applied
from auditor.cleanup.journal import State
from auditor.cleanup.phone import Share
from auditor.cleanup.plan import CleanPlan, Removal
from auditor.cli import copying, programs, screen
from auditor.duplicates import different
from auditor.errors import BadPlan, Interrupted
from auditor.isolation import pool
from auditor.model import NextStep
from auditor.report import DUPLICATES_PAGE, PLAN, provenance
from auditor.report.provenance import Difference
from auditor.words import count, counted, size, step, typed, visible

NAME = "clean"
SHOWN = 20
_AGE = re.compile(r"(\d{1,5})\s*([dwmy])")
_DIFFERENCES = {Difference.CHANGED: "changed", Difference.REMOVED: "taken away", Difference.ADDED: "put there"}
_DAYS = {"d": 1, "w": 7, "m": 31, "y": 366}


def command(
    *,
    plan_file: Path | None,
    apply_it: bool,
    choices_file: Path | None,
    keep_newest: str | None,
    as_shown: str | None,
    purge: Path | None,
    older_than: str | None,
    jobs: int | None,
) -> None:
    """As the command of this name in `auditor.cli` says."""
    if purge is not None:
        if plan_file is not None or apply_it or choices_file is not None or as_shown is not None or older_than is None:
            raise BadPlan("--purge takes a journal and --older-than AGE, and nothing else")
        _purge(purge, older_than, jobs or pool.default_jobs())
        return
    if older_than is not None:
        raise BadPlan("--older-than goes with --purge JOURNAL")
    if plan_file is None:
        raise BadPlan("no plan was named; name plan.csv, or an audit's folder")
    asked = plan_file
    if (plan_file / PLAN).is_file() and not phone.is_audit(plan_file):
        plan_file = plan_file / PLAN
    is_audit = phone.is_audit(plan_file)
    if plan_file.is_dir() and not is_audit:
        raise BadPlan(f"{plan_file} holds no plan.csv and no audit; name the folder that a search or an audit wrote")
    if keep_newest is not None and not is_audit:
        raise BadPlan(f"--keep-newest goes with an audit's folder, and {plan_file} is none")
    if choices_file is not None and is_audit:
        raise BadPlan(f"--choices goes with the folder of `auditor duplicates`, and {plan_file} is an audit's")
    chosen = choices.chosen(plan_file, choices.read(choices_file)) if choices_file is not None else None
    found: CleanPlan | None = None
    reading: NextStep | None = None
    if chosen is not None:
        found = chosen.plan
    elif is_audit:
        found, reading = _freeing(plan_file, keep_newest)
    else:
        found = plan.read(plan_file)
    if found is None:
        screen.next_step(reading)
        raise typer.Exit(0)
    if not apply_it:
        options = ["--choices", str(choices_file)] if choices_file is not None else []
        options += ["--keep-newest", keep_newest] if keep_newest is not None else []
        there = [one for one in found.removals if files.stamp(one.file) is not None]
        unlike = len(chosen.different) if chosen is not None else 0
        then = step(NAME, str(asked), *options, "--apply") if there or unlike else reading
        _show(found, there, then, unlike=unlike, by_choices=chosen is not None)
        return
    if as_shown is not None and as_shown != found.removals_sha256:
        raise BadPlan("other files would go now than were shown; look again at what would go")
    for line in _places(found):
        screen.note(line)
    with copying.stoppable() as stop, screen.phases() as begin:
        done = apply.apply(
            found,
            jobs=jobs or pool.default_jobs(),
            judging=screen.steps(begin, "Looking into what is kept"),
            progress=screen.steps(begin, "Moving to quarantine"),
            journal=lambda path: programs.happened("journal", file=path),
            stop=stop,
        )
    for digests in chosen.different if chosen is not None else ():
        different.remember(digests)
    _show_done(done)
    if chosen is not None and chosen.different:
        told = counted(len(chosen.different), "group is", "groups are")
        screen.say(f"{told} not shown together again on this computer: you called the pictures different.")
    if done.stopped:
        left = counted(len(found.removals) - len(done.done), "file was", "files were")
        raise Interrupted(f"stopped. {left} not begun; the same command goes on with the others.")
    raise typer.Exit(1 if any(step.refused for step in done.done) else 0)


def _places(found: CleanPlan) -> list[str]:
    """From where files go, and where what is kept for them lies: told before the work begins."""
    gone = sorted({str(removal.file.root) for removal in found.removals})
    kept = sorted({str(file.root) for removal in found.removals for file in removal.kept})
    return [f"From:    {visible(root)}" for root in gone] + [f"Kept in: {visible(root)}" for root in kept]


def _files(removals: Sequence[Removal]) -> Iterator[str]:
    """What would go, a line each below the place that it leaves and the one in which it is kept, which are named once;
    where it is kept there under another path, with that."""
    left = SHOWN
    by_places = sorted(removals, key=_two_places)
    for (place, other), group in groupby(by_places, _two_places):
        found = list(group)
        where = "elsewhere in it" if place == other else f"in {visible(str(other))}"
        yield f"  {counted(len(found), 'file', 'files')} of {visible(str(place))}, kept {where}:"
        for removal in found[:left]:
            path, kept = removal.file.path, removal.kept[0].path
            yield f"    {visible(path)}" + (f", kept as {visible(kept)}" if kept != path else "")
        if len(found) > left:
            yield f"    and {len(found) - left:,} more"
        left = max(0, left - len(found))


def _two_places(removal: Removal) -> tuple[Path, Path]:
    return removal.file.root, removal.kept[0].root


def age(text: str) -> timedelta:
    """`30d`, `4w`, `3m`, `1y` as a length of time. Raises: BadPlan for anything else."""
    match = _AGE.fullmatch(text.strip().lower())
    if match is None:
        raise BadPlan(f"{text!r} is no age; write 30d, 4w, 3m or 1y")
    return timedelta(days=int(match[1]) * _DAYS[match[2]])


def _freeing(path: Path, keep_newest: str | None) -> tuple[CleanPlan | None, NextStep | None]:
    """What an audit lets go, None where nothing can; and the step after which more could, None where there is none."""
    folder = path if path.is_dir() else path.parent
    for wrong in provenance.check(folder):
        raise BadPlan(
            f"{folder / wrong.path} was {_DIFFERENCES[wrong.difference]} after the audit; nothing may go by it:"
            " audit again (--keep-newest 90d leaves newer files on the phone)"
        )
    free = phone.freeing(path, age(keep_newest) if keep_newest else None, datetime.now(UTC))
    shares = [{"folder": s.folder, "month": s.month, "files": s.files, "bytes": s.size_bytes} for s in free.shares]
    programs.tell(
        can_go={"files": free.files, "bytes": free.size_bytes, "shares": shares},
        stay={"too_new": free.too_new, "parted": free.parted, "unread": free.unread},
        hindrance=free.hindrance,
        doubts=[{"why": doubt.why, "remedy": doubt.remedy} for doubt in free.doubts],
    )
    screen.say(f"{size(free.size_bytes)} in {counted(free.files, 'file', 'files')} can go.")
    if free.too_new:
        screen.say(f"  {counted(free.too_new, 'file stays, being', 'files stay, being')} newer than {keep_newest}.")
    if free.parted:
        screen.say(
            f"  {counted(free.parted, 'file stays, belonging', 'files stay, belonging')} to one that may not go."
        )
    if free.unread:
        be = "is safe, but was" if free.unread == 1 else "are safe, but were"
        stay = counted(free.unread, "file stays: it", "files stay: they")
        more = f" `{visible(free.audit_command)}` reads and opens all." if free.files else ""
        screen.say(f"  {stay} {be} not read and opened in that audit.{more}")
    for doubt in free.doubts:
        screen.say(
            f"  Nothing goes by a backup that may be the phone itself: {visible(doubt.why)} {visible(doubt.remedy)}"
        )
    if free.doubts:
        screen.say(
            "  If it is your backup, run `auditor backup` to it once (with --copy-by-hand where that asks for it), then"
            " audit again and clean by that audit."
        )
    elif not (free.files or free.too_new or free.parted or free.unread or free.hindrance):
        screen.say(
            "  By that audit none may go: none was read on both sides, and found identical, sound and surely a copy."
        )
    if free.hindrance:
        screen.say(f"  {visible(free.hindrance)}.")
    if free.plan is None or not screen.quiet():
        for line in _by_year(free.shares):
            screen.say(line)
    reading = f"{free.audit_command}, which reads and opens all; then clean by that audit"
    return free.plan, NextStep(reading, "audit") if free.unread else None


def _by_year(shares: Sequence[Share]) -> Iterator[str]:
    """What can go of each folder and year, a line each; a phone has too many months for a screen."""
    for (folder, year), group in groupby(shares, lambda one: (one.folder, one.month[:4] if one.month else "no date")):
        found = list(group)
        freed, files = size(sum(one.size_bytes for one in found)), sum(one.files for one in found)
        yield f"  {year:>7}  {freed:>8}  {files:>6,}  {visible(folder) or '(top folder)'}"


def _show(found: CleanPlan, there: Sequence[Removal], then: NextStep | None, *, unlike: int, by_choices: bool) -> None:
    """What a plan would do, by choices or as it stands, with the files that are `there` still, and what to do `then`.
    `unlike` groups were called different."""
    lie_there = {one.file for one in there}
    gone = sum(files.is_gone(one.file) for one in found.removals if one.file not in lie_there)
    unseen = len(found.removals) - len(there) - gone
    freed = apply.plan_size(found)
    programs.tell(
        removals=[{"path": str(r.file.whole), "kept": [str(kept.whole) for kept in r.kept]} for r in found.removals],
        removals_sha256=found.removals_sha256,
        bytes=freed,
        asked=found.asked,
        not_there=gone,
        not_looked_at=unseen,
        different=unlike,
    )
    screen.verdict(f"{counted(len(there), 'file', 'files')} would go into quarantine, {size(freed)} in all.")
    programs.tell_next(then)
    if screen.quiet():
        return
    for line in _files(there):
        screen.say(line)
    if found.asked:
        told = counted(found.asked, "file is", "files are")
        # Choices are of the plan as it was: once it is edited, they are refused.
        how = "go on there and save your choices again" if by_choices else "choose there, or edit the plan"
        screen.say(f"  {told} left to you in {DUPLICATES_PAGE}: {how}.")
    if gone:
        of_it = "file of the plan is" if gone == 1 else "files of the plan are"
        screen.say(f"  {count(gone)} {of_it} not there any more. Search or audit again for a plan of what is.")
    if unseen:
        told = counted(unseen, "file of the plan", "files of the plan")
        they_are = "it is" if unseen == 1 else "they are"
        screen.say(
            f"  {told} could not be looked at, so nobody knows whether {they_are} there: check the disk, and your"
            " rights there."
        )
    if unlike:
        told = counted(unlike, "group is", "groups are")
        screen.say(f"  {told} not shown together again on this computer, once this is carried out.")
    if there or unlike:
        screen.say("  Nothing was changed yet.")
    screen.ending(step=then)


def _show_done(done: Applied) -> None:
    moved = sum(step.refused is None and not step.before for step in done.done)
    before = sum(step.before for step in done.done)
    stayed = [step for step in done.done if step.refused]
    programs.tell(
        moved=moved,
        moved_before=before,
        bytes=done.freed_bytes,
        stayed=[{"path": str(one.removal.file.whole), "reason": one.refused} for one in stayed],
        journals=done.journals,
    )
    screen.verdict(f"{counted(moved, 'file', 'files')} went into quarantine, {size(done.freed_bytes)} in all.")
    kept = copying.cold_reads([cold for step in done.done for cold in step.cold])
    if kept and not screen.quiet():
        screen.say(f"  The kept files were read again just before{kept}.")
    if before:
        screen.say(f"  {counted(before, 'file was', 'files were')} there from an earlier run.")
    for one in stayed[:SHOWN]:
        screen.say(f"  stayed: line {one.removal.line}: {visible(one.refused or '')}")
    if len(stayed) > SHOWN:
        screen.say(f"  and {len(stayed) - SHOWN:,} more stayed")
    if moved and not screen.quiet():
        screen.say("  They take the same room until they are deleted for good.")
    screen.ending(
        *(
            line
            for path in (visible(typed(str(path))) for path in done.journals)
            for line in (f"  Undo     auditor undo {path}", f"  Delete   auditor clean --purge {path} --older-than 30d")
        )
    )


def _purge(path: Path, older_than: str, jobs: int) -> None:
    now = datetime.now(UTC)
    since = now - age(older_than)
    with copying.stoppable() as stop, screen.phases() as begin:
        results = undo.purge(
            path,
            age(older_than),
            jobs,
            lambda: now,
            judging=screen.steps(begin, "Looking into what is kept"),
            progress=screen.steps(begin, "Deleting for good"),
            stop=stop,
        )
        stopped = stop()
    gone = [r for r in results if r.refused is None]
    freed = size(sum(r.entry.size_bytes for r in gone))
    screen.say(f"{counted(len(gone), 'file was', 'files were')} deleted for good, {freed} in all.")
    left = [r for r in results if r.refused]
    asked = {result.entry.number for result in results}
    entries = journals.read(path)[1]
    not_asked = [e for e in entries if e.state is State.MOVED and e.number not in asked]
    young = [e for e in not_asked if datetime.fromisoformat(e.at) > since]
    programs.tell(
        deleted=len(gone),
        bytes=sum(r.entry.size_bytes for r in gone),
        younger=len(young),
        in_all=journals.in_all(entries),
        stayed=[{"path": str(r.entry.file.whole), "reason": r.refused} for r in left],
    )
    if young:
        were = counted(len(young), "file is", "files are")
        screen.say(f"  {were} not older than {older_than} yet: `auditor undo` still puts them back.")
    for result in left[:SHOWN]:
        screen.say(f"  stayed: {visible(result.refused or '')}")
    if stopped and len(young) < len(not_asked):
        raise Interrupted("stopped. What is left is in the quarantine; the same command goes on with it.")
    raise typer.Exit(1 if left else 0)
