"""One worker of the copier: a process of its own that reads, writes, syncs and reads back, and may be killed any time.

A read that hangs (a phone that sleeps, a dying card) can be ended only with its process; so can a decoder that runs
wild. The parent sends tasks on standard input and gets answers on standard output, both pickled.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from auditor.copier.messages import Answer, Arrived, Bring, Cause, Checked, Done, Failed, Read, Setup, Task
from auditor.disk import durable
from auditor.disk.durable import WasRead
from auditor.disk.opened import Opened, was_written
from auditor.disk.root import Root
from auditor.errors import AuditorError, BadPlace, LeadsOut, RootGone, RootReplaced
from auditor.isolation import limits
from auditor.isolation.heartbeat import Heartbeat, Stage
from auditor.model import FileFacts, Soundness
from auditor.places import Place
from auditor.places.folder import FolderPlace

CHUNK_BYTES = 1 << 20
BEAT_S = 0.2
UNKNOWN_SIZES = {None, 0, 2**32 - 1}
"""Sizes that phones give when they do not know: no reason to doubt the bytes that came."""

_NO_RETRY = {errno.EACCES, errno.EPERM, errno.EINVAL, errno.ELOOP, errno.EISDIR, errno.ENAMETOOLONG}
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ESTALE}

_BUFFER = memoryview(bytearray(CHUNK_BYTES))
"""One for the process: a fresh one for each file would cost as much as copying a small one."""


class Voice:
    """Answers to the parent, a few at a time; signs of life at once."""

    def __init__(self, outlet: BinaryIO, heartbeat: Heartbeat) -> None:
        self._outlet, self._heartbeat = outlet, heartbeat
        self.beat = heartbeat.beat
        self._flushed = time.monotonic()

    def __call__(self, answer: Answer) -> None:
        pickle.dump(answer, self._outlet, protocol=pickle.HIGHEST_PROTOCOL)
        now = time.monotonic()
        if isinstance(answer, Done) or now - self._flushed > BEAT_S:
            self._outlet.flush()
            self._flushed = now


class _SourceError(Exception):
    """The failure to answer with, raised inside one file's work."""

    def __init__(self, cause: Cause, reason: str, again: bool = True) -> None:
        super().__init__(reason)
        self.cause, self.reason, self.again = cause, reason, again


def main() -> None:
    """Serves tasks until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent alone decides what Ctrl-C means
    durable.die_with_parent()
    inlet = os.fdopen(os.dup(0), "rb")
    outlet = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not garble the answers

    say = Voice(outlet, Heartbeat(Path(sys.argv[1])))
    setup: Setup = pickle.load(inlet)  # noqa: S301 (from our own parent)
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            task: Task = pickle.load(inlet)  # noqa: S301
            serve(task, setup, say)


def serve(task: Task, setup: Setup, say: Voice) -> None:
    """Does one task and answers for every file in it."""
    for read in task.reads:
        _answered(read.number, say, partial(_digest, read, setup, say))
    if setup.root is not None and task.brings:
        try:
            door = Root.again(setup.root)
        except BadPlace as error:
            for bring in task.brings:
                say(Failed(bring.number, Cause.TARGET, str(error), again=True))
        else:
            with door:
                _bring(task.brings, door, setup, say)
    say(Done())


def _bring(brings: tuple[Bring, ...], door: Root, setup: Setup, say: Voice) -> None:
    arrived: list[tuple[Bring, Arrived]] = []
    for bring in brings:

        def arrive(bring: Bring = bring) -> Arrived:
            came = bring.arrived or _copy(bring, door, setup, say)
            arrived.append((bring, came))
            return came

        _answered(bring.number, say, arrive)
    for bring, came in _synced(arrived, door, setup, say):
        discard = partial(_discard, door, came.temp)
        _answered(bring.number, say, partial(_check, bring, came, door, setup, say), discard)


def _answered(number: int, say: Voice, work: Callable[[], Answer], discard: Callable[[], None] = lambda: None) -> None:
    """The one-file boundary: whatever goes wrong with a file becomes its answer."""
    try:
        say(work())
        return
    except BrokenPipeError:
        raise
    except _SourceError as error:
        failed = Failed(number, error.cause, error.reason, error.again)
    except OSError as error:
        failed = _target_failure(number, error)
    except (RootGone, RootReplaced, LeadsOut) as error:
        failed = Failed(number, Cause.TARGET, str(error), again=True)
    except AuditorError as error:
        failed = Failed(number, Cause.SOURCE, str(error), again=False)
    except Exception as error:  # the one-file boundary: a place's library may raise anything
        failed = Failed(number, Cause.SOURCE, f"{type(error).__name__}: {error}", again=True)
    discard()
    say(failed)


def _discard(door: Root, temp: str) -> None:
    with contextlib.suppress(OSError, AuditorError):
        door.remove(temp)


def _copy(bring: Bring, door: Root, setup: Setup, say: Voice) -> Arrived:
    say.beat(bring.number, Stage.OPEN)
    with _opened(setup.source, bring.path) as stream:
        before = Opened.of(stream)
        temp = bring.temp
        fd = door.create(temp)
        try:
            try:
                if door.known.beneath:  # else it may lie in the folder on which a disk was mounted that is pulled
                    door.check()
                size, sha256 = _pour(stream, fd, bring, say)
                after = Opened.of(stream)
                _demand_whole(bring, size, before, after)
                mtime_ns = after.mtime_ns if after else bring.mtime_ns
                dated_ns = bring.dated_ns if bring.dated_ns is not None else mtime_ns
                dated = dated_ns is not None and _dated(fd, door, temp, dated_ns)
                if not setup.syncs_whole or os.fstat(fd).st_dev != door.known.device:  # a disk that is mounted beneath
                    say.beat(bring.number, Stage.SYNC)
                    durable.sync_file(fd)
            finally:
                with contextlib.suppress(OSError):
                    os.close(fd)
            if bring.expected_sha256 not in (None, sha256):
                told = "it holds other bytes than were stored: `auditor verify` of the backup looks where these lie now"
                raise _SourceError(Cause.SOURCE, f"{told}, then restore again", again=False)
        except BaseException:
            _discard(door, temp)
            raise
    return Arrived(bring.number, temp, size, sha256, mtime_ns, dated, before)


def _pour(stream: BinaryIO, fd: int, bring: Bring, say: Voice) -> tuple[int, str]:
    digest = hashlib.sha256()
    view = _BUFFER
    size, beaten = 0, time.monotonic()
    say.beat(bring.number, Stage.READ)
    while count := _read_into(stream, view):
        digest.update(view[:count])
        durable.write_all(fd, view[:count])
        size += count
        if (now := time.monotonic()) - beaten > BEAT_S:
            say.beat(bring.number, Stage.READ, size)
            beaten = now
    return size, digest.hexdigest()


def _demand_whole(bring: Bring, size: int, before: Opened | None, after: Opened | None) -> None:
    if was_written(before, after):
        raise _SourceError(Cause.CHANGED, "it changed while it was being read")
    stated = after.size_bytes if after else bring.size_bytes
    if stated not in UNKNOWN_SIZES and stated != size:
        said = f"only {size:,} of {stated:,} bytes could be read"
        if stated is not None and size > stated:
            said = f"{size:,} bytes were read, more than the {stated:,} that were listed"
        raise _SourceError(Cause.SOURCE, said)
    if after is None and bring.size_bytes and not size:
        raise _SourceError(Cause.SOURCE, "it gave no bytes at all")


def _synced(arrived: list[tuple[Bring, Arrived]], door: Root, setup: Setup, say: Voice) -> list[tuple[Bring, Arrived]]:
    """Those whose bytes the device has confirmed; the others are answered as failed."""
    if not arrived or not setup.syncs_whole:
        return arrived
    say.beat(arrived[0][0].number, Stage.SYNC)
    try:
        door.sync_volume()
    except OSError as error:
        # Whose write failed cannot be known, so none of this batch is believed.
        for bring, came in arrived:
            _discard(door, came.temp)
            say(_target_failure(bring.number, error))
        return []
    return arrived


def _check(bring: Bring, came: Arrived, door: Root, setup: Setup, say: Voice) -> Checked:
    """The copy as the device gives it back, compared; then, if asked or in doubt, the source once more."""
    say.beat(bring.number, Stage.CHECK)
    facts, error = None, None
    looks = setup.examine is not None and bring.look
    with os.fdopen(door.open_file(came.temp), "rb", buffering=0) as stream:
        durable.drop_cache(stream.fileno())
        counted = durable.device_bytes_read()
        if looks:
            facts, sha256 = _examined(bring, came, door, setup)
        else:
            sha256 = _hash(stream, bring.number, Stage.CHECK, say)[1]
        cold = durable.evidence(counted, durable.device_bytes_read(), came.size_bytes, setup.counts_reads)
    if sha256 != came.sha256:
        raise _SourceError(Cause.TARGET, "the destination gave back other bytes than were written to it")
    if setup.examine is not None and not bring.look:
        error = "looking into it ended the process that did it"
    damaged = facts is not None and facts.soundness in {Soundness.DAMAGED, Soundness.SUSPICIOUS}
    if setup.paranoid or damaged:
        say.beat(bring.number, Stage.SECOND_READ)
        with _opened(setup.source, bring.path) as again:
            _forget(again, setup.source)
            if _hash(again, bring.number, Stage.SECOND_READ, say)[1] != came.sha256:
                raise _SourceError(Cause.SOURCE, "two reads of it gave different bytes")
    return Checked(came, cold, facts, error)


def _examined(bring: Bring, came: Arrived, door: Root, setup: Setup) -> tuple[FileFacts, str]:
    from auditor.places import Entry
    from auditor.scan import one_file  # its decoders are heavy; a worker that only copies never loads them

    assert setup.examine is not None
    entry = Entry(bring.path, size_bytes=came.size_bytes, mtime_ns=came.mtime_ns)
    arrival = _Arrival(door, came.temp, setup.source)
    with limits.during(came.size_bytes):
        facts = one_file.read_file(one_file.Task(arrival, entry, setup.examine, ("sha256",)))
    if facts.sha256 is None:
        raise OSError(errno.EIO, facts.error or "it could not be read back")
    return facts, facts.sha256


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One temporary file as a place, under the name it had in the source: readers go by names too."""

    door: Root
    temp: str
    source: Place

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    def open(self, path: str) -> BinaryIO:
        return os.fdopen(self.door.open_file(self.temp), "rb", buffering=0)


def _digest(read: Read, setup: Setup, say: Voice) -> WasRead:
    say.beat(read.number, Stage.OPEN)
    root = setup.root.path if read.of_backup and setup.root is not None else None
    place = FolderPlace(root, str(root)) if root is not None else setup.source
    with _opened(place, read.path) as stream:
        before = Opened.of(stream)
        if not place.is_packed:  # an archive would be read from its disk anew for each of its files
            _forget(stream, place)
        counted = durable.device_bytes_read()
        size, sha256 = _hash(stream, read.number, Stage.READ, say)
        cold = durable.evidence(counted, durable.device_bytes_read(), size, setup.counts_reads)
        after = Opened.of(stream)
    if was_written(before, after):
        raise _SourceError(Cause.CHANGED, "it changed while it was being read")
    if after and after.size_bytes not in UNKNOWN_SIZES and after.size_bytes != size:
        raise _SourceError(Cause.SOURCE, f"only {size:,} of {after.size_bytes:,} bytes could be read")
    return WasRead(read.number, size, after.mtime_ns if after else None, sha256, cold, before)


def _hash(stream: BinaryIO, number: int, stage: Stage, say: Voice) -> tuple[int, str]:
    digest = hashlib.sha256()
    view = _BUFFER
    size, beaten = 0, time.monotonic()
    while count := _read_into(stream, view):
        digest.update(view[:count])
        size += count
        if (now := time.monotonic()) - beaten > BEAT_S:
            say.beat(number, stage, size)
            beaten = now
    return size, digest.hexdigest()


def _opened(place: Place, path: str) -> BinaryIO:
    try:
        return place.open(path)
    except OSError as error:
        raise _source_failure(error) from error


def _read_into(stream: BinaryIO, view: memoryview) -> int:
    try:
        return stream.readinto(view)  # type: ignore[attr-defined, no-any-return]
    except OSError as error:
        raise _source_failure(error) from error


def _source_failure(error: OSError) -> _SourceError:
    said = error.strerror or str(error)
    if error.errno in _GONE:
        return _SourceError(Cause.VANISHED, "it was there when the source was listed, and is gone", again=False)
    return _SourceError(Cause.SOURCE, f"it cannot be read: {said}", again=error.errno not in _NO_RETRY)


def _target_failure(number: int, error: OSError) -> Failed:
    said = error.strerror or str(error)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Failed(number, Cause.FULL, "the destination has no space left for it", again=False)
    if error.errno == errno.EFBIG:
        return Failed(number, Cause.TOO_LARGE, "the destination's file system holds no file this large", again=False)
    if error.errno == errno.EROFS:
        return Failed(number, Cause.READ_ONLY, "the destination has become read-only", again=False)
    return Failed(number, Cause.TARGET, f"the destination did not take it: {said}", again=True)


def _dated(fd: int, door: Root, temp: str, mtime_ns: int) -> bool:
    try:
        if os.utime in os.supports_fd:
            os.utime(fd, ns=(mtime_ns, mtime_ns))
        else:
            door.set_date(temp, mtime_ns)
    except (OSError, OverflowError):
        return False
    return True


def _forget(stream: BinaryIO, place: Place) -> None:
    """Asks for a cold read of a stream that a place gave; of a member of an archive, of the archive."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        durable.drop_cache(stream.fileno())
        return
    for thing in place.local_things:
        with contextlib.suppress(OSError), thing.open("rb") as packed:
            durable.drop_cache(packed.fileno())


if __name__ == "__main__":
    main()
    sys.exit(0)
