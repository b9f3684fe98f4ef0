"""What `auditor audit` does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from auditor.audit import listing, refusals
from auditor.audit import run as auditing
from auditor.audit.inputs import sides
from auditor.audit.order import Order, Steps, pairs_of
from auditor.cli import ahead, cleaned, copying, named, programs, screen, unfinished, verdicts
from auditor.config import Role
from auditor.errors import BadOutput
from auditor.judge import policy as policies
from auditor.judge import rules as ruling
from auditor.judge import verdict, waivers
from auditor.model import Audit, Depth, Severity
from auditor.report import PAGE, RECORD, findings
from auditor.scan.run import Progress
from auditor.words import visible


def command(
    *,
    source: str | None,
    backup: list[str] | None,
    out: Path | None,
    depth: Depth | None,
    policy: str | None,
    rules: list[Path] | None,
    waivers_file: Path | None,
    baseline: Path | None,
    fail_on: Severity,
    jobs: int | None,
    copy_by_hand: bool,
    no_thumbnails: bool,
    xlsx: Path | None,
    by: str | None,
    redact: Path | None,
) -> None:
    """As the command of this name in `auditor.cli` says."""
    chosen = named.policy(policy)
    known = ruling.load(rules or ())
    policies.select(chosen, known)
    ours, theirs = sides(*named.usual(source, backup or ()), named.name_of, named.given())
    order = Order(
        ours,
        theirs,
        chosen,
        known,
        waivers.load(waivers_file) if waivers_file else (),
        waivers.load_baseline(baseline) if baseline else (),
        depth,
        jobs,
        not no_thumbnails,
        emptied=cleaned.told(ours.place),
        by=named.by(by),
    )
    folder = out or unfinished.audit(order, named.home())
    auditing.must_be_new(order, folder)
    order = replace(order, pairs=pairs_of(ours, theirs, is_by_hand=copy_by_hand), homes=named.homes(folder))
    copying.name_sides(order.pairs, refusals.refusal_of_audit)
    if xlsx is not None:
        auditing.must_be_new(order, xlsx, "another file with --xlsx")
        if not xlsx.absolute().parent.is_dir():  # an audit of hours must not end so
            raise BadOutput(f"{xlsx} cannot be written: {xlsx.absolute().parent} is no folder; make it first")
    if redact is not None:
        auditing.must_be_new(order, redact, "another folder with --redact")
        if redact.resolve().is_relative_to(folder.resolve()) or folder.resolve().is_relative_to(redact.resolve()):
            raise BadOutput(f"{redact} would lie in the whole report, or around it; name a folder beside it")
        if xlsx is not None and xlsx.resolve().is_relative_to(redact.resolve()):
            raise BadOutput(f"{xlsx} would lie in the redacted report; name another file with --xlsx")
        order = replace(order, redacted=redact)
    result = run(order, folder)
    if redact is not None:
        screen.note(f"Redacted: {visible(str(redact))}")
    if xlsx is not None:
        from auditor.report import spreadsheet  # most audits need none

        spreadsheet.write(folder, told(folder), xlsx)
        screen.note(f"Tables: {visible(str(xlsx))}")
    show(result, folder, {rule.id: rule for rule in known})
    raise typer.Exit(verdict.exit_code(result.verdict, result.outcomes, fail_on))


def run(order: Order, folder: Path) -> Audit:
    """Runs an audit and shows on stderr how far it is, phase by phase."""
    with screen.phases() as begin:

        def checking(done: int, total: int, rule: str) -> None:
            begin("Running checks", "kinds of trouble")(screen.step(done, total, rule))
            if done == total:
                begin("Writing report", "files")

        def looking(done: int, total: int) -> None:
            begin("Comparing pictures", "pictures")(screen.step(done, total))

        def scanning(label: str) -> Callable[[Progress], None]:
            title = f"Reading {label}"
            called_so = [one for one in (order.source, *order.backups) if one.label == label]
            place = called_so[0].place if len(called_so) == 1 else None
            if place is None:
                return begin(title)  # which of them it is, nobody can tell
            return ahead.timed(begin(title), title, listing.depth_of(called_so[0], order.depth), place.id, place.kind)

        steps = Steps(scanning, checking, looking)
        result = auditing.run(order, folder, steps)
        begin("Writing report", "files")(screen.step(result.partition.due, result.partition.due))
    named.used(order.source.place, Role.PHONE)
    for one in order.backups:
        named.used(one.place, Role.BACKUP)
    return result


def told(folder: Path) -> dict[str, Any]:
    """What an audit's record says, for programs."""
    record: dict[str, Any] = json.loads((folder / RECORD).read_text("utf-8"))
    return record


def show(result: Audit, folder: Path, rules: Mapping[str, ruling.Rule]) -> None:
    """The verdict, what it counts, the findings by rule, and where the report is. Safe is short."""
    step = findings.next_step(result, rules)
    programs.tell_next(step)
    if programs.is_wanted():
        programs.tell(folder=folder.absolute(), page=(folder / PAGE).absolute(), **told(folder))
        return
    verdicts.show(result, verdicts.limits(result), rules)
    if not screen.quiet():
        screen.ending(f"  Report   {folder / 'report.html'}", step=step)
