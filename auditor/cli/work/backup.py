"""What `auditor backup` does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import typer

from auditor.audit import phones_within
from auditor.audit.inputs import side
from auditor.audit.refusals import refusal_of_backup, refusal_of_mounted
from auditor.audit.roles import Pair, paired, role_of, role_of_folder
from auditor.cli import ahead, copying, named, programs, screen
from auditor.cli.backup import Look
from auditor.copier import backup as backing
from auditor.copier import preflight
from auditor.copier.execute import RunOptions
from auditor.copier.layout import Layout
from auditor.copier.plan import Action, CopyPlan, CopyStep
from auditor.copier.publish import CopyResult, Outcome
from auditor.copier.second_proof import SecondProof, arrived, not_listed
from auditor.copier.source_manifest import HARMLESS, TARGET_CAUSES
from auditor.errors import AuditorError, BadPlace, Interrupted
from auditor.model import Depth, ErrorKind, Kind, Refusal, Severity
from auditor.places.presence import away, watch
from auditor.readers.sniff import kind_by_name
from auditor.store.generations import Store
from auditor.words import count, counted, size, visible

FIRST = 3
"""So many of the copied files are named."""


def command(
    *,
    source: str,
    dest: str,
    plan_only: bool,
    layout: Layout | None,
    paranoid: bool,
    depth: Look,
    policy: str | None,
    out: Path | None,
    no_audit: bool,
    fail_on: Severity,
    hang: float,
    wait: float,
    new_place: bool,
    copy_by_hand: bool,
    shrunk: bool,
) -> None:
    """As the command of this name in `auditor.cli` says."""
    source, dest = named.place(source), named.place(dest)
    place = side(source).place
    if place is None:
        raise BadPlace(f"{source} is a list of files: there is nothing in it to copy. Name the phone itself")
    chosen = named.policy(policy)
    if dest.startswith("rclone:"):
        from auditor.cli.work import cloud

        cloud.backup(place, dest, chosen, out, fail_on, plan_only=plan_only, no_audit=no_audit, is_by_hand=copy_by_hand)
    root = copying.folder(dest)
    asked = backing.Request(
        layout=layout,
        examine=None if depth is Look.DIGESTS else Depth(depth.value),
        paranoid=paranoid,
        excluded=re.compile(chosen.excluded()),
        new_place=new_place,
        shrunk=shrunk,
    )
    _refuse(backing.refusals_before(place, root, asked))
    sides = paired(role_of(place), role_of_folder(root, dest), is_by_hand=copy_by_hand)
    copying.name_sides([sides], refusal_of_backup)
    if mounted := phones_within.mounted(root, sides):
        copying.refuse(refusal_of_mounted(mounted))
    if plan_only:
        prepared = backing.prepare(place, Store(root), asked, RunOptions(hang_s=hang))
        _learned(prepared)
        _say_of_phones(prepared, sides)
        show_plan(prepared.plan)
        copying.say_ahead(prepared.plan, copying.way(place, root), screen.say)
        _refuse(prepared.plan.refusals)
        return
    with screen.phase(f"Looking at {named.called(place)}"):
        looked, refusals = backing.refusals_when_new(place, root, asked, RunOptions(hang_s=hang))
    _refuse(refusals)
    with backing.session(root, layout or Layout.MIRROR) as store:
        with copying.stoppable() as stop:
            options = RunOptions(hang_s=hang, wait_s=wait, unplugged=watch(place, store.door), stop=stop)
            with screen.phase(f"Looking at {named.called_folder(root)}") as show:
                prepared = backing.prepare(
                    place, store, asked, replace(options, on_progress=copying.as_scan(show)), looked=looked
                )
            for warning in prepared.plan.warnings:
                screen.note(visible(warning))
            _say_of_phones(prepared, sides)
            _refuse(prepared.plan.refusals)
            preflight.remember(root, (store.marker() or prepared.marker).id)
            way = copying.way(place, root)
            copying.say_ahead(prepared.plan, way)
            title = f"Copying to {named.called_folder(root)}"
            with screen.phase(title, "not copied") as show:
                timed = ahead.timed(show, title, copying.COPY, way.name, way.kind, is_said=False)
                backed = backing.carry_out(prepared, replace(options, on_progress=copying.as_scan(timed)))
            asks = not (backed.ending.gone or backed.ending.stopped or backed.fake)
            proof = copying.asked_again(place, arrived(backed), stop) if asks else None
            backed = _proven(backed, proof) if proof else backed
            if stop() and not backed.ending.stopped:
                backed = replace(backed, ending=replace(backed.ending, stopped=True))
        if not backed.ending.gone and away(store.door) is None:
            preflight.remember_last(store)
        show_results(backed)
        altered = copying.confirmed(proof, "; the next backup goes on there") if proof else {}

        def judge() -> int:
            return copying.audit(backed, dest, chosen, out, fail_on, altered, is_by_hand=copy_by_hand)

        raise typer.Exit(_judged(backed, altered, None if no_audit else judge))


def _judged(backed: backing.BackupResult, altered: Mapping[str, str], audit: Callable[[], int] | None) -> int:
    """The exit code of a run, after its verdict was shown: by an audit, where one is wanted and the run came to its
    end. `altered` are the files that the phone says are others than what was copied."""
    ending = backed.ending
    if ending.gone:
        return _cut_short(ending.gone, backed)
    if ending.stopped:
        raise Interrupted(f"stopped. {_so_far(backed)}")
    if backed.fake:
        return _not_safe(f"{backed.fake}. Use another disk, and test this one.")
    if audit is None:
        return _code(backed) or (1 if altered else 0)
    door = backed.prepared.store.door
    try:
        gone = away(door)
        if gone is None:
            return audit()
    except (OSError, AuditorError):
        gone = away(door)
        if gone is None:
            raise
    return _cut_short(gone, backed)


def _cut_short(gone: str, backed: backing.BackupResult) -> int:
    programs.tell(gone=gone)
    return _not_safe(f"stopped, {gone}. {_so_far(backed)}")


def _not_safe(why: str) -> int:
    programs.tell(verdict="NOT SAFE", sentence=why)
    screen.say(f"✗ NOT SAFE: {visible(why)}", style="bold red")
    return 1


def _code(backed: backing.BackupResult) -> int:
    """The exit code of a run without an audit: 1 where the backup did not take a file, 3 where the source did not give
    one, or gave it damaged in a way that only another run can judge."""
    failed = [r for r in backed.ending.results if r.outcome is Outcome.FAILED]
    cannot = backed.prepared.plan.of(Action.CANNOT)
    if any(r.cause in TARGET_CAUSES for r in failed) or any(s.error is None for s in cannot):
        return 1
    stuck = [s for s in cannot if s.error is not None and not _is_nothing(s)]
    return 3 if failed or stuck or backed.arrived_damaged else 0


def _is_nothing(step: CopyStep) -> bool:
    """Whether what was not copied is no file that a backup should hold; a link named as a photo or film may be one."""
    named = kind_by_name(step.path) in {Kind.PHOTO, Kind.VIDEO}
    link = step.error is not None and step.error.kind is ErrorKind.LINK_TO_FILE
    return step.error is not None and step.error.kind in HARMLESS and not (link and named)


def show_plan(plan: CopyPlan) -> None:
    """What a run would do, in numbers, with the first of each."""
    programs.tell(plan={action.value: _amount(plan.of(action)) for action in Action}, warnings=plan.warnings)
    where = f"{plan.root}/{plan.folder}" if plan.folder else str(plan.root)
    screen.say(f"Plan: {visible(plan.source_label)} -> {visible(where)}, layout {plan.layout}")
    words = {
        Action.COPY: "to copy",
        Action.COMPARE: "to compare  the backup holds files of their size; copied where the content is new",
        Action.REPAIR: "to repair   the backup's copy went bad or was lost",
        Action.SKIP: "there already",
        Action.LEAVE_OUT: "left out by the policy",
        Action.CANNOT: "cannot be copied",
    }
    for action, what in words.items():
        steps = plan.of(action)
        if steps:
            screen.say(f"  {count(len(steps)):>10}  {what}, {size(sum(s.size_bytes or 0 for s in steps))}")
            if action in {Action.CANNOT, Action.REPAIR}:
                copying.listed((s.path, s.reason or "") for s in steps)
    for warning in plan.warnings:
        screen.say(f"  {visible(warning)}")


def show_results(backed: backing.BackupResult) -> None:
    """What was done, and every file that was not, with its reason."""
    results, plan = backed.ending.results, backed.prepared.plan
    copied = [r for r in results if r.outcome is Outcome.COPIED]
    repaired = [r for r in results if r.outcome is Outcome.REPAIRED]
    written = {r.backup_path for r in (*copied, *repaired)}
    unread = sum(s.backup_path not in written for s in plan.of(Action.SKIP))
    held = len(plan.of(Action.SKIP)) - unread + sum(r.outcome is Outcome.HELD for r in results)
    failed = [(r.step.path, r.reason or "") for r in results if r.outcome is Outcome.FAILED]
    failed += [(s.path, s.reason or "") for s in plan.of(Action.CANNOT)]
    left_out = len(plan.of(Action.LEAVE_OUT))
    arrived = {r.step.path for r in backed.arrived_damaged}
    damaged = [(r.step.path, r.damaged) for r in results if r.damaged]
    unsure, sure = ([one for one in damaged if (one[0] in arrived) == is_unsure] for is_unsure in (True, False))
    _learned(backed.prepared)
    programs.tell(
        copied=len(copied),
        repaired=len(repaired),
        bytes=sum(r.row.size_bytes or 0 for r in (*copied, *repaired) if r.row),
        held=held,
        unread=unread,
        left_out=left_out,
        not_copied=[{"path": path, "reason": reason} for path, reason in failed],
        arrived_damaged=[{"path": path, "reason": reason} for path, reason in unsure],
        damaged_in_source=[{"path": path, "reason": reason} for path, reason in sure],
    )
    _show_written(backed, copied, repaired)
    _show_there(backed, held, unread)
    if left_out:
        screen.note(f"{count(left_out):>10}  left out by the policy")
    for files, what in (
        (failed, "not copied"),
        (unsure, "of these arrived damaged; run the same command again, in case they read better"),
        (sure, "of these, copied as found, but damaged in the source: two reads say the same"),
    ):
        if files:
            screen.note(f"{count(len(files)):>10}  {what}:")
            copying.listed(files)
    undated = sum(r.undated for r in results)
    if undated:
        screen.note(f"{count(undated):>10}  could not keep their date on that disk; the manifest has it")


def _show_written(backed: backing.BackupResult, copied: Sequence[CopyResult], repaired: Sequence[CopyResult]) -> None:
    screen.note(f"{count(len(copied)):>10}  copied, {_done(copied)}")
    _named(copied)
    if repaired:
        aside = "; what lay there before is in .auditor/quarantine" if backed.prepared.store.quarantine.exists() else ""
        screen.note(f"{count(len(repaired)):>10}  repaired, {_done(repaired)}{aside}")
        copying.listed((r.backup_path or "", "") for r in repaired)


def _show_there(backed: backing.BackupResult, held: int, unread: int) -> None:
    """How many files were there before this run: `held` by their content, `unread` by size and date alone."""
    if held:
        screen.note(f"{count(held):>10}  there already, found by their content")
        elsewhere = sum(r.outcome is Outcome.HELD and not _has_own_name(r) for r in backed.ending.results)
        if elsewhere:
            screen.note(
                f"{_of(elsewhere, held)} under another name or in another folder: what is the same is kept"
                " once, and `auditor restore` gives it back in each place where the phone has it"
            )
    if unread:
        compared = "sizes, dates and change times" if backed.prepared.trusted else "sizes and dates"
        screen.note(
            f"{count(unread):>10}  there already; on the phone not read again in this run, only their {compared}"
            f" compared; the longest unread was read on {_unread_since(backed)}"
        )


def _of(some: int, number: int) -> str:
    """How many of those that the line above counts, in the same columns."""
    return f"{'':>10}  all of them" if some == number > 1 else f"{count(some):>10}  of them"


def _has_own_name(result: CopyResult) -> bool:
    """Whether the backup's copy lies in a folder and under a name like the phone's."""
    return f"/{result.backup_path}".endswith(f"/{result.step.path}")


def _amount(steps: Sequence[CopyStep]) -> dict[str, object]:
    reasons = [{"path": s.path, "reason": s.reason} for s in steps if s.reason]
    return {"files": len(steps), "bytes": sum(s.size_bytes or 0 for s in steps), "reasons": reasons}


def _learned(prepared: backing.Prepared) -> None:
    """What became of the backup's own files since they were read last."""
    if prepared.learned:
        screen.note(f"  In {visible(named.called_folder(prepared.plan.root))}, since its files were read last:")
        copying.fates(prepared.learned)


def _named(copied: Sequence[CopyResult]) -> None:
    """The first of what was copied, and each that has another name in the backup than on the phone."""
    last = [r.backup_path or "" for r in copied]
    if last:
        more = f" and {count(len(last) - FIRST)} more" if len(last) > FIRST else ""
        screen.note(f"              {', '.join(map(visible, last[:FIRST]))}{more}")
    renamed = [r for r in copied if (r.backup_path or "").rpartition("/")[2] != r.step.path.rpartition("/")[2]]
    if renamed:
        words = "under another name, as theirs was taken or not allowed there:"
        screen.note(f"{_of(len(renamed), len(copied))} {words}")
        copying.listed((r.step.path, f"now {r.backup_path}") for r in renamed)


def _unread_since(backed: backing.BackupResult) -> str:
    """The day on which the source's file was read that was left alone for the longest time."""
    origins = backed.prepared.index.origins
    seen = [origins[s.path][1].seen for s in backed.prepared.plan.of(Action.SKIP) if s.path in origins]
    return min(seen)[:10] if seen else "a day that nobody wrote down"


def _done(results: Sequence[CopyResult]) -> str:
    """How much was written, and where the re-reads came from."""
    written = sum(r.row.size_bytes or 0 for r in results if r.row)
    return f"{size(written)}{copying.cold_reads([r.cold for r in results])}"


def _proven(backed: backing.BackupResult, proof: SecondProof) -> backing.BackupResult:
    """The run, with what the phone itself said of it, which is written down however much that was."""
    backed = replace(backed, confirmed=proof.confirmed)
    # What was away is not asked for later: if it comes back, it is read anew.
    doubted = dict(proof.differing).keys() | not_listed(backed, proof.unanswered)
    if doubted:
        backed = backing.doubt(backed, sorted(doubted), datetime.now(UTC))
    return backed if backed.ending.gone else backing.settle(backed, proof.unanswered)


def _so_far(backed: backing.BackupResult) -> str:
    """What is known of a run that ended early: safe is the audit's word, and there was none."""
    done = sum(r.outcome is not Outcome.FAILED for r in backed.ending.results)
    of = len(backed.prepared.plan.to_do)
    told = (
        f"{count(done)} of {counted(of, 'file', 'files')} {'was' if 1 in (done, of) else 'were'} copied and read back"
    )
    return f"{told}, or found there by their content; nothing was audited. The same command goes on from there."


def _say_of_phones(prepared: backing.Prepared, sides: Pair) -> None:
    """What lies beneath the backup, has no row in its record yet, and may be a phone's."""
    root = prepared.store.root
    folders = dict.fromkeys((root.resolve() / entry.path).parent for entry in prepared.found.new)
    for told in phones_within.told_of(root, folders, sides):
        screen.note(visible(told))


def _refuse(reasons: Sequence[Refusal]) -> None:
    if reasons:
        words = {reason.wants for reason in reasons}
        wants = words.pop() if len(words) == 1 else None  # one word does not answer two reasons
        copying.refuse(Refusal(" ".join(map(str, reasons)), wants))
