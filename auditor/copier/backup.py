"""A backup from beginning to end: look, plan, copy, write the next generation. The command shows what happens here."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from auditor.copier import preflight, read_back
from auditor.copier.execute import Ending, Progress, RunOptions, execute
from auditor.copier.layout import Layout, Namer
from auditor.copier.messages import Cause, Failed, Read, Setup, Task
from auditor.copier.plan import (
    Action,
    CopyPlan,
    Limits,
    escaped,
    steps_for,
    twins,
)  # fmt: skip
from auditor.copier.publish import CopyResult, Outcome, Publisher, clean_temps
from auditor.copier.workers import Ended, Workers
from auditor.dates import utc
from auditor.disk.durable import WasRead
from auditor.disk.marker import OWN_FOLDER, Marker, SourceMark
from auditor.disk.names import NameRules, escape
from auditor.disk.root import made
from auditor.disk.volume import Volume, clean_probes, probed, volume_of
from auditor.errors import BadOutput, BadPlace, Unwritable
from auditor.manifest.jsonl import Manifest
from auditor.manifest.rows import KNOWN_AT
from auditor.model import Depth, Refusal
from auditor.paths import display_path
from auditor.places import Entry, EntryKind, Place, Power, own_folder, presence, unfinished
from auditor.places.folder import FolderPlace
from auditor.places.trash import in_bin, is_of_a_program
from auditor.store.changes import Changes, Fate, Found
from auditor.store.generations import (
    JOURNALS,
    QUARANTINE,
    Journal,
    Store,
    left_journals,
    locked,
    moment,  # fmt: skip
)
from auditor.store.index import Held, Index, known_columns
from auditor.store.survey import Survey, as_written, may_be_moved, survey

DIGESTS_ONLY = ("path", "path_bytes", "size_bytes", "mtime", "mtime_trusted", "kind", "error_kind", "error", "read_at",
                "digest_origin", "sha256", "checked", "changed")  # fmt: skip
"""The columns that a run without examination knows."""


RENEWED_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. `examine` None: digests only. The last two answer refusals of the preflight."""

    layout: Layout | None = None
    examine: Depth | None = Depth.DECODE
    paranoid: bool = False
    excluded: re.Pattern[str] | None = None
    new_place: bool = False
    shrunk: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """What lay in a source, and where it lay before that was listed: another one may lie there right after."""

    entries: tuple[Entry, ...]
    mounted: presence.Mounted | None

    @classmethod
    def at(cls, source: Place) -> Looked:
        """Lists a source now. Raises: BadPlace, ListingCut."""
        mounted = presence.mounted(source)
        entries = (*source.walk(), *own_folder.strange(source))
        return cls((*entries, *presence.unlisted_beneath(source, mounted, entries)), mounted)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan and all that carrying it out needs. `found` is the backup's listing beside its rows, and `learned` what
    became of the files of which the rows tell otherwise. `mounted` is where the source lay before it was listed,
    `mark` what the backup knew of it before this run, and `turn` the number of the run, which is that of none in which
    anything arrived or was answered for."""

    plan: CopyPlan
    source: Place
    store: Store
    marker: Marker
    volume: Volume
    index: Index
    namer: Namer
    found: Survey
    asked: Request
    started: str
    seen: str
    learned: tuple[Found, ...]
    mounted: presence.Mounted | None
    mark: SourceMark
    turn: int

    @property
    def trusted(self) -> bool:
        """Whether what was not read again, on either side, is known by its change time, not by its size and date
        alone."""
        return _keeps_changes(self.source) and self.volume.keeps_changes

    @property
    def before(self) -> str:
        """A moment before this run began."""
        return utc(datetime.fromisoformat(self.started) - timedelta(seconds=1))

    @property
    def near(self) -> bool:
        """Whether what was read is what lies in the source: a checksum says so, or two reads are two, as nothing but
        the system itself stands between the source and its disk. What lies behind a remote, a program reads."""
        if Power.CHECKED in self.source.powers:
            return True
        things = () if self.source.behind else self.source.local_things
        return bool(things) and all(thing.exists() and volume_of(thing).is_near for thing in things)


@dataclass(frozen=True, slots=True)
class BackupResult:
    """A backup that was carried out. `manifest` is the newest generation; None where nothing was ever stored. `fake`
    says why the disk cannot be relied on, None where nothing speaks against it. `confirmed` are the source's files of
    which it has digested, after the run, the very bytes that were copied."""

    prepared: Prepared
    ending: Ending
    manifest: Manifest | None
    fake: str | None = None
    confirmed: frozenset[str] = frozenset()

    @property
    def arrived_damaged(self) -> tuple[CopyResult, ...]:
        """What came damaged for the first time, through something that may have spoilt it: a mount, a cable, a network.

        What the system reads from its own disks was read twice, a file that was stored damaged by an earlier run was
        read in two, and what the source itself digested never came through anything: these are damaged in the source.
        """
        results = () if self.prepared.near else self.ending.results
        return tuple(r for r in results if r.damaged and r.step.path not in self.confirmed)


@contextlib.contextmanager
def session(root: Path, layout: Layout) -> Iterator[Store]:
    """The backup in `root`, made if need be, for this run alone.

    Raises: BadPlace where another run works on it, or it cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            made(root).close()
            store = stack.enter_context(locked(Store(root)))
            store.create(layout.value, datetime.now(UTC))
        except OSError as error:
            raise Unwritable(f"{root} cannot be written to: {error.strerror or error}") from error
        yield store


def refusals_before(source: Place, root: Path, asked: Request) -> list[Refusal]:
    """What speaks against touching the destination at all."""
    if told := preflight.overlap(source, root) or preflight.in_bin(root):
        return [Refusal(told)]
    marker = Store(root).marker()
    known = preflight.remembered(root)
    wrong = preflight.wrong_disk(root, marker, volume_of(root), known.id if known else None)
    if wrong and not asked.new_place:
        return wrong
    if marker is not None and asked.layout is not None and asked.layout.value != marker.layout:
        return [Refusal(f"{root} is kept in the layout {marker.layout}; a backup has one layout. Use another folder.")]
    return []


def refusals_when_new(
    source: Place, root: Path, asked: Request, options: RunOptions
) -> tuple[Looked, tuple[Refusal, ...]]:
    """What lies in the source, and what speaks against a backup where there is none yet: asked before it is made."""
    looked = Looked.at(source)
    if Store(root).folder.exists():
        return looked, ()
    return looked, prepare(source, Store(root), asked, options, looked=looked).plan.refusals


def prepare(
    source: Place,
    store: Store,
    asked: Request,
    options: RunOptions,
    *,
    now: datetime | None = None,
    looked: Looked | None = None,
) -> Prepared:
    """Looks at both sides and plans. With a store that is only read nothing is written: a dry run. `looked` is what lay
    in the source where it was listed already.

    Reads files of the backup only where their size or date is not what was written down, or where an unknown file may
    hold what is wanted. Raises: BadPlace, ListingCut, BadManifest.
    """
    clock_is_ours = now is None  # what is seen is seen after the source was listed
    now = now or datetime.now(UTC)
    started = utc(now)
    root = store.root
    marker = store.marker() or Marker("", started, (asked.layout or Layout.MIRROR).value)
    troubles = store.last_troubles()
    if troubles:  # what a source contradicted stood there
        marker = marker.unanswered()
    layout = Layout(marker.layout)
    volume = volume_of(root)
    if store.opened is not None:
        # A disk that is full: the kind of its file system has to do.
        with contextlib.suppress(OSError), store.door.folder(OWN_FOLDER, make=True) as own:
            volume = probed(volume, own)
    index = Index.read(store, source.id)
    trusted = _keeps_changes(source)
    mark = marker.source(source.id) or _new_source(source, marker, volume.names)
    looked = looked or Looked.at(source)
    entries = [_as_trusted(unfinished.told(e), trusted) for e in looked.entries]
    listing = listed(store, store.opened is not None, index.held)
    sizes = {e.size_bytes for e in entries if e.size_bytes and not index.knows(e.path, e.mtime_ns)}
    found = survey(listing, index.held)
    learned = _learn(store, index, found, sizes, volume, options, started)
    limits = Limits(volume, root, layout, mark.folder)
    steps = preflight.without_room(steps_for(entries, index, limits, asked.excluded), volume)
    namer = Namer(volume.names, layout, mark.folder)
    namer.take(e.path for e in listing)
    namer.take(path for path, held in index.held.items() if held.lost)  # or its loss would be forgotten
    for step in steps:
        if step.action is Action.SKIP and step.backup_path:
            namer.remember(step.path, step.backup_path)
    count = sum(step.action is not Action.LEAVE_OUT for step in steps)
    refusals = [] if asked.shrunk and count else preflight.shrunk(marker.source(source.id), count, source.label)
    refusals += preflight.space(steps, volume)
    warnings = [f"{trouble} The backup goes on from the one before." for trouble in troubles]
    warnings += [f"{g.path.name}: {g.trouble}." for g in store.rolled_back(preflight.remembered(root))]
    warnings += preflight.full_phone(source.device())
    warnings += preflight.names(twins(steps, volume.names, layout, mark.folder), escaped(steps, volume.names))
    if marker.sources and marker.source(source.id) is None:
        others = ", ".join(s.label for s in marker.sources)
        warnings.append(
            f"This backup holds files of {others}; those of {source.label} go beside them, in {mark.folder}/."
        )
    plan = CopyPlan(source.id, source.label, root, mark.folder, layout, steps, tuple(refusals), tuple(warnings))
    seen = moment(datetime.now(UTC)) if clock_is_ours else moment(now)
    turn = max(index.turn, *(known.last_answered for known in (mark, *marker.sources))) + 1
    return Prepared(
        plan,
        source,
        store,
        marker,
        volume,
        index,
        namer,
        found,
        asked,
        started,
        seen,
        learned,
        looked.mounted,
        mark,
        turn,
    )


def carry_out(
    prepared: Prepared, options: RunOptions, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> BackupResult:
    """Copies what the plan says and writes the next generation, also where the run was stopped half-way.

    Where the destination is gone and not even that can be written, the ending says so; what is safe is in the journal.
    """
    plan, store, index = prepared.plan, prepared.store, prepared.index
    if plan.to_do and prepared.learned and index.changed:
        try:
            # A journal tells of new files alone: what became of the old ones must be known before their names are used.
            _add_generation(prepared, prepared.marker.sources, now())
        except (OSError, BadOutput, BadPlace) as error:
            return BackupResult(prepared, _unwritten(Ending((), stopped=True, gone=None), error), index.last)
    journal = Journal.begin(store, prepared.turn, plan.mark)
    publisher = Publisher(
        door=store.door,
        source_id=plan.source_id,
        seen=prepared.seen,
        namer=prepared.namer,
        index=index,
        journal=journal,
        aside=f"{QUARANTINE}/{now().strftime('%Y%m%dT%H%M%S')}-{plan.mark}",
        turn=prepared.turn,
        keeps_changes=prepared.volume.keeps_changes,
    )
    if plan.to_do:
        store.put_marks({*store.marks(), plan.mark})
    setup = Setup(
        source=prepared.source,
        root=store.door.known,
        examine=_examine(prepared),
        paranoid=prepared.asked.paranoid,
        syncs_whole=prepared.volume.syncs_whole,
        counts_reads=prepared.volume.counts_reads,
    )
    watch = presence.Watch(prepared.source, prepared.mounted, partial(_listing, plan), options.unplugged)
    ending = execute(plan, setup, publisher, replace(options, unplugged=watch))
    if ending.gone is None:
        if told := watch.at_end(ending.other, failed=ending.failed, written=ending.written):
            # It was exchanged while nothing was read, or nobody saw it: whose files these are cannot be said.
            ending = replace(ending, stopped=True, gone=told)
        else:
            ending = _without(ending, {step.number for step in watch.perhaps_anothers(ending.other)})
    if ending.gone is not None:  # what lies at the path now is another's, or nobody's
        return BackupResult(prepared, ending, index.last)
    try:
        publisher.settle()
        manifest = _next_generation(prepared, now())
        try:
            fake, is_news = _read_back(prepared, ending, options)
            store.door.check()  # else it was read back from another one
        except BadPlace as error:  # another disk lies there
            return BackupResult(prepared, replace(ending, stopped=True, gone=str(error)), manifest)
        if is_news:
            manifest = _next_generation(prepared, now())
        return BackupResult(prepared, ending, manifest, fake)
    except (OSError, BadOutput, BadPlace) as error:
        return BackupResult(prepared, _unwritten(ending, error), index.last)


def doubt(backed: BackupResult, paths: Iterable[str], now: datetime) -> BackupResult:
    """Writes down that the source says it holds other bytes under these paths than arrived: the next run reads them,
    and what it reads is stored beside what is there. Where that cannot be written, the ending says so."""
    index = backed.prepared.index
    for path in paths:
        if path in index.origins:
            at, origin = index.origins[path]
            index.add_origin(at, replace(origin, mtime_ns=None, changed_ns=None, inode=None))
    try:
        return replace(backed, manifest=_next_generation(backed.prepared, now))
    except (OSError, BadOutput, BadPlace) as error:
        return replace(backed, ending=_unwritten(backed.ending, error))


def settle(backed: BackupResult, unanswered: str | None = None) -> BackupResult:
    """Writes down that the source has said of all that arrived what it holds itself: what it contradicted is in doubt.
    `unanswered` is the first file, in the order in which they arrived, of which it has not; None where there is none.
    Where that cannot be written, the ending says so, and the next run asks again."""
    prepared = backed.prepared
    marker = prepared.store.marker() or prepared.marker
    known, index = marker.source(prepared.plan.source_id), prepared.index
    turn = index.turn if unanswered is None else index.origins[unanswered][1].turn
    if known is None or (fresh := known.settled(turn, unanswered)) == known:
        return backed
    sources = tuple(fresh if s is known else s for s in marker.sources)
    try:
        prepared.store.put(replace(marker, sources=sources))
    except (OSError, BadOutput, BadPlace) as error:
        return replace(backed, ending=_unwritten(backed.ending, error))
    return backed


def _listing(plan: CopyPlan) -> dict[str, tuple[int | None, int | None]]:
    """The files of the source as they were planned with."""
    listed = (s for s in plan.steps if s.action is not Action.LEAVE_OUT and s.error is None)
    return {s.path: (s.size_bytes, s.mtime_ns) for s in listed}


def _without(ending: Ending, doubtful: Container[int]) -> Ending:
    """The ending in which these steps count as failed: what was read of them is stored, and is perhaps another's."""
    reason = "it is not as it was listed, and where it lies was away meanwhile: run the same command again"
    results = [
        CopyResult(r.step, Outcome.FAILED, reason=reason, cause=Cause.SOURCE) if r.step.number in doubtful else r
        for r in ending.results
    ]
    return replace(ending, results=tuple(results))


def _unwritten(ending: Ending, error: Exception) -> Ending:
    reason = getattr(error, "strerror", None) or error
    return replace(ending, stopped=True, gone=f"the backup's manifest cannot be written ({reason})")


def _read_back(prepared: Prepared, ending: Ending, options: RunOptions) -> tuple[str | None, bool]:
    """Whether the device still gives back what this run wrote first and last: None, or what is wrong; and whether any
    file that was read is known to be bad only now.

    What it does not give back is known as rotted, or as unreadable, from now on. What an earlier run wrote may have
    rotted since, which is told as any rot is, and says nothing of the device.
    """
    if ending.gone or options.stop():
        return None, False
    index, store = prepared.index, prepared.store
    written = [r.backup_path for r in ending.results if r.row is not None and r.backup_path in index.held]
    entries = read_back.choose([path for path in written if path], index.held)
    bad: dict[str, str] = {}
    for answer in read_files(store.root, entries, (), prepared.volume, options):
        path = entries[answer.number].path
        if isinstance(answer, Failed):
            bad[path] = f"{display_path(path)}: {answer.reason}"
            index.unreadable(path, answer.reason)
        elif answer.sha256 != index.held[path].sha256:
            bad[path] = display_path(path)
            index.found(
                path, answer.size_bytes, index.held[path].mtime_ns, answer.sha256, prepared.seen, spoilt="it rotted"
            )
    trouble = read_back.records_trouble(store) if written else None
    if fresh := [told for path, told in bad.items() if path in written]:
        return f"{read_back.FAKE} ({fresh[0]}{f' and {len(fresh) - 1} more' if fresh[1:] else ''})", True
    return trouble, bool(bad)


def _next_generation(prepared: Prepared, now: datetime) -> Manifest | None:
    index, store = prepared.index, prepared.store
    sources = _marked(prepared)
    journals = left_journals(store)
    up_to_date = not index.changed and not journals and not store.last_troubles()
    if up_to_date and index.last is not None and _is_fresh(index.last, now):
        if sources != prepared.marker.sources:
            store.put(replace(store.marker() or prepared.marker, sources=sources))
        return index.last
    return _add_generation(prepared, sources, now)


def _add_generation(prepared: Prepared, sources: tuple[SourceMark, ...], now: datetime) -> Manifest:
    """Writes what is known of the backup's files; the journals of killed runs are in it then."""
    index, store = prepared.index, prepared.store
    journals = left_journals(store)
    examine = _examine(prepared)
    known = KNOWN_AT[examine] if examine else DIGESTS_ONLY
    depths = [d for d in (index.last.header.depth if index.last else None, examine) if d]
    manifest = store.add_generation(
        index.rows(),
        columns=tuple(dict.fromkeys((*known_columns(index.last.header if index.last else None), *known))),
        depth=min(depths, key=list(Depth).index) if depths else Depth.HASH,
        label=prepared.plan.root.name,
        spec=str(prepared.plan.root),
        started=prepared.started,
        now=now,
        complete=not prepared.found.unreadable,
        reasons=tuple(f"{e.path}: {e.error}" for e in prepared.found.unreadable),
        sources=sources,
    )
    for journal in journals:  # their rows are in the generation now
        store.door.remove(f"{JOURNALS}/{journal.name}")
    return manifest


def _is_fresh(last: Manifest, now: datetime) -> bool:
    """Whether a generation speaks for a run that changed nothing. An old one is written again: what it says was looked
    at today, if only by size and date, and an audit asks how old a list is."""
    return utc(now - RENEWED_AFTER) < last.footer.finished


def _marked(prepared: Prepared) -> tuple[SourceMark, ...]:
    plan = prepared.plan
    counted = [s for s in plan.steps if s.action is not Action.LEAVE_OUT]
    size = sum(s.size_bytes or 0 for s in counted)
    mark = replace(prepared.mark, label=plan.source_label, files=len(counted), bytes=size, listed=prepared.started)
    same = prepared.marker.source(plan.source_id)
    if same and replace(mark, listed=same.listed) == same:
        mark = same
    others = [s for s in prepared.marker.sources if s.id != plan.source_id]
    return tuple(sorted([*others, mark], key=lambda s: (s.folder, s.id)))


def _new_source(source: Place, marker: Marker, rules: NameRules) -> SourceMark:
    """The first source has the top of the backup; each later one a folder of its own beside it, and no bin nor a
    program's folder, whatever it is called."""
    if not marker.sources:
        return SourceMark(source.id, source.label, "", 0, 0, "")
    taken = {s.folder for s in marker.sources}
    label = source.label.replace("/", "_") or "source"
    name = escape(f"phone {label}" if in_bin(f"{label}/") or is_of_a_program(f"{label}/") else label, rules)
    folder = next(f for n in range(1, 10_000) if (f := name if n == 1 else f"{name} ({n})") not in taken)
    return SourceMark(source.id, source.label, folder, 0, 0, "")


def _keeps_changes(source: Place) -> bool:
    """Whether change times and file numbers in the source tell a file that is the very same."""
    return source.folder is not None and source.folder.exists() and volume_of(source.folder).keeps_changes


def _as_trusted(entry: Entry, trusted: bool) -> Entry:
    return entry if trusted else replace(entry, changed_ns=None, file_id=None)


def listed(store: Store, clean: bool, held: Mapping[str, Held]) -> list[Entry]:
    """What the backup's folder holds. `clean`: half copies of killed runs are removed first, those that a run of ours
    wrote down beforehand. Others are nothing that we know of; only where an earlier version stored one as a file
    (`held`), it stays one.
    """
    if not store.root.is_dir():
        return []
    everything = list(FolderPlace(store.root, str(store.root)).walk())
    halves = {e.path for e in everything if unfinished.is_unfinished(e.path)}
    if clean:
        uncleaned = clean_temps(store, halves - held.keys())
        if not any(e.kind is EntryKind.FOLDER for e in everything):
            store.put_marks(uncleaned)
        with store.door.folder(OWN_FOLDER) as own:
            clean_probes(own)
    return [replace(e, error=None) if e.path in halves else e for e in everything if e.path not in halves - held.keys()]


def _learn(
    store: Store,
    index: Index,
    found: Survey,
    wanted_sizes: set[int],
    volume: Volume,
    options: RunOptions,
    read_at: str,
) -> tuple[Found, ...]:
    """Reads the files of the backup that the rows do not explain, corrects the rows, and says what became of them.

    Files whose size, date or time of change is not their row's, that may hold what is gone, and unknown ones that may
    be a file of the source (`wanted_sizes`). One that cannot be read is no copy of anything.
    """
    held = index.held
    changes = Changes(index, store.root, found, read_at)
    wanted = may_be_moved(found, held) | {e.path for e in found.new if e.size_bytes in wanted_sizes}
    wanted |= {e.path for e in found.known if held[e.path].sha256 is None and e.size_bytes in wanted_sizes}
    wanted |= {e.path for e in found.known if not as_written(e, held[e.path]) or index.lacking(held[e.path])}
    lines = {row.path: row for row in store.salvaged() if row.sha256}
    wanted |= {e.path for e in found.new if e.path in lines}
    to_read = tuple(e for e in (*found.known, *found.new) if e.path in wanted)
    total, done, learned = sum(e.size_bytes or 0 for e in to_read), 0, []
    listing = (*found.known, *found.new)
    for count, answer in enumerate(read_files(store.root, to_read, listing, volume, options), 1):
        entry = to_read[answer.number]
        if isinstance(answer, WasRead):
            learned.append(changes.take(entry, answer))
        elif entry.path in held:
            index.unreadable(entry.path, answer.reason)
        done += entry.size_bytes or 0
        options.on_progress(Progress(count, len(to_read), done, total, entry.path, 0))
    learned += changes.settle(mend=True, complete=not options.stop())
    for path, row in lines.items():  # of a manifest that is not right, believed where a file has the bytes it names
        if path in held and held[path].whole and held[path].sha256 == row.sha256:
            index.take_origins(path, row.origins)
    return tuple(one for one in learned if one is not None and one.fate not in (Fate.UNCHANGED, Fate.NEW))


def read_files(
    root: Path, entries: tuple[Entry, ...], listing: Sequence[Entry], volume: Volume, options: RunOptions
) -> Iterator[WasRead | Failed]:
    """Reads files of a backup, from the device where that can be had; answers carry the entry's place in `entries`.
    `listing` has these and all others that lay there when they were listed; none where nobody listed them just before.

    A hanging read costs its time-out and becomes a `Failed`.
    Raises: BadPlace after the last, where another disk or folder lay there while files were read.
    """
    place = FolderPlace(root, str(root))
    stamps = {e.path: (e.size_bytes, e.mtime_ns) for e in listing}
    watch = presence.Watch(place, presence.mounted(place), lambda: stamps)
    other: list[Entry] = []
    seen: str | None = None
    failed, written = False, set[str]()
    for answer in _answers(root, entries, volume, options):
        entry = entries[answer.number]
        if isinstance(answer, Failed):
            # Nobody waits here for the first to come back, so what was seen of another one is not forgotten.
            if (now := watch()) != presence.source_gone(place):
                seen = seen or now
            failed = failed or answer.cause is not Cause.CHANGED
            written |= {entry.path} if answer.cause is Cause.CHANGED else set()
        elif answer.opened and not answer.opened.is_as(entry):
            other.append(entry)
        yield answer
    told = watch.at_end(other, failed=failed, written=written) or seen
    if not told and (doubtful := watch.perhaps_anothers(other)):
        told = f"{root} was away, and {display_path(doubtful[0].path)} is not as it was listed, as on another disk"
    if told:
        raise BadPlace(f"{told}; put back the first one, leave it there, and run the same command again")


def _answers(root: Path, entries: tuple[Entry, ...], volume: Volume, options: RunOptions) -> Iterator[WasRead | Failed]:
    if not entries:
        return
    setup = Setup(FolderPlace(root, str(root)), None, None, False, False, volume.counts_reads)
    reads = [Read(n, e.path, e.size_bytes) for n, e in enumerate(entries) if e.kind is EntryKind.FILE]
    batches = [reads[i : i + 32] for i in range(0, len(reads), 32)][::-1]
    with Workers(setup, options.workers, options.hang_s) as workers:
        while batches or workers.busy:
            while batches and workers.idle and not options.stop():
                workers.give(Task(reads=tuple(batches.pop())))
            if not workers.busy:
                return
            match workers.answer(wait_s=0.25):
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
    if prepared.asked.examine is None and prepared.plan.layout is Layout.BY_DATE:
        return Depth.HASH
    return prepared.asked.examine
