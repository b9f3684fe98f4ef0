"""The structure of a JPEG: its segments, its scans, its end, and what is impossible about it. No pixel is decoded.

Source: ITU-T T.81, annex B.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.model import Damage
from auditor.readers.examination import Buffer

EOI, SOS, DQT, DHT, DRI, DNL, COM = 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xDC, 0xFE
APP0, APP1, APP2, APP12, APP13, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xEC, 0xED, 0xEE, 0xEF
JPEG_LS = 0xF7
"""The frame header of JPEG-LS (ITU-T T.87, C.1.1), whose coded data is framed otherwise."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {DHT, 0xC8, 0xCC}

_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_NEXT_SEGMENT = re.compile(rb"\xff[\xc0-\xc4\xda\xdb\xdd\xe0-\xef\xfe\xd9]")
_BETWEEN_SCANS = frozenset({EOI, SOS, DHT, DQT, DRI, DNL, COM, APP0, APP1, APP2})
_MOST_STRAY_BYTES = 64
"""Cameras leave 2 to 14 bytes between header segments; every decoder skips them."""
_MOST_NOTES = 32
"""That many say all that there is to say."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker segment. `start` is its 0xFF, `body` the first byte after the length, `end` one past the last."""

    marker: int
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What the frame header (SOFn) declares. `height` is 0 where it comes only in a DNL segment; `grey_table` is the
    quantisation table of the first component, which is the grey one in all but a few pictures."""

    marker: int
    precision: int
    width: int
    height: int
    components: int
    grey_table: int

    @property
    def progressive(self) -> bool:
        """Whether each scan refines the whole picture, so that a cut file is coarse and not short."""
        return self.marker in (0xC2, 0xC6, 0xCA, 0xCE)


@dataclass(frozen=True, slots=True)
class Walk:
    """What the walk saw. `end` is one past EOI, None where there is none. `scans` are (start, end) of coded data.

    `damage` is the proof at which the walk stopped; `notes` are harmless.
    """

    segments: tuple[Segment, ...]
    scans: tuple[tuple[int, int], ...]
    frame: Frame | None
    end: int | None
    damage: Damage | None
    notes: tuple[str, ...]


def walk(data: Buffer, headers_only: bool = False) -> Walk:
    """Walk the JPEG at the start of `data` up to its EOI, or up to its first scan if `headers_only`."""
    size = len(data)
    segments: list[Segment] = []
    scans: list[tuple[int, int]] = []
    notes: list[str] = []
    frame: Frame | None = None

    def stopped(damage: Damage | None, end: int | None = None) -> Walk:
        return Walk(tuple(segments), tuple(scans), frame, end, damage, tuple(notes))

    def noted(oddity: str) -> None:
        if len(notes) < _MOST_NOTES:
            notes.append(oddity)

    at = 2
    while True:
        if at + 2 > size:
            return stopped(_cut(at, scans))
        if data[at] != 0xFF:
            found = _NEXT_SEGMENT.search(data, at, min(size, at + _MOST_STRAY_BYTES))
            if found is None:
                return stopped(Damage("bad_header", f"no segment begins at byte {at}, where one must", at))
            noted(f"{found.start() - at} stray bytes before a header segment at byte {at}")
            at = found.start()
        start = at
        while at + 1 < size and data[at + 1] == 0xFF:
            at += 1
        if at + 1 >= size:
            return stopped(_cut(at, scans))
        marker = data[at + 1]
        if marker == EOI:
            if not scans:
                return stopped(Damage("bad_header", "the file ends before any picture data", at))
            return stopped(None, at + 2)
        if scans and marker not in _BETWEEN_SCANS:
            return stopped(Damage("corrupt_data", f"the picture data is corrupt: impossible marker FF{marker:02X}", at))
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            noted(f"stray marker FF{marker:02X} in the header at byte {at}")
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if at + 4 > size or at + 2 + length > size:
            return stopped(_cut(at, scans))
        if length < 2:
            return stopped(Damage("bad_header", f"impossible segment FF{marker:02X} of {length} bytes", at))
        segment = Segment(marker, start, at + 4, at + 2 + length)
        segments.append(segment)
        at = segment.end
        if marker in _FRAMES:
            frame, wrong = _frame(marker, bytes(data[segment.body : segment.end]))
            if wrong:
                return stopped(Damage("bad_header", f"impossible frame header: {wrong}", segment.start))
        elif marker == SOS:
            if headers_only:
                return stopped(None)
            ending = _SCAN_END.search(data, at)
            scans.append((at, ending.start() if ending else size))
            if ending is None:
                return stopped(_cut(size, scans))
            at = ending.start()


def picture_of(data: Buffer, walked: Walk) -> bytearray:
    """The picture alone: no metadata, no stray or fill bytes, nothing behind EOI. The one copy made of its bytes."""
    view = memoryview(data)
    pieces: list[bytes | memoryview] = [b"\xff\xd8"]
    scans = iter(walked.scans)
    for segment in walked.segments:
        adobe = segment.marker == APP14 and data[segment.body : segment.body + 5] == b"Adobe"
        if adobe or not (APP0 <= segment.marker <= APP15 or segment.marker == COM):
            pieces.append(view[segment.body - 4 : segment.end])
        if segment.marker == SOS:
            start, end = next(scans, (0, 0))
            pieces.append(view[start:end])
    pieces.append(b"\xff\xd9" if walked.end is not None else b"")
    return bytearray().join(pieces)


def _cut(at: int, scans: list[tuple[int, int]]) -> Damage:
    where = "in its picture data" if scans else "in its header, before any picture data"
    return Damage("truncated", f"cut short {where}", at)


def _frame(marker: int, body: bytes) -> tuple[Frame | None, str | None]:
    """The frame header, and what is impossible about it. Source: T.81 B.2.2."""
    if len(body) < 9 or len(body) != 6 + 3 * body[5]:
        return None, "its length does not fit its number of components"
    frame = Frame(marker, body[0], int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"), body[5], body[8])
    if frame.precision not in (8, 12) and not (marker in (0xC3, 0xC7, 0xCB, 0xCF) and 2 <= frame.precision <= 16):
        return frame, f"{frame.precision} bits a sample"
    if frame.width == 0:
        return frame, "no width"
    for _, sampling, table in zip(*(iter(body[6:]),) * 3, strict=True):
        if not (1 <= sampling >> 4 <= 4 and 1 <= sampling & 15 <= 4) or table > 3:
            return frame, "sampling or table number out of range"
    return frame, None


def doubled_codes(data: Buffer, segments: tuple[Segment, ...]) -> int | None:
    """Where a Huffman table names one symbol twice, which no encoder writes; None where none does.

    A changed byte in a table mostly ends so. The picture may look right all the same if the code is rarely used.
    """
    for segment in segments:
        body = bytes(data[segment.body : segment.end]) if segment.marker == DHT else b""
        at = 0
        while at + 17 <= len(body):
            count = sum(body[at + 1 : at + 17])
            symbols = body[at + 17 : at + 17 + count]
            if len(set(symbols)) < len(symbols):
                return segment.start
            at += 17 + count
    return None
