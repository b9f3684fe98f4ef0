"""A phone or camera that the system shows as a folder: gvfs, jmtpfs, go-mtpfs, simple-mtpfs, aft-mtp-mount, ifuse.

What such a mount says of dates is not to be trusted, sizes of 0 and 4 GiB - 1 are not known, and a listing that came
back empty is an error: the phone is locked, or File transfer is not chosen.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote

from auditor.disk import mounts as disk
from auditor.errors import BadPlace, ListingCut
from auditor.model import Device
from auditor.paths import typed_path
from auditor.places import Entry, Power, Whereabouts, phone_id
from auditor.places.folder import FolderPlace

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

UNKNOWN_SIZES = (0, 0xFFFFFFFF)
"""MTP has 32 bits for a size: a larger file is shown with the most they hold; some mounts show 0 before opening."""

GVFS_MOUNT = re.compile(r"(mtp|gphoto2|afc):host=(.+)")
_SERIAL = re.compile(r"(?=.*\d)[0-9A-Za-z]{8,}")
_OCTAL = re.compile(rb"\\([0-7]{3})")
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted phone: its folder, and what made the mount (`gvfs`, `fuse.jmtpfs`, ...)."""

    root: Path
    maker: str
    name: str


@dataclass(frozen=True, slots=True)
class MtpPlace(Whereabouts):
    """A mounted phone or camera, or a folder of it."""

    mount: Mount
    spec: str

    @property
    def root(self) -> Path:
        """The mount's folder."""
        return self.mount.root

    @property
    def local_root(self) -> Path:
        """The same: nothing of it lies on a disk of this machine."""
        return self.mount.root

    @property
    def label(self) -> str:
        """The phone's name as the mount gives it."""
        return self.mount.name

    @property
    def tells_serial(self) -> bool:
        """Whether the mount's name ends in the phone's serial number. gvfs takes it from the system, but for where it
        has only the USB port; of other mounts the name is that of the folder."""
        return self.mount.maker.startswith("gvfs") and _SERIAL.fullmatch(self.mount.name.split(" ")[-1]) is not None

    @property
    def id(self) -> str:
        """Made of the mount's name, which holds the phone's model and serial number where the system tells them."""
        words = f"{self.mount.maker} {self.mount.name} {os.fsencode(self.root).hex()}"
        return "mtp:" + hashlib.sha256(words.encode("utf-8", "surrogateescape")).hexdigest()[:24]

    @property
    def phone(self) -> str:
        """Which phone it is, whatever the folder: by its serial number or, where the mount does not tell it, as long as
        it is mounted there."""
        if self.tells_serial:
            return phone_id(self.mount.name.split(" ")[-1])
        top = next((one for one in (self.root, *self.root.parents) if one.is_mount()), self.root)
        return phone_id(f"{self.mount.maker} {self.mount.name} {os.fsencode(top).hex()}")

    @property
    def kind(self) -> str:
        """Always `mtp`."""
        return "mtp"

    @property
    def powers(self) -> frozenset[Power]:
        """Only a limit. Dates are those of the transfer, and going back in a file begins it anew."""
        return frozenset({Power.ONE_READER})

    def device(self) -> Device | None:
        """The phone's storage, where the mount tells; it says neither model nor Android version."""
        told = self._folder().device()
        return replace(told or Device(), filesystem=self.mount.maker, is_phone=True, phone=self.phone)

    def walk(self) -> Iterator[Entry]:
        """Each file once. Sizes that may be wrong are not given.

        Raises: BadPlace where the mount is gone; ListingCut where it shows nothing at all, as a locked phone does.
        """
        nothing = True
        for entry in self._folder().walk():
            nothing = False
            size = None if entry.size_bytes in UNKNOWN_SIZES else entry.size_bytes
            yield replace(entry, size_bytes=size, mtime_ns=None)
        if nothing:
            raise ListingCut(
                f"{self.spec} shows no files at all: unlock the phone, choose File transfer in its USB notification,"
                " and try again"
            )

    def open(self, path: str) -> BinaryIO:
        """The bytes of one file, to be read forwards.

        Raises: OSError where it cannot be read, or ends before the size that was listed.
        """
        stream = self._folder().open(path)
        try:
            size = os.fstat(stream.fileno()).st_size
        except OSError:
            stream.close()
            raise
        return io.BufferedReader(_Whole(stream, None if size in UNKNOWN_SIZES else size), _READ_BYTES)

    def _folder(self) -> FolderPlace:
        return FolderPlace(self.root, self.spec)


class _Whole(io.RawIOBase):
    """A stream that says when it ends too early: a cable that fell out looks like the end of the file."""

    def __init__(self, inner: BinaryIO, size_bytes: int | None) -> None:
        self._inner, self._size, self._read = inner, size_bytes, 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer, /) -> int:
        view = memoryview(into)
        part = self._next(min(len(view), _READ_BYTES))
        view[: len(part)] = part
        return len(part)

    def readall(self) -> bytes:
        parts = []
        while part := self._next(_READ_BYTES):
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()

    def _next(self, size: int) -> bytes:
        part = self._inner.read(size)
        self._read += len(part)
        if not part and self._size is not None and self._read < self._size:
            raise OSError(f"only {self._read:,} of {self._size:,} bytes came from the phone; check the cable")
        return part


def open_mtp(words: str) -> MtpPlace:
    """The phone that is mounted; with `words` the one whose name or folder holds them, or the folder below it.

    Raises: BadPlace where none is there, or several; where the system gives a phone no folder, with what works instead.
    """
    found = mounts()
    if words and (inside := mount_around(typed_path(words), found)):
        return MtpPlace(inside, f"mtp:{words}")
    if words:
        found = tuple(mount for mount in found if words.lower() in mount.name.lower())
    if len(found) > 1:
        raise BadPlace("several phones are mounted; name one: " + ", ".join(f"mtp:{mount.name}" for mount in found))
    if not found:
        raise BadPlace(f"no phone{f' called {words}' if words else ''} is mounted as a folder. {advice()}")
    return MtpPlace(found[0], f"mtp:{words}")


def mounts(runtime: Path | None = None, table: Path = Path("/proc/self/mounts")) -> tuple[Mount, ...]:
    """The phones and cameras that are mounted as folders (Linux); empty elsewhere.

    `runtime` is the user's runtime folder (XDG_RUNTIME_DIR), `table` the system's list of mounts.
    """
    runtime = runtime or Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{getattr(os, 'getuid', int)()}")
    try:
        folders = sorted((runtime / "gvfs").iterdir())
    except OSError:
        folders = []  # no GNOME, or nobody logged in
    found = [
        Mount(folder, f"gvfs {match[1]}", unquote(match[2]).replace("_", " "))
        for folder in folders
        if (match := GVFS_MOUNT.fullmatch(folder.name))
    ]
    try:
        lines = table.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        lines = []
    for line in lines:
        source, point, kind = line.split(" ")[:3]
        if disk.Mount(kind, source).shows_a_phone:
            raw = _OCTAL.sub(lambda m: bytes([int(m[1], 8)]), point.encode("utf-8", "surrogateescape"))
            root = Path(raw.decode("utf-8", "surrogateescape"))
            found.append(Mount(root, kind, root.name))
    return tuple(found)


def mount_around(path: Path, found: tuple[Mount, ...] | None = None) -> Mount | None:
    """The phone's mount that a folder named by the user lies in, with that folder as its root; None for other folders.

    The dates and sizes of such a folder are not to be trusted, though it looks like any other.
    """
    for mount in mounts() if found is None else found:
        if (mount.root == path or mount.root in path.parents) and path.is_dir():
            return replace(mount, root=path)
    return None


def advice(platform: str = sys.platform) -> str:
    """What to do where the system shows a phone as no folder: the two ways that work everywhere, and the local one."""
    options = (
        "Two ways work without it: switch on USB debugging and name the phone adb:, to compare it with the folder that"
        " you copied; or make the list on the phone with the script that `auditor doctor --phone-script` writes"
    )
    if platform == "win32":
        return f"Windows shows a phone in Explorer but gives it no drive letter. {options}"
    if platform == "darwin":
        return f"macOS has no phones as folders; OpenMTP and others only copy. {options}"
    return (
        "Plug it in, unlock it and choose File transfer; in GNOME open it once in Files, elsewhere mount it with"
        f" `jmtpfs FOLDER` (KDE shows phones without a folder). {options}"
    )
