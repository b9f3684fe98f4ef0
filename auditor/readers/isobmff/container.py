"""The outermost boxes of an ISO base media file, and what they prove: cut short, wiped, or with something behind.

Source: ISO/IEC 14496-12, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from auditor import words
from auditor.model import Damage
from auditor.readers.examination import Buffer
from auditor.readers.isobmff.boxes import Box, walk
from auditor.readers.wording import cut_short

_OUTERMOST = frozenset(
    b"ftyp moov mdat meta free skip wide uuid pnot PICT udta moof mfra sidx styp pdin imda mpvd ssix emsg prft "
    b"junk beam sefd samn thum tsrp inst hdlr vide CAMD grpl etyp otyp meco frea fmrv ".split(b" ")
)


@dataclass(frozen=True, slots=True)
class Container:
    """A file's outermost boxes, with the damage and the harmless oddities seen there.

    `payloads` are the (start, end) offsets of the boxes that hold media data; an end lies within the file.
    `end` is where the file's own content ends; what follows belongs to nothing.
    """

    boxes: tuple[Box, ...]
    payloads: tuple[tuple[int, int], ...]
    damage: tuple[Damage, ...]
    notes: tuple[str, ...]
    end: int

    def first(self, kind: bytes) -> Box | None:
        """The first whole box of that kind; None where there is none."""
        return next((box for box in self.boxes if box.kind == kind and box.end <= self.end), None)

    def all(self, kind: bytes) -> tuple[Box, ...]:
        """All whole boxes of that kind."""
        return tuple(box for box in self.boxes if box.kind == kind and box.end <= self.end)


def read_container(data: Buffer) -> Container:
    """The outermost boxes. Does not raise for any content."""
    size = len(data)
    walked = walk(data, 0, size)
    known: list[Box] = []
    rest = walked.rest
    for box in walked:
        if box.kind not in _OUTERMOST and not _plausible(box, size):
            rest = box.start
            break
        known.append(box)
    damage: list[Damage] = []
    notes: list[str] = []
    last = known[-1] if known else None
    if last is not None and last.end > size:
        # What a cut index would have said of the end is not known.
        damage.append(cut_short(size, last.end, at_least=last.kind == b"mdat" and not _indexed(known)))
    elif rest < size:
        tail = size - rest
        empty = not any(data[rest : rest + 65536])
        notes.append(f"{words.size(tail)} {'of zeros ' if empty else ''}follow the end of the file's content")
    payloads = tuple((b.body, min(b.end, size)) for b in known if b.kind in (b"mdat", b"imda"))
    return Container(tuple(known), payloads, tuple(damage), tuple(notes), min(rest, size))


def _indexed(boxes: list[Box]) -> bool:
    return any(box.kind in (b"moov", b"meta") for box in boxes[:-1])


def _plausible(box: Box, size: int) -> bool:
    """Whether an unknown box may be one: makers add their own, of letters and within the file."""
    return box.end <= size and box.kind.isalnum() and box.kind.isascii()
