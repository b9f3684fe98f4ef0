"""What zip and tar share: a member's stream, what a damaged archive raises, what a bomb is, names that come again."""

from __future__ import annotations

import io
import lzma
import os
import tarfile
import threading
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


BOMB_RATIO = 200
"""A member that grows by more is no picture or video; those hardly shrink. The deflate limit is 1,032."""
BOMB_BYTES = 256 * 1024 * 1024
"""Below this size a high ratio is no danger: a photo that was wiped to zeros is listed and judged like others."""

UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
)
"""What the libraries raise over a damaged archive; NotImplementedError is a RuntimeError."""

CHUNK_BYTES = 256 * 1024
_READ_BYTES = 1024 * 1024


class MemberStream(io.RawIOBase):
    """One member as a stream whose every failure is an OSError; members of one archive may be read side by side."""

    def __init__(self, inner: BinaryIO, lock: threading.Lock) -> None:
        self._inner, self._lock = inner, lock

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer, /) -> int:
        view = memoryview(into)
        data = self._guarded_read(min(len(view), _READ_BYTES))
        view[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        parts = []
        while part := self._guarded_read(_READ_BYTES):
            parts.append(part)
        return b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with self._lock:
            try:
                return self._inner.seek(offset, whence)
            except UNREADABLE as error:
                raise OSError(f"the archive is damaged here: {error or type(error).__name__}") from error

    def tell(self) -> int:
        return self._inner.tell()

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()

    def _guarded_read(self, size: int) -> bytes:
        with self._lock:
            try:
                return self._inner.read(size)
            except UNREADABLE as error:
                raise OSError(f"the archive is damaged here: {error or type(error).__name__}") from error


def once(path: str, seen: dict[str, int]) -> str:
    """The path for a member's row, `PATH#2` where it came before; `seen` counts the paths so far."""
    count = seen[path] = seen.get(path, 0) + 1
    if count == 1:
        return path
    while (again := f"{path}#{count}") in seen:
        count += 1
    seen[again] = 1
    return again
