"""What a decoder needs of a track beside its samples' bytes: coding, and when each sample is due. For the digest.

Source: ISO/IEC 14496-12, sections 8.5.2 (stsd), 8.6.1 (stts, ctts), 8.6.2 (stss), 8.7.4 (stsc); 14496-1, section 7.2.6.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from auditor.readers.boxes import Box, inside, number
from auditor.readers.examination import Buffer

CONFIGURATIONS = (b"avcC", b"hvcC", b"av1C", b"vpcC", b"esds", b"d263")
"""Boxes of a sample description that configure a decoder."""

Runs = tuple[tuple[int, int], ...]
"""(value, how many samples have it), one run after the other."""

_DECODER_CONFIG, _DECODER_SPECIFIC = 4, 5


@dataclass(frozen=True, slots=True)
class Tables:
    """`coding` are the descriptions of how samples are coded, `described` which of them each sample has; `durations`
    and `delays` are in ticks of `scale` a second; `keys` the samples that lean on no other, None for all.
    `one_size` and `count` are what the table of sizes says of samples that all have one size, else 0."""

    coding: tuple[bytes, ...] = ()
    described: Runs = ()
    scale: int = 0
    durations: Runs = ()
    delays: Runs = ()
    keys: tuple[int, ...] | None = None
    one_size: int = 0
    count: int = 0

    def canonical(self, sound: bool) -> bytes:
        """The same bytes for the same film, whether its tables stand in its index or in its fragments."""
        total = sum(count for _, count in self.durations)
        keys = None if self.keys is not None and len(self.keys) == total else self.keys
        # How long the last sample is shown, and how long the first of the sound, every writer decides anew.
        durations = _without_last(self.durations)
        if sound:
            durations = _without_last(durations[::-1])[::-1]
        delays = () if all(value == 0 for value, _ in self.delays) else self.delays
        fields = (self.described, self.scale, durations, delays, keys, self.one_size, self.count)
        return b"".join(len(part).to_bytes(8, "big") + part for part in (*self.coding, repr(fields).encode()))


def _without_last(runs: Runs) -> Runs:
    return merged((*runs[:-1], *((value, count - 1) for value, count in runs[-1:])))


def merged(runs: Iterable[tuple[int, int]]) -> Runs:
    """Neighbouring runs of one value as one; empty runs left out."""
    found: list[tuple[int, int]] = []
    for value, count in runs:
        if count <= 0:
            continue
        if found and found[-1][0] == value:
            found[-1] = value, found[-1][1] + count
        else:
            found.append((value, count))
    return tuple(found)


def read_tables(data: Buffer, tables: dict[bytes, Box], scale: int, counts: Iterable[int]) -> Tables:
    """The tables of a track's index. `counts` are the samples in each of its chunks.

    Raises: IndexError where one ends in the middle of an entry.
    """
    stsd = tables.get(b"stsd")
    coding = tuple(_coding(data, entry) for entry in inside(data, stsd, 8).boxes) if stsd else ()
    stss, stsz = tables.get(b"stss"), tables.get(b"stsz")
    one_size = number(data, stsz.body + 4, 4) if stsz else 0
    return Tables(
        coding,
        _described(data, tables.get(b"stsc"), list(counts)),
        scale,
        merged((delta, count) for count, delta in _pairs(data, tables.get(b"stts"))),
        merged((delay, count) for count, delay in _pairs(data, tables.get(b"ctts"))),
        tuple(_words(data, stss, 1)[:, 0].tolist()) if stss else None,
        one_size,
        number(data, stsz.body + 8, 4) if stsz and one_size else 0,
    )


def _coding(data: Buffer, entry: Box) -> bytes:
    """A description without what only tells of bit rates, colours or makers."""
    parts = [entry.kind, bytes(data[entry.body + 6 : entry.body + 8])]
    # Sound: version, channels, bits, rate; pictures: width and height, which a sound's description never reaches.
    parts.append(bytes(data[entry.body + 16 : entry.body + 28]))
    for skip in (78, 28, 44, 64):
        if entry.body + skip >= entry.end:
            continue
        for box in inside(data, entry, skip):
            for found in (box, *(inside(data, box) if box.kind == b"wave" else ())):
                if found.kind in CONFIGURATIONS and found.end <= entry.end:
                    body = bytes(data[found.body : found.end])
                    parts += [found.kind, _without_rates(body) if found.kind == b"esds" else body]
                    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _without_rates(esds: bytes) -> bytes:
    """Which coding an `esds` box names and what configures its decoder; all of it where it cannot be followed."""
    at, kept = 4, b""
    while at < len(esds):
        tag, at, length = esds[at], at + 1, 0
        for _ in range(4):
            if at >= len(esds):
                return esds
            length, more, at = length << 7 | esds[at] & 127, esds[at] & 128, at + 1
            if not more:
                break
        if tag == 3 and at + 3 <= len(esds):
            flags = esds[at + 2]
            at += 3 + (2 if flags & 128 else 0) + (2 if flags & 32 else 0)
        elif tag == _DECODER_CONFIG:
            kept += esds[at : at + 2]
            at += 13
        elif tag == _DECODER_SPECIFIC and at + length <= len(esds):
            return kept + esds[at : at + length]
        else:
            return esds
    return kept or esds


def _described(data: Buffer, stsc: Box | None, counts: list[int]) -> Runs:
    """Which description each sample has; nothing where all have the first."""
    rows = _words(data, stsc, 3)
    if (rows[:, 2] == 1).all():
        return ()
    runs = []
    for place, (first, _, description) in enumerate(rows.tolist()):
        end = int(rows[place + 1, 0]) if place + 1 < len(rows) else len(counts) + 1
        runs.append((description, sum(counts[first - 1 : end - 1])))
    return merged(runs)


def _pairs(data: Buffer, table: Box | None) -> list[tuple[int, int]]:
    return [(count, value) for count, value in _words(data, table, 2).tolist()]


def _words(data: Buffer, table: Box | None, columns: int) -> np.ndarray:
    if table is None:
        return np.zeros((0, columns), np.int64)
    start, count = table.body + 8, columns * number(data, table.body + 4, 4)
    if start + 4 * count > min(table.end, len(data)):
        raise IndexError
    return np.frombuffer(data[start : start + 4 * count], ">u4").astype(np.int64).reshape(-1, columns)
