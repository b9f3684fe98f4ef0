"""AVI: chunks that fit into one another and into the file, strict decode of the video, metadata, digests.

Source: Microsoft, "AVI RIFF File Reference"; OpenDML AVI File Format Extensions (1996) for files over 1 GB; Microsoft
and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, the INFO list).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from auditor import words
from auditor.model import Damage, Depth, Kind, Tier
from auditor.readers.bounds import is_padding, is_text
from auditor.readers.examination import Buffer, Examination, Metadata
from auditor.readers.film.decode import Believed
from auditor.readers.film.descriptive import INFO_NAMES
from auditor.readers.film.digest import Rest, frames_sha256
from auditor.readers.film.soundness import judged
from auditor.readers.nal import wiped, zero_run
from auditor.readers.wording import cut_short, zero_block

_LISTS = frozenset({b"LIST", b"RIFF"})
_PADDING = frozenset({b"JUNK", b"junk", b"PAD "})
_DESCRIBES = frozenset({b"IDIT", b"ICRD", b"strn"})
"""Dates and the streams' names, as long as they are text. All else but the list of texts (INFO) is content."""
_MEDIA = {b"vids": b"video", b"auds": b"sound", b"iavs": b"video"}
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
    media: list[bytes] = field(default_factory=list)
    rest: Rest = field(default_factory=Rest)
    width: int | None = None
    height: int | None = None
    movi: int = 0
    duration_s: float | None = None
    date: str | None = None
    damage: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. DECODE decodes the key frames of the video, DEEP all of its frames."""
    film = _walk(data)
    image, coded = (
        (None, None) if film.damage else frames_sha256(data, dict(enumerate(film.media)), film.frames, film.rest)
    )
    seen = Examination(
        format=format_,
        kind=Kind.VIDEO,
        width=film.width,
        height=film.height,
        duration_s=film.duration_s,
        metadata=_taken(film.date),
        image_sha256=image,
        coded_sha256=coded,
    )
    if not depth.reaches(Depth.DECODE):
        return seen
    if not film.damage:
        film.damage.extend(_wiped(data, film))
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE,), notes=tuple(film.notes))
    return judged(seen, data, film.damage, depth, [Believed(medium.decode()) for medium in film.media])


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
        film.rest.enter(bytes(data[at + 8 : at + 12]))
        _list(data, at + 12, min(end, size), film)
        film.rest.leave()
        at = end + (end & 1)
    if not film.damage and not film.codecs:
        film.damage.append(Damage("bad_index", "the film's header is missing: no player can show it", None))
    elif not film.damage and not film.frames:
        film.damage.append(Damage("bad_index", "the film holds no frames", None))
    if at < size:
        film.rest.behind(data, at)
        film.notes.append(f"{words.size(size - at)} follow the end of the file's content")
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
            break
        stop = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if stop > end:
            if not film.damage:
                film.damage.append(
                    Damage("bad_data", f"a chunk at offset {at:,} is longer than the list that holds it", at)
                )
            break
        yield kind, at + 8, stop
        at = stop + (stop & 1)
    if at < end and any(data[at:end]):
        film.rest.region(b"", data, at, end)


def _list(
    data: Buffer, at: int, end: int, film: _Film, depth: int = 0, describes: frozenset[bytes] = _DESCRIBES
) -> None:
    for kind, start, stop in _chunks(data, at, end, film):
        if kind in _LISTS and depth < 6:
            name = bytes(data[start : start + 4])
            if name == b"movi" and not film.movi:
                film.movi = start
            film.rest.enter(name, lasting=name != b"INFO")
            _list(data, start + 4, stop, film, depth + 1, INFO_NAMES if name == b"INFO" else _DESCRIBES)
            film.rest.leave()
            continue
        if kind[:2].isdigit() and kind[2:] in (b"dc", b"db", b"wb"):
            film.frames.append((int(kind[:2]), start, stop))
            film.rest.part(kind, (stop - start).to_bytes(8, "big"))
        elif kind == b"idx1":
            film.rest.part(kind, _by_order(data, start, stop, film))
        elif not _is_left_out(data, kind, start, stop, describes):
            film.rest.region(kind, data, start, stop)
        if kind == b"strh":
            _stream(data, start, stop, film)
        elif kind == b"strf":
            if film.width is None and film.codecs and film.codecs[-1] != b"" and stop - start >= 20:
                film.width = int.from_bytes(data[start + 4 : start + 8], "little") or None
                film.height = abs(int.from_bytes(data[start + 8 : start + 12], "little", signed=True)) or None
                film.codecs[-1] = bytes(data[start + 16 : start + 20])
        elif kind in (b"IDIT", b"ICRD"):
            text = bytes(data[start : min(stop, start + 64)]).decode("ascii", "replace")
            film.date = film.date or text.split("\0")[0].strip()


def _is_left_out(data: Buffer, kind: bytes, start: int, stop: int, describes: frozenset[bytes]) -> bool:
    if kind in _PADDING:
        return is_padding(data, start, stop)
    return kind in describes and is_text(bytes(data[start:stop]))


def _by_order(data: Buffer, start: int, stop: int, film: _Film) -> bytes:
    """The old index (`idx1`) with the number of the frame that each entry leads to in place of its offset, so that it
    stays what it is when the film moves in the file; as it is where an entry leads elsewhere.

    Offsets count from the list of frames or, by some writers, from the start of the file.
    """
    whole = bytes(data[start:stop])
    entries = np.frombuffer(whole[: len(whole) // 16 * 16], "<u4").reshape(-1, 4).astype(np.int64)
    places = np.array([begin - 8 for _, begin, _ in film.frames], np.int64)
    for base in (film.movi, 0):
        wanted = entries[:, 2] + base
        numbers = np.searchsorted(places, wanted)
        if len(places) and (places[np.minimum(numbers, len(places) - 1)] == wanted).all():
            ordered = np.column_stack((entries[:, 0], entries[:, 1], numbers, entries[:, 3]))
            return b"by order" + ordered.tobytes() + whole[len(whole) // 16 * 16 :]
    return whole


def _stream(data: Buffer, start: int, stop: int, film: _Film) -> None:
    """A stream's header: pictures are told from the rest by a codec that is not empty."""
    header = bytes(data[start : min(stop, start + 48)])
    video = header[:4] == b"vids"
    film.media.append(_MEDIA.get(header[:4], b"data"))
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
