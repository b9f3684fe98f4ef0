"""Digests of a file's bytes, all of them in one pass over its chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from auditor.readers.examination import Buffer

HEAD_BYTES = 65536
_DROPBOX_BLOCK_BYTES = 4 << 20
_CHUNK_BYTES = 1 << 20


class Digest(Protocol):
    """What hashlib's objects and ours have in common."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Take the next bytes."""

    def hexdigest(self) -> str:
        """The digest of all bytes taken so far, in lower-case hex."""


def head_sha256(data: Buffer) -> str:
    """SHA-256 of the first 64 KiB: equal for a file and for what is left of it after it was cut short."""
    return hashlib.sha256(data[:HEAD_BYTES]).hexdigest()


def digests(chunks: Iterable[bytes | memoryview], names: Sequence[str]) -> dict[str, str]:
    """The digests called `names` of the content that `chunks` make up, in hex (quickxor and dropbox too).

    Raises: ValueError for a name that is none of hashlib's, `quickxor` or `dropbox`.
    """
    running = {name: _new(name) for name in names}
    for chunk in chunks:
        for digest in running.values():
            digest.update(chunk)
    return {name: digest.hexdigest() for name, digest in running.items()}


def chunks_of(data: Buffer, size: int = _CHUNK_BYTES) -> Iterable[memoryview]:
    """`data` in pieces that stay in the processor's cache while several digests take them; nothing is copied."""
    view = memoryview(data)
    for start in range(0, len(view), size):
        yield view[start : start + size]


def _new(name: str) -> Digest:
    if name == "quickxor":
        return QuickXor()
    if name == "dropbox":
        return Dropbox()
    return hashlib.new(name, usedforsecurity=False)


class QuickXor:
    """OneDrive's QuickXorHash, in hex. Byte i is xored into a ring of 160 bits at bit 11 i; the length goes into the
    last 8 bytes. Bytes i and i + 160 meet at the same bit, so the content is folded into 160 columns first.

    Source: Microsoft, "Code Snippets: QuickXorHash Algorithm".
    """

    def __init__(self) -> None:
        self._columns = np.zeros(160, dtype=np.uint8)
        self._length = 0

    def update(self, data: bytes | memoryview, /) -> None:
        """Take the next bytes."""
        values = np.frombuffer(data, dtype=np.uint8)
        column = self._length % 160
        self._length += values.size
        lead = min(-column % 160, values.size)
        self._columns[column : column + lead] ^= values[:lead]
        values = values[lead:]
        whole = values.size // 160 * 160
        self._columns ^= np.bitwise_xor.reduce(values[:whole].reshape(-1, 160), axis=0)
        self._columns[: values.size - whole] ^= values[whole:]

    def hexdigest(self) -> str:
        """The digest of all bytes taken so far, in lower-case hex."""
        ring = 0
        for column, value in enumerate(self._columns.tolist()):
            ring ^= value << (11 * column % 160)
        ring = (ring & ((1 << 160) - 1)) ^ (ring >> 160)
        ring ^= self._length << 96
        return ring.to_bytes(20, "little").hex()


class Dropbox:
    """Dropbox's content hash, in hex: the SHA-256 of the SHA-256s of the content's 4 MiB blocks.

    Source: Dropbox developer documentation, "Content hash".
    """

    def __init__(self) -> None:
        self._blocks = hashlib.sha256()
        self._block = hashlib.sha256()
        self._filled = 0

    def update(self, data: bytes | memoryview, /) -> None:
        """Take the next bytes."""
        view = memoryview(data)
        while len(view):
            piece = view[: _DROPBOX_BLOCK_BYTES - self._filled]
            self._block.update(piece)
            self._filled += len(piece)
            view = view[len(piece) :]
            if self._filled == _DROPBOX_BLOCK_BYTES:
                self._blocks.update(self._block.digest())
                self._block, self._filled = hashlib.sha256(), 0

    def hexdigest(self) -> str:
        """The digest of all bytes taken so far, in lower-case hex."""
        whole = self._blocks.copy()
        if self._filled:
            whole.update(self._block.digest())
        return whole.hexdigest()
