"""The one door to FFmpeg's demuxers, the same for every version of PyAV that is allowed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO

from auditor.readers.examination import Buffer

if TYPE_CHECKING:
    from av.container import InputContainer

_READ_BYTES = 1 << 18
_NO_METADATA_ERRORS = 19
"""From this version on PyAV takes a film's texts as they are and knows no such option. Before, it refused a film with
bytes that are no UTF-8 in them, where it was not asked to replace them."""

DEMUXERS = {"mp4": "mov", "mov": "mov", "3gp": "mov", "avi": "avi", "mkv": "matroska", "webm": "matroska"}
"""Formats to FFmpeg's readers: named, never guessed, so that no file is taken for a playlist of others."""


class Window(io.RawIOBase):
    """A file object over a file's content that copies only what is read: the content may be a mapped film of GBs."""

    def __init__(self, data: Buffer) -> None:
        self._data, self._at = data, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._data)}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = len(self._data) if size < 0 else min(self._at + size, len(self._data))
        part = bytes(self._data[self._at : end])
        self._at += len(part)
        return part


@contextmanager
def opened(
    stream: io.RawIOBase | BinaryIO, format_: str, options: Mapping[str, str] | None = None
) -> Iterator[InputContainer]:
    """The film that `stream` holds, with its header and index parsed. `format_` is one of DEMUXERS. FFmpeg is silent.

    Raises: av.error.FFmpegError where FFmpeg refuses the file.
    """
    import av

    av.logging.set_level(None)
    kind = DEMUXERS[format_]
    with av.open(stream, "r", format=kind, options=dict(options or {}), buffer_size=_READ_BYTES, **_lenient()) as film:
        yield film


@cache
def _lenient() -> dict[str, Any]:
    import av

    return {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < _NO_METADATA_ERRORS else {}
