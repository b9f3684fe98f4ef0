"""A folder of this machine: a disk, a memory card, a NAS share, a mounted phone."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from auditor.disk import marker as markers
from auditor.disk.folder import Folder, beneath, is_link
from auditor.disk.marker import OWN_FOLDER
from auditor.disk.mounts import mount_of
from auditor.disk.opened import Named
from auditor.disk.volume import filesystem, keeps_change_times, volume_id
from auditor.errors import BadPlace, LeadsOut
from auditor.model import Device, ErrorKind, Trouble
from auditor.paths import typed_path
from auditor.places import Entry, EntryKind, Power, Whereabouts, links, unfinished
from auditor.places.ours import is_ours


@dataclass(frozen=True, slots=True)
class FolderPlace(Whereabouts):
    """A folder and what is below it. Links are listed and never followed; `root` is absolute and resolved."""

    root: Path
    spec: str

    @property
    def local_root(self) -> Path:
        """The folder."""
        return self.root

    @property
    def folder(self) -> Path:
        """The folder."""
        return self.root

    @property
    def label(self) -> str:
        """The folder's name."""
        return self.root.name or str(self.root)

    @property
    def id(self) -> str:
        """The id in its `.auditor/place.toml` or, where it has none, one made of its location."""
        if marker := self._marker():
            return marker.id
        return self.location_id

    @property
    def location_id(self) -> str:
        """The id that is made of its location: what a backup knows it by that copied from it."""
        return "folder:" + hashlib.sha256(self.location.encode("utf-8", "surrogateescape")).hexdigest()[:24]

    @property
    def location(self) -> str:
        """Where it lies: the volume and the path in it or, where the volume is not known, its path and inode.

        Two cards that are put into the same reader are two locations, one card at two mount points is one.
        """
        try:
            facts = self.root.stat()
        except OSError:
            return str(self.root)
        volume = volume_id(facts.st_dev)
        if volume is None:
            return f"{self.root} {facts.st_ino}"
        top = self.root
        with contextlib.suppress(OSError):
            while top != top.parent and top.parent.stat().st_dev == facts.st_dev:
                top = top.parent
        return f"{volume} {self.root.relative_to(top)}"

    @property
    def sources(self) -> dict[str, str] | None:
        """The places whose files this backup holds, label by id; None where it is no backup that says so."""
        marker = self._marker()
        return {source.id: source.label for source in marker.sources} or None if marker else None

    @property
    def homes(self) -> tuple[str, ...]:
        """The folders in it that hold a phone's own folders, by the record of a backup, each with `/` behind it."""
        marker = self._marker()
        return marker.homes if marker else ()

    def _marker(self) -> markers.Marker | None:
        with contextlib.suppress(BadPlace):
            return markers.read(self.root)
        return None

    @property
    def kind(self) -> str:
        """Always `folder`."""
        return "folder"

    @property
    def powers(self) -> frozenset[Power]:
        """Everything but digests of a service."""
        return frozenset({Power.SEEK, Power.WRITE, Power.MTIME})

    def device(self) -> Device | None:
        """Size and free space of the disk below the folder, None where the system does not tell."""
        try:
            usage = shutil.disk_usage(self.root)
        except OSError:
            return None
        mount = mount_of(self.root)
        return Device(
            filesystem=filesystem(self.root),
            mounted_from=mount.source if mount.shows_another or mount.is_served else None,
            storage_total_bytes=usage.total or None,
            storage_free_bytes=usage.free if usage.total else None,  # some FUSE systems say 0 of 0: not known
        )

    def walk(self) -> Iterator[Entry]:
        """Each thing below the folder, once; a folder that cannot be listed is an entry with its reason. What this
        program keeps of this place is left out, and of any other that lies within it.

        Raises: BadPlace where the folder itself is not there or cannot be listed.
        """
        try:
            os.scandir(self.root).close()
        except OSError as error:
            sentence = f"{self.spec} cannot be listed: {error.strerror}; check the rights of the folder, and its disk"
            raise BadPlace(sentence) from error
        pending: list[tuple[str, tuple[tuple[int, int], ...], str]] = [("", (), "")]
        keeps: dict[int, bool] = {}
        while pending:
            folder, above, own = pending.pop()  # own: the `.auditor` of another place that it lies in
            items: list[tuple[str, os.stat_result | OSError]] = []
            try:
                above = (*above, self._list(folder, above, items))
            except OSError as error:
                yield Entry(folder, EntryKind.FOLDER, error=Trouble(ErrorKind.UNREADABLE, f"folder: {error.strerror}"))
            if folder.endswith(f"/{OWN_FOLDER}") and any(name in markers.FIRST for name, _ in items):
                own = folder
            for name, facts in items:
                path = f"{folder}/{name}" if folder else name
                is_folder = not isinstance(facts, OSError) and stat.S_ISDIR(facts.st_mode)
                if own and not is_folder and is_ours(path.removeprefix(f"{own}/")):
                    continue
                if isinstance(facts, OSError):
                    yield Entry(path, error=Trouble(ErrorKind.UNREADABLE, f"{facts.strerror}"))
                elif is_link(facts):
                    yield Entry(path, EntryKind.LINK, mtime_ns=facts.st_mtime_ns, error=self._link_error(path))
                elif is_folder:
                    pending.append((path, above, own))
                else:
                    if facts.st_dev not in keeps:
                        keeps[facts.st_dev] = keeps_change_times(self.root / path)
                    yield unfinished.told(_entry(path, facts, keeps[facts.st_dev]))

    def _list(
        self, folder: str, above: tuple[tuple[int, int], ...], into: list[tuple[str, os.stat_result | OSError]]
    ) -> tuple[int, int]:
        """Puts what one folder holds into `into`, and returns what the folder itself is (device, inode).

        Raises: OSError where it cannot be listed, or only in part; what was found before stays in `into`.
        """
        with self._beneath(folder.split("/") if folder else []) as opened:
            facts = opened.own_facts()
            identity = (facts.st_dev, facts.st_ino)
            if facts.st_ino and identity in above:
                raise OSError(errno.ELOOP, "it is one of the folders that it lies in")
            with opened.listing() as listing:
                for item in listing:
                    if not folder and item.name == OWN_FOLDER:
                        continue
                    try:
                        into.append((item.name, item.stat(follow_symlinks=False)))
                    except OSError as error:
                        into.append((item.name, error))
        into.sort(key=lambda found: found[0])
        return identity

    def _link_error(self, path: str) -> Trouble:
        """What to say of a link: whether what it leads to is in this list anyway, or may be lost behind it."""
        link = self.root / path
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):
            return links.NOWHERE
        if not target.is_relative_to(self.root) or target.is_relative_to(self.root / OWN_FOLDER):
            return links.outside(target.is_dir())
        return links.INSIDE

    def open(self, path: str) -> BinaryIO:
        """The bytes of one regular file; links are not followed, not on the way to it either.

        Raises: OSError where it is none or cannot be read; BadPlace where the path would leave the folder.
        """
        parts = path.split("/")
        if path.startswith("/") or ".." in parts or (os.name == "nt" and ("\\" in path or ":" in path)):
            raise BadPlace(f"{path!r} leads out of {self.spec}")
        with self._beneath(parts[:-1]) as folder:
            return os.fdopen(folder.open_file(parts[-1]), "rb", buffering=0)

    @contextlib.contextmanager
    def _beneath(self, parts: list[str]) -> Iterator[Folder]:
        """A folder below this one, open; a link on the way or behind it is an error like any other. Raises: OSError."""
        try:
            with Folder.open(self.root) as top, beneath(top, tuple(parts)) as folder:
                yield folder
        except LeadsOut as error:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error


def open_folder(spec: str) -> FolderPlace:
    """The folder that `spec` names.

    Raises: BadPlace where there is none.
    """
    path = typed_path(spec)
    try:
        root = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise BadPlace(f"there is no folder {spec}; check the name, and that the disk or phone is connected") from error
    if not root.is_dir():
        raise BadPlace(f"{spec} is a file; name a folder")
    return FolderPlace(root, spec)


def named(path: Path) -> Named:
    """One file of this machine as it is now. Raises: OSError."""
    one = _entry(path.name, path.stat(), keeps_change_times(path))
    return Named(one.path, one.size_bytes, one.mtime_ns, one.changed_ns, one.inode)


def is_whole_local_path(place: str) -> bool:
    """Whether words out of a file are a path from the root of this machine, not one of another machine on the network.

    Merely looking at `\\\\server\\share` makes Windows log in there.
    """
    path = Path(place)
    return path.is_absolute() and not path.drive.startswith(("\\\\", "//"))


def _entry(path: str, facts: os.stat_result, keeps_change_times: bool) -> Entry:
    if stat.S_ISREG(facts.st_mode):
        # Elsewhere it may be when the file was made (Windows), or its date again (FAT, many FUSE systems).
        changed_ns = facts.st_ctime_ns if keeps_change_times else None
        return Entry(
            path,
            size_bytes=facts.st_size,
            mtime_ns=facts.st_mtime_ns,
            changed_ns=changed_ns,
            file_id=file_id(facts.st_dev, facts.st_ino),
        )
    word = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}.get(stat.S_IFMT(facts.st_mode), "a device")
    return Entry(path, EntryKind.SPECIAL, error=Trouble(ErrorKind.SPECIAL, f"{word}, not a file"))


def file_id(device: int, inode: int) -> str | None:
    """The file of this machine that is meant, whatever its path: its volume and inode; None where it has no number."""
    return f"{_volume_now(device)}:{inode}" if inode else None


@lru_cache(maxsize=64)
def _volume_now(device: int) -> str:
    # A volume's own number stays when it is mounted anew. A device's is all there is elsewhere, and means something
    # until this machine is started again: another machine's, or tomorrow's, may be the same by chance.
    if volume := volume_id(device):
        return volume
    try:
        run = Path("/proc/sys/kernel/random/boot_id").read_bytes()[:8].decode("ascii")
    except (OSError, ValueError):
        run = platform.node()
    return f"device {device} of {run}".replace(":", "-")
