"""AVI: chunks that fit into one another and into the file, strict decode of the video, metadata, digest.

Source: Microsoft, "AVI RIFF File Reference"; OpenDML AVI File Format Extensions (1996) for files over 1 GB.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from auditor.model import Damage, Depth, Kind, Tier
from auditor.readers.examination import Buffer, Examination, Metadata
from auditor.readers.film import judged
from auditor.readers.film_digest import coded_sha256
from auditor.readers.nal import wiped, zero_run
from auditor.readers.wording import cut_short, size_text, zero_block

_LISTS = frozenset({b"LIST", b"RIFF"})
_UNKNOWN_SIZE = 0xFFFFFFFF
_FRAME = re.compile(rb"\d\d(?:dc|db|wb|pc|tx|sb)|ix\d\d|JUNK|junk|LIST|idx1|rec |\d\dix|RIFF|IDIT")
_MAY_BE_ZERO = frozenset({b"MJPG", b"mjpg", b"\0\0\0\0", b"DIB ", b"YUY2", b"UYVY", b"I420"})
"""Codecs whose frames may rightly hold a long run of zeros: black in MJPEG or in raw pictures."""
_DATES = ("%a %b %d %H:%M:%S %Y", "%Y:%m:%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S")


@dataclass(slots=True)
class _Film:
    """What the walk has found so far."""

    frames: list[tuple[int, int, int]] = field(default_factory=list)
    codecs: list[bytes] = field(default_factory=list)
    formats: list[bytes] = field(default_factory=list)
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    date: str | None = None
    damage: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. DECODE decodes the key frames of the video, DEEP all of its frames."""
    film = _walk(data)
    seen = Examination(
        format=format_,
        kind=Kind.VIDEO,
        width=film.width,
        height=film.height,
        duration_s=film.duration_s,
        metadata=_taken(film.date),
        image_sha256=None if film.damage else coded_sha256(data, enumerate(film.formats), film.frames),
    )
    if not depth.reaches(Depth.DECODE):
        return seen
    if not film.damage:
        film.damage.extend(_wiped(data, film))
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE,), notes=tuple(film.notes))
    return judged(seen, data, film.damage, depth)


def _walk(data: Buffer) -> _Film:
    film, at, size = _Film(), 0, len(data)
    while at + 12 <= size and data[at : at + 4] == b"RIFF":
        declared = int.from_bytes(data[at + 4 : at + 8], "little")
        if declared in (0, _UNKNOWN_SIZE):
            film.notes.append("the recording was never closed: its size is not stated")
            declared = size - at - 8
        end = at + 8 + declared
        if end > size:
            film.damage.append(cut_short(size, end))
        _list(data, at + 12, min(end, size), film)
        at = end + (end & 1)
    if not film.damage and not film.codecs:
        film.damage.append(Damage("bad_index", "the film's header is missing: no player can show it", None))
    elif not film.damage and not film.frames:
        film.damage.append(Damage("bad_index", "the film holds no frames", None))
    if at < size:
        film.notes.append(f"{size_text(size - at)} follow the end of the file's content")
    return film


def _chunks(data: Buffer, at: int, end: int, film: _Film) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk between two offsets: its letters, and where its content begins and ends. Stops at the first damage."""
    while at + 8 <= end:
        kind = bytes(data[at : at + 4])
        if not all(32 <= byte < 127 for byte in kind):
            # Some writers leave out the byte that makes a chunk's length even, or pad the list's end with zeros.
            if data[at - 1 : at + 3].isalnum() and _FRAME.match(data[at - 1 : at + 3]):
                at -= 1
                continue
            run = zero_run(data, at, end)
            if run and run[0] < at + 4:
                film.damage.append(zero_block(*run, "the film"))
            elif any(data[at : min(end, at + 8)]):
                film.damage.append(Damage("bad_data", f"no chunk begins where one must, at offset {at:,}", at))
            return
        stop = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if stop > end:
            if not film.damage:
                film.damage.append(
                    Damage("bad_data", f"a chunk at offset {at:,} is longer than the list that holds it", at)
                )
            return
        yield kind, at + 8, stop
        at = stop + (stop & 1)


def _list(data: Buffer, at: int, end: int, film: _Film, depth: int = 0) -> None:
    for kind, start, stop in _chunks(data, at, end, film):
        if kind in _LISTS:
            if depth < 6:
                _list(data, start + 4, stop, film, depth + 1)
        elif kind == b"strh":
            _stream(data, start, stop, film)
        elif kind == b"strf":
            film.formats.append(bytes(data[start : min(stop, start + 4096)]))
            if film.width is None and film.codecs and film.codecs[-1] != b"" and stop - start >= 20:
                film.width = int.from_bytes(data[start + 4 : start + 8], "little") or None
                film.height = abs(int.from_bytes(data[start + 8 : start + 12], "little", signed=True)) or None
                film.codecs[-1] = bytes(data[start + 16 : start + 20])
        elif kind in (b"IDIT", b"ICRD"):
            text = bytes(data[start : min(stop, start + 64)]).decode("ascii", "replace")
            film.date = film.date or text.split("\0")[0].strip()
        elif kind[:2].isdigit() and kind[2:] in (b"dc", b"db", b"wb"):
            film.frames.append((int(kind[:2]), start, stop))


def _stream(data: Buffer, start: int, stop: int, film: _Film) -> None:
    """A stream's header: pictures are told from the rest by a codec that is not empty."""
    header = bytes(data[start : min(stop, start + 48)])
    video = header[:4] == b"vids"
    film.codecs.append(header[4:8] or b"\0\0\0\0" if video else b"")
    if video and film.duration_s is None and len(header) >= 36:
        scale, rate, _, length = (int.from_bytes(header[i : i + 4], "little") for i in (20, 24, 28, 32))
        film.duration_s = round(length * scale / rate, 3) if rate and length else None


def _wiped(data: Buffer, film: _Film) -> list[Damage]:
    coded = {i for i, codec in enumerate(film.codecs) if codec and codec not in _MAY_BE_ZERO}
    for place, (stream, start, stop) in enumerate(film.frames, 1):
        damage = wiped(data, start, stop, f"frame {place} of the video") if stream in coded else None
        if damage:
            return [damage]
    return []


def _taken(text: str | None) -> Metadata:
    for layout in _DATES if text else ():
        try:
            return Metadata(taken_at=datetime.strptime(text or "", layout).isoformat())
        except ValueError:
            continue
    return Metadata()
