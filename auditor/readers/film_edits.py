"""Which stretch of a film's track is shown, and when: its edit list, by which a film is cut without touching a sample.

Source: ISO/IEC 14496-12, sections 8.6.5 and 8.6.6 (edts, elst); 8.3.2 (tkhd).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.readers.boxes import Box, inside, number
from auditor.readers.examination import Buffer

_ENABLED = 1
_NORMAL_SPEED = 1 << 16
_MOST_WRITERS_CHOOSE_S = 0.2
"""Writers shift a track by a few frames of sound, or by the delay of its first pictures, as each sees fit."""


def shown(data: Buffer, trak: Box, movie_scale: int, scale: int, first_ticks: int, ticks: int) -> bytes:
    """What of a track is shown, the same bytes for the same; empty where that is all of it from the start on.

    `movie_scale` and `scale` are the ticks a second of the film and of the track, `first_ticks` when its first sample
    is due, `ticks` its length in its own.

    Raises: IndexError where a box ends in the middle of an entry.
    """
    boxes = inside(data, trak)
    header, edts = boxes.first(b"tkhd"), boxes.first(b"edts")
    off = b"off" if header and not data[header.body + 3] & _ENABLED else b""
    elst = inside(data, edts).first(b"elst") if edts else None
    if elst is None or not scale or not movie_scale:
        return off
    end_s = ticks / scale
    told: list[tuple[str | float, str | float, int]] = []
    for length, start, speed in _entries(data, elst):
        length_s = length / movie_scale
        if start < 0:
            if length_s > _MOST_WRITERS_CHOOSE_S:
                told.append(("waits", round(length_s, 1), 0))
            continue
        start_s = (start - first_ticks) / scale
        from_start = abs(start_s) <= _MOST_WRITERS_CHOOSE_S
        to_end = not length or start_s + length_s >= end_s - _MOST_WRITERS_CHOOSE_S
        told.append((0 if from_start else round(start_s, 1), "end" if to_end else round(length_s, 1), speed))
    if told == [(0, "end", _NORMAL_SPEED)] or not told:
        return off
    return off + repr(told).encode()


def _entries(data: Buffer, elst: Box) -> Iterator[tuple[int, int, int]]:
    """Each edit: its length in the film's ticks, where it begins in the track's (-1: nothing is shown), its speed."""
    wide = 8 if data[elst.body] == 1 else 4
    at = elst.body + 8
    for _ in range(number(data, elst.body + 4, 4)):
        if at + 2 * wide + 4 > elst.end:
            raise IndexError
        start = int.from_bytes(data[at + wide : at + 2 * wide], "big", signed=True)
        yield number(data, at, wide), start, number(data, at + 2 * wide, 4)
        at += 2 * wide + 4
