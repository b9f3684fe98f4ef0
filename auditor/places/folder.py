"""A folder of this machine: a disk, a memory card, a NAS share, a mounted phone."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from auditor.errors import BadPlace
from auditor.model import Device
from auditor.places import Entry, EntryKind, Power

OWN_FOLDER = ".auditor"
"""Where a backup keeps its own affairs; never payload."""

_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """A folder and what is below it. Links are listed and never followed; `root` is absolute and resolved."""

    root: Path
    spec: str

    @property
    def label(self) -> str:
        """The folder's name."""
        return self.root.name or str(self.root)

    @property
    def id(self) -> str:
        """The id in its `.auditor/place.toml` or, where it has none, one made of its path and inode."""
        try:
            return str(tomllib.loads((self.root / OWN_FOLDER / "place.toml").read_text("utf-8"))["id"])
        except (OSError, KeyError, ValueError):
            pass
        try:
            inode = self.root.stat().st_ino
        except OSError:
            inode = 0
        return "folder:" + hashlib.sha256(f"{os.fsencode(self.root).hex()} {inode}".encode()).hexdigest()[:24]

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
        return Device(
            filesystem=_filesystem(self.root),
            storage_total_bytes=usage.total or None,
            storage_free_bytes=usage.free if usage.total else None,  # some FUSE systems say 0 of 0: not known
        )

    def walk(self) -> Iterator[Entry]:
        """Each thing below the folder, once; a folder that cannot be listed is an entry with its reason.

        Raises: BadPlace where the folder itself is not there or cannot be listed.
        """
        try:
            first = self.root.stat()
            os.scandir(self.root).close()
        except OSError as error:
            raise BadPlace(f"{self.spec} cannot be listed: {error.strerror}") from error
        seen = {(first.st_dev, first.st_ino)}
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                with os.scandir(self.root / folder if folder else self.root) as listing:
                    items = sorted(listing, key=lambda item: item.name)
            except OSError as error:
                yield Entry(folder, EntryKind.FOLDER, error=f"unreadable: folder: {error.strerror}")
                continue
            for item in items:
                if not folder and item.name == OWN_FOLDER:
                    continue
                path = f"{folder}/{item.name}" if folder else item.name
                try:
                    facts = item.stat(follow_symlinks=False)
                except OSError as error:
                    yield Entry(path, error=f"unreadable: {error.strerror}")
                    continue
                if stat.S_ISDIR(facts.st_mode):
                    # A folder mounted inside itself would never end.
                    identity = (facts.st_dev, facts.st_ino)
                    if facts.st_ino and identity in seen:
                        yield Entry(path, EntryKind.LINK, error="unsupported: a folder that was listed already")
                    else:
                        seen.add(identity)
                        pending.append(path)
                    continue
                yield _entry(path, facts)

    def open(self, path: str) -> BinaryIO:
        """The bytes of one regular file; links are not followed.

        Raises: OSError where it is none or cannot be read; BadPlace where the path would leave the folder.
        """
        parts = path.split("/")
        if path.startswith("/") or ".." in parts or (os.name == "nt" and ("\\" in path or ":" in path)):
            raise BadPlace(f"{path!r} leads out of {self.spec}")
        descriptor = os.open(self.root / path, _OPEN_FLAGS)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "not a regular file")
        return os.fdopen(descriptor, "rb", buffering=0)


def open_folder(spec: str) -> FolderPlace:
    """The folder that `spec` names.

    Raises: BadPlace where there is none.
    """
    path = Path(spec).expanduser()
    try:
        root = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise BadPlace(f"there is no folder {spec}; check the name, and that the disk or phone is connected") from error
    if not root.is_dir():
        raise BadPlace(f"{spec} is neither a folder nor a manifest")
    return FolderPlace(root, spec)


def _entry(path: str, facts: os.stat_result) -> Entry:
    if stat.S_ISREG(facts.st_mode):
        return Entry(path, size_bytes=facts.st_size, mtime_ns=facts.st_mtime_ns)
    if stat.S_ISLNK(facts.st_mode):
        return Entry(path, EntryKind.LINK, error="unsupported: a symbolic link, which is not followed")
    word = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}.get(stat.S_IFMT(facts.st_mode), "a device")
    return Entry(path, EntryKind.SPECIAL, error=f"unsupported: {word}, not a file")


def _filesystem(root: Path) -> str | None:
    """The file system's name where the system tells (Linux); None elsewhere."""
    try:
        mounts = Path("/proc/self/mounts").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    best, name = -1, None
    for line in mounts:
        point = line.split(" ")[1].encode("utf-8", "surrogateescape").decode("unicode_escape", "replace")
        if (root == Path(point) or Path(point) in root.parents) and len(point) >= best:
            best, name = len(point), line.split(" ")[2]
    return name
