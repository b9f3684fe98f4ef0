"""What can be proven of an MP4, MOV or 3GP file without decoding: every sample is there and made of possible bytes.

Source: ISO/IEC 14496-12, section 8; 14496-15, section 4.3 (length fields before NAL units).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from auditor.model import Damage
from auditor.readers.examination import Buffer
from auditor.readers.film.tracks import Track
from auditor.readers.isobmff.boxes import Box, inside, number
from auditor.readers.isobmff.container import Container
from auditor.readers.nal import NalFormat, check_nals, nal_format, wiped
from auditor.readers.wording import cut_short
from auditor.words import percent

_NEVER_ZERO = frozenset({b"mp4v", b"s263", b"h263", b"H263", b"av01", b"vp08", b"vp09", b"mp4a", b"samr", b"sawb"})
"""Codecs whose data cannot hold a long run of zeros. Not MJPEG, ProRes or PCM: black and silence may be zeros there."""
_MOST_DAMAGE = 8


def check_tracks(data: Buffer, container: Container, tracks: Sequence[Track]) -> list[Damage]:
    """Every proof that the film is broken, up to a few; empty where there is none."""
    size = len(data)
    tracks = [track for track in tracks if not track.external]
    lost = [_beyond(track, size) for track in tracks]
    found: list[Damage] = list(container.damage)
    if any(lost):
        end = max(int((t.samples + t.lengths).max()) for t in tracks if len(t.samples))
        short = next((d for d in found if d.code == "truncated"), cut_short(size, end))
        found = [dataclasses.replace(short, detail=f"{short.detail}; {_tally(tracks, lost)}")]
    for track, beyond in zip(tracks, lost, strict=True):
        if not beyond:
            found.extend(_outside(container, track))
        if len(found) < _MOST_DAMAGE:
            found.extend(_samples(data, track, _MOST_DAMAGE - len(found)))
    return found


def check_segments(data: Buffer, container: Container) -> list[Damage]:
    """A fragmented film that ends before the end that its own index of segments (`sidx`) declares."""
    for sidx in container.all(b"sidx"):
        try:
            end = sidx.end + _announced(data, sidx)
        except IndexError:
            return [Damage("bad_index", "the index of the film's segments ends in the middle of an entry", sidx.start)]
        if end > len(data):
            return [cut_short(len(data), end)]
    return []


def _announced(data: Buffer, sidx: Box) -> int:
    """Bytes from the end of a `sidx` box to the end of the last segment it tells of. Source: section 8.16.3."""
    wide = 8 if data[sidx.body] else 4
    at = sidx.body + 12
    first, at = number(data, at + wide, wide), at + 2 * wide
    count = number(data, at + 2, 2)
    sizes = [number(data, at + 4 + 12 * i, 4) & 0x7FFFFFFF for i in range(count)]
    return first + sum(sizes)


def has_mvhd(data: Buffer, moov: Box) -> bool:
    """Whether the film's index holds its header."""
    return inside(data, moov).first(b"mvhd") is not None


def _beyond(track: Track, size: int) -> int:
    """How many samples (or chunks) do not lie whole within the file."""
    return int(np.count_nonzero(track.samples + track.lengths > size))


def _tally(tracks: Sequence[Track], lost: Sequence[int]) -> str:
    parts = []
    for track, count in zip(tracks, lost, strict=True):
        if count and track.handler in (b"vide", b"soun"):
            what = "video" if track.handler == b"vide" else "sound"
            parts.append(f"{percent(count / len(track.samples))} of the {what} is gone")
    return ", ".join(parts) or "all video and sound is there"


def _outside(container: Container, track: Track) -> list[Damage]:
    """Samples that lie in the file, but not where media data is."""
    if not container.payloads or not len(track.samples) or track.handler not in (b"vide", b"soun"):
        return []
    ends = track.samples + track.lengths
    held = np.zeros(len(track.samples), dtype=np.bool_)
    for start, end in container.payloads:
        held |= (track.samples >= start) & (ends <= end)
    held |= track.lengths == 0
    if bool(held.all()):
        return []
    first = int(np.argmin(held))
    what = f"{_name(track)} {first + 1} of {len(held)} lies outside the part of the file that holds the film"
    return [Damage("bad_index", what, int(track.samples[first]))]


def _samples(data: Buffer, track: Track, most: int) -> list[Damage]:
    layout = nal_format(track.configuration_kind, track.configuration) if track.descriptions == 1 else None
    coded = layout is not None and track.codec[:3] in (b"avc", b"hvc", b"hev") and track.whole
    if not coded and track.codec not in _NEVER_ZERO:
        return []
    found: list[Damage] = []
    size = len(data)
    for place, (at, length) in enumerate(stretches(track, coded), 1):
        if at + length > size or not length:
            continue
        if coded and layout is not None:
            damage = _frame(data, track, layout, place, at, length)
        else:
            damage = wiped(data, at, at + length, f"the {_medium(track)}")
        if damage:
            found.append(damage)
            if len(found) >= most:
                break
    return found


def _frame(data: Buffer, track: Track, layout: NalFormat, place: int, at: int, length: int) -> Damage | None:
    return check_nals(data, at, at + length, layout, f"{_name(track)} {place} of {len(track.samples)}")


def stretches(track: Track, each: bool = False) -> list[tuple[int, int]]:
    """Offsets and lengths to look at: each sample, or whatever lies one after the other, as one."""
    if each or not len(track.samples):
        return list(zip(track.samples.tolist(), track.lengths.tolist(), strict=True))
    breaks = np.flatnonzero(track.samples[1:] != track.samples[:-1] + track.lengths[:-1]) + 1
    firsts = np.append(0, breaks)
    ends = np.append(breaks, len(track.samples)) - 1
    starts = track.samples[firsts]
    return list(zip(starts.tolist(), (track.samples[ends] + track.lengths[ends] - starts).tolist(), strict=True))


def _medium(track: Track) -> str:
    return {b"vide": "video", b"soun": "sound"}.get(track.handler, "data")


def _name(track: Track) -> str:
    return "frame" if track.handler == b"vide" else f"{_medium(track)} sample"
