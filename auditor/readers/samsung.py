"""Samsung's trailer of JPEG and HEIC files (SEF): blocks, then an index that counts backwards from its own start.

Source: exiftool's Samsung.pm, "Trailer".
"""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model import Damage
from auditor.readers.descriptive import SAMSUNG_BLOCKS
from auditor.readers.examination import Buffer
from auditor.readers.rest import Piece

_MOST_BLOCKS = 256


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its type, its name, and where it, its content and its end lie in the data."""

    type: int
    name: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Trailer:
    """The blocks in the index's order; where the index begins and the trailer ends; the proof that it is broken."""

    blocks: tuple[Block, ...]
    index: int
    end: int
    damage: Damage | None = None

    def rest(self, data: Buffer, parts: frozenset[int]) -> list[Piece]:
        """The blocks that are not known to be descriptive; without their content where a part begins with it."""
        return [
            (b"Samsung %d " % b.type + b.name, b"" if b.body in parts else bytes(data[b.body : b.end]))
            for b in self.blocks
            if b.type not in SAMSUNG_BLOCKS
        ]


def read_trailer(data: Buffer, start: int, end: int | None = None) -> Trailer | None:
    """The trailer between two offsets (the end of the data, if none is given); None where there is none."""
    close = data.rfind(b"SEFT", start, len(data) if end is None else end)
    if close < 0:
        return None
    head = close - 4 - int.from_bytes(data[close - 4 : close], "little")
    if head < start or data[head : head + 4] != b"SEFH":
        return Trailer((), close, close + 4, Damage("part_damaged", "the index of the trailer is broken", close))
    blocks: list[Block] = []
    count = int.from_bytes(data[head + 8 : head + 12], "little")
    for entry in range(min(count, _MOST_BLOCKS)):
        at = head + 12 + 12 * entry
        type_ = int.from_bytes(data[at + 2 : at + 4], "little")
        begin = head - int.from_bytes(data[at + 4 : at + 8], "little")
        length = int.from_bytes(data[at + 8 : at + 12], "little")
        named = int.from_bytes(data[begin + 2 : begin + 4], "little") if begin >= start else -1
        if begin < start or begin + length > head or named != type_:
            detail = (
                f"block {entry + 1} of the trailer lies outside it or is overwritten; the picture itself ends whole"
            )
            return Trailer(tuple(blocks), head, close + 4, Damage("part_damaged", detail, at))
        body = begin + 8 + int.from_bytes(data[begin + 4 : begin + 8], "little")
        blocks.append(Block(type_, bytes(data[begin + 8 : min(body, begin + 264)]), begin, body, begin + length))
    return Trailer(tuple(blocks), head, close + 4)
