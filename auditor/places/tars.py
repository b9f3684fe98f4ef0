"""Members of a tar, packed or not, read forwards only as far as is needed. Source: POSIX.1-2017 pax, GNU tar manual."""

from __future__ import annotations

import bz2
import io
import lzma
import os
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

from auditor.disk.foreign_names import row_path
from auditor.errors import ListingCut
from auditor.model import ErrorKind, Trouble
from auditor.places import Entry, EntryKind, links
from auditor.places.gzips import SeekableGzip
from auditor.places.members import BOMB_BYTES, BOMB_RATIO, CHUNK_BYTES, UNREADABLE, MemberStream, once

_HEADER_LIMIT_BYTES = 16 * 1024 * 1024


class _Capped:
    """A file from which nobody takes more than 16 MiB at once: a tar header may claim to be gigabytes long."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _HEADER_LIMIT_BYTES:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True


class OpenTar:
    """A tar held open. Its members become known one after the other, so that a packed one is unpacked once."""

    def __init__(self, file: BinaryIO) -> None:
        """Takes an open file. Raises: tarfile.TarError, OSError, EOFError where it is no tar."""
        self._name = Path(file.name).name
        self._packed_bytes = os.fstat(file.fileno()).st_size
        self._file, self._is_packed = _unpacked(file)
        self._tar = tarfile.open(  # noqa: SIM115 - held until the process forgets the archive
            fileobj=cast(BinaryIO, _Capped(self._file)), mode="r:", encoding="utf-8", errors="surrogateescape"
        )
        self._lock = threading.Lock()
        self._known: list[tuple[tarfile.TarInfo, Entry]] = []
        self._index: dict[str, int] = {}
        self._names: dict[str, int] = {}
        self._seen: dict[str, int] = {}
        self._ended: str | None = None

    def entries(self) -> Iterator[Entry]:
        """Each member that is no folder once; links at the end, when it is known where they lead.

        Raises ListingCut where the archive breaks off or is a bomb.
        """
        position = 0
        waiting = []
        while self._reach(position):
            info, entry = self._known[position]
            if entry.kind is EntryKind.LINK:
                waiting.append((info, entry))
            else:
                yield entry
            position += 1
        folders = links.folders_of(self._index) if waiting else set()
        for info, entry in waiting:
            yield replace(entry, error=links.packed(entry.path, info.linkname, self._index, folders))
        if self._ended:
            raise ListingCut(f"{self._name} {self._ended}")

    def open(self, path: str) -> BinaryIO:
        """The bytes of one member. Raises: OSError where there is none or it cannot be read."""
        while path not in self._index and self._reach(len(self._known)):
            pass
        if path not in self._index:
            raise FileNotFoundError(2, "not in the archive" if not self._ended else self._ended, path)
        info, entry = self._known[self._index[path]]
        if entry.error or entry.kind is not EntryKind.FILE:
            raise OSError(str(entry.error or "it is no file"))
        with self._lock:
            stream = self._tar.extractfile(self._target(info) or info)
        if stream is None:
            raise OSError("not a file")
        return io.BufferedReader(MemberStream(cast(BinaryIO, stream), self._lock), CHUNK_BYTES)

    def _reach(self, position: int) -> bool:
        """Whether there is a member at this position, reading on as far as it takes."""
        with self._lock:
            while len(self._known) <= position and self._ended is None:
                self._read_on()
        return len(self._known) > position

    def _read_on(self) -> None:
        try:
            info = self._tar.next()
            if info is None:
                self._ended = self._end()
                return
        except UNREADABLE as error:
            self._ended = f"breaks off: {error or type(error).__name__}; copy or download it again"
            return
        if info.isdir():
            return
        name, refused = row_path(info.name)
        name = once(name, self._seen)
        entry = self._entry(name, info, refused)
        self._index[name] = len(self._known)
        self._names[info.name] = len(self._known)
        self._known.append((info, entry))
        # The library keeps every member again; forgetting them keeps a million names in one list only.
        self._tar.members = []  # type: ignore[attr-defined]

    def _entry(self, name: str, info: tarfile.TarInfo, refused: Trouble | None) -> Entry:
        mtime_ns = round(info.mtime * 1_000_000) * 1000
        if info.issym():
            return Entry(name, EntryKind.LINK, error=links.NOWHERE)  # `entries` knows better when all is read
        if info.islnk():
            target = self._target(info)
            if target is None:
                return Entry(
                    name,
                    mtime_ns=mtime_ns,
                    error=Trouble(ErrorKind.UNREADABLE, "a hard link to nothing in the archive"),
                )
            return Entry(name, size_bytes=target.size, mtime_ns=mtime_ns, error=refused)
        if not info.isreg():
            return Entry(name, EntryKind.SPECIAL, error=Trouble(ErrorKind.SPECIAL, "a device or FIFO, not a file"))
        end = info.offset_data + info.size
        if self._is_packed and end > max(BOMB_BYTES, BOMB_RATIO * self._packed_bytes):
            refused = Trouble(
                ErrorKind.REFUSED, f"{self._packed_bytes:,} bytes that unpack to over {end:,} (a bomb); not read"
            )
            self._ended = "unpacks to more than a real archive can hold; it was not read further"
        return Entry(name, size_bytes=info.size, mtime_ns=mtime_ns, error=refused)

    def _target(self, info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        """The member that a hard link stands for; None where it is no link, or leads nowhere."""
        position = self._names.get(info.linkname) if info.islnk() else None
        if position is None:
            return None
        target, entry = self._known[position]
        return self._target(target) if target.islnk() else (target if not entry.error else None)

    def _end(self) -> str:
        """Empty where the archive ends as one should, else what is wrong: the library takes a cut one for whole."""
        try:
            self._file.seek(self._tar.offset)
            block = self._file.read(512)
            if len(block) < 512 or any(block):
                return "has no proper end: it is cut short or damaged; copy or download it again"
            rest = 0
            while self._is_packed and (more := self._file.read(1024 * 1024)):  # its checksum stands at the very end
                rest += len(more)
                if rest > BOMB_BYTES:
                    return "is followed by more than a real archive holds; it was not read further"
        except UNREADABLE as error:
            return f"is damaged: {error or type(error).__name__}; copy or download it again"
        return ""


def _unpacked(file: BinaryIO) -> tuple[BinaryIO, bool]:
    """The tar's own bytes, and whether they are packed."""
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, SeekableGzip(file)), True
    for start, module in ((b"BZh", bz2), (b"\xfd7zXZ", lzma)):
        if magic.startswith(start):
            return cast(BinaryIO, module.open(file)), True
    return file, False
