"""The scrub: a backup is read again and laid beside what was written down when it was made."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from auditor.copier.backup import DIGESTS_ONLY, listed, read_files
from auditor.copier.execute import Progress, RunOptions
from auditor.copier.messages import Failed
from auditor.dates import utc
from auditor.disk.durable import ColdRead
from auditor.disk.volume import volume_of
from auditor.errors import BadManifest, BadOutput, BadPlace
from auditor.manifest.interop import foreign
from auditor.manifest.jsonl import Manifest, load, looks_like_manifest
from auditor.model import Depth, ErrorKind, FileFacts, Origin, Trouble
from auditor.paths import path_key
from auditor.places import Entry, EntryKind
from auditor.places.trash import in_bin, will_be_emptied
from auditor.scrub.sampling import CONFIDENCE, most_bad
from auditor.store.changes import Changes, Fate, Found
from auditor.store.generations import Generation, Remembered, Store, left_journals, locked, moment
from auditor.store.index import Held, Index, known_columns, unread_row
from auditor.store.survey import as_written, may_be_moved, survey
from auditor.words import percent

WAS_READ = (Fate.UNCHANGED, Fate.ROTTED, Fate.SPOILT, Fate.OVERWRITTEN, Fate.EXCHANGED, Fate.EDITED)
"""The fates that only reading a known file can tell."""

BAD = (Fate.ROTTED, Fate.SPOILT, Fate.OVERWRITTEN, Fate.EXCHANGED, Fate.LOST)
"""What must not be passed over."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which files are read: all, or the longest unread up to a number, a share (0 to 1), an age, a time."""

    number: int | None = None
    share: float | None = None
    older_than: timedelta | None = None
    budget_s: float | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing limits it."""
        return self == Choice()


@dataclass(frozen=True, slots=True)
class Verified:
    """A finished scrub. `found` holds every file but the unchanged and not chosen ones; `counts` all by fate.

    `from_device` and `untold`: reads known to come from the device, and those where that could not be told.
    `statement` says what the sample says of all files, None where all were read. `chain` are the generations that are
    missing or were changed and that no sound one came after, `outdated` those that a sound one came after: nothing
    depends on them. `unwritten` says why what was found could not be written down, None where it was. `binned` are the
    files read that somebody put into a bin of the backup, `lies_in_bin` says that all of it lies in one.
    """

    counts: Counter[Fate]
    found: tuple[Found, ...]
    from_device: int
    untold: int
    oldest_read: str | None
    statement: str | None
    chain: tuple[Generation, ...]
    manifest: Manifest | None
    unwritten: str | None = None
    binned: int = 0
    lies_in_bin: bool = False
    outdated: tuple[Generation, ...] = ()

    @property
    def read(self) -> int:
        """How many known files were read, each once."""
        return read_of(self.counts, self.found)


def read_of(counts: Counter[Fate], found: Sequence[Found]) -> int:
    """How many known files were read by these fates, each once."""
    return sum(counts[fate] for fate in WAS_READ) - sum(one.besides for one in found)


def verify(
    store: Store,
    choice: Choice,
    options: RunOptions,
    now: Callable[[], datetime],
    seed: int = 0,
    *,
    known: Remembered | None = None,
    unwritable: str | None = None,
) -> Verified:
    """Reads a backup, or the part of it that was chosen, against its last generation, and writes the next one.

    Files whose size or date is not what was written down are always read. Where it cannot write (`unwritable` says
    why), it says what it found all the same. Nothing else in the backup is changed. `known` is what this machine
    remembers of the backup: one that is older now was put back.
    Raises: BadManifest; BadPlace, also where the backup went away while it was read, as `options.unplugged` says.
    """
    started = now()
    older = store.rolled_back(known)
    wrong = [g for g in store.generations() if g.trouble]
    sound = store.sound()
    outdated = [g for g in wrong if sound is not None and g.number < sound[0]]
    chain = [*(g for g in wrong if g not in outdated), *older]
    if chain:  # it is told until a backup brings this one up to date; a new number would hide it
        behind = "the backup is not the one that this computer saw last" if older else "its last manifest is not right"
        unwritable = unwritable or f"{behind}; `auditor backup` writes a new one"
    index = Index.read(store, "")
    scrub = _Scrub(index, choice, options, started, seed)
    scrub.run(store, _listed(store, index, options))
    manifest = index.last
    if index.changed and unwritable is None:
        try:
            manifest = _write(store, index, started, now())
        except (OSError, BadOutput, BadPlace) as error:
            unwritable = str(error)
    found = scrub.result(tuple(chain), manifest, unwritable if index.changed else None)
    return replace(found, outdated=tuple(outdated))


@contextlib.contextmanager
def session(store: Store) -> Iterator[tuple[Store, str | None]]:
    """The backup for this scrub alone, to be written to; where nothing can be, as it is, and why.

    Raises: BadPlace where another run works on it.
    """
    with contextlib.ExitStack() as stack:
        why = None
        try:
            store = stack.enter_context(locked(store))
        except OSError as error:
            why = f"{store.folder} cannot be written to: {error.strerror}"
        yield store, why


def _listed(store: Store, index: Index, options: RunOptions) -> list[Entry]:
    entries = listed(store, clean=False, held=index.held)
    _still_there(store.root, options)
    return entries


def _still_there(root: Path, options: RunOptions) -> None:
    """What an unplugged disk does not show is not lost. Raises: BadPlace where it is away."""
    if options.unplugged() is not None:
        raise BadPlace(
            f"{root} went away while it was being read, or is another disk now, so nothing can be said of its files;"
            " connect it and run the same command again"
        )


def _write(store: Store, index: Index, started: datetime, now: datetime) -> Manifest:
    last = index.last.header if index.last else None
    return store.add_generation(
        index.rows(),
        columns=tuple(dict.fromkeys((*known_columns(last), *DIGESTS_ONLY, "soundness", "damage", "notes"))),
        depth=last.depth if last else Depth.HASH,
        label=store.root.name,
        spec=str(store.root),
        started=utc(started),
        now=now,
    )


class _Scrub:
    """The state of one scrub: what is still to be read, and what was found."""

    def __init__(
        self, index: Index, choice: Choice, options: RunOptions, started: datetime, seed: int, by_age: bool = True
    ) -> None:
        self._index, self._choice, self._options = index, choice, options
        self._started, self._seed = started, seed
        self._by_age = by_age  # False: the times in the rows are those of another place
        self._found: list[Found] = []
        self._counts: Counter[Fate] = Counter()
        self._cold: Counter[ColdRead] = Counter()
        self._fixed: frozenset[str] = frozenset()  # files that are read in any case: they are no sample
        self._at_random: set[str] = set()
        self._bad_at_random = self._bad_known = 0
        self._population = 0
        self._binned = 0
        self._lies_in_bin = False
        self._first_read = 0  # listed before, and read now for the first time

    def run(self, store: Store, entries: Sequence[Entry]) -> None:
        """Reads what is to be read and corrects the rows."""
        self._lies_in_bin = will_be_emptied(f"{store.root.resolve().as_posix()}/")
        before = dict(self._index.held)
        looked = survey(entries, before)
        changes = Changes(self._index, store.root, looked, utc(self._started))
        wanted = may_be_moved(looked, before)
        as_told = {
            e.path: as_written(e, h) and not self._index.lacking(h) for e in looked.known if (h := before[e.path])
        }
        suspects = [e for e in looked.known if not as_told[e.path]]
        chosen = self._chosen([e for e in looked.known if as_told[e.path]])
        moved = [e for e in (*looked.new, *looked.known) if e.path in wanted]
        fresh = looked.new if self._choice.everything else ()
        # A file that was never read can have rotted, and nobody could tell.
        self._population = sum(before[e.path].sha256 is not None for e in looked.known)
        self._fixed = frozenset(e.path for e in suspects) | (wanted & before.keys())
        to_read = tuple({e.path: e for e in (*suspects, *moved, *chosen, *fresh)}.values())
        listing = (*looked.known, *looked.new)
        complete = self._read(store, to_read, listing, changes, {e.path for e in chosen} - self._fixed)
        for found in changes.settle(mend=False, complete=complete):
            self._first_read += found.fate is Fate.NEW and found.path in before
            self._bad_at_random += found.fate in BAD and found.path in self._at_random
            self._bad_known += found.fate in BAD and found.path in self._fixed
            self._note(found)
        edited = {found.path for found in self._found if found.fate is Fate.EDITED}  # they are counted as read
        self._first_read += len(changes.moved_to & before.keys() - edited)
        told = {found.path for found in self._found} | changes.moved_to
        for entry in looked.new:
            if entry.path not in told and not in_bin(entry.path):
                self._note(Found(entry.path, Fate.NEW))
        here = {e.path for e in looked.known}
        elsewhere = sum(  # edited and moved
            found.fate in WAS_READ and not found.besides and found.path not in here for found in self._found
        )
        read = read_of(self._counts, self._found) - elsewhere
        others = sum(found.fate in {Fate.UNREADABLE, Fate.MOVED} and found.path in here for found in self._found)
        self._counts[Fate.NOT_READ] = len(looked.known) - read - others - self._first_read

    def result(
        self, chain: tuple[Generation, ...], manifest: Manifest | None, unwritten: str | None = None
    ) -> Verified:
        """What was found, for people."""
        reads = [self._was_read(h) for h in self._index.held.values() if h.sha256 and not h.lost]
        return Verified(
            counts=self._counts,
            found=tuple(sorted(self._found, key=lambda f: (list(Fate).index(f.fate), path_key(f.path)))),
            from_device=self._cold[ColdRead.DEVICE],
            untold=self._cold[ColdRead.UNKNOWN] + self._cold[ColdRead.CACHE],
            oldest_read=(min(reads, default=None) or None) if self._by_age else None,
            statement=self._statement(),
            chain=chain,
            manifest=manifest,
            unwritten=unwritten,
            binned=self._binned,
            lies_in_bin=self._lies_in_bin,
        )

    def _was_read(self, held: Held) -> str:
        """When a file was read the last time; a time that is yet to come is a clock that was wrong."""
        return held.read_at if held.read_at <= utc(self._started + timedelta(seconds=2)) else ""

    def _chosen(self, entries: list[Entry]) -> list[Entry]:
        """The longest unread first; those unread equally long in random order, the same for the same seed."""
        held = self._index.held
        random.Random(self._seed).shuffle(entries)  # noqa: S311 (a sample, no secret)
        if self._by_age:
            entries.sort(key=lambda e: self._was_read(held[e.path]))
        if self._choice.older_than is not None:
            limit = utc(self._started - self._choice.older_than)
            entries = [e for e in entries if self._was_read(held[e.path]) < limit]
        number = self._choice.number
        if self._choice.share is not None:
            number = -(-len(entries) * round(self._choice.share * 1_000_000) // 1_000_000)
        return entries if number is None else entries[:number]

    def _read(
        self,
        store: Store,
        entries: tuple[Entry, ...],
        listing: Sequence[Entry],
        changes: Changes,
        at_random: set[str],
    ) -> bool:
        """Reads files; False where it was stopped, or its time was over, before the last."""
        until = None if self._choice.budget_s is None else time.monotonic() + self._choice.budget_s

        def stop() -> bool:
            return self._options.stop() or (until is not None and time.monotonic() >= until)

        total_bytes = sum(e.size_bytes or 0 for e in entries)
        files = done_bytes = failed = 0
        if entries:
            self._options.on_progress(Progress(0, len(entries), 0, total_bytes, "", 0))
        options = replace(self._options, stop=stop)
        for answer in read_files(store.root, entries, listing, volume_of(store.root), options):
            entry = entries[answer.number]
            held = changes.before.get(entry.path)
            if isinstance(answer, Failed):
                failed += 1
                _still_there(store.root, self._options)
                self._note(Found(entry.path, Fate.UNREADABLE, held.sha256 if held else None, answer.reason))
                if held is not None:
                    self._index.unreadable(entry.path, answer.reason)
            else:
                self._cold[answer.cold] += 1
                self._binned += held is None and in_bin(entry.path)
                if entry.path in at_random and held is not None and held.sha256 is not None:
                    self._at_random.add(entry.path)
                if found := changes.take(entry, answer):
                    self._note(found)
            files, done_bytes = files + 1, done_bytes + (entry.size_bytes or 0)
            self._options.on_progress(Progress(files, len(entries), done_bytes, total_bytes, entry.path, failed))
        _still_there(store.root, self._options)
        return files == len(entries)

    def _note(self, found: Found) -> None:
        self._counts[found.fate] += 1
        if found.fate is not Fate.UNCHANGED:
            self._found.append(found)

    def _statement(self) -> str | None:
        """What the sample says of all files. What is known to be bad already is no chance find, and is added."""
        read, of = len(self._at_random), self._population - len(self._fixed)
        if not read or read >= of:
            return None
        bad = self._bad_at_random + self._bad_known
        most = most_bad(of, read, self._bad_at_random) + self._bad_known
        also = ", and those that had changed" if self._fixed else ""
        which = "those unread the longest" if self._by_age else "chosen at random"
        so = "If the others are like them, at" if self._by_age else "At"
        return (
            f"{read + len(self._fixed):,} of {self._population:,} files were read, {which}{also}:"
            f" {bad:,} bad (rotted, spoilt, overwritten, exchanged or lost). {so} most {most:,} of all"
            f" ({percent(most / self._population)}) are bad ({percent(CONFIDENCE)} confidence)."
        )


def verify_against(
    root: Path, manifest: Path, choice: Choice, options: RunOptions, now: Callable[[], datetime]
) -> Verified:
    """`verify` with a manifest made elsewhere, ours or another tool's; nothing is written.

    When its rows were read says nothing of this folder (it may be the list of a phone): a sample is one at random, by
    the day. Raises: BadManifest.
    """
    store = Store(root)
    index = Index("", None)
    if looks_like_manifest(manifest):
        rows: Iterable[FileFacts] = load(manifest).rows()
    else:
        rows = foreign.read(manifest).rows
    for row in rows:
        if not row.sha256:
            raise BadManifest(f"{manifest} holds no SHA-256 of {row.path}; make one with `auditor scan --depth hash`")
        index.note(replace(row, changed_ns=None))  # of another place's file
    started = now()
    scrub = _Scrub(index, choice, options, started, started.toordinal(), by_age=False)
    entries = [e for e in _listed(store, index, options) if not manifest.samefile(root / e.path)]
    scrub.run(store, entries)
    return scrub.result((), None)


def first_generation(store: Store, options: RunOptions, now: Callable[[], datetime]) -> Manifest:
    """Makes the first generation of a folder that this tool did not make, or a new one where the last is gone.

    Every file is read; what is there now is what later runs compare with. Earlier generations stay where they are, and
    what they, and runs that were killed, know of the original names and dates of the same bytes is kept.
    """
    started = now()
    marker = store.marker()
    assert marker is not None
    origins = _known_origins(store)
    killed = bool(store.marks()) and not marker.sources  # of a first backup: these names are not somebody's own
    if marker.generation:
        kept = max((g.number for g in store.generations() if g.trouble is None), default=0)
        store.put(replace(marker, generation=kept, generation_sha256=""))
    index = Index(marker.id, None)
    entries = tuple(e for e in listed(store, clean=False, held={}) if e.kind is EntryKind.FILE and not e.error)
    total = sum(e.size_bytes or 0 for e in entries)
    files = read_bytes = failed = 0
    for answer in read_files(store.root, entries, entries, volume_of(store.root), options):
        entry = entries[answer.number]
        files, read_bytes = files + 1, read_bytes + (entry.size_bytes or 0)
        failed += isinstance(answer, Failed)
        options.on_progress(Progress(files, len(entries), read_bytes, total, entry.path, failed))
        if isinstance(answer, Failed):
            row = unread_row(entry.path, entry.size_bytes, entry.mtime_ns)
            index.add(replace(row, error=Trouble(ErrorKind.UNREADABLE, answer.reason)))
            continue
        index.found(
            entry.path, answer.size_bytes, answer.mtime_ns, answer.sha256, utc(started), changed_ns=entry.changed_ns
        )
        here = Origin(marker.id, entry.path, answer.sha256, answer.mtime_ns, moment(started))
        for origin in origins.pop(answer.sha256, ()) or (() if killed else (here,)):
            index.add_origin(entry.path, origin)
    return store.add_generation(
        index.rows(),
        columns=DIGESTS_ONLY,
        depth=Depth.HASH,
        label=store.root.name,
        spec=str(store.root),
        started=utc(started),
        now=now(),
        complete=not failed,
        reasons=(f"{failed} files could not be read",) if failed else (),
    )


def _known_origins(store: Store) -> dict[str, tuple[Origin, ...]]:
    """Where contents came from, by SHA-256, as far as anything that can still be read says so."""
    try:
        rows = list(Index.read(store, "").rows())
    except BadManifest:
        return {}
    return {origin.sha256: tuple(o for o in row.origins if o.sha256 == origin.sha256)
            for row in rows for origin in row.origins}  # fmt: skip


def has_rows(store: Store) -> bool:
    """Whether `verify` has anything to compare with: a generation, or what a run that was killed had written down."""
    return any(store.generations_there()) or bool(left_journals(store))
