"""What can be proven of a HEIF file without decoding: every item is there, whole, and made of possible bytes.

Source: ISO/IEC 23008-12 (HEIF), sections 6 and 7; AV1 Image File Format, section 2.
"""

from __future__ import annotations

import dataclasses
import sys
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from auditor.model import Damage
from auditor.readers.examination import Buffer
from auditor.readers.heif.items import CODED_KINDS, Item, Items, letters
from auditor.readers.isobmff.container import Container
from auditor.readers.nal import check_nals, check_obus, nal_format, zero_run
from auditor.readers.wording import cut_short, zero_block


@dataclass(frozen=True, slots=True)
class Grid:
    """How a picture is put together from tiles: `width` and `height` of the whole in pixels."""

    rows: int
    columns: int
    width: int
    height: int


def payload_of(data: Buffer, item: Item) -> bytes:
    """An item's content; short where the file is."""
    return b"".join(bytes(data[e.offset : e.offset + e.length]) for e in item.extents or ())


def grid_of(data: Buffer, item: Item) -> Grid | None:
    """What a `grid` item says; None where it is cut."""
    body = payload_of(data, item)
    wide = 4 if body[1:2] and body[1] & 1 else 2
    if len(body) < 4 + 2 * wide:
        return None
    width, height = (int.from_bytes(body[4 + i * wide : 4 + (i + 1) * wide], "big") for i in (0, 1))
    return Grid(body[2] + 1, body[3] + 1, width, height)


def check_items(data: Buffer, container: Container, items: Items) -> list[Damage]:
    """Every proof that the items are broken; empty where there is none. One damage for all that a cut took away."""
    found: list[Damage] = []
    if items.primary not in items.items:
        return [Damage("bad_index", "its list of contents names no picture as the one to show")]
    cut, end = _beyond_end(items, len(data))
    if cut:
        whole = next((d for d in container.damage if d.code == "truncated"), cut_short(len(data), end))
        found.append(dataclasses.replace(whole, detail=f"{whole.detail}; {_tally(items, cut)}"))
    elif container.damage:
        found.extend(container.damage)
    boxes = ((box.start, box.end) for box in container.boxes if box.kind in (b"meta", b"idat", b"uuid"))
    holding = sorted([*container.payloads, *boxes])
    numbers = tile_numbers(items)
    for item in items.items.values():
        if item.number not in cut:
            damage = _check_item(data, holding, items, item, name_of(items, item, numbers))
            if damage:
                found.append(damage)
    return found


def tile_numbers(items: Items) -> dict[int, int]:
    """Each tile of the primary picture, by its item's number, and the how-manieth it is, from 1."""
    return {number: place for place, number in reversed([*enumerate(items.parts(items.primary), 1)])}


def name_of(items: Items, item: Item, numbers: Mapping[int, int]) -> str:
    """What an item is, for a person: "tile 12 of 48", "the picture", "the thumbnail"; with its tiles' numbers."""
    if item.number == items.primary:
        return "the picture"
    if item.number in numbers:
        return f"tile {numbers[item.number]} of {len(items.parts(items.primary))}"
    if (b"thmb", item.number) in items.references:
        return "the thumbnail"
    return f"the item {item.number} ({letters(item.kind)})"


def _beyond_end(items: Items, size: int) -> tuple[set[int], int]:
    """The items whose bytes are not all in the file, and where the farthest of all items ends."""
    cut, end = set[int](), 0
    for item in items.items.values():
        if item.method > 1:
            continue
        for extent in item.extents or ():
            end = max(end, extent.offset + extent.length)
            if extent.offset + extent.length > size:
                cut.add(item.number)
    return cut, end


def _tally(items: Items, cut: set[int]) -> str:
    coded = items.coded_under(items.primary)
    gone = sum(item.number in cut for item in coded)
    if len(coded) > 1:
        return f"{gone} of the picture's {len(coded)} tiles are cut or gone" if gone else "the picture itself is there"
    return "the picture is cut or gone" if gone else "the picture itself is there"


def _check_item(data: Buffer, holding: list[tuple[int, int]], items: Items, item: Item, name: str) -> Damage | None:
    if item.kind == b"grid":
        return _check_grid(data, items, item, name)
    if item.kind == b"Exif":
        return _check_exif(data, item)
    if item.kind == b"mime":
        return _check_xmp(data, item)
    if item.kind not in CODED_KINDS or item.method > 1:
        return None
    if not item.extents or not item.length:
        return Damage("bad_index", f"{name} has no bytes in the file")
    first = item.extents[0]
    if item.method == 0 and not all(_held(holding, e.offset, e.offset + e.length) for e in item.extents):
        return Damage("bad_index", f"{name} lies outside the part of the file that holds the pictures", first.offset)
    return _check_coded(data, item, name)


def _held(holding: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether one of the boxes that may hold pictures, in the file's order, holds all that lies between two offsets."""
    place = bisect_right(holding, (start, sys.maxsize)) - 1
    return place >= 0 and end <= holding[place][1]


def _check_coded(data: Buffer, item: Item, name: str) -> Damage | None:
    extents = item.extents or ()
    content: Buffer = data
    start, end = extents[0].offset, extents[0].offset + extents[0].length
    if len(extents) > 1:
        content = payload_of(data, item)
        start, end = 0, len(content)
    damage: Damage | None = None
    if item.kind == b"av01":
        damage = check_obus(content, start, end, name)
    elif item.kind in (b"hvc1", b"avc1"):
        kind = CODED_KINDS[item.kind]
        layout = nal_format(kind, item.property(kind) or b"")
        if layout is None:
            return Damage("bad_index", f"{name} has no description of its coding")
        damage = check_nals(content, start, end, layout, name)
    if damage and content is not data:
        return dataclasses.replace(damage, offset=extents[0].offset)
    return damage


def _check_grid(data: Buffer, items: Items, item: Item, name: str) -> Damage | None:
    grid, tiles = grid_of(data, item), items.parts(item.number)
    if grid is None:
        return Damage("bad_index", f"{name}: how its tiles are laid out is missing")
    missing = [tile for tile in tiles if tile not in items.items]
    if len(tiles) != grid.rows * grid.columns or missing:
        have = len(tiles) - len(missing)
        return Damage("missing_part", f"{name}: {have} of its {grid.rows * grid.columns} tiles are listed")
    return None


def _check_xmp(data: Buffer, item: Item) -> Damage | None:
    """XMP is text: unlike EXIF, which makers pad with thousands of zeros, it cannot hold a block of them."""
    body = payload_of(data, item)
    run = zero_run(body, 0, len(body))
    if run is None or not (b"<x:xmpmeta" in body or b"<?xpacket" in body or run[1] == len(body)):
        return None
    offset = item.extents[0].offset if item.extents else 0
    return zero_block(offset + run[0], run[1], "the description (XMP)")


def _check_exif(data: Buffer, item: Item) -> Damage | None:
    """The EXIF item of real files begins with a skip count and a TIFF header; a wiped one does not."""
    body = payload_of(data, item)
    if len(body) > 12 and not any(body):
        offset = item.extents[0].offset if item.extents else None
        return Damage("zero_block", f"the camera's data (EXIF) is wiped: {len(body)} zeros", offset)
    return None
