"""TIFF directories, the table that TIFF, EXIF, MPF and most RAW files share: read without trusting a single offset.

Source: TIFF 6.0 section 2; BigTIFF as Adobe and AWare describe it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from auditor.readers.examination import Buffer

TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MOST_ENTRIES = 4096


@dataclass(frozen=True, slots=True)
class Header:
    """Byte order (`<` or `>`), whether offsets have 8 bytes, and where the first directory lies, from `base` on."""

    order: str
    big: bool
    first: int
    base: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One field: its type, how many values, where in the data (absolute) they begin and how many bytes they take."""

    type: int
    count: int
    offset: int
    length: int


@dataclass(slots=True)  # not frozen, which takes thrice as long to make, and each file has dozens
class Field:
    """One field as it stands, in whatever order and however often: `slot` is what stands in the table itself.

    `place` is the (start, end) of its value in the data (absolute), None where its type is unknown or it lies beyond.
    """

    tag: int
    type: int
    count: int
    slot: bytes
    place: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Table:
    """A directory as it stands: where it begins and ends (with the next one's offset), its fields, and that offset."""

    start: int
    end: int
    fields: tuple[Field, ...]
    next: int


@dataclass(frozen=True, slots=True)
class Directory:
    """The fields of one directory by tag, the next one's offset (0: none), and what is impossible about it.

    `beyond` holds the tags whose values lie outside the data, `odd` counts the fields of unknown type.
    """

    entries: dict[int, Entry]
    next: int
    beyond: tuple[int, ...] = ()
    odd: int = 0
    order: str = field(default="<")


def header(data: Buffer, base: int = 0) -> Header | None:
    """The TIFF header at `base`; None where there is none. Panasonic's and Olympus' own magics count as well."""
    head = bytes(data[base : base + 16])
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        return None
    magic = struct.unpack_from(order + "H", head, 2)[0]
    if magic == 43:
        return Header(order, True, struct.unpack_from(order + "Q", head, 8)[0], base) if len(head) == 16 else None
    if magic not in (42, 0x55, 0x4F52, 0x5352):
        return None
    return Header(order, False, struct.unpack_from(order + "I", head, 4)[0], base)


def table(data: Buffer, head: Header, offset: int, end: int | None = None) -> Table | None:
    """The directory at `offset` (from the header's base) field by field; None where it does not lie wholly inside."""
    end = len(data) if end is None else end
    start = head.base + offset
    count_bytes, entry_bytes, inline = (8, 20, 8) if head.big else (2, 12, 4)
    if offset <= 0 or start + count_bytes > end:
        return None
    count = int.from_bytes(data[start : start + count_bytes], "little" if head.order == "<" else "big")
    first = start + count_bytes
    next_at = first + count * entry_bytes
    if not 0 < count <= _MOST_ENTRIES or next_at > end:
        return None
    entries = struct.iter_unpack(head.order + ("HHQ8s" if head.big else "HHI4s"), data[first:next_at])
    word = struct.Struct(head.order + ("Q" if head.big else "I"))
    fields: list[Field] = []
    slot_at = first + entry_bytes - inline
    for tag, type_, values, slot in entries:
        place = None
        if type_ in TYPE_BYTES:
            length = TYPE_BYTES[type_] * values
            value_at = slot_at if length <= inline else head.base + word.unpack(slot)[0]
            place = (value_at, value_at + length) if value_at + length <= end else None
        fields.append(Field(tag, type_, values, slot, place))
        slot_at += entry_bytes
    tail = bytes(data[next_at : next_at + word.size])
    whole = len(tail) == word.size and next_at + word.size <= end
    following = word.unpack(tail)[0] if whole else 0
    return Table(start, next_at + word.size * whole, tuple(fields), following)


def directory(data: Buffer, head: Header, offset: int, end: int | None = None) -> Directory | None:
    """The directory at `offset` (from the header's base) by tag; None where it does not lie wholly inside the data."""
    found = table(data, head, offset, end)
    if found is None:
        return None
    known = [field for field in found.fields if field.type in TYPE_BYTES]
    entries = {f.tag: Entry(f.type, f.count, f.place[0], f.place[1] - f.place[0]) for f in known if f.place}
    beyond = tuple(field.tag for field in known if field.place is None)
    return Directory(entries, found.next, beyond, len(found.fields) - len(known), head.order)


def numbers(data: Buffer, table: Directory, tag: int, most: int = 1 << 20) -> tuple[int, ...]:
    """The whole numbers of a field; empty where it is absent, of another type, or longer than `most` values."""
    entry = table.entries.get(tag)
    if entry is None or entry.count > most:
        return ()
    return unpacked(data[entry.offset : entry.offset + entry.length], table.order, entry.type, entry.count)


def unpacked(value: bytes, order: str, kind: int, count: int) -> tuple[int, ...]:
    """The whole numbers in a field's bytes; empty where it is of another type."""
    return struct.unpack_from(f"{order}{count}{_NUMBERS[kind]}", value) if kind in _NUMBERS else ()


def content(data: Buffer, table: Directory, tag: int) -> bytes:
    """The bytes of a field; empty where it is absent."""
    entry = table.entries.get(tag)
    return b"" if entry is None else bytes(data[entry.offset : entry.offset + entry.length])
