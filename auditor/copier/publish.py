"""The last step of a copy: the final name, the row, the journal. Nothing is replaced; what is written down is true."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import PurePosixPath

from auditor.copier.layout import Namer
from auditor.copier.messages import Arrived, Cause, Checked
from auditor.copier.plan import CopyStep
from auditor.disk import durable
from auditor.disk.durable import ColdRead, WasRead
from auditor.disk.root import Root
from auditor.errors import BadPlace
from auditor.model import DigestOrigin, ErrorKind, FileFacts, Origin, Soundness, Tier, Trouble
from auditor.readers.sniff import kind_by_name
from auditor.store.generations import Journal, Store
from auditor.store.index import Index

NAMES_TRIED = 4
"""A file's own name, and marks of 8, 16 and 64 characters."""


class Outcome(StrEnum):
    """What became of one file of the source."""

    COPIED = "copied"
    REPAIRED = "repaired"  # the backup's bad copy was put aside, a good one took its place
    HELD = "held"  # the same content was in the backup already; nothing was written
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What became of one step. `row` is the file's row in the backup (COPIED, REPAIRED).

    `cold` says where its re-read came from; `reason` and `cause` why it failed; `damaged` what the readers find wrong
    with it as it arrived; `undated` that its date could not be kept; `again` that another try may do better.
    """

    step: CopyStep
    outcome: Outcome
    backup_path: str | None = None
    row: FileFacts | None = None
    cold: ColdRead | None = None
    reason: str | None = None
    cause: Cause | None = None
    damaged: str | None = None
    undated: bool = False
    again: bool = False


@dataclass(slots=True)
class Publisher:
    """Publishes checked files through the door of a backup, or of a restore's target. `seen` is the run's own time,
    `turn` its number: both are for the origins. `keeps_changes`: the disk keeps the times at which files change.

    `index` and `journal` None (restore): every file is put where it belongs, whatever is there already under
    another name, and nothing is written down.
    """

    door: Root
    source_id: str
    seen: str
    namer: Namer
    index: Index | None
    journal: Journal | None
    aside: str  # the folder beneath the root where bad files are put
    turn: int = 0
    keeps_changes: bool = False
    _unwritten: list[CopyResult] = field(default_factory=list)  # named, and not yet written down

    def publish(self, checked: Iterable[tuple[CopyStep, Checked]]) -> list[CopyResult]:
        """Gives each file its name, then makes the names durable, then writes them down. One result each.

        Raises: OSError, RootGone, RootReplaced where nothing can be named or made durable (the destination is gone).
        """
        results: list[CopyResult] = []
        folders: set[str] = set()
        journalled: list[FileFacts] = []
        self.door.check()
        self.settle()
        for step, check in checked:
            arrived = check.arrived
            try:
                if (path := self.holder(step, arrived.sha256, arrived.size_bytes)) is not None:
                    self.discard(arrived.temp)
                    result, line = self.hold(step, path, arrived.sha256, arrived.mtime_ns)
                    results.append(result)
                    journalled += [line] if line else []
                    continue
                result = self._place(step, check, folders)
            except (OSError, BadPlace) as error:
                self.discard(arrived.temp)
                said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                reason = f"it could not be given its name: {said}"
                # What was written aside went with a disk that was pulled: it is there again without it.
                again = isinstance(error, FileNotFoundError)
                results.append(CopyResult(step, Outcome.FAILED, reason=reason, cause=Cause.TARGET, again=again))
                continue
            assert result.row is not None
            if self.index is not None:
                self.index.add(result.row)
                self._unwritten.append(result)
            journalled.append(result.row)
            results.append(result)
        for folder in folders:
            self.door.sync_folder(folder)
        if self.journal is not None:
            self.journal.add(journalled)
        self._unwritten.clear()
        return results

    def settle(self) -> None:
        """Writes down what was named just before the destination went away, if it has come back with it; what did not
        come back is no holding.

        Raises: OSError, RootGone, RootReplaced.
        """
        if self.index is None or self.journal is None or not self._unwritten:
            return
        found = []
        for result in self._unwritten:
            row = result.row
            assert row is not None
            there = self.door.there(row.path)
            if there is not None and stat.S_ISREG(there.st_mode) and there.st_size == row.size_bytes:
                found.append(row)
                self.door.sync_folder(row.path.rpartition("/")[0])
            elif result.outcome is Outcome.REPAIRED:
                self.index.lost(row.path)
            else:
                self.index.forget(row.path)
                self.namer.free(result.step.path, row.path)
        self.journal.add(found)
        self._unwritten.clear()

    def discard(self, temp: str) -> None:
        """Removes a temporary file; where that cannot be done, a later run does it."""
        with contextlib.suppress(OSError, BadPlace):
            self.door.remove(temp)

    def holder(self, step: CopyStep, sha256: str, size_bytes: int) -> str | None:
        """The file of the backup that holds this content, so that nothing has to be written; None where none does.

        It is the path's own copy of before, or one whose bytes were read in this run: what nobody has looked at since
        is no reason to leave the source's file where it is. An empty file is a copy of nothing but itself. While a file
        with this content is known to be bad, what arrives is for its repair.
        """
        if self.index is None:
            return None
        if sha256 in self.index.bad:
            return None
        path = self.index.holder(step.path, sha256, self.namer.goes_to(step.path))
        known = self.index.origins.get(step.path)
        if path is None or (known is not None and path == known[0]):
            return path
        return path if self._is_read(path, sha256) else None

    def _is_read(self, path: str, sha256: str) -> bool:
        """Whether a file's bytes were read in this run, and are as stored; reads them where they were not."""
        assert self.index is not None
        if path not in self.index.read_now:
            self.reread(path, _read_again(self.door, path))
        held = self.index.held[path]
        return path in self.index.read_now and held.whole and held.sha256 == sha256

    def reread(self, path: str, answer: WasRead | None) -> None:
        """A file of the backup was read again; None: it could not be."""
        if answer is not None and self.index is not None:
            now = answer.size_bytes, answer.mtime_ns, answer.sha256, self.seen
            changed_ns = self.index.held[path].changed_ns
            self.index.found(path, *now, spoilt="it holds other bytes than were stored", changed_ns=changed_ns)

    def hold(self, step: CopyStep, path: str, sha256: str, mtime_ns: int | None) -> tuple[CopyResult, FileFacts | None]:
        """Notes that the backup has this content already, under `path`; also the journal's line, None where nothing is
        new."""
        assert self.index is not None
        origin = self._origin(step, sha256, mtime_ns)
        known = self.index.origins.get(step.path)
        is_new = step.backup_path != path or known is None or not _same_file(known[1], origin)
        if is_new:
            self.index.add_origin(path, origin)
        self.namer.remember(step.path, path)
        # A line that adds an origin to a row that stays as it is has no digests of its own.
        return CopyResult(step, Outcome.HELD, path), FileFacts(path=path, origins=(origin,)) if is_new else None

    def note_held(self, held: Iterable[tuple[CopyStep, str, str, int | None]]) -> list[CopyResult]:
        """`hold` for several files, written down: step, path in the backup, SHA-256, date in the source."""
        both = [self.hold(*one) for one in held]
        if self.journal is not None:
            self.journal.add(row for _, row in both if row is not None)
        return [result for result, _ in both]

    def _place(self, step: CopyStep, check: Checked, folders: set[str]) -> CopyResult:
        arrived = check.arrived
        repairs = self._repairable(step, check)
        origins: tuple[Origin, ...] = ()
        outcome = Outcome.COPIED
        path = repairs
        if repairs is not None and self.index is not None:
            outcome = Outcome.REPAIRED
            origins = tuple(o for o in self.index.origins_at(repairs) if o.sha256 == arrived.sha256)
            if not self._put_aside(repairs):
                path = None  # what lies there now is something else, and stays
        if path is None:
            path = self._name(step, check)
        else:
            self.door.publish(arrived.temp, path)
        folders.add(path.rpartition("/")[0])
        there = self.door.there(path)
        if there is None or there.st_size != arrived.size_bytes:
            raise BadPlace("its folder was exchanged by another program at that moment")
        mtime_ns = there.st_mtime_ns
        fresh = self._origin(step, arrived.sha256, arrived.mtime_ns)
        origins = (*(o for o in origins if (o.source, o.path) != (fresh.source, fresh.path)), fresh)
        undated = not arrived.dated and arrived.mtime_ns is not None
        row = replace(
            _row(path, arrived, check, mtime_ns, self.seen, step.stated, origins),
            changed_ns=there.st_ctime_ns if self.keeps_changes else None,
        )
        if repairs is not None and repairs != path and self.index is not None:
            self.index.displaced(repairs)
        damaged = None
        if row.soundness in {Soundness.DAMAGED, Soundness.SUSPICIOUS}:
            damaged = "; ".join(d.detail for d in row.damage) or row.soundness.value
        return CopyResult(step, outcome, path, row, check.cold, damaged=damaged, undated=undated)

    def _name(self, step: CopyStep, check: Checked) -> str:
        """Gives a file a name that is free, also of what nobody knew to be there; gives the name.

        Raises: OSError, BadPlace where it cannot be named; then no name is in use for it.
        """
        arrived = check.arrived
        path = ""
        for _ in range(NAMES_TRIED):
            path = self.namer.place(step.path, arrived.sha256, check.facts or step.stated, step.main, step.parts)
            try:
                self.door.publish(arrived.temp, path)
            except FileExistsError:
                continue
            except (OSError, BadPlace):
                self.namer.free(step.path, path)
                raise
            return path
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)

    def _repairable(self, step: CopyStep, check: Checked) -> str | None:
        """The path of the backup whose file this one is to replace: a bad one that was stored with this content, or one
        that arrived damaged from this very file, and from no other."""
        if self.index is None:
            return None
        bad = self.index.bad.get(check.arrived.sha256, [])
        if bad:
            return step.backup_path if step.backup_path in bad else bad[0]
        held = self.index.held.get(step.backup_path or "")
        if held is not None and not held.whole and held.sha256 == check.arrived.sha256:
            return step.backup_path  # an empty file is in no index
        sound = check.facts is not None and check.facts.soundness is Soundness.SOUND
        if step.backup_path is None or held is None or not held.doubtful or not sound:
            return None
        origins = self.index.origins_at(step.backup_path)
        return step.backup_path if {(o.source, o.path) for o in origins} == {(self.source_id, step.path)} else None

    def _put_aside(self, path: str) -> bool:
        """Makes room for a good copy at `path`. False where what lies there is not for us to move: a folder, a file
        where a folder of it should be, or one with the content of another file that lies nowhere else."""
        assert self.index is not None
        for above in reversed([str(one) for one in PurePosixPath(path).parents[:-1]]):
            there = self.door.there(above)
            if there is not None and not stat.S_ISDIR(there.st_mode):
                return False
        there = self.door.there(path)
        if there is None:
            return True
        if stat.S_ISDIR(there.st_mode):
            return False
        held = self.index.held[path]
        if held.overwritten:
            other = self.index.by_content.get(held.overwritten)
            if other is None or not self._is_read(other, held.overwritten):
                return False
        self.door.publish(path, f"{self.aside}/{path}")
        self.door.sync_folder(f"{self.aside}/{path}".rpartition("/")[0])
        return True

    def _origin(self, step: CopyStep, sha256: str, mtime_ns: int | None) -> Origin:
        return Origin(self.source_id, step.path, sha256, mtime_ns, self.seen, self.turn, step.changed_ns, step.inode)


def _same_file(one: Origin, other: Origin) -> bool:
    """Whether two origins tell of one state of one file."""
    return replace(one, seen=other.seen, turn=other.turn) == other


def _row(
    path: str,
    arrived: Arrived,
    check: Checked,
    mtime_ns: int,
    read_at: str,
    stated: FileFacts | None,
    origins: tuple[Origin, ...],
) -> FileFacts:
    facts = check.facts
    if facts is None:
        died = check.examine_error
        return FileFacts(
            path=path,
            size_bytes=arrived.size_bytes,
            mtime_ns=mtime_ns,
            mtime_trusted=arrived.dated,
            read_at=read_at,
            digest_origin=DigestOrigin.READ,
            digests={"sha256": arrived.sha256},
            kind=kind_by_name(path),
            checked=(Tier.HASH,),
            soundness=Soundness.NOT_CHECKED if died else None,
            error=Trouble(ErrorKind.UNDECODABLE, died) if died else None,
            origins=origins,
        )
    return replace(
        facts,
        path=path,
        size_bytes=arrived.size_bytes,
        mtime_ns=mtime_ns,
        mtime_trusted=arrived.dated,
        read_at=facts.read_at or read_at,
        digest_origin=DigestOrigin.READ,
        digests={**facts.digests, "sha256": arrived.sha256},
        taken_at=facts.taken_at or (stated.taken_at if stated else None),
        taken_offset=facts.taken_offset or (stated.taken_offset if stated else None),
        origins=origins,
    )


def _read_again(door: Root, path: str) -> WasRead | None:
    """What a file of the backup holds now, from the device where that can be had; None where it cannot be read."""
    try:
        with os.fdopen(door.open_file(path), "rb", buffering=0) as stream:
            durable.drop_cache(stream.fileno())
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            facts = os.fstat(stream.fileno())
    except (OSError, BadPlace):
        return None
    return WasRead(0, facts.st_size, facts.st_mtime_ns, sha256, ColdRead.UNKNOWN)


def clean_temps(store: Store, paths: Iterable[str]) -> set[str]:
    """Removes what killed runs left of files half copied: only names with the mark of a run that wrote it down.

    Returns the marks of those that could not be removed.
    """
    marks, left = store.marks(), set()
    for path in paths:
        mark = durable.temp_mark(path)
        if mark in marks:
            try:
                store.door.remove(path)
            except (OSError, BadPlace):
                left.add(mark)
    return left
