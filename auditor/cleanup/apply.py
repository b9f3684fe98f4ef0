"""Carries out a plan of removals: file by file into the quarantine, each with its kept copy read again just before.

Nothing here deletes. Whatever is not exactly as planned stays where it is, with the reason. Killed at any moment, a
file is in its place or in the quarantine, and the journal tells which.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from auditor.cleanup import journal as journals
from auditor.cleanup.files import Again, Refused, Stamp, is_gone, read_again, stamp
from auditor.cleanup.journal import Entry, Journal, State
from auditor.cleanup.plan import CleanPlan, FileAt, Removal
from auditor.disk.durable import ColdRead
from auditor.errors import BadOutput, BadPlace, BadPlan
from auditor.isolation import pool
from auditor.model import Depth, Soundness
from auditor.places import Entry as PlaceEntry
from auditor.places.folder import open_folder
from auditor.scan.run import Task, read_file
from auditor.store.generations import QUARANTINE, Store, locked, moment


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one line of a plan: `refused` says why its file stayed, None where it is in the quarantine.

    `before` is true where a former run had moved it already. `cold`: where each kept file was read again from.
    """

    removal: Removal
    refused: str | None = None
    before: bool = False
    cold: tuple[ColdRead, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a plan. `journals`: one for each place that lost files. `stopped`: it was not carried out to its
    end; what is not in `done` is as it was."""

    done: tuple[Done, ...]
    journals: tuple[Path, ...]
    freed_bytes: int
    stopped: bool = False


Progress = Callable[[int, int, str], None]
"""Told how many of how many are done, and the path in hand."""


def unheard(done: int, total: int, path: str) -> None:
    """Progress that nobody asked for."""


def never() -> bool:
    """No stop was asked for."""
    return False


def apply(
    plan: CleanPlan,
    *,
    jobs: int = 1,
    judging: Progress = unheard,
    progress: Progress = unheard,
    journal: Callable[[Path], None] = lambda path: None,
    stop: Callable[[], bool] = never,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Applied:
    """Moves every file of the plan that may go. What former runs moved already is left as it is.

    `judging` is told how many of the files to keep were looked into, then `progress` how many of the plan's are done,
    and `journal` of each journal, before the first file that it names is moved.
    Once `stop` says so, no further file is begun.

    Raises: BadPlace where another run works on one of the places; BadOutput where a place takes no files.
    """
    sound = judge(
        sorted({kept for r in plan.removals for kept in r.kept}, key=lambda f: str(f.whole)), jobs, judging, stop
    )
    by_root: dict[Path, list[Removal]] = defaultdict(list)
    for removal in plan.removals:
        by_root[removal.file.root].append(removal)
    done: list[Done] = []
    written: list[Path] = []
    freed = 0
    with contextlib.ExitStack() as stack:
        stores = [stack.enter_context(_held(Store(root))) for root in sorted(by_root)]
        for store in stores:
            removals = by_root[store.root]
            folder = f"{now():%Y-%m-%dT%H%M%S%f}"
            run = _Run(store, plan.sha256, sound, now, folder, _moved_before(store), journal)
            try:
                for unit in _units(removals):
                    if stop():
                        break
                    progress(len(done), len(plan.removals), unit[0].file.path)
                    done += run.move(unit)
                    progress(len(done), len(plan.removals), unit[0].file.path)
            finally:
                run.close()
            freed += run.freed_bytes
            if run.journal is not None:
                written.append(run.journal.path)
    return Applied(tuple(done), tuple(written), freed, len(done) < len(plan.removals))


def judge(
    kept: Sequence[FileAt], jobs: int, progress: Progress = unheard, stop: Callable[[], bool] = never
) -> dict[FileAt, str | None]:
    """Why each file to keep is no good copy: decoded strictly, in worker processes. None: it is sound. Those that were
    not begun when `stop` said so are not in it."""

    def tasks() -> Iterator[pool.Job[Task]]:
        for file in kept:
            if stop():
                return
            there = stamp(file)
            size = there.size_bytes if there else 0
            task = Task(open_folder(str(file.root)), PlaceEntry(file.path), Depth.DECODE, ("sha256",))
            yield pool.Job(task, size)

    found: dict[FileAt, str | None] = {}
    for number, (file, facts) in enumerate(zip(kept, pool.run(read_file, tasks(), workers=jobs), strict=False), 1):
        progress(number, len(kept), file.path)
        if isinstance(facts, pool.Died):
            found[file] = f"the file to keep {file.whole} cannot be checked: {facts.reason}"
        elif facts.sha256 != file.sha256:
            found[file] = f"the file to keep {file.whole} is not what it was when the plan was made, or is gone"
        elif facts.soundness not in (Soundness.SOUND, None):
            found[file] = f"the file to keep {file.whole} is not sound"
        else:
            found[file] = None  # None: a sidecar, of which only the bytes count
    return found


@contextlib.contextmanager
def _held(store: Store) -> Iterator[Store]:
    """The place, opened to be changed by this run alone."""
    with contextlib.ExitStack() as stack:
        try:
            store = stack.enter_context(locked(store))
        except OSError as error:
            raise BadOutput(f"nothing can be written in {store.root}: {error.strerror}; no file was moved") from error
        yield store


def _units(removals: Sequence[Removal]) -> list[list[Removal]]:
    """The lines of files that go together."""
    units: dict[str, list[Removal]] = {}
    for removal in removals:
        units.setdefault(removal.moves_with or removal.file.path, []).append(removal)
    return list(units.values())


@dataclass(slots=True)
class _Run:
    """One place's part of a run: its journal, made with the first move, and its folder in the quarantine."""

    store: Store
    plan_sha256: str
    sound: Mapping[FileAt, str | None]
    now: Callable[[], datetime]
    folder: str
    moved_before: frozenset[tuple[str, str]]
    begun: Callable[[Path], None]
    journal: Journal | None = None
    count: int = 0
    freed_bytes: int = 0

    def move(self, unit: Sequence[Removal]) -> list[Done]:
        """Moves the files of one unit, all or none as far as can be known before."""
        left = [r for r in unit if (r.file.path, r.file.sha256) not in self.moved_before or not is_gone(r.file)]
        gone = [Done(r, before=True) for r in unit if r not in left]
        try:
            seen = [self._checked(removal) for removal in left]
        except Refused as reason:
            return [*gone, *(Done(removal, str(reason)) for removal in left)]
        done = []
        for removal, (going, kept) in zip(left, seen, strict=True):
            try:
                if len(left) > 1:  # what was read first is a while ago
                    going, kept = self._checked(removal)
                self._move(removal, going, kept)
                done.append(Done(removal, cold=tuple(its.cold for its in kept)))
            except Refused as reason:
                done.append(Done(removal, str(reason)))
        return [*gone, *done]

    def _checked(self, removal: Removal) -> tuple[Stamp, list[Again]]:
        """The file that goes and those kept, all of them just read and as planned."""
        kept = []
        for file in removal.kept:
            if reason := self.sound.get(file, "the file to keep was not checked"):
                raise Refused(reason)
            kept.append(read_again(file, "the file to keep"))
        going = read_again(removal.file, "the file").stamp
        for file, its in zip(removal.kept, kept, strict=True):
            if going.same_file(its.stamp) or removal.file.whole.resolve() == file.whole.resolve():
                raise Refused(f"{removal.file.whole} and {file.whole} are one file, the last copy of itself")
        if not kept:
            raise Refused("nothing would be kept for it")
        return going, kept

    def _move(self, removal: Removal, going: Stamp, kept: Sequence[Again]) -> None:
        self.count += 1
        target = f"{QUARANTINE}/{self.folder}/{removal.file.path}"
        door = self.store.door
        at = moment(self.now())
        size, mtime = going.size_bytes, going.mtime_ns
        entry = Entry(self.count, removal.file, size, mtime, target, removal.kept, State.BEGUN, at)
        try:
            door.check()
            if self.journal is None:
                self.journal = Journal.create(self.store, self.plan_sha256, self.now())
                self.begun(self.journal.path)
            with door.folder(target.rpartition("/")[0], make=True):
                pass
            self.journal.begin(entry, [its.cold for its in kept])
            door.publish(removal.file.path, target)
        except (OSError, BadPlace) as error:
            raise Refused(f"{removal.file.whole} cannot be moved: {_said(error)}") from error
        moved = stamp(replace(removal.file, path=target))
        trouble = None
        if moved is None:
            trouble = f"{removal.file.whole} could not be looked at after it was moved"
        elif not _same_content(moved, going):
            trouble = f"{removal.file.whole} changed while it was moved"
        elif unseen := [f.whole for f in removal.kept if stamp(f) is None]:
            # Two ways to one disk (a share mounted twice): what was kept went with what was moved.
            trouble = (
                f"when {removal.file.whole} was moved, {unseen[0]}, the file to keep, could not be found or looked at"
            )
        is_back = False
        try:
            if trouble:
                door.publish(target, removal.file.path)
                is_back = True
                door.sync_folder(removal.file.path.rpartition("/")[0])
                self.journal.note(self.count, State.STAYED, self.now())
                raise Refused(f"{trouble}; it was put back")
            door.sync_folder(target.rpartition("/")[0])
            door.sync_folder(removal.file.path.rpartition("/")[0])
            self.journal.note(self.count, State.MOVED, self.now())
        except (OSError, BadPlace) as error:
            # It is in the quarantine and announced; the journal finds it there.
            if is_back:
                raise Refused(f"{trouble}; it was put back, but that could not be made sure: {_said(error)}") from error
            if trouble:
                why = f"as it cannot be put back: {_said(error)}"
                raise Refused(f"{trouble}; it stays in {entry.held}, {why}") from error
            raise Refused(f"{entry.held} was moved, but that could not be made sure: {_said(error)}") from error
        self.freed_bytes += size

    def close(self) -> None:
        if self.journal is not None:
            self.journal.close()


def _said(error: OSError | BadPlace) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _same_content(moved: Stamp, read: Stamp) -> bool:
    """Whether what was moved is what was read. A hard link more or less is no change."""
    same = (moved.size_bytes, moved.mtime_ns) == (read.size_bytes, read.mtime_ns)
    return same and (moved.inode == read.inode or 0 in (moved.inode, read.inode))


def _moved_before(store: Store) -> frozenset[tuple[str, str]]:
    """What former runs moved and nothing brought back: path and digest. Their journals are settled on the way."""
    found: set[tuple[str, str]] = set()
    for path in journals.all_of(store):
        with contextlib.suppress(BadPlan):  # `undo` says what is wrong with it; what it moved is not there any more
            entries = journals.read(path)[1]
            moved = (entry for entry in entries if entry.state in (State.MOVED, State.PURGED))
            found.update((entry.file.path, entry.file.sha256) for entry in moved)
    return frozenset(found)


def plan_size(plan: CleanPlan) -> int:
    """Bytes that the plan would free, of the files that are there."""
    return sum(there.size_bytes for r in plan.removals if (there := stamp(r.file)))
