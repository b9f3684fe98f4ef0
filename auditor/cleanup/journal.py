"""What a clean-up did, line by line and on the disk before the next step: from it everything can be put back.

JSON Lines in `PLACE/.auditor/journal/clean-<UTC>.journal`, append-only. A move is announced (`begin`) before the file
is touched and confirmed (`moved`) after; where the confirmation is lacking, the disk itself says what happened: a move
is one rename. A torn last line is what a killed run leaves, and says nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from auditor.cleanup.files import Refused, is_gone, read_again, stamp
from auditor.cleanup.plan import MOST_BYTES, FileAt
from auditor.dates import is_as_listed
from auditor.disk import durable, small_files
from auditor.disk.durable import ColdRead
from auditor.disk.folder import Folder, beneath
from auditor.disk.marker import OWN_FOLDER
from auditor.disk.names import parts_inside
from auditor.disk.small_files import value_of
from auditor.errors import BadManifest, BadPlan, LeadsOut
from auditor.places.folder import is_whole_local_path
from auditor.store.generations import JOURNALS, QUARANTINE, Store, moment

SUFFIX = ".journal"
FORMAT = "auditor clean-up journal 1"
_START = f'{{"format":"{FORMAT}"'.encode()


class State(StrEnum):
    """What became of a file last."""

    BEGUN = "begin"  # announced; whether it was moved, the disk says
    MOVED = "moved"
    STAYED = "stayed"  # it was not moved after all
    RESTORED = "restored"
    PURGING = "purging"  # announced; whether it was deleted, the disk says
    PURGED = "purged"
    LOST = "lost"  # never written: it should be in the quarantine, and is not there
    REFUSED = "refused"  # never written: the line names no place in the quarantine, or leads out of the place


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a journal: where it was, where it went, what must be there instead. Times are RFC 3339 UTC."""

    number: int
    file: FileAt
    size_bytes: int
    mtime_ns: int
    target: str  # relative to the place
    kept: tuple[FileAt, ...]
    state: State
    at: str

    @property
    def held(self) -> Path:
        """Where it lies in the quarantine."""
        return self.file.root.joinpath(*self.target.split("/"))


@dataclass(slots=True)
class Journal:
    """An open journal. Every method returns when its line is on the device."""

    path: Path
    _fd: int = field(repr=False)
    _torn: bool = False

    @classmethod
    def create(cls, store: Store, plan_sha256: str, now: datetime) -> Journal:
        """A new journal of the place, with its first line."""
        name = f"clean-{now:%Y%m%dT%H%M%S%f}{SUFFIX}"
        with store.door.folder(JOURNALS, make=True) as folder:
            journal = cls(store.journals / name, folder.create(name, os.O_WRONLY | os.O_APPEND))
            try:
                folder.sync()
                journal.write({"format": FORMAT, "plan_sha256": plan_sha256, "at": moment(now)})
            except OSError:  # a full disk: one without its first line says nothing
                journal.close()
                with contextlib.suppress(OSError):
                    folder.remove(name)
                raise
        return journal

    @classmethod
    def reopen(cls, store: Store, path: Path) -> Journal:
        """One that is there, to add to. A torn last line is closed first, so that it spoils no other."""
        fd = store.door.open_file(f"{JOURNALS}/{path.name}", os.O_RDWR | os.O_APPEND)
        size = os.fstat(fd).st_size
        if size:
            os.lseek(fd, -1, os.SEEK_END)
            if os.read(fd, 1) != b"\n":
                durable.write_all(fd, b"\n")
        return cls(path, fd)

    def begin(self, entry: Entry, cold: Sequence[ColdRead]) -> None:
        """Announces a move, and where each kept file was just read from."""
        self.write(
            {
                "begin": entry.number,
                "path": entry.file.path,
                "sha256": entry.file.sha256,
                "size_bytes": entry.size_bytes,
                "mtime_ns": entry.mtime_ns,
                "target": entry.target,
                "kept": [
                    {"place": str(kept.root), "path": kept.path, "sha256": kept.sha256, "read_from": read_from.value}
                    for kept, read_from in zip(entry.kept, cold, strict=True)
                ],
                "at": entry.at,
            }
        )

    def note(self, number: int, state: State, now: datetime) -> None:
        """Says what became of a file."""
        self.write({state.value: number, "at": moment(now)})

    def write(self, line: dict[str, Any]) -> None:
        data = (json.dumps(line, separators=(",", ":")) + "\n").encode()
        data = b"\n" + data if self._torn else data  # a disk that failed may not have let half a line be taken back
        self._torn = True
        durable.append(self._fd, data)
        self._torn = False

    def close(self) -> None:
        """Closes the file; that its disk is gone is no reason to fail."""
        with contextlib.suppress(OSError):
            os.close(self._fd)


def all_of(store: Store) -> list[Path]:
    """The journals of clean-ups in a place, oldest first."""
    return sorted(store.journals.glob(f"clean-*{SUFFIX}"))


def read(path: Path) -> tuple[Store, list[Entry]]:
    """The place of a journal and what became of each file of it, in the order of the moves. The disk has the last word
    on moves that were announced and not confirmed.

    A line that names paths outside of the place, or no place in its quarantine, is REFUSED; the others stand.
    Raises: BadPlan where it is no journal of ours, or does not lie in its place.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow links)
    root = whole.parents[2] if len(whole.parents) > 2 else whole.parent
    store = Store(root)
    if whole.parent != store.journals or whole.suffix != SUFFIX:
        raise BadPlan(f"{path} is no journal of a clean-up: such a journal lies in PLACE/.auditor/journal/")
    try:
        with Folder.open(root) as top, beneath(top, tuple(JOURNALS.split("/"))) as folder:
            content = folder.read(whole.name, MOST_BYTES)
    except (OSError, LeadsOut) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise BadPlan(f"the journal {path} cannot be read: {said}") from error
    parsed = list(_parsed(content.split(b"\n")))
    if not parsed and _START.startswith(content.rstrip(b"\n")[: len(_START)]):
        return store, []  # killed with its first line half written: nothing was moved yet
    if not parsed or parsed[0][1].get("format") != FORMAT:
        raise BadPlan(f"{path} is no journal of a clean-up")
    entries: dict[int, Entry] = {}
    for number, line in parsed[1:]:
        try:
            _apply(entries, line, root)
        except (ValueError, BadManifest) as error:
            raise BadPlan(
                f"{path}, line {number}, was changed after it was written: {error}; put the journal back from another"
                " copy. Nothing was moved"
            ) from error
    return store, [_as_on_disk(entry) for entry in entries.values()]


def in_all(entries: Iterable[Entry]) -> dict[str, int]:
    """How many files are back, and how many deleted for good, by all that was done so far."""
    states = [entry.state for entry in entries]
    return {"back": states.count(State.RESTORED), "deleted": states.count(State.PURGED)}


def _parsed(lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines that are whole, with their numbers."""
    for number, line in enumerate(lines, 1):
        try:
            found = small_files.parse_json(line)
        except ValueError:
            continue  # torn by a kill
        if isinstance(found, dict):
            yield number, found


def _kept(told: object) -> FileAt:
    place, path = value_of(told, "place", str), value_of(told, "path", str)
    if not is_whole_local_path(place):
        raise ValueError(f"{place!r} is no folder of this machine with its whole path")
    return FileAt(Path(place), "/".join(parts_inside(path)), value_of(told, "sha256", str))


def _apply(entries: dict[int, Entry], line: dict[str, Any], root: Path) -> None:
    if "begin" in line:
        number, path, target = value_of(line, "begin", int), value_of(line, "path", str), value_of(line, "target", str)
        kept = tuple(_kept(k) for k in value_of(line, "kept", list))
        file = FileAt(root, path, value_of(line, "sha256", str))
        size, mtime = value_of(line, "size_bytes", int), value_of(line, "mtime_ns", int)
        entries[number] = Entry(number, file, size, mtime, target, kept, _state(path, target), _moment(line))
        return
    for state in State:
        if state.value in line:
            old = entries.get(value_of(line, state.value, int))
            if old is None:
                raise ValueError(f"it speaks of file {line[state.value]}, and no line before it does")
            if old.state is State.REFUSED:
                continue
            entries[old.number] = replace(old, state=state, at=_moment(line) if state is State.MOVED else old.at)


def _moment(line: dict[str, Any]) -> str:
    at = value_of(line, "at", str)
    try:
        if datetime.fromisoformat(at).tzinfo is not None:
            return at
    except ValueError:
        pass
    raise ValueError(f"its at is {small_files.shown(at)}, which is no time in UTC")


def _state(path: str, target: str) -> State:
    """Whether a line names what a clean-up may have moved: from inside the place, to its quarantine."""
    with contextlib.suppress(BadManifest):
        held = "/".join(parts_inside(target)[:2]) == QUARANTINE and len(parts_inside(target)) > 2
        if held and parts_inside(path)[0].lower() != OWN_FOLDER:
            return State.BEGUN
    return State.REFUSED


def _as_on_disk(entry: Entry) -> Entry:
    """The entry with what the disk says of steps that a killed run did not confirm. Of the quarantine, what
    cannot be looked at counts as there: nothing is called deleted, or put back, that nobody saw."""
    held = not is_gone(replace(entry.file, path=entry.target))
    if entry.state is State.BEGUN:
        return replace(entry, state=State.MOVED if held else State.STAYED)
    if entry.state is State.PURGING:
        return replace(entry, state=State.MOVED if held else State.PURGED)
    if entry.state is State.MOVED and not held:
        return replace(entry, state=State.RESTORED if _is_back(entry) else State.LOST)
    return entry


def _is_back(entry: Entry) -> bool:
    """Whether the file lies where it was, and no other one that has its name now."""
    there = stamp(entry.file)
    if there is None or there.size_bytes != entry.size_bytes:
        return False
    if is_as_listed(entry.mtime_ns, there.mtime_ns, may_shift=True):
        return True
    with contextlib.suppress(Refused):
        read_again(entry.file, "what lies there now,")  # somebody copied it back by hand, with a date of its own
        return True
    return False
