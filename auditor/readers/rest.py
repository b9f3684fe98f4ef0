"""The digest of a whole file but for its descriptive metadata: the coded picture's digest, then all the rest of it.

What counts as descriptive, format by format and with the sources, stands in `docs/metadata.md`. A reader names each
piece of the rest by what it is and gives its content; both are framed by their lengths, so that no piece can be cut
anew, and what merely says where something lies is left to the place of that thing among the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from auditor.readers.examination import Buffer

Piece = tuple[bytes, bytes]
"""What a piece of a file is, and its content."""

_HEAD_BYTES = 64


@dataclass(frozen=True, slots=True)
class Covered:
    """A piece that a digest covered: what it is, how its content begins, and the digest of that."""

    what: bytes
    head: bytes
    sha256: bytes


_listener: ContextVar[list[Covered] | None] = ContextVar("listener", default=None)


@contextmanager
def listening() -> Iterator[list[Covered]]:
    """Lists the pieces that the digests of whole files cover while the block runs: what differs between two files is
    told by the very pieces that make their digests differ."""
    pieces: list[Covered] = []
    before = _listener.set(pieces)
    try:
        yield pieces
    finally:
        _listener.reset(before)


def tell(what: bytes, content: bytes) -> None:
    """Says that a digest covers a piece, where somebody listens."""
    if (pieces := _listener.get()) is not None:
        pieces.append(Covered(what, content[:_HEAD_BYTES], hashlib.sha256(content).digest()))


def is_heard() -> bool:
    """Whether somebody listens: only then is it worth the time to lay a piece before `tell`."""
    return _listener.get() is not None


def whole_sha256(coded: str, pieces: Iterable[Piece]) -> str:
    """The digest of the coded picture (by its own digest, in hex) and of the pieces, in their order."""
    digest = hashlib.sha256(bytes.fromhex(coded))
    for piece in pieces:
        tell(*piece)
        for part in piece:
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def by_digest(content: bytes) -> bytes:
    """A long content as its length and SHA-256, to stand in a piece."""
    return len(content).to_bytes(8, "big") + hashlib.sha256(content).digest()


def unclaimed(what: bytes, content: bytes) -> list[Piece]:
    """Bytes that belong to nothing that is known: a piece of their own, unless they are zeros, which are padding."""
    kept = content.strip(b"\0")
    return [(what, kept)] if kept else []


def joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches (start and end) in order, those that touch or overlap as one."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(stretches):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def between(what: bytes, data: Buffer, start: int, stop: int, known: Iterable[tuple[int, int]]) -> list[Piece]:
    """The bytes of data[start:stop] that lie in no known stretch (start and end), each gap as a piece of its own."""
    pieces: list[Piece] = []
    at = start
    for begin, end in sorted([*known, (stop, stop)]):
        if begin > at:
            pieces += unclaimed(what, bytes(data[at : min(begin, stop)]))
        if end > at:
            at = end
    return pieces
