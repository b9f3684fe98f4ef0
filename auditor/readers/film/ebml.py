"""EBML elements: what Matroska and WebM are made of. Source: RFC 8794, sections 4 to 6."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.readers.examination import Buffer


class BrokenElement(Exception):
    """No element begins where one must. `offset` is where."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"no element begins where one must, at offset {offset:,}")
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its number with the length marker, where it and its content begin, and where it says that it ends;
    `end` is None where it does not say (live recordings)."""

    kind: int
    start: int
    body: int
    end: int | None


def element(data: Buffer, at: int, limit: int) -> Element:
    """The element at an offset; it may say that it ends beyond `limit`.

    Raises: BrokenElement.
    """
    kind, body = _variable(data, at, limit, 4, keep_marker=True, origin=at)
    size, content = _variable(data, body, limit, 8, keep_marker=False, origin=at)
    unknown = size == (1 << 7 * (content - body)) - 1
    return Element(kind, at, content, None if unknown else content + size)


def elements(data: Buffer, start: int, limit: int) -> Iterator[Element]:
    """The elements between two offsets, up to and including the first that does not end within them.

    Raises: BrokenElement.
    """
    at = start
    while at < limit:
        found = element(data, at, limit)
        yield found
        if found.end is None or found.end > limit:
            return
        at = found.end


def unsigned(data: Buffer, found: Element) -> int:
    """An element's content as an unsigned number; 0 for an empty or impossible one."""
    end = found.end or found.body
    return int.from_bytes(data[found.body : end], "big") if end - found.body <= 8 else 0


def _variable(data: Buffer, at: int, limit: int, widest: int, keep_marker: bool, origin: int) -> tuple[int, int]:
    """A number of variable length, and the offset behind it."""
    if at >= limit or not data[at]:
        raise BrokenElement(origin)
    width = 9 - data[at].bit_length()
    if width > widest or at + width > limit:
        raise BrokenElement(origin)
    value = int.from_bytes(data[at : at + width], "big")
    return (value if keep_marker else value & ((1 << 7 * width) - 1)), at + width
