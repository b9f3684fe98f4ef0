"""A .gz that can be read from anywhere: the state of the decompressor is kept every few megabytes.

Source: RFC 1952; the idea of access points is that of zran.c in zlib's examples.
"""

from __future__ import annotations

import os
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, BinaryIO

_GZIP_WINDOW = 31  # zlib reads the header, and checks the checksum and length at the end
_INPUT_BYTES = 256 * 1024
_MOST_POINTS = 512
"""At some 50 kB each; with more, every second one is dropped and the distance doubles."""


@dataclass(frozen=True, slots=True)
class _Point:
    """Where reading can begin: after `given` bytes of content, with the next packed byte at `taken`."""

    given: int
    taken: int
    state: Any
    waiting: bytes


class SeekableGzip:
    """Reads one .gz file, several members one after the other included. Not for several threads at once."""

    def __init__(self, file: BinaryIO, spacing_bytes: int = 8 << 20) -> None:
        self._file = file
        self._spacing = spacing_bytes
        self._given = 0
        self._state: Any = zlib.decompressobj(_GZIP_WINDOW)
        self._waiting = b""
        self._ended = False
        self._points = [_Point(0, 0, self._state.copy(), b"")]

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, fewer only at the end.

        Raises: EOFError where the file is cut short; zlib.error where it is damaged.
        """
        parts = []
        while size > 0 and (part := self._some(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Goes to a byte of the content, counted from the start or from here."""
        target = offset + (self._given if whence == os.SEEK_CUR else 0)
        if whence == os.SEEK_END:
            raise ValueError("where a .gz ends is not known before it was read")
        near = self._points[bisect_right(self._points, target, key=lambda point: point.given) - 1]
        if target < self._given or near.given > self._given:
            self._file.seek(near.taken)
            self._given, self._state, self._waiting = near.given, near.state.copy(), near.waiting
            self._ended = False
        while self._given < target and self._some(min(target - self._given, 1 << 20)):
            pass
        return self._given

    def tell(self) -> int:
        """The byte of the content that is read next."""
        return self._given

    def seekable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _some(self, most: int) -> bytes:
        while not self._ended:
            data = self._waiting or self._file.read(_INPUT_BYTES)
            part: bytes = self._state.decompress(data, most)
            if self._state.eof:
                self._next_member(self._state.unused_data)
            else:
                self._waiting = self._state.unconsumed_tail
                if not data and not part:
                    raise EOFError("the compressed file is cut short")
            if part:
                self._given += len(part)
                self._remember()
                return part
        return b""

    def _next_member(self, rest: bytes) -> None:
        rest = rest.lstrip(b"\0") or self._file.read(_INPUT_BYTES).lstrip(b"\0")  # tapes pad with zeros
        self._waiting = rest
        self._ended = not rest
        self._state = zlib.decompressobj(_GZIP_WINDOW)

    def _remember(self) -> None:
        if self._given < self._points[-1].given + self._spacing or self._ended:
            return
        self._points.append(_Point(self._given, self._file.tell(), self._state.copy(), self._waiting))
        if len(self._points) > _MOST_POINTS:
            self._points = self._points[::2]
            self._spacing *= 2
