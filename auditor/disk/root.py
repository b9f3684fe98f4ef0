"""The one door through which anything beneath a folder is changed: a backup, a phone's folder, a restore's target.

`Root` holds the folder open and knows which one it is. Every change beneath it is made step by step from there and
through no link, so nothing lands outside; and `check` finds out before a batch of changes whether at its path still
lies the same folder of the same disk, or none, or another.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from auditor.disk import durable, locks, marker
from auditor.disk.folder import Folder, beneath
from auditor.disk.names import parts_inside
from auditor.disk.volume import gone_from, volumes_beneath
from auditor.errors import BadPlace, BeneathGone, RootGone, RootReplaced


@dataclass(frozen=True, slots=True)
class Known:
    """By what a folder is known again: the id in its marker or, where it has none (None), the disk and the folder's
    number on it; and by what the volumes that are mounted beneath it are, to which a part of its files goes. A plain
    value, that other processes may open the same folder by."""

    path: Path
    device: int
    inode: int
    id: str | None
    beneath: dict[Path, str | None] = field(default_factory=dict)


class Root:
    """An open folder, to be changed through this alone. A context that closes it.

    Paths are relative, with `/`. Every method raises LeadsOut where a step of a path is a link, BadManifest for a path
    that is none inside a folder, and OSError as the system does.
    """

    def __init__(self, top: Folder, known: Known) -> None:
        self._top, self.known = top, known
        self._lock: tuple[str, int] | None = None

    @classmethod
    def open(cls, path: Path) -> Root:
        """The folder at a path that a person named. Raises: OSError where there is none; BadPlace where its marker
        cannot be read."""
        top = Folder.open(path)
        try:
            return cls(top, _known(top))
        except BaseException:
            top.close()
            raise

    @classmethod
    def again(cls, known: Known) -> Root:
        """The folder that is known. Raises: RootGone, RootReplaced."""
        return cls(_found(known), known)

    def __enter__(self) -> Root:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the folder and its lock; that its disk is gone is no reason to fail."""
        self._unlock()
        self._top.close()

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.known.path

    def check(self) -> None:
        """Returns where the known folder lies at its path, and what was mounted beneath it. A disk that was away and is
        back is opened again, and its lock taken again.

        Raises: RootGone where nothing of it is there; BeneathGone where a disk beneath it is not; RootReplaced where
        another folder is; BadPlace where another run has taken the lock meanwhile.
        """
        fresh = _found(self.known)
        if _is_open(self._top, fresh):
            fresh.close()
            return
        lock = self._lock
        self.close()
        self._top = fresh
        if lock is not None:
            self.lock(lock[0])

    def name_it(self, marker: marker.Marker) -> None:
        """Writes which backup this is, whole or not at all; from then on it is known by that.

        Raises: RootGone, RootReplaced where it is not the known folder any more.
        """
        self.check()
        with self.folder(OWN, make=True) as own:
            own.write_whole(NAME, marker.text())
        self.known = replace(self.known, id=marker.id)

    def marker(self) -> marker.Marker | None:
        """What the marker says now. Raises: BadPlace where it cannot be read."""
        return marker.read_in(self._top)

    @contextlib.contextmanager
    def folder(self, path: str, *, make: bool = False) -> Iterator[Folder]:
        """A folder beneath, open ("" for the top); with `make` it is made, durably, if it is not there."""
        with beneath(self._top, parts_inside(path) if path else (), make=make) as found:
            yield found

    def there(self, path: str) -> os.stat_result | None:
        """What lies there, a link itself included; None for nothing."""
        try:
            with self._above(path) as (folder, name):
                return folder.there(name)
        except FileNotFoundError:
            return None

    def open_file(self, path: str, flags: int = os.O_RDONLY) -> int:
        """A regular file that is there."""
        with self._above(path) as (folder, name):
            return folder.open_file(name, flags)

    def create(self, path: str, flags: int = os.O_WRONLY) -> int:
        """A new file in a folder that is there. Raises: FileExistsError where there is anything."""
        with self._above(path) as (folder, name):
            return folder.create(name, flags)

    def publish(self, path: str, to: str) -> None:
        """Gives a file another name, its folder made if need be. Raises: FileExistsError where that is taken."""
        with self._above(path) as (folder, name), self._above(to, make=True) as (other, new):
            folder.publish(name, other, new)

    def remove(self, path: str) -> None:
        """Takes a file's name away."""
        with self._above(path) as (folder, name):
            folder.remove(name)

    def set_date(self, path: str, mtime_ns: int) -> None:
        """Dates a file."""
        with self._above(path) as (folder, name):
            folder.set_date(name, mtime_ns)

    def sync_folder(self, path: str) -> None:
        """Returns when the names in a folder ("" for the top) are on the device."""
        with self.folder(path) as folder:
            folder.sync()

    def sync_volume(self) -> None:
        """Returns when everything written to the folder's volume is on the device (Linux only)."""
        assert self._top.fd is not None
        durable.sync_volume(self._top.fd)

    def lock(self, path: str) -> None:
        """Keeps other runs away until this is closed. Raises: BadPlace where another run holds the lock."""
        with self._above(path, make=True) as (folder, name):
            try:
                fd = folder.create(name, os.O_RDWR)
            except FileExistsError:
                fd = folder.open_file(name, os.O_RDWR)
        try:
            locks.take(fd)
        except OSError as error:
            os.close(fd)
            raise BadPlace(f"another run of auditor is working on {self.path}; wait until it has finished") from error
        self._lock = (path, fd)

    def _unlock(self) -> None:
        if self._lock is not None:
            with contextlib.suppress(OSError):
                os.close(self._lock[1])
            self._lock = None

    @contextlib.contextmanager
    def _above(self, path: str, *, make: bool = False) -> Iterator[tuple[Folder, str]]:
        *above, name = parts_inside(path)
        with beneath(self._top, tuple(above), make=make) as folder:
            yield folder, name


OWN, NAME = marker.OWN_FOLDER, marker.NAME


def made(path: Path) -> Root:
    """The folder at a path, made with its parents, durably, if need be. Raises: OSError, BadPlace."""
    missing: list[str] = []
    there = Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would hide what the person named)
    while not there.exists():
        missing.append(there.name)
        there = there.parent
    with Folder.open(there) as top, beneath(top, tuple(reversed(missing)), make=True):
        pass
    return Root.open(path)


def _known(top: Folder) -> Known:
    facts = top.own_facts()
    found = marker.read_in(top)
    beneath = volumes_beneath(top.path.resolve())
    return Known(top.path, facts.st_dev, facts.st_ino, found.id if found else None, beneath)


def _found(known: Known) -> Folder:
    """The folder at the path, open, if it is the known one."""
    try:
        top = Folder.open(known.path)
    except OSError as error:
        raise RootGone(f"{known.path} is gone ({error.strerror}); nothing more was written") from error
    try:
        facts = top.own_facts()
        found = marker.read_in(top)
    except (OSError, BadPlace) as error:
        top.close()
        raise RootGone(f"{known.path} cannot be read any more ({error}); nothing more was written") from error
    if known.id is None:
        same = (facts.st_dev, facts.st_ino) == (known.device, known.inode)
    else:
        same = found is not None and found.id == known.id
    away = gone_from(known.beneath, volumes_beneath(known.path.resolve())) if known.beneath else None
    if same and away is None:
        return top
    top.close()
    if same:
        raise BeneathGone(f"the disk at {away} is gone, or another one lies there now")
    if found is None:
        raise RootGone(f"{known.path} is gone, an empty or another folder lies there now; nothing was written to it")
    raise RootReplaced(f"another backup lies at {known.path} now; nothing was written to it")


def _is_open(held: Folder, fresh: Folder) -> bool:
    """Whether the folder that is held is the one at the path, and answers."""
    try:
        return os.path.samestat(held.own_facts(), fresh.own_facts())
    except OSError:
        return False
