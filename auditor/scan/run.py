"""Place to manifest: every file that the walk meets gets a row, and each file's bytes are read once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Container, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from auditor import __version__
from auditor.dates import is_as_listed, rfc3339, utc
from auditor.errors import AuditorError, ListingCut
from auditor.isolation import pool
from auditor.isolation.aside import aside
from auditor.manifest import jsonl
from auditor.manifest.jsonl import Manifest, Writer
from auditor.manifest.rows import KNOWN_AT, SCHEMA
from auditor.model import DIGESTS, Depth, DigestOrigin, ErrorKind, FileFacts, Header, Trouble
from auditor.paths import display_path, path_key
from auditor.places import Entry, EntryKind, Place, Power, own_folder, presence, unfinished
from auditor.places.recorded import recorded_name
from auditor.scan import cache, companions, without_bytes
from auditor.scan.one_file import CHANGED, Task, read_file, read_without_decoders, unread, with_stated
from auditor.scan.reuse import ReusableRows, RowsAhead, taken_up, usable

__all__ = ["Progress", "Task", "read_file", "scan"]

TOOL = f"auditor {__version__}"

PRELOAD = (
    "auditor.scan.one_file",
    "auditor.readers.jpeg.reader",
    "PIL.ImageOps",
    "PIL.TiffImagePlugin",
    "scipy.fftpack",
)
"""What every worker wants, loaded once before workers are forked."""

FLUSH_BYTES = 64 << 20
"""After so many bytes were read, the rows are handed to the system: what a killed scan has to read again."""

ASKED_EVERY_S = 1.0
"""How often it is asked, while files are read, whether another card lies there than the one that was listed."""

ASKING_SHARE = 0.05
"""The most of a scan's time that is spent on asking, of places that are slow to answer."""

_PATIENCE_S, _LAST_PATIENCE_S, _LISTINGS = 5.0, 600.0, 4
"""How long an answer is waited for while files are read, and at the end: then all files may have to be looked at, so it
is waited for so many times as long as they took to list, if that is longer."""

_ANOTHERS = Trouble(ErrorKind.UNREADABLE, "perhaps another card or disk lay there while it was read: list it again")
_PERHAPS_ANOTHERS = Trouble(
    ErrorKind.UNREADABLE, "it is not as it was listed, and where it lies was away meanwhile: list it again"
)
_ROW_LOST = Trouble(ErrorKind.UNREADABLE, "its row could not be read again: list it again")
_REMEDY = "put back the one that was listed, and leave it there"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is. Counts and bytes are of all files; `failed` of those that could not be read."""

    files: int
    total_files: int
    bytes: int
    total_bytes: int
    current: str
    failed: int
    cached: int


@dataclass(frozen=True, slots=True)
class _Row:
    """One row, and whether it was taken from an earlier list."""

    facts: FileFacts
    cached: bool = False


def scan(
    place: Place,
    out: Path,
    *,
    depth: Depth = Depth.DECODE,
    jobs: int | None = None,
    use_cache: bool = True,
    stopped_since: datetime | None = None,
    extra_digests: Sequence[str] = (),
    on_progress: Callable[[Progress], None] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Manifest:
    """Writes the manifest of a place to `out` and returns it.

    What a stopped scan of the same place and depth left beside `out` is taken up. With `use_cache`, rows of files that
    have not changed since the last list of this place was made are taken from it, with their old `read_at`; without it,
    only what the stopped scan read, and only of files that are the same by inode and time of change; nothing of a scan
    that was begun before `stopped_since`. The footer says `complete: false` where a folder could not be listed, or the
    listing broke off, or another card or disk came to lie there meanwhile: then every file is unread, as nobody knows
    whose bytes were read. At depth `hash` a place that states digests (a phone, a cloud) keeps its bytes where they
    are; its rows know only what it states.

    Raises: BadPlace where the place is not there; BadOutput where `out` is there already or cannot be written.
    """
    jsonl.refuse_existing(out)
    wanted = ("sha256", *(name for name in extra_digests if name != "sha256"))
    if unknown := [name for name in wanted if name not in DIGESTS]:
        raise AuditorError(f"there is no digest {unknown[0]}; choose from {', '.join(DIGESTS)}")
    mounted, gone, began = presence.mounted(place), presence.watch(place, None), time.monotonic()
    entries, reasons = _listed(place, mounted, out)
    patience_s = max(_LAST_PATIENCE_S, _LISTINGS * (time.monotonic() - began))
    names = _digests(place, entries, depth, wanted)
    key = cache.key(place)
    lists = cache.find(key)
    header = Header(
        schema=SCHEMA,
        tool=TOOL,
        place=recorded_name(place),
        place_id=place.id,
        label=place.label,
        place_kind=place.kind,
        depth=depth,
        started=utc(clock()),
        columns=_columns(place, depth, names),
        digests=names,
        device=place.device(),
        previous=_previous(lists),
        sources=place.sources,
        off_site=place.is_off_site,
        behind=place.services,
    )
    left = jsonl.take_up(out)
    now = clock()
    stopped = taken_up(left, header)
    if left and stopped_since and datetime.fromisoformat(left.header.started) < stopped_since:
        stopped = []
    if stopped and left:
        header = replace(header, started=left.header.started)
    writer = Writer.create(out, header)
    watch = presence.Watch(place, mounted, lambda: _stamps(entries))
    another = aside(watch)
    told, ask_at = None, time.monotonic()
    not_as_listed: list[Entry] = []
    failed, last_failed, written = False, False, set[str]()
    try:
        before, ours = (usable(lists, header), stopped) if use_cache else (stopped, [])
        earlier = ReusableRows(before, names, now, ours)
        tracker = _Tracker(entries, on_progress)
        with contextlib.closing(_rows(place, entries, earlier, depth, wanted, jobs)) as rows:
            for entry, row in zip(entries, rows, strict=False):  # it may end early
                if not (row.cached or _is_of(row.facts, entry)):
                    not_as_listed.append(entry)
                if row.facts.error == CHANGED:
                    written.add(entry.path)
                elif not (row.cached or entry.error):
                    last_failed = row.facts.error_kind is ErrorKind.UNREADABLE
                    failed = failed or last_failed
                writer.add(row.facts)
                if tracker.step(row):
                    writer.flush()
                if (began := time.monotonic()) >= ask_at:
                    told = _soon(another, _PATIENCE_S)
                    ask_at = time.monotonic() + max(ASKED_EVERY_S, (time.monotonic() - began) / ASKING_SHARE)
                    if told and told != presence.source_gone(place):
                        break
    except BaseException:
        told = _soon(aside(watch), _PATIENCE_S)
        (writer.discard if told and told != presence.source_gone(place) else writer.abandon)()
        raise
    if not told or told == presence.source_gone(place):
        # An answer of before is too old. What has gone gives nothing more, and a walk, which tells that, may take long.
        is_away = gone if last_failed else lambda: None
        last = aside(lambda: watch.at_end(not_as_listed, failed=failed, written=written) or watch() or is_away())
        told = _soon(last, patience_s, "it did not answer whether it is still the same")
    if told == presence.source_gone(place):
        reasons = (told, *reasons)
    elif told:
        writer.discard()
        return _unread(Writer.create(out, header), place, entries, (f"{told}; {_REMEDY}", *reasons), clock())
    if doubtful := watch.perhaps_anothers(not_as_listed):  # seen at any time, and true of rows written before
        writer = _without_bytes(writer, place, entries, {entry.path for entry in doubtful})
    manifest = writer.close(complete=not reasons, reasons=reasons[:20], now=clock())
    cache.keep(manifest, key)
    return manifest


def _is_of(facts: FileFacts, entry: Entry) -> bool:
    """Whether a row is of the file that was listed, unchanged."""
    if facts.digest_origin is not DigestOrigin.READ:
        return True
    # Where change times are not kept, numbers of files are made up anew.
    keeps = entry.changed_ns is not None
    names = ("size_bytes", *(("changed_ns", "file_id") if keeps else ()))
    is_dated = is_as_listed(entry.mtime_ns, facts.mtime_ns, may_shift=not keeps)
    return is_dated and all(getattr(entry, name) in (None, getattr(facts, name)) for name in names)


def _soon(another: Callable[[float], str | None], patience_s: float, otherwise: str | None = None) -> str | None:
    """Whether another source lies there now; `otherwise` where no answer comes in that time."""
    try:
        return another(patience_s)
    except TimeoutError:
        return otherwise


def _without_bytes(writer: Writer, place: Place, entries: Sequence[Entry], doubtful: Container[str]) -> Writer:
    """The list that was written so far, without what was read of these files: perhaps it was another source's. What
    belongs to them is known by the names alone.

    Raises: BadOutput where it cannot be written again.
    """
    writer.abandon()
    left = jsonl.take_up(writer.path)
    rows = RowsAhead(left.rows() if left else iter(()))
    again = Writer.create(writer.path, writer.header)
    for entry in entries:
        row = rows.at(path_key(entry.path))
        if row is None or row.path != entry.path:  # it cannot be read any more
            again.add(unread(place, entry, entry.error or _ROW_LOST))
        elif entry.path in doubtful:
            bare = unread(place, entry, _PERHAPS_ANOTHERS)
            again.add(replace(bare, companion_of=row.companion_of, sidecar=row.sidecar))
        else:
            again.add(row)
    return again


def _unread(
    writer: Writer, place: Place, entries: Sequence[Entry], reasons: tuple[str, ...], now: datetime
) -> Manifest:
    """The list of files whose bytes prove nothing, and why."""
    for entry in entries:
        writer.add(unread(place, entry, entry.error or _ANOTHERS))
    return writer.close(complete=False, reasons=reasons[:20], now=now)


def _stamps(entries: Sequence[Entry]) -> dict[str, tuple[int | None, int | None]]:
    """Size and date of each file of a listing."""
    return {e.path: (e.size_bytes, e.mtime_ns) for e in entries if e.kind is EntryKind.FILE and not e.error}


def _listed(place: Place, before: presence.Mounted | None, out: Path) -> tuple[list[Entry], tuple[str, ...]]:
    """What the walk met, by path, and why that may not be all. `before` is where the place lay before."""
    entries = []
    cut = []
    is_own = _own_output(place, out)
    try:
        for entry in place.walk():
            if not is_own(entry.path):
                entries.append(unfinished.told(_dated(entry)))  # noqa: PERF401 (what came before a break must stay)
    except ListingCut as error:
        cut.append(str(error))
    entries += own_folder.strange(place)
    entries += presence.unlisted_beneath(place, before, entries)
    entries.sort(key=lambda entry: path_key(entry.path))
    unlisted = [f"{display_path(e.path)}: {e.error}" for e in entries if is_unlisted(e)]
    return entries, (*cut, *unlisted)


def _dated(entry: Entry) -> Entry:
    """The entry without a date that no calendar has."""
    try:
        if entry.mtime_ns is not None:
            rfc3339(entry.mtime_ns)
    except OverflowError:
        return replace(entry, mtime_ns=None)
    return entry


def _own_output(place: Place, out: Path) -> Callable[[str], bool]:
    """Whether a path of the place is the manifest that is being written, or on the way to it."""
    root = place.local_root
    whole = out.resolve()
    if root is None or not whole.is_relative_to(root):
        return lambda path: False
    return lambda path: out.name in path and jsonl.is_part_of(root / path, whole)


def is_unlisted(entry: Entry) -> bool:
    """A folder whose files nobody saw, or a thing of which not even the kind is known; one that is known to be gone
    is none."""
    if entry.kind is EntryKind.FOLDER:
        return True
    if entry.kind is not EntryKind.FILE or entry.error is None or entry.size_bytes is not None:
        return False
    return entry.error.kind is not ErrorKind.MISSING


def _digests(place: Place, entries: Sequence[Entry], depth: Depth, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The digests that the rows can have."""
    if without_bytes.bytes_stay(place, depth):
        return without_bytes.told_digests(place, wanted)
    listed = {name for entry in entries for name in entry.digests if name in DIGESTS}
    read = wanted if depth is not Depth.LIST else ()
    return (*read, *sorted(listed - set(read)))


def _columns(place: Place, depth: Depth, digests: tuple[str, ...]) -> tuple[str, ...]:
    base = without_bytes.COLUMNS if without_bytes.bytes_stay(place, depth) else KNOWN_AT[depth]
    more = (*digests, "digest_origin") if digests else ()
    return (*base, *(name for name in more if name not in base))


def _previous(lists: Sequence[Manifest]) -> dict[str, object] | None:
    """What the last complete list of the place held."""
    last = next((known.footer for known in lists if known.footer.complete), None)
    return {"files": last.files, "bytes": last.bytes, "finished": last.finished} if last else None


def _rows(
    place: Place,
    entries: Sequence[Entry],
    earlier: ReusableRows,
    depth: Depth,
    wanted: tuple[str, ...],
    jobs: int | None,
) -> Generator[_Row, None, None]:
    """The rows of the entries, in their order."""
    belong = companions.by_name(e.path for e in entries if e.kind is EntryKind.FILE)
    stays = without_bytes.bytes_stay(place, depth)
    is_told = without_bytes.is_told if stays and without_bytes.can_tell(place, wanted) else _never
    told = without_bytes.rows(place, [e for e in entries if is_told(e)], wanted)
    is_read = depth is not Depth.LIST and (not stays or Power.COMPUTES in place.powers)

    def items() -> Iterator[pool.Job[Task] | pool.Known[FileFacts | _Row]]:
        for entry in entries:
            if is_told(entry):
                yield pool.Known(next(told))
            elif entry.kind is not EntryKind.FILE or entry.error:
                yield pool.Known(unread(place, entry, entry.error or Trouble(ErrorKind.SPECIAL, "not a file")))
            elif not is_read:
                yield pool.Known(unread(place, entry, None))
            elif known := earlier.facts(entry):
                yield pool.Known(_Row(with_stated(known, entry), cached=True))
            else:
                yield pool.Job(Task(place, entry, depth, wanted), entry.size_bytes or 0)

    at_once = 1 if Power.ONE_READER in place.powers else jobs or pool.default_jobs()
    results = pool.run(
        read_file,
        items(),
        workers=at_once,
        fallback=read_without_decoders,
        preload=PRELOAD,
    )
    with contextlib.closing(results):
        for entry, result in zip(entries, results, strict=True):
            if isinstance(result, pool.Died):
                result = unread(place, entry, Trouble(ErrorKind.UNREADABLE, result.reason))
            row = result if isinstance(result, _Row) else _Row(result)
            yield replace(row, facts=_with_companions(row.facts, belong))


def _never(entry: Entry) -> bool:
    return False


def _with_companions(facts: FileFacts, belong: companions.Companions) -> FileFacts:
    main = facts.companion_of or belong.companion_of.get(facts.path)
    sidecar = facts.sidecar or belong.sidecar.get(facts.path)
    if main == facts.companion_of and sidecar == facts.sidecar:
        return facts
    return replace(facts, companion_of=main, sidecar=sidecar)


class _Tracker:
    """Counts for the progress, and when to hand the rows written so far to the system."""

    def __init__(self, entries: Sequence[Entry], on_progress: Callable[[Progress], None] | None) -> None:
        self._report = on_progress
        self._total_files = len(entries)
        self._total_bytes = sum(e.size_bytes or 0 for e in entries)
        self._files = self._bytes = self._failed = self._cached = self._since_flush = 0
        if on_progress and entries:  # how much there is to do is known before the first file, which may be a long film
            on_progress(Progress(0, self._total_files, 0, self._total_bytes, "", 0, 0))

    def step(self, row: _Row) -> bool:
        """Counts one row; True when it is time to flush."""
        size = row.facts.size_bytes or 0
        self._files += 1
        self._bytes += size
        self._since_flush += 10_000 if row.cached else size + 100_000
        self._failed += row.facts.error_kind is ErrorKind.UNREADABLE
        self._cached += row.cached
        if self._report:
            self._report(
                Progress(
                    self._files,
                    self._total_files,
                    self._bytes,
                    self._total_bytes,
                    row.facts.path,
                    self._failed,
                    self._cached,
                )
            )
        if self._since_flush < FLUSH_BYTES:
            return False
        self._since_flush = 0
        return True
