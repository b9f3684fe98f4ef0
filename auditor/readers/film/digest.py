"""The two digests of a film: of its coded frames and sound, and of everything in it but descriptive metadata.

`coded_sha256` finds the film that differs elsewhere, in whatever container; it proves nothing. `image_sha256` is made
of it and of all else that is not positively known to hold descriptive metadata only, each with its kind and length, so
that no byte of the frames is hashed twice. docs/metadata-films.md lists what is known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from auditor.readers.examination import Buffer
from auditor.readers.rest import is_heard, tell

_READ_BYTES = 1 << 20


class Rest:
    """The digest of a film's parts beside its coded frames: a tree of parts, none of which can be cut anew."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._begun: list[bytes] = []
        self._within: list[bytes] = []

    def enter(self, kind: bytes, lasting: bool = True) -> None:
        """A part that is made of parts begins. Not `lasting`: with nothing in it, it is as if it were not there."""
        self._within.append(kind)
        begin = b"(" + len(kind).to_bytes(4, "big") + kind
        if lasting:
            self._begin()
            self._digest.update(begin)
        else:
            self._begun.append(begin)

    def leave(self) -> None:
        """It ends."""
        self._within.pop()
        if self._begun:
            self._begun.pop()
        else:
            self._digest.update(b")")

    def _begin(self) -> None:
        for begin in self._begun:
            self._digest.update(begin)
        self._begun.clear()

    def part(self, kind: bytes, content: bytes = b"") -> None:
        """One part with its content."""
        self._begin()
        if is_heard():
            tell(self._path(kind), content)
        lengths = len(kind).to_bytes(4, "big") + len(content).to_bytes(8, "big")
        self._digest.update(b"." + lengths + kind + content)

    def region(self, kind: bytes, data: Buffer, start: int, end: int, declared: int | None = None) -> None:
        """One part whose content lies between two offsets. `declared` is its length as stated, where it was cut."""
        end = min(end, len(data))
        length = end - start if declared is None else declared
        self._begin()
        if is_heard():
            content = stretches_sha256(data, [(start, max(end - start, 0))]) or b""
            tell(self._path(kind), bytes(data[start : min(end, start + 32)]) + content)
        self._digest.update(b"." + len(kind).to_bytes(4, "big") + length.to_bytes(8, "big") + kind)
        for at in range(start, end, _READ_BYTES):
            self._digest.update(data[at : min(at + _READ_BYTES, end)])

    def _path(self, kind: bytes) -> bytes:
        return b"/".join((*self._within, kind))

    def behind(self, data: Buffer, start: int) -> None:
        """What follows the film's own end; nothing but zeros is padding."""
        if any(any(data[at : at + _READ_BYTES]) for at in range(start, len(data), _READ_BYTES)):
            self.region(b"behind", data, start, len(data))

    def digest(self) -> bytes:
        """SHA-256 of all parts so far."""
        return self._digest.digest()


def stretches_sha256(data: Buffer, stretches: Iterable[tuple[int, int]]) -> bytes | None:
    """SHA-256 over the bytes at (offset, length), one after the other; None where one ends beyond the file."""
    digest, size = hashlib.sha256(), len(data)
    for start, length in stretches:
        if start + length > size:
            return None
        for at in range(start, start + length, _READ_BYTES):
            digest.update(data[at : min(at + _READ_BYTES, start + length)])
    return digest.digest()


def frames_sha256(
    data: Buffer, media: Mapping[int, bytes], frames: Iterable[tuple[int, int, int]], rest: Rest
) -> tuple[str | None, str | None]:
    """`image_sha256` and `coded_sha256` of a film whose frames lie one by one in the file: AVI and Matroska.

    `media` says what each stream is (`video`, `sound`, or anything else, which is not coded), `frames` are (stream,
    start, end) in file order; each stream has its own frames in their order, however they are interleaved. None, None
    where there is no frame or one ends beyond the file.
    """
    digests = {number: hashlib.sha256() for number in media}
    size = len(data)
    found = False
    for number, start, end in frames:
        if end > size:
            return None, None
        digest = digests.setdefault(number, hashlib.sha256())
        found = True
        for at in range(start, end, _READ_BYTES):
            digest.update(data[at : min(at + _READ_BYTES, end)])
    if not found:
        return None, None
    order = {number: digests[number].digest() for number in sorted(digests)}
    coded = coded_sha256((media[n], digest) for n, digest in order.items() if media.get(n) in (b"video", b"sound"))
    return image_sha256(coded, order.values(), rest), coded


def coded_sha256(streams: Iterable[tuple[bytes, bytes]]) -> str:
    """The digest of streams, each (`video` or `sound`, SHA-256 of its frames), whatever their order in the file."""
    return hashlib.sha256(b"".join(sorted(medium + digest for medium, digest in streams))).hexdigest()


def image_sha256(coded: str, order: Iterable[bytes], rest: Rest) -> str:
    """The digest of a whole film: its coded streams, these in their order, and all else."""
    return hashlib.sha256(b"".join((bytes.fromhex(coded), *order, rest.digest()))).hexdigest()
