"""What TIFF directories say beside descriptive metadata: in EXIF blocks, TIFF pictures and RAW files.

Offsets stand for what they refer to: a value counts by its content, a picture's strips by their lengths and bytes, so
that a program may write the whole file anew. Sources: TIFF 6.0, section 2; Exif 3.0 (CIPA DC-008), 4.6.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from auditor.readers.bounds import MOST_NOTE_BYTES, is_note
from auditor.readers.descriptive import EXIF_TAGS, GAIN_TAGS, GPS_TAGS, INTEROP_TAGS
from auditor.readers.examination import Buffer
from auditor.readers.inner_files import MOST_BYTES, is_makers_data
from auditor.readers.iptc_rest import iptc_rest
from auditor.readers.photoshop_rest import photoshop_rest
from auditor.readers.rest import Piece, between, by_digest, unclaimed
from auditor.readers.thumbnail import is_plain_thumbnail, is_small_jpeg
from auditor.readers.tiff import ifd
from auditor.readers.xmp_rest import xmp_rest

_SUB_IFDS, _EXIF, _GPS, _INTEROP = 330, 34665, 34853, 40965
_XMP, _PHOTOSHOP, _COLOUR_SPACE, _MAKER_NOTE = 700, 34377, 40961, 37500
_IPTC, _PRINTING, _PADDING = 33723, 50341, 59932
_WIDTH, _HEIGHT, _COMPRESSION, _PLAIN = 256, 257, 259, 1
_MOST_PRINTING_BYTES = 4096
_MOST_STRIPS = 256
"""Of a thumbnail: more are no places, whatever the field is called."""
_MOST_LEFTOVER_BYTES = 1024
"""Bytes of an EXIF block to which nothing refers: cameras and editors leave remnants of what stood there before (up to
0.5 kB of a thumbnail, 0.7 kB of directories were seen), makers' notes refer to more in ways of their own (21 kB)."""
_FILL = b"\0\xff "
_PREVIEW = 513
_LOCATING = {273: 279, 324: 325, _PREVIEW: 514}
"""Tags that say where coded data lies, and those that say how long it is."""
_LOOKED_INTO = frozenset({_SUB_IFDS, _EXIF, _GPS, _INTEROP, _IPTC, _MAKER_NOTE, *_LOCATING, 1})
"""Tags that say more than whether a descriptive field is a short one; the last is the interoperability index."""
_RESOLUTIONS = (282, 283)
_S_RGB, _ADOBE_RGB, _UNCALIBRATED = 1, 2, 65535
_MOST_TABLES = 256


@dataclass(slots=True)
class _Walk:
    """`known` are the descriptive tags; `picture` is how large the picture is that is described; `coded` the numbers of
    the coded parts by where they begin, which the digest of the coded picture covers; `reached` all ranges of the data
    that were understood; `whole`: the data is the whole file; `noted`: there is a maker's note; `left`: how many bytes
    may still be looked into; `thumbnails`: the sizes (of plain pixels) and places of those that were.
    """

    data: Buffer
    head: ifd.Header
    known: frozenset[int]
    picture: tuple[int, int]
    coded: Mapping[int, tuple[int, int]]
    whole: bool = False
    noted: bool = False
    pieces: list[Piece] = field(default_factory=list)
    reached: list[tuple[int, int]] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    colour_space: int = 0
    interop: bytes = b""
    left: int = 0
    thumbnails: set[tuple[tuple[int, int] | None, tuple[tuple[int, int], ...]]] = field(default_factory=set)

    def take(self, length: int) -> None:
        """Counts bytes that are about to be looked into. Raises: _TwiceOver where there are more than the data has."""
        self.left -= length
        if self.left < 0:
            raise _TwiceOver


class _TwiceOver(Exception):
    """Directories, long values and coded parts lie upon each other, as nobody writes them: each may hold the same
    megabytes thousands of times over."""


def exif_rest(block: bytes, picture: tuple[int, int], *, profiled: bool, gain_map: bool = False) -> list[Piece]:
    """What an EXIF block (its TIFF header first) says that a picture's own headers do not.

    `picture` is its size in pixels across and down: what is smaller is a thumbnail of it. `profiled`: the file
    describes its colours itself, so that the block's colour space says nothing. `gain_map`: the maker's note says how
    to apply it. Does not raise for any content.
    """
    block = block.removeprefix(b"Exif\0\0")
    head = ifd.header(block)
    if head is None:
        return unclaimed(b"EXIF that cannot be read", block)
    walk = _Walk(block, head, EXIF_TAGS, picture, {}, left=len(block))
    walk.reached.append((0, 16 if head.big else 8))
    try:
        _chain(walk)
    except _TwiceOver:
        return [(b"EXIF that lies twice over", block)]
    walk.pieces += _leftovers(walk, block)
    if not profiled:
        walk.pieces += _colours(walk)
    if gain_map:
        walk.pieces += _gains(block, head)
    return [(b"EXIF " + what, content) for what, content in walk.pieces]


def tiff_rest(
    data: Buffer, known: frozenset[int], picture: tuple[int, int], coded: Mapping[int, tuple[int, int]]
) -> list[Piece]:
    """What a whole TIFF-shaped file holds beside its coded parts and the `known` tags, unused bytes too.

    `picture` is the size of its largest picture in pixels across and down, `coded`: (number, end) of each coded part by
    its start (absolute). Does not raise for any content.
    """
    head = ifd.header(data)
    if head is None:
        return [(b"no TIFF", bytes(data))]
    walk = _Walk(data, head, known, picture, coded, whole=True, left=len(data))
    walk.pieces.append((b"header", bytes(data[:4])))
    walk.reached.append((0, 16 if head.big else 8))
    try:
        _chain(walk)
    except _TwiceOver:
        return [(b"TIFF that lies twice over", bytes(data))]
    walk.pieces += _colours(walk)
    return walk.pieces + between(b"unused", data, 0, len(data), walk.reached)


def _leftovers(walk: _Walk, block: bytes) -> list[Piece]:
    """What nothing in an EXIF block refers to, where it is more than remnants, or a file lies in it."""
    gaps = between(b"unused", block, 0, len(block), walk.reached)
    left = [(what, kept) for what, gap in gaps if (kept := gap.strip(_FILL))]
    most = MOST_BYTES if walk.noted else _MOST_LEFTOVER_BYTES
    return [] if is_makers_data(b"".join(gap for _, gap in left), walk.picture, most) else left


def _chain(walk: _Walk) -> None:
    offset, number = walk.head.first, 0
    while offset and offset not in walk.seen and len(walk.seen) < _MOST_TABLES:
        offset = _table(walk, offset, b"%d" % number, walk.known)
        number += 1


def _table(walk: _Walk, offset: int, name: bytes, known: frozenset[int]) -> int:
    """Takes up one directory and those beneath it; returns the next one's offset."""
    table = ifd.table(walk.data, walk.head, offset)
    if offset in walk.seen or len(walk.seen) >= _MOST_TABLES:
        walk.pieces.append((name, b"again"))
        return 0
    walk.seen.add(offset)
    if table is None:
        at = walk.head.base + offset
        count = bytes(walk.data[at : at + (8 if walk.head.big else 2)]) if offset else b""
        walk.pieces += unclaimed(name + b" not there", count)
        return 0
    walk.reached.append((table.start, table.end))
    walk.take(table.end - table.start)
    firsts = {entry.tag: entry for entry in reversed(table.fields)}
    for entry in table.fields:
        if entry.place is not None:
            walk.reached.append(entry.place)
        length = entry.place[1] - entry.place[0] if entry.place else 0
        if entry.tag in known and entry.tag not in _LOOKED_INTO and length <= MOST_NOTE_BYTES:
            continue
        # The thumbnail may lie in the maker's note.
        free = length <= MOST_NOTE_BYTES or (entry.tag == _MAKER_NOTE and entry.tag in known and not walk.noted)
        walk.take(0 if free else length)
        _field(walk, firsts, entry, name, known)
    if walk.whole and known is walk.known:
        walk.pieces += _shape(walk, table, name)
    return table.next


def _shape(walk: _Walk, table: ifd.Table, name: bytes) -> list[Piece]:
    """How wide a pixel is for its height, where it is no square, as on a fax. Source: TIFF 6.0, section 8."""
    across, down = (
        next(
            (
                struct.unpack(f"{walk.head.order}2I", walk.data[f.place[0] : f.place[1]])
                for f in table.fields
                if f.tag == tag and f.type == 5 and f.count == 1 and f.place
            ),
            (0, 0),
        )
        for tag in _RESOLUTIONS
    )
    wide, high = across[0] * down[1], down[0] * across[1]
    if not wide or not high or wide == high:
        return []
    shape = Fraction(wide, high)
    return [(name + b" pixel shape", b"%d %d" % (shape.numerator, shape.denominator))]


def _field(walk: _Walk, firsts: Mapping[int, ifd.Field], entry: ifd.Field, name: bytes, known: frozenset[int]) -> None:
    what = name + b".%d" % entry.tag
    value = entry.slot if entry.place is None else bytes(walk.data[entry.place[0] : entry.place[1]])
    if entry.tag in (_EXIF, _GPS, _INTEROP, _SUB_IFDS) and known not in (GPS_TAGS, INTEROP_TAGS):
        offsets = _numbers(walk, entry)
        inner = {_GPS: GPS_TAGS, _INTEROP: INTEROP_TAGS}.get(entry.tag, known)
        for number, offset in enumerate(offsets):
            following = _table(walk, offset, what + b"[%d]" % number, inner)
            if following and entry.tag == _SUB_IFDS:
                _table(walk, following, what + b"[%d]+" % number, inner)
        if not offsets:
            walk.pieces.append((what, value))
    elif entry.tag in _LOCATING and not walk.whole and known not in (GPS_TAGS, INTEROP_TAGS):
        walk.pieces += _thumbnail(walk, firsts, entry, what, value)
    elif entry.tag == _IPTC and entry.tag in known:
        walk.pieces += iptc_rest(value, walk.picture)
    elif entry.tag in known:
        walk.interop = value if known is INTEROP_TAGS and entry.tag == 1 else walk.interop
        walk.noted |= entry.tag == _MAKER_NOTE
        walk.pieces += [] if _describes(entry.tag, value, walk.picture) else [(what, value)]
    elif entry.tag == _XMP:
        walk.pieces += xmp_rest(value, walk.picture)
    elif entry.tag == _PHOTOSHOP:
        walk.pieces += photoshop_rest(value, walk.picture)
    elif entry.tag == _COLOUR_SPACE:
        walk.colour_space = next(iter(_numbers(walk, entry)), -1)
    elif entry.tag in _LOCATING:
        walk.pieces.append((what, _located(walk, firsts, entry)))
    else:
        layout = b" %d %d" % (entry.type, entry.count)
        walk.pieces.append((what + layout + (b"" if entry.place else b" beyond"), value))


def _describes(tag: int, value: bytes, picture: tuple[int, int]) -> bool:
    """Whether a descriptive field holds what its tag is for."""
    if tag == _MAKER_NOTE:
        return is_makers_data(value, picture)
    if tag == _PRINTING:
        return is_makers_data(value, picture, _MOST_PRINTING_BYTES)
    return is_note(value) or (tag == _PADDING and not any(value[4:]))


def _thumbnail(
    walk: _Walk, firsts: Mapping[int, ifd.Field], entry: ifd.Field, what: bytes, value: bytes
) -> list[Piece]:
    """What an EXIF block calls a picture, where it is no thumbnail. One that ends beyond the block is not there."""

    def first(tag: int) -> int:
        return next(iter(_numbers(walk, firsts[tag])), 0) if tag in firsts else 0

    lengths_entry = firsts.get(_LOCATING[entry.tag])
    lengths = _numbers(walk, lengths_entry) if lengths_entry else ()
    places = tuple((start, start + n) for start, n in zip(_numbers(walk, entry), lengths, strict=False))
    size = len(walk.data)
    if entry.count > _MOST_STRIPS:
        return [(what, value)]
    if any(not 0 <= start <= end <= size for start, end in places) or sum(lengths) > size:
        return []
    plain = entry.tag != _PREVIEW and first(_COMPRESSION) == _PLAIN
    shape = (first(_WIDTH), first(_HEIGHT)) if plain else None
    if (shape, places) in walk.thumbnails:
        return []
    walk.thumbnails.add((shape, places))
    walk.take(sum(end - start for start, end in places))
    content = b"".join(walk.data[start:end] for start, end in places)
    if not any(content):
        return []
    walk.reached += places
    if shape and is_plain_thumbnail(*shape, len(content), walk.picture):
        return []
    return [] if is_small_jpeg(content, *walk.picture) else [(what, content)]


def _numbers(walk: _Walk, entry: ifd.Field, most: int = 1 << 20) -> tuple[int, ...]:
    if entry.place is None or entry.count > most:
        return ()
    return ifd.unpacked(walk.data[entry.place[0] : entry.place[1]], walk.head.order, entry.type, entry.count)


def _located(walk: _Walk, firsts: Mapping[int, ifd.Field], entry: ifd.Field) -> bytes:
    """Each coded part: by its number where the coded picture's digest covers it, else by its content."""
    lengths_entry = firsts.get(_LOCATING[entry.tag])
    lengths = _numbers(walk, lengths_entry) if lengths_entry else ()
    starts = _numbers(walk, entry)
    said = []
    for start, length in zip(starts, lengths, strict=False):
        begin = walk.head.base + start
        number, end = walk.coded.get(begin, (None, begin + length))
        walk.reached.append((begin, min(end, len(walk.data))))
        if number is None:
            walk.take(min(length, max(0, len(walk.data) - begin)))
        said.append(b"%d" % number if number is not None else by_digest(bytes(walk.data[begin : begin + length])))
    return b",".join((b"%d" % len(starts), *said))


def _colours(walk: _Walk) -> list[Piece]:
    """The colour space where it is not sRGB, which every viewer takes one without for. Source: Exif 3.0, 4.6.6 B."""
    if walk.colour_space in (0, _S_RGB):
        return []
    if walk.colour_space == _UNCALIBRATED:
        return [(b"colours", b"Adobe RGB")] if walk.interop[:3] == b"R03" else []
    return [(b"colours", b"Adobe RGB" if walk.colour_space == _ADOBE_RGB else b"%d" % walk.colour_space)]


def _gains(block: bytes, head: ifd.Header) -> list[Piece]:
    """What Apple's note says of the gain map. Source: Apple, "Applying Apple HDR effect to your photos"."""
    first = ifd.directory(block, head, head.first)
    inner = next(iter(ifd.numbers(block, first, _EXIF)), 0) if first else 0
    exif = ifd.directory(block, head, inner) if inner else None
    note = ifd.content(block, exif, _MAKER_NOTE) if exif else b""
    table = ifd.directory(note, ifd.Header(">", False, 14, 0), 14) if note.startswith(b"Apple iOS\0") else None
    return [(b"gain %d" % tag, ifd.content(note, table, tag)) for tag in GAIN_TAGS] if table else []
