"""The items of a HEIF file: coded pictures, tiles, EXIF; where their bytes lie, and what is said of each.

Source: ISO/IEC 14496-12, section 8.11 (meta box); ISO/IEC 23008-12 (HEIF), sections 6.5 and 6.6.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from auditor.readers.examination import Buffer
from auditor.readers.isobmff.boxes import Box, inside, meta_boxes, number

CODED_KINDS: Mapping[bytes, bytes] = {b"hvc1": b"hvcC", b"av01": b"av1C", b"avc1": b"avcC", b"jpeg": b"jpgC"}
"""Kinds of items that hold a coded picture, and the property that configures its decoder."""

_MOST_OFTEN = 4
_MOST_SAID_BYTES = 1 << 26
"""Hundreds of tiles have a colour profile in common."""
_ELSEWHERE = 2
"""The method that stands for bytes that are not followed."""


class BrokenItems(Exception):
    """The list of items itself cannot be followed; the message says why, in words."""


class UnknownItems(Exception):
    """The list of items is written in a way that is not known here; the message says how, in words."""


_VERSIONS: Mapping[bytes, tuple[int, ...]] = {
    b"pitm": (0, 1),
    b"iinf": (0, 1),
    b"iloc": (0, 1, 2),
    b"iref": (0, 1),
    b"ipma": (0, 1),
    b"infe": (0, 1, 2, 3),
}
"""The versions of each box that there are: of another one, every byte may mean something else."""


@dataclass(frozen=True, slots=True)
class Extent:
    """A stretch of the file (or of the `idat` box): offset and length in bytes."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Property:
    """A property of an item: its box's letters, its body, and whether a reader must understand it."""

    kind: bytes
    body: bytes
    essential: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One item. `extents` is None where the file does not say where it lies; offsets are within the file, except with
    `method` 1 (within the `idat` box, translated here into the file) and 2 (within another item, or another file: not
    followed). `entry` is what the list says of it: flags, protection, kind, name, type of content."""

    number: int
    kind: bytes
    extents: tuple[Extent, ...] | None
    method: int
    properties: tuple[Property, ...]
    entry: bytes = b""

    @property
    def length(self) -> int:
        """Bytes of the item's content."""
        return sum(extent.length for extent in self.extents or ())

    def property(self, kind: bytes) -> bytes | None:
        """The body of the item's first property of that kind."""
        return next((p.body for p in self.properties if p.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Items:
    """All items by number, the primary one's number, and the references: (kind, from) to the items referred to.

    `spare` is where, in the boxes that say all this, something lies that belongs to no item: start and end."""

    items: Mapping[int, Item]
    primary: int
    references: Mapping[tuple[bytes, int], tuple[int, ...]] = field(default_factory=dict)
    spare: tuple[tuple[int, int], ...] = ()

    def parts(self, item: int) -> tuple[int, ...]:
        """The items that a derived item is put together from, in order."""
        return self.references.get((b"dimg", item), ())

    def under(self, item: int) -> tuple[Item, ...]:
        """The item and all that it is put together from, in order, each once."""
        found: dict[int, Item] = {}
        todo = [item]
        while todo:
            number_ = todo.pop()
            if number_ in found or number_ not in self.items:
                continue
            found[number_] = self.items[number_]
            todo.extend(reversed(self.parts(number_)))
        return tuple(found.values())

    def coded_under(self, item: int) -> tuple[Item, ...]:
        """The coded pictures that `item` is or is put together from, in order, each once."""
        return tuple(found for found in self.under(item) if found.kind in CODED_KINDS)


def read_items(data: Buffer, meta: Box) -> Items:
    """The items that a `meta` box declares; nothing is said of whether their bytes are there.

    Raises: BrokenItems where the list cannot be followed, UnknownItems where it is of a kind that is not known.
    """
    boxes = meta_boxes(data, meta)
    if boxes.first(b"hdlr") is None or (data[meta.body] and data[meta.body + 4 : meta.body + 8] != b"hdlr"):
        raise UnknownItems(f"its list of contents is of version {data[meta.body]}")
    cut = next((box for box in boxes if box.end > meta.end), None)
    if cut:
        raise BrokenItems(f"its list of contents is broken: the part {letters(cut.kind)} is longer than the list")
    found = {box.kind: box for box in reversed(boxes.boxes)}
    missing = next((kind for kind in (b"iinf", b"iloc", b"pitm") if kind not in found), None)
    if missing:
        raise BrokenItems(f"its list of contents is broken: the part {letters(missing)} is missing")
    spare: list[tuple[int, int]] = []
    try:
        kinds = _kinds(data, found[b"iinf"], spare)
        extents = _locations(data, found[b"iloc"], found.get(b"idat"), spare)
        properties = _properties(data, found[b"iprp"], spare) if b"iprp" in found else {}
        references = _references(data, found[b"iref"], spare) if b"iref" in found else {}
        pitm = found[b"pitm"]
        wide = 4 if _version(data, pitm) else 2
        primary = number(data, pitm.body + 4, wide)
        spare.append((pitm.body + 4 + wide, pitm.end))
    except (IndexError, OverflowError) as error:
        raise BrokenItems("its list of contents is broken: it ends in the middle of an entry") from error
    items: dict[int, Item] = {}
    for key, entry in kinds.items():
        where, method = extents.get(key, (None, 0))
        items[key] = Item(key, entry[3:7], where, method, properties.get(key, ()), entry)
    if _lies_over_again(items.values(), len(data)):
        raise UnknownItems("its list of contents lays the same bytes into many items")
    return Items(items, primary, references, tuple(spare))


def _lies_over_again(items: Iterable[Item], size: int) -> bool:
    """Whether items share content or properties as no writer has them share: each item's are looked into."""
    content = said = 0
    for item in items:
        content += sum(max(0, min(e.length, size - e.offset)) for e in item.extents or ())
        said += sum(len(prop.body) for prop in item.properties)
    return content > _MOST_OFTEN * size or said > _MOST_SAID_BYTES + _MOST_OFTEN * size


def letters(kind: bytes) -> str:
    """A box's four letters for a person."""
    return kind.decode("ascii", "replace").strip() if kind.isascii() and kind.isalnum() else kind.hex()


def _version(data: Buffer, box: Box) -> int:
    """A box's version. Raises: UnknownItems where it is none of those that there are."""
    version = data[box.body]
    if version not in _VERSIONS[box.kind]:
        raise UnknownItems(f"the part {letters(box.kind)} of its list of contents is of version {version}")
    return version


def _kinds(data: Buffer, iinf: Box, spare: list[tuple[int, int]]) -> dict[int, bytes]:
    """Of each item the last byte of its flags, then all that follows its number."""
    kinds: dict[int, bytes] = {}
    wide = 4 if _version(data, iinf) else 2
    entries = inside(data, iinf, 4 + wide)
    if number(data, iinf.body + 4, wide) != len(entries.boxes):
        raise UnknownItems("its list of contents counts other items than it names")
    spare.append((entries.rest, iinf.end))
    for box in entries:
        if box.end > iinf.end:
            raise IndexError
        if box.kind != b"infe" or _version(data, box) < 2:
            spare.append((box.start, box.end))
            continue
        width = 2 if data[box.body] == 2 else 4
        key = number(data, box.body + 4, width)
        if key in kinds:
            raise UnknownItems(f"its list of contents names item {key} twice")
        kinds[key] = bytes(data[box.body + 3 : box.body + 4]) + bytes(data[box.body + 4 + width : box.end])
    return kinds


def _locations(
    data: Buffer, iloc: Box, idat: Box | None, spare: list[tuple[int, int]]
) -> dict[int, tuple[tuple[Extent, ...], int]]:
    version = _version(data, iloc)
    widths, at = number(data, iloc.body + 4, 2), iloc.body + 6
    offset_width, length_width, base_width = widths >> 12, widths >> 8 & 15, widths >> 4 & 15
    index_width = widths & 15 if version else 0
    wide = 4 if version == 2 else 2
    count, at = number(data, at, wide), at + wide
    found: dict[int, tuple[tuple[Extent, ...], int]] = {}
    for _ in range(count):
        key, at = number(data, at, wide), at + wide
        method = 0
        if version:
            method, at = number(data, at, 2) & 15, at + 2
        method, at = method if number(data, at, 2) == 0 else _ELSEWHERE, at + 2
        base, at = number(data, at, base_width), at + base_width
        if method == 1 and idat is not None:
            base += idat.body
        entries, at = number(data, at, 2), at + 2
        extents = []
        for _ in range(entries):
            at += index_width
            offset, at = number(data, at, offset_width), at + offset_width
            length, at = number(data, at, length_width), at + length_width
            extents.append(Extent(base + offset, length))
        if at > iloc.end:
            raise IndexError
        if key in found:
            raise UnknownItems(f"its list of contents places item {key} twice")
        found[key] = (tuple(extents), method)
    spare.append((at, iloc.end))
    return found


def _properties(data: Buffer, iprp: Box, spare: list[tuple[int, int]]) -> dict[int, tuple[Property, ...]]:
    boxes = inside(data, iprp)
    ipco = boxes.first(b"ipco")
    found: dict[int, list[Property]] = {}
    listed = inside(data, ipco).boxes if ipco else ()
    known = [Property(p.kind, bytes(data[p.body : p.end])) for p in listed]
    needed = [dataclasses.replace(prop, essential=True) for prop in known]
    used: set[int] = set()
    for ipma in boxes.all(b"ipma"):
        wide_item, wide_index = _version(data, ipma) > 0, bool(data[ipma.body + 3] & 1)
        count, at = number(data, ipma.body + 4, 4), ipma.body + 8
        for _ in range(count):
            width = 4 if wide_item else 2
            key, at = number(data, at, width), at + width
            links, at = data[at], at + 1
            mine = found.setdefault(key, [])
            for _ in range(links):
                index = number(data, at, 2) & 0x7FFF if wide_index else data[at] & 0x7F
                essential = bool(data[at] & 0x80)
                at += 2 if wide_index else 1
                used.add(index)
                if 0 < index <= len(known):
                    mine.append((needed if essential else known)[index - 1])
            if at > ipma.end:
                raise IndexError
        spare.append((at, ipma.end))
    spare += [(p.body, p.end) for index, p in enumerate(listed, 1) if index not in used]
    spare += [(box.body, box.end) for box in boxes if box is not ipco and box.kind != b"ipma"]
    return {key: tuple(mine) for key, mine in found.items()}


def _references(data: Buffer, iref: Box, spare: list[tuple[int, int]]) -> dict[tuple[bytes, int], tuple[int, ...]]:
    width = 4 if _version(data, iref) else 2
    found: dict[tuple[bytes, int], tuple[int, ...]] = {}
    for box in inside(data, iref, 4):
        if box.end > iref.end:
            raise IndexError
        key = number(data, box.body, width)
        count = number(data, box.body + width, 2)
        start = box.body + width + 2
        if start + count * width > box.end:
            raise IndexError
        if (box.kind, key) in found:
            raise UnknownItems(f"its list of contents refers twice from item {key}")
        spare.append((start + count * width, box.end))
        found[(box.kind, key)] = tuple(number(data, start + i * width, width) for i in range(count))
    return found
