"""Boxes of ISO base media files: what HEIC, AVIF, MP4, MOV and 3GP are made of.

Source: ISO/IEC 14496-12, section 4.2; QuickTime File Format (Apple), "Atoms".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.readers.examination import Buffer

_MOST_BOXES = 200_000
"""A file of nothing but empty boxes must not cost a worker its time limit."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its four letters, where its header and its body begin, and where it says that it ends (offsets)."""

    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Boxes:
    """The boxes of one range, in file order.

    The last one may say that it ends after the range: it was cut. `rest` is where the bytes stop being boxes; it is
    the end of the range, or beyond it, where they never do.
    """

    boxes: tuple[Box, ...]
    rest: int

    def __iter__(self) -> Iterator[Box]:
        return iter(self.boxes)

    def first(self, kind: bytes) -> Box | None:
        """The first box of that kind, None where there is none."""
        return next((box for box in self.boxes if box.kind == kind), None)

    def all(self, kind: bytes) -> tuple[Box, ...]:
        """All boxes of that kind."""
        return tuple(box for box in self.boxes if box.kind == kind)


def walk(data: Buffer, start: int, end: int) -> Boxes:
    """The boxes between two offsets; nothing inside them is looked at."""
    found: list[Box] = []
    at = start
    while at + 8 <= end and len(found) < _MOST_BOXES:
        size, kind, header = number(data, at, 4), bytes(data[at + 4 : at + 8]), 8
        if size == 1:
            if at + 16 > end:
                break
            size, header = number(data, at + 8, 8), 16
        elif size == 0:
            size = end - at
        if size < header:
            break
        found.append(Box(kind, at, at + header, at + size))
        at += size
    return Boxes(tuple(found), at)


def inside(data: Buffer, box: Box, skip: int = 0) -> Boxes:
    """The boxes within a box, after `skip` bytes of its own fields."""
    return walk(data, box.body + skip, min(box.end, len(data)))


def number(data: Buffer, at: int, width: int) -> int:
    """The big-endian number of `width` bytes at an offset; 0 for a width of 0.

    Raises: IndexError where the bytes are not there.
    """
    field = data[at : at + width]
    if len(field) < width:
        raise IndexError(f"{width} bytes at {at} are not there")
    return int.from_bytes(field, "big")


def meta_boxes(data: Buffer, meta: Box) -> Boxes:
    """The boxes within a `meta` box. QuickTime writes it without the version field that ISO puts first."""
    quicktime = data[meta.body + 4 : meta.body + 8] == b"hdlr"
    return inside(data, meta, 0 if quicktime else 4)
