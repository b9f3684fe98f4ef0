"""Place to manifest: every file that the walk meets gets a row, and each file's bytes are read once."""

from __future__ import annotations

import contextlib
import errno
import json
import mmap
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from auditor import __version__, companions, workers
from auditor.errors import BadManifest, BadPlace, ListingCut
from auditor.manifest import cache
from auditor.manifest.jsonl import Manifest, Writer, read_partial
from auditor.manifest.rows import KNOWN_AT, LISTED, SCHEMA, display_path, from_row, path_key
from auditor.model import Depth, DigestOrigin, FileFacts, Header, Kind, Soundness, Tier
from auditor.places import Entry, EntryKind, Place, Power, StatesDigests
from auditor.readers import Buffer, Examination, digests, examine, kind_by_name, perceptual

TOOL = f"auditor {__version__}"

MAPPED_ABOVE_BYTES = 256 << 20
"""A larger file is not held in memory: it is hashed as it streams and then mapped for the readers."""

CHUNK_BYTES = 4 << 20

STATED_FILES = 1024
"""So many files are digested by a phone before their rows are written."""

STATED = (*LISTED, "read_at", "digest_origin", "sha256", "sidecar", "companion_of", "notes", "checked")
"""What a list knows whose bytes stayed where they are."""

PRELOAD = ("auditor.scan", "auditor.readers.jpeg", "PIL.Image", "imagehash", "simplejpeg")
"""What every worker wants, loaded once before workers are forked."""


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
class Task:
    """What a worker needs to read one file."""

    place: Place
    entry: Entry
    depth: Depth
    digests: tuple[str, ...]


def scan(
    place: Place,
    out: Path,
    *,
    depth: Depth = Depth.DECODE,
    jobs: int | None = None,
    use_cache: bool = True,
    extra_digests: Sequence[str] = (),
    on_progress: Callable[[Progress], None] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Manifest:
    """Writes the manifest of a place to `out` and returns it.

    A partial of the same place and depth that a killed run left beside `out` is taken up. With `use_cache`, rows of
    files whose size and date are those of the last list of this place are taken from it, with their old `read_at`.
    The footer says `complete: false` where a folder could not be listed, or the listing broke off. At depth `hash` a
    place that states digests (a phone, a cloud) keeps its bytes where they are; its rows know only what it states.

    Raises: BadPlace where the place is not there; BadOutput where `out` is there already.
    """
    names = ("sha256", *(d for d in extra_digests if d != "sha256"))
    own = {out.resolve(), out.resolve().with_name(out.name + ".partial")}
    entries, reasons = _listed(place, own)
    stays = _bytes_stay(place, depth)
    last = cache.find(place.id)
    header = Header(
        schema=SCHEMA,
        tool=TOOL,
        place=place.spec,
        place_id=place.id,
        label=place.label,
        place_kind=place.kind,
        depth=depth,
        started=_utc(clock()),
        columns=STATED if stays else KNOWN_AT[depth],
        digests=_told_digests(place, names) if stays else names,
        device=place.device(),
        previous=_previous(last),
    )
    kept: list[bytes] = []
    if left := _left_over(out, header, entries):
        header, kept = left
        writer = Writer.resume(out, kept, header)
    else:
        writer = Writer.create(out, header)
    try:
        tracker = _Tracker(entries, place, on_progress)
        tracker.skip(len(kept))
        rest = entries[len(kept) :]
        if stays:
            rows = _stated_rows(place, rest, names, jobs)
        else:
            known = _known_rows(last, header) if use_cache else iter(())
            rows = _rows(place, rest, known, depth, names, jobs)
        for facts, cached in rows:
            writer.add(facts)
            if tracker.step(facts, cached):
                writer.flush()
    except BaseException:
        writer.abandon()
        raise
    manifest = writer.close(complete=not reasons, reasons=reasons[:20], now=clock())
    cache.keep(manifest)
    return manifest


def read_file(task: Task) -> FileFacts:
    """Reads one file's bytes once and states every fact of the depth asked for. Runs in a worker."""
    for attempt in (1, 2):
        try:
            return _read_once(task)
        except _Changed:
            if attempt == 2:
                return _unread(task.place, task.entry, "unreadable: it changed while it was being read")
        except BadPlace as error:
            return _unread(task.place, task.entry, f"unreadable: {error}")
        except OSError as error:
            return _unread(task.place, task.entry, f"unreadable: {error.strerror or error}")
    raise AssertionError("unreachable")


class _Changed(Exception):
    """The file was not the same after reading as before."""


def _read_once(task: Task) -> FileFacts:
    with task.place.open(task.entry.path) as stream:
        before = _stamp(stream)
        with _content(stream, task.digests) as (data, found):
            size = len(data)
            after = _stamp(stream)
            if before != after:
                raise _Changed
            if after is not None and after[0] != size:
                raise OSError(errno.EIO, f"only {size:,} of {after[0]:,} bytes could be read")
            head = digests.head_sha256(data)
            seen = examine(task.entry.path, data, task.depth)
    mtime_ns = after[1] if after is not None and Power.MTIME in task.place.powers else task.entry.mtime_ns
    read = FileFacts(
        path=task.entry.path,
        size_bytes=size,
        mtime_ns=mtime_ns,
        mtime_trusted=Power.MTIME in task.place.powers,
        read_at=_utc(datetime.now(UTC)),
        digest_origin=DigestOrigin.READ,
        digests={**task.entry.digests, **found},
        head_sha256=head,
    )
    return _with_stated(_examined(read, seen, task.depth), task.entry)


def _examined(read: FileFacts, seen: Examination, depth: Depth) -> FileFacts:
    """The row of a file that was read, with what the readers say of it."""
    kind = seen.kind or kind_by_name(read.path)
    judged = depth.reaches(Depth.DECODE) and kind in (Kind.PHOTO, Kind.VIDEO)
    meta = seen.metadata
    phash, turned = perceptual.phash(seen.picture) if seen.picture is not None else (None, ())
    return replace(
        read,
        kind=kind,
        format=seen.format,
        width=seen.width,
        height=seen.height,
        duration_s=seen.duration_s,
        taken_at=meta.taken_at,
        taken_offset=meta.taken_offset,
        taken_subsec=meta.taken_subsec,
        camera_make=meta.camera_make,
        camera_model=meta.camera_model,
        orientation=meta.orientation,
        latitude=meta.latitude,
        longitude=meta.longitude,
        image_id=meta.image_id,
        image_sha256=seen.image_sha256,
        phash=phash,
        phash_turned=turned,
        soundness=seen.soundness if judged or seen.soundness is Soundness.DAMAGED else None,
        checked=(Tier.HASH, *(t for t in seen.checked if t is not Tier.HASH)),
        damage=seen.damage,
        notes=seen.notes,
        error=seen.error if judged else None,
    )


@contextlib.contextmanager
def _content(stream: BinaryIO, names: tuple[str, ...]) -> Iterator[tuple[Buffer, dict[str, str]]]:
    """The whole content and its digests, from one pass over the stream."""
    chunks: list[bytes] = []
    held = 0
    while held <= MAPPED_ABOVE_BYTES:
        chunk = stream.read(CHUNK_BYTES)
        if not chunk:
            data = b"".join(chunks) if len(chunks) != 1 else chunks[0]
            yield data, digests.digests([data], names)
            return
        chunks.append(chunk)
        held += len(chunk)
    with contextlib.ExitStack() as stack:
        try:
            descriptor = stream.fileno()
            spool: BinaryIO | None = None
        except (OSError, AttributeError, ValueError):
            spool = stack.enter_context(tempfile.TemporaryFile())
            descriptor = spool.fileno()

        def passing() -> Iterator[bytes]:
            while chunks:
                first = chunks.pop(0)
                if spool:
                    spool.write(first)
                yield first
            while more := stream.read(CHUNK_BYTES):
                if spool:
                    spool.write(more)
                yield more

        found = digests.digests(passing(), names)
        if spool:
            spool.flush()
        yield stack.enter_context(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)), found


def _stamp(stream: BinaryIO) -> tuple[int, int] | None:
    """Size and date of an open file of this machine; None for streams of other places."""
    try:
        facts = os.fstat(stream.fileno())
    except (OSError, AttributeError, ValueError):
        return None
    return facts.st_size, facts.st_mtime_ns


def _unread(place: Place, entry: Entry, error: str | None) -> FileFacts:
    """The row of a thing whose bytes were not read: what the listing knows."""
    kind = kind_by_name(entry.path) if entry.kind is EntryKind.FILE else Kind.OTHER
    facts = FileFacts(
        path=entry.path,
        size_bytes=entry.size_bytes,
        mtime_ns=entry.mtime_ns,
        mtime_trusted=Power.MTIME in place.powers,
        kind=kind,
        # What cannot be read, or must not count as a copy, proves nothing whatever a service states.
        digests={} if error else dict(entry.digests),
        digest_origin=DigestOrigin.SERVICE if entry.digests and not error else None,
        soundness=Soundness.NOT_CHECKED if error and kind in (Kind.PHOTO, Kind.VIDEO) else None,
        error=error,
    )
    return _with_stated(facts, entry)


def _rows(
    place: Place,
    entries: Sequence[Entry],
    known: Iterator[FileFacts],
    depth: Depth,
    names: tuple[str, ...],
    jobs: int | None,
) -> Iterator[tuple[FileFacts, bool]]:
    """The rows of the entries, in their order, each with whether it was taken from an earlier list."""
    belong = companions.by_name(e.path for e in entries if e.kind is EntryKind.FILE)
    taken = _Earlier(known)
    plan: list[FileFacts | None] = []  # what is known without reading; None is the next result of the workers

    def to_read() -> Iterator[workers.Job[Task]]:
        for entry in entries:
            facts = taken.facts(entry)
            if facts is None and (entry.kind is not EntryKind.FILE or entry.error):
                facts = _unread(place, entry, entry.error or "unsupported: not a file")
            elif facts is None and depth is Depth.LIST:
                facts = _unread(place, entry, None)
            plan.append(facts)
            if facts is None:
                yield workers.Job(Task(place, entry, depth, names), entry.size_bytes or 0)

    at_once = 1 if Power.ONE_READER in place.powers else jobs or workers.default_jobs()
    results = workers.run(read_file, to_read(), workers=at_once, preload=PRELOAD)
    done = 0

    def ready(limit: int) -> Iterator[tuple[FileFacts, bool]]:
        nonlocal done
        while done < limit and plan[done] is not None:
            facts = plan[done]
            assert facts is not None
            yield _with_companions(facts, belong), facts.digest_origin is DigestOrigin.READ
            plan[done] = None
            done += 1

    for result in results:
        yield from ready(len(plan))
        facts = (
            _unread(place, entries[done], f"decoder: {result.reason}") if isinstance(result, workers.Died) else result
        )
        yield _with_companions(facts, belong), False
        done += 1
    yield from ready(len(plan))


def _with_stated(facts: FileFacts, entry: Entry) -> FileFacts:
    """What the place knows beside the bytes fills what they do not say; its sidecar, companion and notes count."""
    if entry.stated is None:
        return facts
    stated = entry.stated
    fills = {name: getattr(stated, name) for name in _FILLED if getattr(facts, name) is None}
    return replace(
        facts,
        **fills,
        sidecar=stated.sidecar or facts.sidecar,
        companion_of=stated.companion_of or facts.companion_of,
        notes=(*facts.notes, *(n for n in stated.notes if n not in facts.notes)),
    )


_FILLED = (
    *("taken_at", "taken_offset", "taken_subsec", "camera_make", "camera_model", "latitude", "longitude"),
    *("image_id", "width", "height", "duration_s"),
)


def _with_companions(facts: FileFacts, belong: companions.Companions) -> FileFacts:
    main = facts.companion_of or belong.companion_of.get(facts.path)
    sidecar = facts.sidecar or belong.sidecar.get(facts.path)
    if main == facts.companion_of and sidecar == facts.sidecar:
        return facts
    return replace(facts, companion_of=main, sidecar=sidecar)


class _Earlier:
    """Rows of an earlier list, asked for in path order. A file counts as unchanged by size and date alone."""

    RACY_NS = 3_000_000_000
    """A file changed so shortly before it was read may have changed again under the same date (FAT: 2 s)."""

    def __init__(self, rows: Iterator[FileFacts]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def facts(self, entry: Entry) -> FileFacts | None:
        key = path_key(entry.path)
        while self._next is not None and path_key(self._next.path) < key:
            self._next = next(self._rows, None)
        row = self._next
        if row is None or row.path != entry.path or row.digest_origin is not DigestOrigin.READ or row.error:
            return None
        same = row.size_bytes == entry.size_bytes and row.mtime_ns == entry.mtime_ns
        if not same or row.mtime_ns is None or not row.mtime_trusted or row.read_at is None:
            return None
        read_ns = int(datetime.fromisoformat(row.read_at).timestamp()) * 1_000_000_000
        return row if row.mtime_ns < read_ns - self.RACY_NS else None


class _Tracker:
    """Counts for the progress, and when to hand the rows written so far to the system."""

    def __init__(self, entries: Sequence[Entry], place: Place, on_progress: Callable[[Progress], None] | None) -> None:
        self._entries = entries
        self._report = on_progress
        self._total_bytes = sum(e.size_bytes or 0 for e in entries)
        self._files = self._bytes = self._failed = self._cached = self._since_flush = 0

    def skip(self, count: int) -> None:
        """Counts the rows that a killed run had written already."""
        for entry in self._entries[:count]:
            self._files += 1
            self._cached += 1
            self._bytes += entry.size_bytes or 0

    def step(self, facts: FileFacts, cached: bool) -> bool:
        """Counts one row; True when it is time to flush."""
        self._files += 1
        self._bytes += facts.size_bytes or 0
        self._since_flush += (facts.size_bytes or 0) + 100_000
        self._failed += facts.error is not None and facts.error.startswith("unreadable")
        self._cached += cached
        if self._report:
            total = len(self._entries)
            self._report(
                Progress(self._files, total, self._bytes, self._total_bytes, facts.path, self._failed, self._cached)
            )
        if self._since_flush > 64 << 20:
            self._since_flush = 0
            return True
        return False


def _is_own_output(place: Place, entry: Entry, own: set[Path]) -> bool:
    root = getattr(place, "root", None)
    return isinstance(root, Path) and (root / entry.path) in own


def _listed(place: Place, own: set[Path]) -> tuple[list[Entry], tuple[str, ...]]:
    """What the walk met, by path, and why that may not be all."""
    entries = []
    cut = []
    try:
        for entry in place.walk():
            if not _is_own_output(place, entry, own):
                entries.append(entry)  # noqa: PERF401 - what came before the break must stay
    except ListingCut as error:
        cut.append(str(error))
    entries.sort(key=lambda entry: path_key(entry.path))
    unlisted = [f"{display_path(e.path)}: {e.error}" for e in entries if e.kind is EntryKind.FOLDER or _unlisted(e)]
    return entries, (*cut, *unlisted)


def _unlisted(entry: Entry) -> bool:
    """A thing of which not even the kind is known; one that is known to be gone ("missing: ...") is not."""
    if entry.kind is not EntryKind.FILE or entry.error is None or entry.size_bytes is not None:
        return False
    return not entry.error.startswith("missing")


def _bytes_stay(place: Place, depth: Depth) -> bool:
    return depth is Depth.HASH and Power.DIGESTS in place.powers


def _told_digests(place: Place, names: tuple[str, ...]) -> tuple[str, ...]:
    """The digests that rows of a place whose bytes stay will have."""
    if Power.COMPUTES in place.powers:
        return names
    return place.native_digests() if isinstance(place, StatesDigests) else ()


def _stated_rows(
    place: Place, entries: Sequence[Entry], names: tuple[str, ...], jobs: int | None
) -> Iterator[tuple[FileFacts, bool]]:
    """The rows of a place that states its digests, in the order of the entries; cached is always False.

    A place that makes them makes those asked for. Files that it cannot make them for, and files whose name does not
    say that they are a picture or video (what they are stands in their bytes), are read as elsewhere.
    """
    if not isinstance(place, StatesDigests) or Power.COMPUTES not in place.powers:
        return _rows(place, entries, iter(()), Depth.LIST, names, jobs)
    able = set(names) <= set(place.native_digests())

    def is_told(entry: Entry) -> bool:
        media = kind_by_name(entry.path) in (Kind.PHOTO, Kind.VIDEO)
        return able and media and entry.kind is EntryKind.FILE and not entry.error

    told = _digested_there(place, place, [e for e in entries if is_told(e)], names)
    read = _rows(place, [e for e in entries if not is_told(e)], iter(()), Depth.HASH, names, jobs)
    belong = companions.by_name(e.path for e in entries if e.kind is EntryKind.FILE)
    return (
        (_with_companions(next(told), belong), False)
        if is_told(e)
        else (_with_companions(next(read)[0], belong), False)
        for e in entries
    )


def _digested_there(
    place: Place, stating: StatesDigests, entries: Sequence[Entry], names: tuple[str, ...]
) -> Iterator[FileFacts]:
    """Rows with the digests that the place makes now, a few hundred files at a time."""
    for start in range(0, len(entries), STATED_FILES):
        part = entries[start : start + STATED_FILES]
        made = {name: dict(stating.digests_of(part, name)) for name in names}
        for entry in part:
            found = {name: digests[entry.path] for name, digests in made.items() if entry.path in digests}
            facts = _unread(place, entry, None if found else "unreadable: the phone could not read it")
            if found:
                facts = replace(
                    facts,
                    digests=found,
                    digest_origin=DigestOrigin.READ,
                    read_at=_utc(datetime.now(UTC)),
                    checked=(Tier.HASH,),
                )
            yield facts


def _left_over(out: Path, header: Header, entries: Sequence[Entry]) -> tuple[Header, list[bytes]] | None:
    """What of a killed run's partial still holds: its header, and its first rows whose files have not changed."""
    left = read_partial(out)
    if left is None:
        return None
    old, lines = left
    if (old.place_id, old.depth, old.digests, old.tool) != (header.place_id, header.depth, header.digests, TOOL):
        return None
    kept = []
    for line, entry in zip(lines, entries, strict=False):
        try:
            facts = from_row(json.loads(line))
        except BadManifest:
            break
        if facts.path != entry.path or facts.error:
            break
        if (facts.size_bytes, facts.mtime_ns) != (entry.size_bytes, entry.mtime_ns):
            break
        kept.append(line)
    return old, kept


def _known_rows(last: Manifest | None, header: Header) -> Iterator[FileFacts]:
    """The rows of the last list of this place, if it looked as deep with the same readers."""
    if last is None or last.header.tool != TOOL or not last.header.depth.reaches(header.depth):
        return iter(())
    if header.depth is Depth.LIST or not set(header.digests) <= set(last.header.digests):
        return iter(())
    return last.rows()


def _previous(last: Manifest | None) -> dict[str, object] | None:
    if last is None or not last.footer.complete:
        return None
    return {"files": last.footer.files, "bytes": last.footer.bytes, "finished": last.footer.finished}


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
