"""Samples of a fragmented film: those that lie in `moof` boxes instead of the index.

Source: ISO/IEC 14496-12, section 8.8.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from auditor.readers.boxes import Box, inside, number
from auditor.readers.examination import Buffer
from auditor.readers.film_tracks import BrokenTable, Track

_MOST_SAMPLES = 3_000_000
"""In one run, and in all of a track: half a day at sixty frames a second."""


def with_fragments(data: Buffer, moov: Box, fragments: Iterable[Box], tracks: Sequence[Track]) -> list[Track]:
    """The tracks with the samples of all fragments behind their own.

    Raises: BrokenTable where a fragment cannot be followed.
    """
    defaults = _defaults(data, moov)
    found: dict[int, list[tuple[int, int]]] = {track.number: [] for track in tracks}
    ticks = {track.number: 0 for track in tracks}
    for place, moof in enumerate(fragments, 1):
        try:
            for number_, samples, length in _fragment(data, moof, defaults):
                if number_ in found:
                    found[number_].extend(samples)
                    if len(found[number_]) > _MOST_SAMPLES:
                        raise BrokenTable("the film's index counts more samples than there can be")
                    ticks[number_] += length
        except IndexError as error:
            raise BrokenTable(f"part {place} of the film's index ends in the middle of an entry") from error
    return [_extended(track, found[track.number], ticks[track.number]) for track in tracks]


def _extended(track: Track, samples: list[tuple[int, int]], ticks: int) -> Track:
    if not samples:
        return track
    table = np.array(samples, dtype=np.int64).reshape(-1, 2)
    return dataclasses.replace(
        track,
        samples=np.append(track.samples, table[:, 0]),
        lengths=np.append(track.lengths, table[:, 1]),
        ticks=max(track.ticks, ticks),
        whole=track.whole or not len(track.samples),
    )


def _defaults(data: Buffer, moov: Box) -> dict[int, tuple[int, int]]:
    """Duration and size of a sample, by track, where a fragment does not say."""
    mvex = inside(data, moov).first(b"mvex")
    if mvex is None:
        return {}
    return {
        number(data, box.body + 4, 4): (number(data, box.body + 12, 4), number(data, box.body + 16, 4))
        for box in inside(data, mvex).all(b"trex")
    }


def _fragment(
    data: Buffer, moof: Box, defaults: dict[int, tuple[int, int]]
) -> Iterable[tuple[int, list[tuple[int, int]], int]]:
    """For each run of a fragment: the track's number, its samples' offsets and lengths, and its length in ticks."""
    after = moof.start
    for traf in inside(data, moof).all(b"traf"):
        boxes = inside(data, traf)
        if any(box.end > traf.end for box in boxes):
            raise IndexError
        tfhd = boxes.first(b"tfhd")
        if tfhd is None:
            raise IndexError
        flags, track, at = number(data, tfhd.body + 1, 3), number(data, tfhd.body + 4, 4), tfhd.body + 8
        duration, size = defaults.get(track, (0, 0))
        # Without an explicit base, the first run counts from its moof and each next one from where the last ended.
        base = moof.start if flags & 0x020000 else after
        if flags & 1:
            base, at = number(data, at, 8), at + 8
        at += 4 if flags & 2 else 0
        if flags & 8:
            duration, at = number(data, at, 4), at + 4
        if flags & 16:
            size, at = number(data, at, 4), at + 4
        position = base
        for trun in boxes.all(b"trun"):
            samples, length, position = _run(data, trun, base, position, duration, size)
            yield track, samples, length
        after = position


def _run(
    data: Buffer, trun: Box, base: int, position: int, duration: int, size: int
) -> tuple[list[tuple[int, int]], int, int]:
    flags, count, at = number(data, trun.body + 1, 3), number(data, trun.body + 4, 4), trun.body + 8
    if flags & 1:
        position = base + int.from_bytes(data[at : at + 4], "big", signed=True)
        at += 4
    at += 4 if flags & 4 else 0
    width = 4 * (flags >> 8 & 15).bit_count()
    if at + count * width > trun.end or count > _MOST_SAMPLES:
        raise IndexError
    samples, ticks = [], 0
    for _ in range(count):
        field = at
        mine = duration
        if flags & 0x100:
            mine, field = number(data, field, 4), field + 4
        length = number(data, field, 4) if flags & 0x200 else size
        samples.append((position, length))
        position, ticks, at = position + length, ticks + mine, at + width
    return samples, ticks, position
