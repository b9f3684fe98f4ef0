"""Samples of a fragmented film: those that lie in `moof` boxes instead of the index.

Source: ISO/IEC 14496-12, section 8.8.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from auditor.readers.examination import Buffer
from auditor.readers.film.tracks import BrokenTable, Track
from auditor.readers.isobmff.boxes import Box, inside, number

_MOST_SAMPLES = 3_000_000
"""In one run, and in all of a track: half a day at sixty frames a second."""


@dataclass(frozen=True, slots=True)
class _Defaults:
    """What holds for a sample where its fragment does not say."""

    duration: int = 0
    size: int = 0


@dataclass(slots=True)
class _Run:
    """The samples of one run or, added up, of a track: offsets and lengths, durations in ticks."""

    samples: list[tuple[int, int]] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)

    def add(self, other: _Run) -> None:
        self.samples += other.samples
        self.durations += other.durations


def with_fragments(data: Buffer, moov: Box, fragments: Iterable[Box], tracks: Sequence[Track]) -> list[Track]:
    """The tracks with the samples of all fragments behind their own.

    Raises: BrokenTable where a fragment cannot be followed.
    """
    defaults = _defaults(data, moov)
    found: dict[int, _Run] = {track.number: _Run() for track in tracks}
    for place, moof in enumerate(fragments, 1):
        try:
            for number_, run in _fragment(data, moof, defaults):
                if number_ in found:
                    found[number_].add(run)
                    if len(found[number_].samples) > _MOST_SAMPLES:
                        raise BrokenTable("the film's index counts more samples than there can be")
        except IndexError as error:
            raise BrokenTable(f"part {place} of the film's index ends in the middle of an entry") from error
    return [_extended(track, found[track.number]) for track in tracks]


def _extended(track: Track, run: _Run) -> Track:
    if not run.samples:
        return track
    table = np.array(run.samples, dtype=np.int64).reshape(-1, 2)
    return dataclasses.replace(
        track,
        samples=np.append(track.samples, table[:, 0]),
        lengths=np.append(track.lengths, table[:, 1]),
        ticks=max(track.ticks, sum(run.durations)),
        whole=track.whole or not len(track.samples),
    )


def _defaults(data: Buffer, moov: Box) -> dict[int, _Defaults]:
    """What a fragment's samples are, by track, where it does not say."""
    mvex = inside(data, moov).first(b"mvex")
    if mvex is None:
        return {}
    return {
        number(data, box.body + 4, 4): _Defaults(*(number(data, box.body + at, 4) for at in (12, 16)))
        for box in inside(data, mvex).all(b"trex")
    }


def _fragment(data: Buffer, moof: Box, defaults: dict[int, _Defaults]) -> Iterable[tuple[int, _Run]]:
    """For each run of a fragment: the track's number, and its samples."""
    after = moof.start
    for traf in inside(data, moof).all(b"traf"):
        boxes = inside(data, traf)
        if any(box.end > traf.end for box in boxes):
            raise IndexError
        tfhd = boxes.first(b"tfhd")
        if tfhd is None:
            raise IndexError
        flags, track, at = number(data, tfhd.body + 1, 3), number(data, tfhd.body + 4, 4), tfhd.body + 8
        mine = defaults.get(track, _Defaults())
        # Without an explicit base, the first run counts from its moof and each next one from where the last ended.
        base = moof.start if flags & 0x020000 else after
        if flags & 1:
            base, at = number(data, at, 8), at + 8
        at += 4 if flags & 2 else 0
        if flags & 8:
            mine, at = dataclasses.replace(mine, duration=number(data, at, 4)), at + 4
        if flags & 16:
            mine, at = dataclasses.replace(mine, size=number(data, at, 4)), at + 4
        position = base
        for trun in boxes.all(b"trun"):
            run, position = _run(data, trun, base, position, mine)
            yield track, run
        after = position


def _run(data: Buffer, trun: Box, base: int, position: int, default: _Defaults) -> tuple[_Run, int]:
    flags, count, at = number(data, trun.body + 1, 3), number(data, trun.body + 4, 4), trun.body + 8
    if flags & 1:
        position = base + int.from_bytes(data[at : at + 4], "big", signed=True)
        at += 4
    at += 4 if flags & 4 else 0
    width = 4 * (flags >> 8 & 15).bit_count()
    if at + count * width > trun.end or count > _MOST_SAMPLES:
        raise IndexError
    run = _Run()
    for _ in range(count):
        duration, length, field_ = default.duration, default.size, at
        if flags & 0x100:
            duration, field_ = number(data, field_, 4), field_ + 4
        if flags & 0x200:
            length = number(data, field_, 4)
        run.samples.append((position, length))
        run.durations.append(duration)
        position, at = position + length, at + width
    return run, position
