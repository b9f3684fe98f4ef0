"""Members of a .zip. Source: PKWARE APPNOTE 6.3.10, sections 4.4.4 and 4.5; Info-ZIP's extra field 0x5455 (time)."""

from __future__ import annotations

import io
import itertools
import stat
import struct
import threading
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from auditor.disk.foreign_names import row_path
from auditor.model import ErrorKind, Trouble
from auditor.places import Entry, EntryKind, links
from auditor.places.members import BOMB_BYTES, BOMB_RATIO, CHUNK_BYTES, UNREADABLE, MemberStream, once

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_ENCRYPTED = 0x1
_TIMES = 0x5455
_TARGET_BYTES = 4096


class OpenZip:
    """A .zip held open, with its directory read once."""

    def __init__(self, file: BinaryIO) -> None:
        """Raises: zipfile.BadZipFile, OSError where it is none or is cut short (its directory stands at the end)."""
        self._zip = zipfile.ZipFile(file)
        self._lock = threading.Lock()
        self._members: dict[str, tuple[zipfile.ZipInfo, Entry]] = {}
        seen: dict[str, int] = {}
        inside = _overlapping(self._zip.infolist())
        for info in self._zip.infolist():
            if info.is_dir():
                continue
            name, refused = row_path(info.filename)
            name = once(name, seen)
            entry = _entry(name, info, refused, info.header_offset in inside)
            self._members[name] = (info, entry)
        linked = [(name, info) for name, (info, _) in self._members.items() if _is_link(info)]
        folders = links.folders_of(self._members) if linked else set()
        for name, info in linked:
            error = links.packed(name, self._target(info), self._members, folders)
            self._members[name] = (info, Entry(name, EntryKind.LINK, error=error))

    def entries(self) -> Iterator[Entry]:
        """Each file of the archive once."""
        for _, entry in self._members.values():
            yield entry

    def _target(self, info: zipfile.ZipInfo) -> str:
        """Where a link leads, which is its content; out of the archive where that cannot be read."""
        try:
            with self._zip.open(info) as stream:
                return stream.read(_TARGET_BYTES).decode("utf-8", "surrogateescape")
        except UNREADABLE:
            return "/"

    def open(self, path: str) -> BinaryIO:
        """The bytes of one member; the checksum is compared when its end is reached.

        Raises: OSError where there is none, or it cannot be read.
        """
        info, entry = self._members.get(path, (None, None))
        if info is None or entry is None:
            raise FileNotFoundError(2, "not in the archive", path)
        if entry.error:
            raise OSError(str(entry.error))
        try:
            return io.BufferedReader(MemberStream(cast(BinaryIO, self._zip.open(info)), self._lock), CHUNK_BYTES)
        except UNREADABLE as error:
            raise OSError(f"the archive is damaged here: {error or type(error).__name__}") from error


def _is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def _entry(name: str, info: zipfile.ZipInfo, refused: Trouble | None, overlaps: bool) -> Entry:
    error = refused
    if info.flag_bits & _ENCRYPTED:
        error = Trouble(ErrorKind.UNSUPPORTED, "encrypted; unpack it with its password and name the folder")
    elif info.compress_type not in _METHODS:
        error = Trouble(
            ErrorKind.UNSUPPORTED, f"compression method {info.compress_type}; unpack it and name the folder"
        )
    elif overlaps or (info.file_size > BOMB_BYTES and info.file_size > BOMB_RATIO * max(info.compress_size, 1)):
        error = Trouble(
            ErrorKind.REFUSED, f"{info.compress_size:,} bytes that unpack to {info.file_size:,} (a zip bomb); not read"
        )
    return Entry(name, size_bytes=info.file_size, mtime_ns=_mtime_ns(info.extra), error=error)


def _mtime_ns(extra: bytes) -> int | None:
    """The date in UTC of Info-ZIP's extra field; None without one, as the plain date has no time zone."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _TIMES and len(field) >= 5 and field[0] & 1:
            return int(struct.unpack_from("<i", field, 1)[0]) * 1_000_000_000
    return None


def _overlapping(infos: list[zipfile.ZipInfo]) -> set[int]:
    """Header offsets of members whose bytes are also those of others, as in a bomb that repeats one kernel.

    Source: D. Fifield, "A better zip bomb", WOOT 2019.
    """
    ordered = sorted(infos, key=lambda info: info.header_offset)
    bad: set[int] = set()
    for info, following in itertools.pairwise(ordered):
        if info.header_offset + info.compress_size > following.header_offset:
            bad |= {info.header_offset, following.header_offset}
    return bad
