"""What a HEIF or AVIF file holds beside its coded picture and its descriptive metadata: the rest of `image_sha256`.

Items stand for themselves, wherever in the file they lie; a property counts with each item that has it. Sources:
ISO/IEC 14496-12, 8.11 and 8.1.2; ISO/IEC 23008-12 (HEIF), 6.4 to 6.6 and annex A.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence, Set

from auditor.readers.bounds import is_note, is_padding
from auditor.readers.examination import Buffer
from auditor.readers.heif.check import payload_of
from auditor.readers.heif.items import CODED_KINDS, Item, Items, Property
from auditor.readers.heif.picture import size_as_coded
from auditor.readers.inner_files import is_smaller
from auditor.readers.isobmff.boxes import Box, meta_boxes
from auditor.readers.isobmff.container import Container
from auditor.readers.nal import beside_bytes, nal_format
from auditor.readers.rest import Piece, between, by_digest, joined, unclaimed
from auditor.readers.samsung import read_trailer
from auditor.readers.thumbnail import is_small_jpeg
from auditor.readers.tiff.rest import exif_rest
from auditor.readers.xmp_rest import xmp_rest

_PADDING = frozenset({b"free", b"skip", b"wide"})
_ELSEWHERE = frozenset({b"mdat", b"meta", b"moov", b"moof", b"mfra"})
"""Boxes that are taken up item by item, or with the film that they hold."""
_LISTED = frozenset({b"iinf", b"iloc", b"iprp", b"iref", b"pitm", b"idat"})
_TURNS = frozenset({b"irot", b"imir"})
_SAID = frozenset({b"udes", b"crtt", b"mdft", b"altt"})
"""Descriptions, times of creation and change, texts for those who cannot see: 23008-12, 6.5.20 to 6.5.22."""
_MOST_ASIDE_BYTES = 4096
"""Of a thumbnail: its decoder's configuration and a colour profile; messages of its encoder; and so much longer than
plain pixels may a very small one be."""
_MOST_THUMBNAILS = 64
"""A phone writes one or two."""
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_RDF = b"application/rdf+xml\0"


def heif_rest(data: Buffer, container: Container, meta: Box, items: Items, own: tuple[Item, ...]) -> list[Piece] | None:
    """Every item with its properties and references, every box that is not known, and unused bytes of the media data.

    `own` are the items whose content the digest of the coded picture covers. None where a byte is not in the file.
    """
    pieces: list[Piece] = [(b"primary", b"%d" % items.primary)]
    size = size_as_coded(items.items[items.primary]) or (0, 0)
    thumbnails = _thumbnails(data, items, size)
    counted = [item for _, item in sorted(items.items.items()) if item.number not in thumbnails]
    gain_map = any(b"hdrgainmap" in (item.property(b"auxC") or b"") for item in counted) or any(
        item.kind == b"tmap" for item in counted
    )
    covered = {item.number for item in own}
    referring: dict[int, list[tuple[bytes, tuple[int, ...]]]] = {}
    for (kind, source), to in sorted(items.references.items()):
        referring.setdefault(source, []).append((kind, to))
    turns = _turns(items.items[items.primary])
    described: list[Piece] = []
    for item in counted:
        content = b"" if item.number in covered else payload_of(data, item)
        if item.method > 1 or (item.number not in covered and len(content) != item.length):
            return None
        if item.kind == b"Exif":
            described += _exif(content, size, gain_map) + _said(item)
        elif item.kind == b"mime" and _RDF in item.entry:
            described += xmp_rest(content, size) + _said(item)
        else:
            pieces += _item(item, content, None if item.number == items.primary else turns, referring)
    listed: set[bytes] = set()
    for box in meta_boxes(data, meta):
        # Only the first of a kind is followed.
        if (box.kind not in _LISTED or box.kind in listed) and not _is_empty(data, box):
            pieces.append((b"meta." + box.kind, bytes(data[box.body : box.end])))
        listed.add(box.kind)
    spare = (bytes(data[start:end]).strip(b"\0") for start, end in items.spare)
    pieces += [(b"spare in the list of contents", content) for content in spare if not is_note(content)]
    for box in container.boxes:
        pieces += _outermost(data, box, meta, size, described)
    pieces += unclaimed(b"behind the end", bytes(data[container.end :]))
    if container.first(b"moov") is None:
        pieces += _unused(data, container, meta, items)
    return pieces + sorted(described)


def _is_empty(data: Buffer, box: Box) -> bool:
    return box.kind in _PADDING and is_padding(data, box.body, box.end)


def _item(
    item: Item,
    content: bytes,
    turns: tuple[Property, ...] | None,
    referring: Mapping[int, Sequence[tuple[bytes, tuple[int, ...]]]],
) -> list[Piece]:
    """An item's content, properties and references; its turns where they are not `turns` (None: it is the primary)."""
    what = b"item %d " % item.number
    pieces = [(what + item.entry, by_digest(content) if len(content) > 64 else content)]
    last_crop = _last_crop(item)
    pieces += [
        (what + (b"%d " % prop.essential) + prop.kind, prop.body)
        for place, prop in enumerate(item.properties)
        if not (prop.kind in _SAID and is_note(prop.body)) and not (place > last_crop and prop.kind in _TURNS)
    ]
    shown = _turns(item)
    if turns is not None and shown and _bodies(shown) != _bodies(turns):
        pieces.append((what + b"turned otherwise", _bodies(shown)))
    for kind, to in referring.get(item.number, ()):
        pieces.append((what + kind, b",".join(b"%d" % number for number in to)))
    return pieces


def _said(item: Item) -> list[Piece]:
    """What the list says of an item that only describes, where it is more than its name and kind."""
    said = item.entry + b"".join(prop.body for prop in item.properties)
    return [] if is_note(said) else [(b"said of a description", said)]


def _turns(item: Item) -> tuple[Property, ...]:
    """The quarter turns and mirrorings at the end of what is done to a picture: those before a crop say what it crops.

    They are metadata, with a finding of their own. Source: ISO/IEC 23008-12, 6.5.10 and 6.5.12.
    """
    return tuple(p for p in item.properties[_last_crop(item) + 1 :] if p.kind in _TURNS)


def _last_crop(item: Item) -> int:
    """Where among an item's properties its last crop stands; -1 where it has none."""
    return max((place for place, prop in enumerate(item.properties) if prop.kind == b"clap"), default=-1)


def _bodies(turns: tuple[Property, ...]) -> bytes:
    return b"".join(turn.kind + turn.body for turn in turns)


def _thumbnails(data: Buffer, items: Items, picture: tuple[int, int]) -> set[int]:
    """The items that are nothing but thumbnails, and what these are put together from. Source: 23008-12, 6.4.4."""
    used = {to for (kind, _), targets in items.references.items() if kind != b"cdsc" for to in targets}
    used |= {source for kind, source in items.references if kind not in (b"thmb", b"dimg")}
    found = {
        number
        for (kind, number), targets in items.references.items()
        if kind == b"thmb" and number not in used and number != items.primary and number in items.items and targets
    }
    own = {(prop.kind, prop.body) for item in items.under(items.primary) for prop in item.properties}
    few = len(found) <= _MOST_THUMBNAILS
    found = {number for number in found if few and _is_small(data, items, number, own, picture)}
    parts = {part for number in found for part in items.parts(number)}
    shared = {
        part
        for (kind, source), targets in items.references.items()
        if source not in found and kind != b"cdsc"
        for part in targets
    }
    return found | {part for part in parts if part not in shared and part != items.primary}


def _is_small(data: Buffer, items: Items, number: int, own: Set[tuple[bytes, bytes]], picture: tuple[int, int]) -> bool:
    """Whether an item is a picture smaller than the primary one, is made of coded pictures with nothing else in them,
    and nothing is said of these but what a decoder needs, or what is said of the primary one as well (`own`)."""
    for item in items.under(number):
        size = size_as_coded(item)
        if size is None or not is_smaller(*size, picture):
            return False
        if not is_note(item.entry) or item.length > _MOST_ASIDE_BYTES + 3 * size[0] * size[1]:
            return False
        if sum(len(prop.body) for prop in item.properties if (prop.kind, prop.body) not in own) > _MOST_ASIDE_BYTES:
            return False
        configuration = item.property(CODED_KINDS.get(item.kind, b"")) or b""
        layout = nal_format(CODED_KINDS.get(item.kind, b""), configuration)
        if layout and beside_bytes(payload_of(data, item), layout) > _MOST_ASIDE_BYTES:
            return False
        if item.kind == b"jpeg" and not is_small_jpeg(payload_of(data, item), *picture):
            return False
        if item.kind not in CODED_KINDS and item.kind != b"grid":
            return False
    return True


def _exif(content: bytes, size: tuple[int, int], gain_map: bool) -> list[Piece]:
    skip = 4 + int.from_bytes(content[:4], "big")
    starts = (skip, 4, 10, 0)
    at = next((at for at in starts if content[at : at + 4] in (b"II*\0", b"MM\0*")), None)
    if at is None:
        return unclaimed(b"EXIF that cannot be read", content[4:])
    # Some writers put the JPEG segment's identifier before the header (ISO/IEC 23008-12, A.2.1).
    lead = content[4:at].removeprefix(b"Exif\0\0")
    return unclaimed(b"before the EXIF", lead) + exif_rest(content[at:], size, profiled=True, gain_map=gain_map)


def _outermost(data: Buffer, box: Box, meta: Box, size: tuple[int, int], described: list[Piece]) -> list[Piece]:
    if _is_empty(data, box) or (box.kind in _ELSEWHERE and (box.kind != b"meta" or box is meta)):
        return []
    body = bytes(data[box.body : box.end])
    if box.kind == b"uuid" and body.startswith(_XMP_UUID):
        described += xmp_rest(body[len(_XMP_UUID) :], size)
        return []
    if box.kind == b"sefd":
        trailer = read_trailer(body, 0)
        if trailer is not None and trailer.damage is None:
            between_blocks = between(b"between Samsung's blocks", body, 0, len(body), trailer.stretches)
            return trailer.rest(body, {}) + between_blocks
    return [(b"box " + box.kind, by_digest(body))]


def _unused(data: Buffer, container: Container, meta: Box, items: Items) -> list[Piece]:
    """Bytes of the media data that belong to no item."""
    extents = joined((e.offset, e.offset + e.length) for item in items.items.values() for e in item.extents or ())
    places = [*container.payloads]
    places += [(box.body, box.end) for box in meta_boxes(data, meta) if box.kind == b"idat"]
    ends = [end for _, end in extents]
    return [
        piece
        for start, stop in places
        for piece in between(
            b"unused", data, start, stop, extents[bisect_right(ends, start) : bisect_left(extents, (stop, stop))]
        )
    ]
