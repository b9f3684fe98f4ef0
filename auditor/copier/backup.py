"""A backup from beginning to end: look, plan, copy, write the next generation. The command shows what happens here."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.copier import edits, preflight
from auditor.copier.execute import Ending, Ways, execute
from auditor.copier.hands import Ended, Hands
from auditor.copier.holdings import Change, Holdings, known_columns, unread_row
from auditor.copier.jobs import Failed, Read, Setup, Task, WasRead
from auditor.copier.layout import Layout, Namer
from auditor.copier.ledger import (
    Journal,
    Ledger,
    left_journals,
    locked,
    moment,
    utc,
)  # fmt: skip
from auditor.copier.plan import (
    Action,
    CopyPlan,
    Limits,
    Reconciled,
    escaped,
    reconcile,
    steps_for,
    twins,
)  # fmt: skip
from auditor.copier.publish import Publisher, clean_temps
from auditor.disk.durable import TEMP_NAME
from auditor.disk.marker import Marker, SourceMark
from auditor.disk.names import NameRules, escape
from auditor.disk.volume import Volume, probed, volume_of
from auditor.errors import BadOutput, BadPlace
from auditor.manifest.jsonl import Manifest
from auditor.manifest.rows import KNOWN_AT
from auditor.model import Depth
from auditor.places import Entry, EntryKind, Place
from auditor.places.folder import FolderPlace

DIGESTS_ONLY = ("path", "path_bytes", "size_bytes", "mtime", "mtime_trusted", "kind", "error_kind", "error", "read_at",
                "digest_origin", "sha256", "checked")  # fmt: skip
"""The columns that a run without examination knows."""


RENEWED_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for. `examine` None: digests only. The last two answer refusals of the preflight."""

    layout: Layout | None = None
    examine: Depth | None = Depth.DECODE
    paranoid: bool = False
    excluded: re.Pattern[str] | None = None
    new_place: bool = False
    shrunk: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan and all that carrying it out needs. `found` is what was learned of the backup's own files."""

    plan: CopyPlan
    source: Place
    ledger: Ledger
    marker: Marker
    volume: Volume
    holdings: Holdings
    namer: Namer
    found: Reconciled
    wishes: Wishes
    started: str
    seen: str


@dataclass(frozen=True, slots=True)
class Backed:
    """A backup that was carried out. `manifest` is the newest generation; None where nothing was ever stored."""

    prepared: Prepared
    ending: Ending
    manifest: Manifest | None


@contextlib.contextmanager
def session(root: Path, layout: Layout) -> Iterator[Ledger]:
    """The backup in `root`, made if need be, for this run alone.

    Raises: BadPlace where another run works on it, or it cannot be written.
    """
    ledger = Ledger(root)
    try:
        ledger.create(layout.value, datetime.now(UTC))
    except OSError as error:
        raise BadPlace(f"{root} cannot be written to: {error.strerror or error}") from error
    with locked(ledger):
        yield ledger


def refusals_before(source: Place, root: Path, wishes: Wishes) -> list[str]:
    """What speaks against touching the destination at all."""
    if told := preflight.overlap(source, root):
        return [told]
    marker = Ledger(root).marker()
    wrong = preflight.wrong_disk(root, marker, volume_of(root), preflight.remembered_id(root))
    if wrong and not wishes.new_place:
        return wrong
    if marker is not None and wishes.layout is not None and wishes.layout.value != marker.layout:
        return [f"{root} is kept in the layout {marker.layout}; a backup has one layout. Use another folder."]
    return []


def prepare(
    source: Place, root: Path, wishes: Wishes, ways: Ways, *, write: bool = True, now: datetime | None = None
) -> Prepared:
    """Looks at both sides and plans. With `write` False nothing is written: a dry run.

    Reads files of the backup only where their size or date is not what was written down, or where an unknown file may
    hold what is wanted. Raises: BadPlace, ListingCut, BadManifest.
    """
    now = now or datetime.now(UTC)
    started = utc(now)
    ledger = Ledger(root)
    marker = ledger.marker() or Marker("", started, (wishes.layout or Layout.MIRROR).value)
    layout = Layout(marker.layout)
    volume = volume_of(root)
    if write:
        volume = probed(volume, ledger.folder)
    holdings = Holdings.read(ledger, source.id)
    mark = marker.source(source.id) or _new_source(source, marker, volume.names)
    entries = list(source.walk())
    listing = listed(ledger, write)
    sizes = {e.size_bytes for e in entries if e.size_bytes and not holdings.knows(e.path, e.mtime_ns)}
    found = reconcile(listing, holdings, sizes)
    _learn(ledger, holdings, found, volume, ways, started)
    limits = Limits(volume, root, layout, mark.folder)
    steps = steps_for(entries, holdings, limits, wishes.excluded)
    namer = Namer(volume.names, layout, mark.folder)
    namer.take(e.path for e in listing)
    for step in steps:
        if step.action is Action.SKIP and step.backup_path:
            namer.remember(step.path, step.backup_path)
    count = sum(step.action is not Action.LEAVE_OUT for step in steps)
    refusals = [] if wishes.shrunk and count else preflight.shrunk(marker.source(source.id), count, source.label)
    refusals += preflight.space(steps, volume)
    warnings = preflight.full_phone(source.device())
    warnings += preflight.names(twins(steps, volume.names, layout, mark.folder), escaped(steps, volume.names))
    if marker.sources and marker.source(source.id) is None:
        others = ", ".join(s.label for s in marker.sources)
        warnings.append(
            f"This backup holds files of {others}; those of {source.label} go beside them, in {mark.folder}/."
        )
    plan = CopyPlan(source.id, source.label, root, mark.folder, layout, steps, tuple(refusals), tuple(warnings))
    return Prepared(plan, source, ledger, marker, volume, holdings, namer, found, wishes, started, moment(now))


def carry_out(prepared: Prepared, ways: Ways, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Backed:
    """Copies what the plan says and writes the next generation, also where the run was stopped half-way.

    Where the destination is gone and not even that can be written, the ending says so; what is safe is in the journal.
    """
    plan, ledger, holdings = prepared.plan, prepared.ledger, prepared.holdings
    journal = Journal.begin(ledger, now())
    publisher = Publisher(
        root=plan.root,
        source_id=plan.source_id,
        seen=prepared.seen,
        namer=prepared.namer,
        holdings=holdings,
        journal=journal,
        aside=ledger.quarantine / now().strftime("%Y%m%dT%H%M%S"),
    )
    setup = Setup(
        source=prepared.source,
        root=plan.root,
        examine=_examine(prepared),
        paranoid=prepared.wishes.paranoid,
        syncs_whole=prepared.volume.syncs_whole,
        counts_reads=prepared.volume.counts_reads,
    )
    try:
        ending = execute(plan, setup, publisher, ways)
    finally:
        journal.close()
    try:
        return Backed(prepared, ending, _next_generation(prepared, now()))
    except (OSError, BadOutput) as error:
        gone = ending.gone or f"the backup's manifest cannot be written ({error})"
        return Backed(prepared, replace(ending, stopped=True, gone=gone), holdings.last)


def _next_generation(prepared: Prepared, now: datetime) -> Manifest | None:
    holdings, ledger = prepared.holdings, prepared.ledger
    sources = _marked(prepared)
    journals = left_journals(ledger)
    if not holdings.changed and not journals and holdings.last is not None and _is_fresh(holdings.last, now):
        if sources != prepared.marker.sources:
            ledger.put(replace(ledger.marker() or prepared.marker, sources=sources))
        return holdings.last
    examine = _examine(prepared)
    known = KNOWN_AT[examine] if examine else DIGESTS_ONLY
    depths = [d for d in (holdings.last.header.depth if holdings.last else None, examine) if d]
    manifest = ledger.add_generation(
        holdings.rows(),
        columns=tuple(dict.fromkeys((*known_columns(holdings.last.header if holdings.last else None), *known))),
        depth=min(depths, key=list(Depth).index) if depths else Depth.HASH,
        label=prepared.plan.root.name,
        spec=str(prepared.plan.root),
        started=prepared.started,
        now=now,
        complete=not prepared.found.unreadable,
        reasons=tuple(f"{e.path}: {e.error}" for e in prepared.found.unreadable),
        sources=sources,
    )
    for journal in journals:
        journal.unlink()
    return manifest


def _is_fresh(last: Manifest, now: datetime) -> bool:
    """Whether a generation speaks for a run that changed nothing. An old one is written again: what it says was looked
    at today, if only by size and date, and an audit asks how old a list is."""
    return utc(now - RENEWED_AFTER) < last.footer.finished


def _marked(prepared: Prepared) -> tuple[SourceMark, ...]:
    plan = prepared.plan
    counted = [s for s in plan.steps if s.action is not Action.LEAVE_OUT]
    mark = SourceMark(
        plan.source_id,
        plan.source_label,
        plan.folder,
        len(counted),
        sum(s.size_bytes or 0 for s in counted),
        prepared.started,
    )
    same = prepared.marker.source(plan.source_id)
    if same and replace(mark, listed=same.listed) == same:
        mark = same
    others = [s for s in prepared.marker.sources if s.id != plan.source_id]
    return tuple(sorted([*others, mark], key=lambda s: (s.folder, s.id)))


def _new_source(source: Place, marker: Marker, rules: NameRules) -> SourceMark:
    """The first source has the top of the backup; each later one a folder of its own beside it."""
    if not marker.sources:
        return SourceMark(source.id, source.label, "", 0, 0, "")
    taken = {s.folder for s in marker.sources}
    name = escape(source.label.replace("/", "_") or "source", rules)
    folder = next(f for n in range(1, 10_000) if (f := name if n == 1 else f"{name} ({n})") not in taken)
    return SourceMark(source.id, source.label, folder, 0, 0, "")


def listed(ledger: Ledger, write: bool) -> list[Entry]:
    """What the backup's folder holds; half copies of killed runs are removed first."""
    if not ledger.root.is_dir():
        return []
    everything = list(FolderPlace(ledger.root, str(ledger.root)).walk())
    if write:
        clean_temps(ledger, (e.path for e in everything))
        for left in ledger.folder.glob(".auditor-probe-*"):
            shutil.rmtree(left, ignore_errors=True)
    return [e for e in everything if not TEMP_NAME.fullmatch(e.path.rpartition("/")[2])]


def _learn(ledger: Ledger, holdings: Holdings, found: Reconciled, volume: Volume, ways: Ways, read_at: str) -> None:
    """Reads the files of the backup that the rows do not explain, and corrects the rows."""
    here = {e.path: e for e in found.unknown}
    lost = [p for p in found.lost if holdings.held[p].sha256]
    by_content = {holdings.held[p].sha256: p for p in lost}
    read = [a for a in read_files(ledger.root, found.to_read, volume, ways) if isinstance(a, WasRead)]
    changed = ((found.to_read[a.number], a, holdings.held.get(found.to_read[a.number].path)) for a in read)
    looked = edits.look(
        ledger.root,
        [(e, held) for e, a, held in changed if held and held.change(a.mtime_ns, a.sha256) is Change.EDIT],
    )
    for answer in read:
        path = found.to_read[answer.number].path
        old = by_content.pop(answer.sha256, None) if path in here and path not in holdings.held else None
        if old is not None and not holdings.held[old].lost:
            holdings.moved(old, path, answer.mtime_ns)
        else:
            # What could not be looked into may be somebody's edit: it stays where it is, and the original comes again.
            spoilt = looked.spoilt.get(path)
            holdings.found(path, answer.size_bytes, answer.mtime_ns, answer.sha256, read_at, spoilt)
    for path in found.lost:
        if path in holdings.held:
            holdings.lost(path)
    for entry in found.unknown:
        if entry.path not in holdings.held:
            holdings.add(unread_row(entry.path, entry.size_bytes, entry.mtime_ns))


def read_files(root: Path, entries: tuple[Entry, ...], volume: Volume, ways: Ways) -> Iterator[WasRead | Failed]:
    """Reads files of a backup, from the device where that can be had; answers carry the entry's place in `entries`.

    A hanging read costs its time-out and becomes a `Failed`.
    """
    if not entries:
        return
    setup = Setup(FolderPlace(root, str(root)), None, None, False, False, volume.counts_reads)
    reads = [Read(n, e.path, e.size_bytes) for n, e in enumerate(entries) if e.kind is EntryKind.FILE]
    batches = [reads[i : i + 32] for i in range(0, len(reads), 32)][::-1]
    with Hands(setup, ways.hands, ways.hang_s) as hands:
        while batches or hands.busy:
            while batches and hands.idle and not ways.stop():
                hands.give(Task(reads=tuple(batches.pop())))
            if not hands.busy:
                return
            match hands.answer(wait_s=0.25):
                case WasRead() | Failed() as answer:
                    yield answer
                case Ended(lost, unanswered):
                    if unanswered.reads:
                        batches.append(list(unanswered.reads))
                    if lost is not None:
                        yield lost
                case _:
                    pass


def _examine(prepared: Prepared) -> Depth | None:
    """By date cannot be without a look at the dates."""
    if prepared.wishes.examine is None and prepared.plan.layout is Layout.BY_DATE:
        return Depth.HASH
    return prepared.wishes.examine
