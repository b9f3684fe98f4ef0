"""The tracks of an MP4, MOV or 3GP file: what they hold, and where each of their samples lies.

Source: ISO/IEC 14496-12, sections 8.3 to 8.8 (tracks, sample tables, fragments); 14496-14, 14496-15; QuickTime File
Format (Apple), "Sample Table Atoms".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from auditor.readers.examination import Buffer
from auditor.readers.film.matrix import orientation
from auditor.readers.isobmff.boxes import Box, Boxes, inside, number

Offsets = npt.NDArray[np.int64]

_MOST_SAMPLES = 50_000_000
_CONFIGURATIONS = (b"avcC", b"hvcC", b"av1C", b"vpcC", b"esds", b"d263")
"""Boxes of a sample description that configure a decoder."""


class BrokenTable(Exception):
    """A track's tables cannot be followed; the message says why, in words."""


@dataclass(frozen=True, slots=True)
class Track:
    """One track. `handler` and `codec` are four letters each; sizes in pixels, 0 where not said.

    `samples` and `lengths` are the offset and length of each sample in order; where all samples have one size (sound,
    mostly), of each chunk of them. `whole` is False for those. `turns` counts quarter turns clockwise for display.
    `external`: the samples lie in another file. `descriptions`: how many codings the track changes between.
    `unit_s` is the length of one tick in seconds; `ticks` the length of the track, 0 where not known. `trak` is the
    offset of its box, `offsets_at` that of the table that places its samples. `orientation` as in EXIF, None where its
    matrix is none of the eight. `count` is how many samples its tables state, those in fragments not counted.
    """

    number: int
    handler: bytes
    codec: bytes
    configuration_kind: bytes
    configuration: bytes
    width: int
    height: int
    turns: int
    unit_s: float
    ticks: int
    samples: Offsets = field(repr=False)
    lengths: Offsets = field(repr=False)
    whole: bool = True
    external: bool = False
    descriptions: int = 1
    trak: int = 0
    offsets_at: int = 0
    orientation: int | None = None
    count: int = 0


def read_tracks(data: Buffer, moov: Box) -> list[Track]:
    """All tracks of the index. Samples of fragments are not among theirs: see `film_fragments`.

    Raises: BrokenTable where one cannot be followed.
    """
    tracks = []
    boxes = inside(data, moov)
    _within(boxes, moov, "the film's index")
    for place, trak in enumerate(boxes.all(b"trak"), 1):
        try:
            tracks.append(_track(data, trak, f"track {place}"))
        except (IndexError, ValueError) as error:
            raise BrokenTable(f"the index of track {place} ends in the middle of an entry") from error
        except BrokenTable:
            # Makers' own tracks of measurements and texts are not always laid out by the book.
            if _handler(data, trak) in (b"vide", b"soun", b"pict", None):
                raise
    return tracks


def _handler(data: Buffer, trak: Box) -> bytes | None:
    """What a track holds, in four letters; None where it does not say."""
    mdia = inside(data, trak).first(b"mdia")
    hdlr = inside(data, mdia).first(b"hdlr") if mdia else None
    return bytes(data[hdlr.body + 8 : hdlr.body + 12]) if hdlr else None


def _within(boxes: Boxes, parent: Box, what: str) -> None:
    over = next((box for box in boxes if box.end > parent.end and any(box.kind)), None)
    if over:
        raise BrokenTable(f"{what} is broken: a part of it is longer than the whole")


def _descend(data: Buffer, box: Box, what: str, *path: bytes) -> Box | None:
    for kind in path:
        boxes = inside(data, box)
        _within(boxes, box, what)
        found = boxes.first(kind)
        if found is None:
            return None
        box = found
    return box


def _track(data: Buffer, trak: Box, what: str) -> Track:
    mdia = _descend(data, trak, what, b"mdia")
    stbl = _descend(data, mdia, what, b"minf", b"stbl") if mdia else None
    header = _descend(data, mdia, what, b"mdhd") if mdia else None
    hdlr = _descend(data, mdia, what, b"hdlr") if mdia else None
    tkhd = _descend(data, trak, what, b"tkhd")
    if mdia is None or stbl is None or header is None or hdlr is None or tkhd is None:
        raise BrokenTable(f"the index of {what} has parts missing")
    tables_found = inside(data, stbl)
    _within(tables_found, stbl, f"the index of {what}")
    tables = {box.kind: box for box in reversed(tables_found.boxes)}
    codec, kind, configuration, size = _description(data, tables, what)
    handler = bytes(data[hdlr.body + 8 : hdlr.body + 12])
    wide = 8 if data[header.body] == 1 else 4
    scale_at = header.body + 4 + 2 * wide
    scale, ticks = number(data, scale_at, 4), number(data, scale_at + 4, wide)
    samples, lengths, whole = _samples(data, tables, what, _sound_frame_bytes(data, tables, codec, handler))
    for kind_, columns in ((b"stts", 2), (b"ctts", 2), (b"stss", 1)):
        if kind_ in tables:
            _column(data, tables[kind_], 8, columns * number(data, tables[kind_].body + 4, 4), ">u4", what)
    number_at = tkhd.body + (20 if data[tkhd.body] == 1 else 12)
    matrix_at = number_at + 28
    return Track(
        number=number(data, number_at, 4),
        handler=handler,
        codec=codec,
        configuration_kind=kind,
        configuration=configuration,
        width=size[0],
        height=size[1],
        turns=_turns(data, tkhd),
        unit_s=1 / scale if scale else 0.0,
        ticks=0 if ticks == (1 << 8 * wide) - 1 else ticks,
        samples=samples,
        lengths=lengths,
        whole=whole,
        external=_external(data, mdia, what),
        descriptions=len(inside(data, tables[b"stsd"], 8).boxes),
        trak=trak.start,
        offsets_at=(tables.get(b"co64") or tables[b"stco"]).start,
        orientation=orientation(bytes(data[matrix_at : matrix_at + 36])),
        count=_sizes(data, tables, what)[0],
    )


def _description(data: Buffer, tables: dict[bytes, Box], what: str) -> tuple[bytes, bytes, bytes, tuple[int, int]]:
    """Codec, kind and body of its configuration, and the size in pixels, of a track's first description."""
    stsd = tables.get(b"stsd")
    entries = inside(data, stsd, 8).boxes if stsd else ()
    if not entries:
        raise BrokenTable(f"the index of {what} has parts missing")
    entry = entries[0]
    size = (
        (number(data, entry.body + 24, 2), number(data, entry.body + 26, 2)) if entry.end - entry.body >= 70 else (0, 0)
    )
    for skip in (78, 28, 44, 64):
        # A picture's fields take 78 bytes, a sound's 28, 44 or 64 by its version.
        for box in _inner(data, entry, skip):
            if box.kind in _CONFIGURATIONS and box.end <= entry.end:
                return entry.kind, box.kind, bytes(data[box.body : box.end]), size
    return entry.kind, b"", b"", size


def _inner(data: Buffer, entry: Box, skip: int) -> Iterator[Box]:
    if entry.body + skip >= entry.end:
        return
    for box in inside(data, entry, skip):
        yield box
        if box.kind == b"wave":
            yield from inside(data, box)


def _sound_frame_bytes(data: Buffer, tables: dict[bytes, Box], codec: bytes, handler: bytes) -> int | None:
    """Bytes of one frame of uncompressed sound, whose table may state a size of 1 for it; None for all others.

    Source: QuickTime File Format, "Sound Sample Description (Version 1)".
    """
    stsd = tables.get(b"stsd")
    entry = inside(data, stsd, 8).boxes[0] if stsd else None
    if handler != b"soun" or entry is None or codec not in _UNCOMPRESSED or entry.end - entry.body < 28:
        return None
    version, channels, bits = (number(data, entry.body + at, 2) for at in (8, 16, 18))
    if version == 1 and entry.end - entry.body >= 44:
        return number(data, entry.body + 36, 4) or None
    return channels * bits // 8 if version == 0 and bits % 8 == 0 else None


_UNCOMPRESSED = frozenset({b"sowt", b"twos", b"raw ", b"NONE", b"in24", b"in32", b"lpcm", b"ulaw", b"alaw", b"fl32"})


def _samples(
    data: Buffer, tables: dict[bytes, Box], what: str, frame_bytes: int | None
) -> tuple[Offsets, Offsets, bool]:
    """Offset and length of every sample, or of every chunk where all samples have one size."""
    chunks = _chunk_offsets(data, tables, what)
    per_chunk = _chunk_counts(data, tables, what, len(chunks))
    count, one_size, sizes = _sizes(data, tables, what)
    in_chunks = int(per_chunk.sum())
    if sizes is None:
        if in_chunks < count and count > 0 and not len(chunks):
            raise BrokenTable(f"the index of {what} counts {count} samples and places none")
        each = frame_bytes if one_size == 1 and frame_bytes else one_size
        return chunks, per_chunk * each, False
    if in_chunks < count:
        raise BrokenTable(f"the index of {what} counts {count} samples and places {in_chunks}")
    times = _time_count(data, tables)
    if times is not None and abs(times - count) > 1:
        raise BrokenTable(f"the index of {what} counts {count} samples and times {times}")
    # The last chunks may promise more samples than there are.
    per_chunk = np.clip(count - (np.cumsum(per_chunk) - per_chunk), 0, per_chunk)
    starts = np.cumsum(sizes) - sizes
    chunk_of = np.repeat(np.arange(len(chunks)), per_chunk)
    first = np.minimum(np.cumsum(per_chunk) - per_chunk, max(count - 1, 0))
    before = starts[first] if count else np.zeros(len(chunks), np.int64)
    return chunks[chunk_of] + starts - before[chunk_of], sizes, True


def _chunk_offsets(data: Buffer, tables: dict[bytes, Box], what: str) -> Offsets:
    wide = b"co64" in tables
    table = tables.get(b"co64") or tables.get(b"stco")
    if table is None:
        raise BrokenTable(f"the index of {what} has parts missing")
    return _column(data, table, 8, number(data, table.body + 4, 4), ">u8" if wide else ">u4", what)


def _chunk_counts(data: Buffer, tables: dict[bytes, Box], what: str, chunks: int) -> Offsets:
    """Samples in each chunk."""
    table = tables.get(b"stsc")
    if table is None:
        raise BrokenTable(f"the index of {what} has parts missing")
    runs = _column(data, table, 8, 3 * number(data, table.body + 4, 4), ">u4", what).reshape(-1, 3)
    if not len(runs):
        return np.zeros(chunks, np.int64)
    firsts = runs[:, 0] - 1
    if firsts[0] != 0 or bool((np.diff(firsts) <= 0).any()):
        raise BrokenTable(f"the index of {what} is out of order")
    ends = np.minimum(np.append(firsts[1:], chunks), chunks)
    counts = np.repeat(runs[:, 1], np.maximum(ends - np.minimum(firsts, chunks), 0))
    if int(counts.sum()) > 1 << 40:
        raise BrokenTable(f"the index of {what} counts more samples than there can be")
    return counts


def _sizes(data: Buffer, tables: dict[bytes, Box], what: str) -> tuple[int, int, Offsets | None]:
    """How many samples there are, the one size of all, and else the size of each."""
    table = tables.get(b"stsz") or tables.get(b"stz2")
    if table is None:
        raise BrokenTable(f"the index of {what} has parts missing")
    count = number(data, table.body + 8, 4)
    if table.kind == b"stsz":
        one_size = number(data, table.body + 4, 4)
        return count, one_size, None if one_size else _column(data, table, 12, count, ">u4", what)
    bits = data[table.body + 7]
    if bits == 4:
        pairs = _column(data, table, 12, (count + 1) // 2, ">u1", what)
        return count, 0, np.stack([pairs >> 4, pairs & 15], axis=1).reshape(-1)
    return count, 0, _column(data, table, 12, count, ">u2" if bits == 16 else ">u1", what)


def _time_count(data: Buffer, tables: dict[bytes, Box]) -> int | None:
    table = tables.get(b"stts")
    if table is None:
        return None
    runs = _column(data, table, 8, 2 * number(data, table.body + 4, 4), ">u4", "the film").reshape(-1, 2)
    return int(runs[:, 0].sum())


def _column(data: Buffer, table: Box, skip: int, count: int, kind: str, what: str) -> Offsets:
    start, width = table.body + skip, np.dtype(kind).itemsize
    if start + count * width > min(table.end, len(data)) or count > 3 * _MOST_SAMPLES:
        raise BrokenTable(f"the index of {what} ends in the middle of an entry")
    return np.frombuffer(data[start : start + count * width], dtype=kind).astype(np.int64)


def _turns(data: Buffer, tkhd: Box) -> int:
    """Quarter turns clockwise that the display matrix asks for; 0 for a matrix that is none of the four."""
    at = tkhd.body + (52 if data[tkhd.body] == 1 else 40)
    a, b, c, d = (int.from_bytes(data[at + i : at + i + 4], "big", signed=True) for i in (0, 4, 12, 16))
    quarters = {(0, 1, -1, 0): 1, (-1, 0, 0, -1): 2, (0, -1, 1, 0): 3}
    return quarters.get((_sign(a), _sign(b), _sign(c), _sign(d)), 0)


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _external(data: Buffer, mdia: Box, what: str) -> bool:
    """Whether the track's media data lies in another file."""
    dref = _descend(data, mdia, what, b"minf", b"dinf", b"dref")
    if dref is None:
        return False
    entries = inside(data, dref, 8).boxes
    # QuickTime's alias to the file itself, flag 1: "same file".
    return bool(entries) and not any(data[e.body + 3] & 1 for e in entries) and any(e.end - e.body > 4 for e in entries)
