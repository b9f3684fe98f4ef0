"""An archive (.zip, .tar, .tgz and its kin) read in place: nothing is ever unpacked to disk.

Every member has a row. One that must not or cannot be unpacked (encrypted, an absolute or `..` name, a bomb, a link)
has the reason in it. A name that occurs again is listed as `NAME#2`: both contents are there, none is hidden.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Protocol

from auditor.disk.opened import Named, Opened
from auditor.errors import BadPlace
from auditor.model import Device
from auditor.paths import typed_path
from auditor.places import Entry, Power, Whereabouts
from auditor.places.folder import named
from auditor.places.members import UNREADABLE
from auditor.places.tars import OpenTar
from auditor.places.zips import OpenZip


class OpenArchive(Protocol):
    """An archive held open in this process."""

    def entries(self) -> Iterator[Entry]:
        """Each member once, in the order of the archive. Raises ListingCut where the archive breaks off."""

    def open(self, path: str) -> BinaryIO:
        """The bytes of one member. Raises OSError where it cannot be read or is none."""


@dataclass(frozen=True, slots=True)
class ArchivePlace(Whereabouts):
    """One archive file. `path` is absolute; `packing` is `zip` or `tar`; `file` what lay there when it was named."""

    path: Path
    spec: str
    packing: str
    file: Named

    @property
    def local_things(self) -> tuple[Path, ...]:
        """The archive."""
        return (self.path,)

    @property
    def is_packed(self) -> bool:
        """It is."""
        return True

    @property
    def label(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def id(self) -> str:
        """Made of its path and inode: it stays while the archive is neither moved nor made anew."""
        try:
            inode = self.path.stat().st_ino
        except OSError:
            inode = 0
        return "archive:" + hashlib.sha256(f"{os.fsencode(self.path).hex()} {inode}".encode()).hexdigest()[:24]

    @property
    def kind(self) -> str:
        """Always `archive`."""
        return "archive"

    @property
    def powers(self) -> frozenset[Power]:
        """Seeking; dates only in a tar (a zip holds the local time of an unknown zone), checksums only in a zip."""
        return frozenset({Power.SEEK, Power.MTIME if self.packing == "tar" else Power.CHECKED})

    def device(self) -> Device | None:
        """None: an archive is on no device of its own."""
        return None

    def walk(self) -> Iterator[Entry]:
        """Each member once, in the archive's order, which is the cheapest order to read a compressed tar in.

        Raises: BadPlace where it is not there or no archive; ListingCut where it breaks off.
        """
        return self.held().entries()

    def open(self, path: str) -> BinaryIO:
        """The bytes of one member. Raises: OSError where it cannot be read."""
        try:
            return self.held().open(path)
        except BadPlace as error:
            raise OSError(str(error)) from error

    def held(self) -> OpenArchive:
        """The archive, held open for this process.

        Raises: BadPlace where it is not there or no archive, or another file lies there than the one that was named.
        """
        try:
            _demand(Opened.by(self.path.stat()), self.path, self.file)
            # The process is part of the key: a forked worker must not share its parent's file position.
            return _held(self.path, self.packing, self.file, os.getpid())
        except UNREADABLE as error:
            raise BadPlace(
                f"{self.spec} cannot be read as an archive ({error or type(error).__name__}); it may be cut short:"
                " copy or download it again"
            ) from error


def open_archive(spec: str) -> ArchivePlace:
    """The archive that `spec` names, known by its content.

    Raises: BadPlace where there is none.
    """
    path = typed_path(spec)
    try:
        path = path.resolve(strict=True)
        file, packing = named(path), packing_of(path)
    except (OSError, RuntimeError) as error:
        raise BadPlace(f"there is no archive {spec} that can be read; check the name") from error
    if packing is None:
        raise BadPlace(f"{spec} is neither a folder, an archive (.zip, .tar, .tgz) nor a manifest")
    return ArchivePlace(path, spec, packing, file)


def packing_of(path: Path) -> str | None:
    """`zip` or `tar` (packed or not) by the file's first bytes, or its name where it is cut short; None for neither."""
    with path.open("rb") as file:
        head = file.read(512)
    if head[:4] in (b"PK\3\4", b"PK\5\6", b"PK\7\x08"):
        return "zip"
    if head[257:262] == b"ustar" or head[:2] == b"\x1f\x8b" or head[:3] == b"BZh" or head[:6] == b"\xfd7zXZ\0":
        return "tar"
    name = path.name.lower()
    if name.endswith(".zip"):
        return "zip"
    return "tar" if name.endswith((".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz")) else None


@lru_cache(maxsize=8)
def _held(path: Path, packing: str, file: Named, process: int) -> OpenArchive:
    stream = path.open("rb")
    try:
        # By the time that it is opened, another one may lie there than the one that was looked at.
        _demand(Opened.by(os.fstat(stream.fileno())), path, file)
        return OpenZip(stream) if packing == "zip" else OpenTar(stream)
    except BaseException:
        stream.close()
        raise


def _demand(now: Opened, path: Path, file: Named) -> None:
    if not now.is_same(file):
        raise BadPlace(f"another file lies at {path} now than the one that this run began with")
