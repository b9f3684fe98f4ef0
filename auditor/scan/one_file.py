"""One file to its row: the bytes are read once, digested and examined. This is what runs in worker processes."""

from __future__ import annotations

import contextlib
import errno
import mmap
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO

from auditor.dates import utc
from auditor.disk.opened import Listed, Opened, was_written
from auditor.errors import AuditorError, ChangedSinceListed, ChangedWhileRead
from auditor.model import Depth, DigestOrigin, ErrorKind, FileFacts, Kind, Soundness, Tier, Trouble
from auditor.places import Entry, EntryKind, Place, Power
from auditor.places.folder import file_id
from auditor.readers import Buffer, Examination, digests, examine, kind_by_name, perceptual
from auditor.readers.sniff import kind_of, sniff

MAPPED_ABOVE_BYTES = 256 << 20
"""A larger file is not held in memory: it is hashed as it streams and then mapped for the readers."""

CHUNK_BYTES = 4 << 20

MEDIA = (Kind.PHOTO, Kind.VIDEO)

CHANGED = Trouble(ErrorKind.UNREADABLE, "it changed while it was being read")

MAY_HIDE = (ErrorKind.UNREADABLE, ErrorKind.LINK, ErrorKind.LINK_TO_FILE, ErrorKind.NOT_HELD)
"""Behind these a file may be lost that nobody could look at."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs to read one file. `listed`: only the file that was listed is read, not written to since;
    None: whatever lies there."""

    place: Place
    entry: Entry
    depth: Depth
    digests: tuple[str, ...]
    listed: Listed | None = None


def read_file(task: Task) -> FileFacts:
    """Reads one file's bytes once and states every fact of the depth asked for; what fails is said in the row.

    A file that changes while it is being read is read once more.
    """
    return _read(task, None)


def read_without_decoders(task: Task, reason: str) -> FileFacts:
    """Reads the bytes of a file that decoders died of (`reason`): it keeps its digests, and so can be compared."""
    return _read(task, reason)


def _read(task: Task, reason: str | None) -> FileFacts:
    for attempt in (1, 2):
        try:
            return _read_once(task, reason)
        except (_Changed, ChangedWhileRead):
            if attempt == 2:
                return unread(task.place, task.entry, CHANGED)
        except OSError as error:
            return unread(task.place, task.entry, Trouble(ErrorKind.UNREADABLE, f"{error.strerror or error}"))
        except MemoryError:
            raise
        except AuditorError as error:
            return unread(task.place, task.entry, Trouble(ErrorKind.UNREADABLE, str(error)))
        except Exception as error:
            # The one-file boundary: whatever a place or reader throws costs this file its facts, never the run.
            return unread(task.place, task.entry, Trouble(ErrorKind.UNREADABLE, f"{type(error).__name__}: {error}"))
    raise AssertionError("unreachable")


class _Changed(Exception):
    """The file was not the same after reading as before."""


@dataclass(slots=True)
class _Steady:
    """A stream that gives no more than the file had when it was opened: one that grows has no end."""

    stream: BinaryIO
    opened: Opened | None
    passed: int = 0

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`. Raises: _Changed where the file has grown."""
        chunk = self.stream.read(size)
        self.passed += len(chunk)
        opened = self.opened
        if opened is not None and self.passed > opened.size_bytes and was_written(opened, Opened.of(self.stream)):
            raise _Changed
        return chunk

    def fileno(self) -> int:
        """As the stream's."""
        return self.stream.fileno()


def _read_once(task: Task, reason: str | None) -> FileFacts:
    entry = task.entry
    with task.place.open(entry.path) as stream:
        before = Opened.of(stream)
        if before is not None and task.listed is not None and not before.is_same(task.listed):
            raise ChangedSinceListed("it was changed or exchanged after it was listed")
        with _content(_Steady(stream, before), task.digests, entry.size_bytes or 0) as (data, found):
            size = len(data)
            head = digests.head_sha256(data)
            seen = examine(entry.path, data, task.depth) if reason is None else _bare(data, reason)
            phash, turned = perceptual.phash(seen.picture) if seen.picture is not None else (None, ())
        after = Opened.of(stream)
    if was_written(before, after):
        raise _Changed
    if after is not None and after.size_bytes > size:
        raise OSError(errno.EIO, f"only {size:,} of {after.size_bytes:,} bytes could be read")
    kind = seen.kind or kind_by_name(entry.path)
    judged = task.depth.reaches(Depth.DECODE) and kind in MEDIA
    meta = seen.metadata
    read = FileFacts(
        path=entry.path,
        size_bytes=size,
        mtime_ns=after.mtime_ns if after is not None and Power.MTIME in task.place.powers else entry.mtime_ns,
        mtime_trusted=Power.MTIME in task.place.powers,
        read_at=utc(datetime.now(UTC)),
        digest_origin=DigestOrigin.READ,
        # A digest that nobody made from these bytes must not pass for one that was read.
        digests={**(entry.digests if entry.digest_origin is DigestOrigin.COMPUTED else {}), **found},
        head_sha256=head,
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
        # As it was opened: what changes while it is read is read again the next time.
        file_id=file_id(before.device, before.inode) if before and entry.file_id else entry.file_id,
        changed_ns=before.changed_as(entry) if before else entry.changed_ns,
        coded_sha256=seen.coded_sha256,
        phash=phash,
        phash_turned=turned,
        soundness=seen.soundness if judged or seen.soundness is Soundness.DAMAGED else None,
        checked=(Tier.HASH, *(t for t in seen.checked if t is not Tier.HASH)),
        damage=seen.damage,
        notes=seen.notes,
        error=seen.error if judged else None,
    )
    return with_stated(read, entry)


def _bare(data: Buffer, reason: str) -> Examination:
    format_ = sniff(data)
    return Examination(format=format_, kind=kind_of(format_), error=Trouble(ErrorKind.UNDECODABLE, reason))


@contextlib.contextmanager
def _content(stream: _Steady, names: tuple[str, ...], likely: int) -> Iterator[tuple[Buffer, dict[str, str]]]:
    """The whole content and its digests, from one pass over the stream. `likely` is its size as the listing has it."""
    chunks: list[bytes] = []
    held = 0
    while likely <= MAPPED_ABOVE_BYTES >= held:
        # One byte more than the file should have: a whole file is one read, and nothing is copied together.
        chunk = stream.read(max(likely + 1 - held, 1 << 16))
        if not chunk:
            data = b"".join(chunks) if len(chunks) != 1 else chunks[0]
            pieces = [data] if len(names) == 1 else digests.chunks_of(data)
            yield data, digests.digests(pieces, names)
            return
        chunks.append(chunk)
        held += len(chunk)
    with contextlib.ExitStack() as stack:
        mapped = _map(stream)
        spool = stack.enter_context(tempfile.TemporaryFile()) if mapped is None else None
        passed = 0

        def passing() -> Iterator[bytes]:
            nonlocal passed
            while chunk := chunks.pop(0) if chunks else stream.read(CHUNK_BYTES):
                if spool:
                    spool.write(chunk)
                passed += len(chunk)
                yield chunk

        found = digests.digests(passing(), names)
        if spool and passed:
            spool.flush()
            mapped = mmap.mmap(spool.fileno(), 0, access=mmap.ACCESS_READ)
        whole = stack.enter_context(mapped) if mapped is not None else b""
        if len(whole) != passed:
            raise OSError(errno.EIO, f"only {passed:,} of {len(whole):,} bytes could be read")
        yield whole, found


def _map(stream: _Steady) -> mmap.mmap | None:
    """The file mapped; None for streams that are no files, and file systems that map none."""
    try:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, AttributeError, ValueError):
        return None


def unread(place: Place, entry: Entry, error: Trouble | None) -> FileFacts:
    """The row of a thing whose bytes were not read: what the listing knows.

    What is not a file has the kind of its name only where something that would have to be backed up may be behind it.
    """
    lost = error is not None and error.kind in MAY_HIDE
    is_named = entry.kind is EntryKind.FILE or (entry.kind is not EntryKind.FOLDER and lost)
    kind = kind_by_name(entry.path) if is_named else Kind.OTHER
    facts = FileFacts(
        path=entry.path,
        size_bytes=entry.size_bytes,
        mtime_ns=entry.mtime_ns,
        mtime_trusted=Power.MTIME in place.powers,
        kind=kind,
        # What cannot be read, or must not count as a copy, proves nothing whatever a service states.
        digests={} if error else dict(entry.digests),
        digest_origin=entry.digest_origin if entry.digests and not error else None,
        soundness=Soundness.NOT_CHECKED if error and kind in MEDIA else None,
        file_id=entry.file_id,
        changed_ns=entry.changed_ns,
        error=error,
    )
    return with_stated(facts, entry)


def with_stated(facts: FileFacts, entry: Entry) -> FileFacts:
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
