"""What `auditor report` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import typer

from auditor.cli import named, programs, screen, verdicts
from auditor.disk import small_files
from auditor.errors import BadPlace
from auditor.judge import rules
from auditor.judge.rules import Rule
from auditor.model import Audit, NextStep
from auditor.report import DRILL, DRILL_TABLE, PAGE, RECORD, chain, findings, provenance, signatures, timestamps
from auditor.report.chain import Checked, LinkState
from auditor.report.provenance import Difference, Mismatch
from auditor.report.signatures import Standing, Statement
from auditor.words import counted, day, typed, visible


def command(
    *,
    folder: Path,
    check: bool,
    alone: bool,
    signers: Path | None,
    stamp_root: Path | None,
    xlsx: Path | None,
    certificate: Path | None,
) -> None:
    """As the command of this name in `auditor.cli` says."""
    is_drill, is_checked = (folder / DRILL).is_file(), check or xlsx is not None or certificate is not None
    if is_drill and xlsx is not None:
        raise BadPlace(f"{folder} is a drill, whose one table is {DRILL_TABLE}: --xlsx is for audits")
    if is_drill and certificate is not None:
        raise BadPlace(f"{folder} is a drill: --certificate is for audits")
    if alone and (not check or xlsx is not None or certificate is not None):
        raise BadPlace("--alone is for --check alone: what is made of a report rests on the audits before it too")
    programs.tell(folder=folder.absolute(), page=None if is_drill else (folder / PAGE).absolute())
    # Before it is read: what was changed since may say anything, or nothing that can be understood.
    before = _check_files(folder, with_earlier=not (is_drill or alone)) if is_checked else []
    record, audit = _record(folder, DRILL if is_drill else RECORD)
    if is_checked:
        if not alone:
            programs.tell(chain=list(map(asdict, before)))
        is_touched = _show_chain(before)
        seals = _check_seals(folder, signers, stamp_root)
        if is_touched:
            raise typer.Exit(1)
        if certificate is not None:
            from auditor.report import certificate as certificates  # the verdict alone must not wait for templates

            certificates.write(folder, record, seals, before, certificate)
    if xlsx is not None:
        from auditor.report import spreadsheet  # the verdict alone must not wait for pandas

        spreadsheet.write(folder, record, xlsx)
    programs.tell(**record)
    if audit is None:
        screen.say(f"{'✓' if record['result'] == 'passed' else '✗'} {visible(record['sentence'])}")
        screen.to_copy(f"  Record   {folder / DRILL}")
        return
    verdicts.show(audit.result, audit.limits, audit.rules)
    made = [f"  {what:<8} {path}" for what, path in (("Tables", xlsx), ("Page", certificate)) if path is not None]
    screen.ending(f"  Report   {folder / PAGE}", *made, step=None if screen.quiet() else audit.step)
    programs.tell_next(audit.step)


def _check_files(folder: Path, *, with_earlier: bool) -> list[Checked]:
    """Holds every file against the seal; returns what became of the audits before, none where those are not wanted.
    Raises: Exit where a file is not as it was written, which is said."""
    with screen.phase("Checking every file"):
        changed = provenance.check(folder)
        before = chain.check(folder, named.homes(folder)) if with_earlier and not changed else []
    programs.tell(touched=list(map(asdict, changed)))
    for item in changed:
        screen.say(f"{item.difference}: {visible(item.path)}")
    if changed:
        screen.error(f"after this report was written, {_what_happened(changed)}")
        raise typer.Exit(1)
    screen.note("Every file of this report is as it was written.")
    return before


@dataclass(frozen=True, slots=True)
class _Earlier:
    """An audit made earlier, by those of its checks that are known today; what is said below its verdict, and what is
    to be done."""

    result: Audit
    rules: Mapping[str, Rule]
    limits: Sequence[str]
    step: NextStep | None


def _record(folder: Path, name: str) -> tuple[dict[str, Any], _Earlier | None]:
    """What audit.json or drill.json holds, with its sentence; with the audit, None of a drill. Raises: BadPlace where
    the folder has none that can be read."""
    try:
        record: dict[str, Any] = small_files.parse_json(small_files.read(folder / name, provenance.MOST_RECORD_BYTES))
        record["sentence"] = str(record["sentence"])
        if name == RECORD:
            record = provenance.as_today(record)
            return record, _earlier(folder, record)
        if record["drill"] != 1 or record["result"] not in ("passed", "failed"):
            raise ValueError("another version")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadPlace(f"{folder} is not the folder of an audit: its {name} cannot be read") from error
    return record, None


def _earlier(folder: Path, record: Mapping[str, Any]) -> _Earlier:
    result = provenance.audit_told(record)
    if words := result.provenance.get("words"):  # the folder may have been moved since
        here = str(folder.resolve())
        moved = {**(result.provenance.get("arguments") or {}), "REPORT": [here]}
        told = {**result.provenance, "words": {**words, "REPORT": typed(here)}, "arguments": moved}
        result = replace(result, provenance=told)
    known = {rule.id: rule for rule in rules.load(())}
    below = verdicts.limits(result, is_new=False)
    if others := sum(one.findings for one in result.outcomes if one.rule_id not in known):
        below.append(f"{counted(others, 'finding', 'findings')} of checks that are not known here: see findings.csv.")
    step = findings.next_step(result, known)
    result = replace(result, outcomes=tuple(one for one in result.outcomes if one.rule_id in known))
    return _Earlier(result, known, below, step)


def _check_seals(folder: Path, signers: Path | None, root: Path | None) -> list[Statement]:
    """Says, and returns, what the signatures and the time-stamp are worth. Raises: Exit where one does not hold, or one
    was asked for and there is none."""
    signed, stamped = signatures.signatures(folder, signers), timestamps.time_stamps(folder, root)
    programs.tell(signatures=list(map(_told, signed)), time_stamps=list(map(_told, stamped)))
    bad = [one for one in (*signed, *stamped) if one.standing is Standing.BAD]
    for one in (*signed, *stamped):
        if one.standing is not Standing.BAD:
            screen.say(f"{'✓' if one.standing is Standing.GOOD else '?'} {visible(one.words)}")
    wanted = [(signers, signed, "signature"), (root, stamped, "time-stamp")]
    missing = [what for name, found, what in wanted if name and not any(one.standing is Standing.GOOD for one in found)]
    for one in bad:
        screen.error(visible(one.words))
        if one.detail and screen.debug():
            screen.told(f"{visible(one.detail)}\n")
    if not bad and missing:
        screen.error(f"this audit has no {' and no '.join(missing)} that can be checked by what was named")
    if bad or missing:
        raise typer.Exit(1)
    return [*signed, *stamped]


def _show_chain(links: Sequence[Checked]) -> bool:
    """What became of the audits before, which one names which. Returns whether any of them was touched."""
    whole = [link for link in links if link.state is LinkState.UNCHANGED]
    if whole:
        were = counted(len(whole), "audit before it is as it was", "audits before it are as they were")
        screen.note(f"{were}: every file was read again.")
    for one in links:
        name = f"{visible(one.link.folder)} of {day(one.link.finished)}"
        if one.state is LinkState.NOT_THERE:
            screen.note(f"The audit before, {name}, does not lie beside it: it and those before it were not checked.")
        for item in one.touched:
            screen.say(f"{item.difference}: {visible(str(one.folder))}/{visible(item.path)}")
        if one.touched:
            screen.error(f"of an audit before, {name}, after it was written, {_what_happened(one.touched)}")
    return any(one.touched for one in links)


def _what_happened(found: Sequence[Mismatch]) -> str:
    """`1 file was changed and 2 files were removed`."""
    numbers = Counter(item.difference for item in found)
    words = [f"{counted(numbers[one], 'file was', 'files were')} {one}" for one in Difference if numbers[one]]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _told(one: Statement) -> dict[str, object]:
    return {name: value for name, value in asdict(one).items() if name != "detail"}
