"""Puts back what a clean-up moved, under its old name and with its old date; and the one place that deletes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.cleanup import journal as journals
from auditor.cleanup.apply import Progress, judge, never, unheard
from auditor.cleanup.files import Refused, read_again
from auditor.cleanup.journal import Entry, Journal, State
from auditor.cleanup.plan import FileAt
from auditor.disk import marker as markers
from auditor.disk.root import Root
from auditor.errors import BadOutput, BadPlace
from auditor.places.trash import will_be_emptied
from auditor.store.generations import QUARANTINE, locked


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file: `refused` says why it is still in the quarantine."""

    entry: Entry
    refused: str | None = None


def undo(
    path: Path,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    progress: Progress = unheard,
    stop: Callable[[], bool] = never,
) -> list[Result]:
    """Puts back every file that the journal's run moved. What is back already is left alone, and once `stop` says so
    what is left too.

    Raises: BadPlan where the journal cannot be trusted; BadPlace where another run works on the place.
    """
    return _each(path, _restore, now, progress=progress, stop=stop)


def purge(
    path: Path,
    older_than: timedelta,
    jobs: int = 1,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    judging: Progress = unheard,
    progress: Progress = unheard,
    stop: Callable[[], bool] = never,
) -> list[Result]:
    """Deletes from the quarantine what has been there longer, if what was kept for it is still there and sound;
    progress and stop as of `apply`.

    Raises: BadPlan where the journal cannot be trusted; BadPlace where another run works on the place.
    """
    before = now() - older_than
    _, entries = journals.read(path)
    due = [entry for entry in entries if entry.state is State.MOVED and datetime.fromisoformat(entry.at) <= before]
    sound = judge(sorted({kept for e in due for kept in e.kept}, key=lambda f: str(f.whole)), jobs, judging, stop)
    numbers = {entry.number for entry in due}
    kept_around = markers.kept_around()

    def delete(door: Root, journal: Journal, entry: Entry, now: Callable[[], datetime]) -> None:
        held = FileAt(entry.file.root, entry.target, entry.file.sha256)
        going = read_again(held, "the file in the quarantine").stamp
        if not entry.kept:
            raise Refused("nothing would be kept for it")
        if backup := kept_around(entry.file.whole.parent.resolve()):
            raise Refused(
                f"{entry.file.whole} is of {backup}, a backup that auditor keeps, of which nothing is deleted;"
                " `auditor undo` puts it back"
            )
        for kept in entry.kept:
            if reason := sound.get(kept, "it was not checked"):
                raise Refused(reason)
            if will_be_emptied(kept.whole.resolve().as_posix()):
                raise Refused(f"{kept.whole} lies in a bin or a quarantine: nothing would be kept")
            if (
                read_again(kept, "the file to keep").stamp.same_file(going)
                or kept.whole.resolve() == held.whole.resolve()
            ):
                raise Refused(f"{kept.whole} is the very file in the quarantine, the last copy of itself")
        journal.note(entry.number, State.PURGING, now())
        door.remove(entry.target)
        door.sync_folder(entry.target.rpartition("/")[0])
        journal.note(entry.number, State.PURGED, now())

    return _each(path, delete, now, numbers, progress=progress, stop=stop)


def _each(
    path: Path,
    step: Callable[[Root, Journal, Entry, Callable[[], datetime]], None],
    now: Callable[[], datetime],
    only: set[int] | None = None,
    *,
    progress: Progress,
    stop: Callable[[], bool],
) -> list[Result]:
    store, _ = journals.read(path)
    results: list[Result] = []
    with contextlib.ExitStack() as stack:
        try:
            store = stack.enter_context(locked(store))
            _, entries = journals.read(path)  # again, now that nobody else writes
            journal = Journal.reopen(store, path)
        except OSError as error:
            raise BadOutput(f"nothing can be written in {store.root}: {error.strerror}") from error
        stack.callback(journal.close)
        total = sum(one.state is State.MOVED and (only is None or one.number in only) for one in entries)
        done = 0
        for entry in entries:
            if entry.state is State.LOST:
                results.append(Result(entry, f"{entry.held} is not in the quarantine any more"))
            if entry.state is State.REFUSED:
                said = f"the journal names {entry.file.path!r} and {entry.target!r}, which is no move of a clean-up"
                results.append(Result(entry, f"{said}; nothing was done with it"))
            if entry.state is not State.MOVED or (only is not None and entry.number not in only):
                continue
            if stop():
                break
            progress(done, total, entry.file.path)
            done += 1
            try:
                store.door.check()
                step(store.door, journal, entry, now)
                results.append(Result(entry))
            except Refused as reason:
                results.append(Result(entry, str(reason)))
            except (OSError, BadPlace) as error:
                said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                results.append(Result(entry, f"{entry.file.whole}: {said}"))
        if total:
            progress(done, total, "")
        _tidy(store.door, [entry for entry in entries if entry.state is not State.REFUSED])
    return results


def _restore(door: Root, journal: Journal, entry: Entry, now: Callable[[], datetime]) -> None:
    read_again(FileAt(entry.file.root, entry.target, entry.file.sha256), "the file in the quarantine")
    try:
        door.publish(entry.target, entry.file.path)
    except FileExistsError as error:
        raise Refused(f"{entry.file.whole} is there: another file took its name, and it stays") from error
    there = door.there(entry.file.path)
    if there is not None and there.st_mtime_ns != entry.mtime_ns:
        door.set_date(entry.file.path, entry.mtime_ns)
    door.sync_folder(entry.file.path.rpartition("/")[0])
    door.sync_folder(entry.target.rpartition("/")[0])
    journal.note(entry.number, State.RESTORED, now())


def _tidy(door: Root, entries: Sequence[Entry]) -> None:
    """Folders of the quarantine that are empty now go."""
    for folder in sorted({entry.target.rpartition("/")[0] for entry in entries}, key=lambda f: -f.count("/")):
        at = folder
        while at.startswith(QUARANTINE + "/"):
            above, _, name = at.rpartition("/")
            try:
                with door.folder(above) as holding:
                    holding.remove_folder(name)
            except (OSError, BadPlace):
                break
            at = above
