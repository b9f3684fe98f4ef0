"""Samsung's trailer of JPEG and HEIC files (SEF): blocks, then an index that counts backwards from its own start.

Source: exiftool's Samsung.pm, "Trailer".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.model import Damage
from auditor.readers.descriptive import SAMSUNG_BLOCKS
from auditor.readers.examination import Buffer
from auditor.readers.rest import Piece, unclaimed

_MOST_BLOCKS = 256
_HEAD_BYTES = 8
_MOST_NOTE_BYTES = 128


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its type, and where it, its content and its end lie in the data."""

    type: int
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Trailer:
    """The blocks in the index's order; where the index begins, where its list of blocks ends, and where the trailer
    ends; the proof that it is broken."""

    blocks: tuple[Block, ...]
    index: int
    listed: int
    end: int
    damage: Damage | None = None

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """Where its blocks and its index begin and end; what lies between them is in no part of it."""
        return [*((block.start, block.end) for block in self.blocks), (self.index, self.end)]

    def rest(self, data: Buffer, parts: Mapping[int, int]) -> list[Piece]:
        """All of the trailer that is not known to be descriptive. `parts` are where the file's parts begin and end: of
        a block that begins with one, what follows it counts."""
        pieces: list[Piece] = []
        if sum(block.end - block.start for block in self.blocks) > self.end:
            first = min(block.start for block in self.blocks)
            return [(b"Samsung's blocks that lie upon each other", bytes(data[first : self.end]))]
        for block in self.blocks:
            if block.type not in SAMSUNG_BLOCKS or not _is_a_note(data, block):
                body = min(block.body, block.end)
                head = bytes(data[block.start + _HEAD_BYTES : body])
                pieces.append((b"Samsung %d " % block.type + head, bytes(data[parts.get(body, body) : block.end])))
        return pieces + unclaimed(b"Samsung's index", bytes(data[self.listed : max(self.listed, self.end - 8)]))


def _is_a_note(data: Buffer, block: Block) -> bool:
    """Whether a block holds what its type is for: a few digits or letters behind its name."""
    content = bytes(data[block.start + _HEAD_BYTES : min(block.end, block.start + _MOST_NOTE_BYTES + 1)]).strip(b"\0")
    return block.end - block.start <= _MOST_NOTE_BYTES and content.isascii() and content.decode("ascii").isprintable()


def read_trailer(data: Buffer, start: int, end: int | None = None) -> Trailer | None:
    """The trailer between two offsets (the end of the data, if none is given); None where there is none."""
    close = data.rfind(b"SEFT", start, len(data) if end is None else end)
    if close < 0:
        return None
    head = close - 4 - int.from_bytes(data[close - 4 : close], "little")
    if head < start or data[head : head + 4] != b"SEFH":
        return Trailer((), close, close, close + 4, Damage("part_damaged", "the index of the trailer is broken", close))
    blocks: list[Block] = []
    count = min(int.from_bytes(data[head + 8 : head + 12], "little"), _MOST_BLOCKS)
    listed = head + 12 + 12 * count
    for entry in range(count):
        at = head + 12 + 12 * entry
        type_ = int.from_bytes(data[at + 2 : at + 4], "little")
        begin = head - int.from_bytes(data[at + 4 : at + 8], "little")
        length = int.from_bytes(data[at + 8 : at + 12], "little")
        named = int.from_bytes(data[begin + 2 : begin + 4], "little") if begin >= start else -1
        if begin < start or begin + length > head or named != type_:
            detail = (
                f"block {entry + 1} of the trailer lies outside it or is overwritten; the picture itself ends whole"
            )
            return Trailer(tuple(blocks), head, listed, close + 4, Damage("part_damaged", detail, at))
        body = begin + _HEAD_BYTES + int.from_bytes(data[begin + 4 : begin + 8], "little")
        blocks.append(Block(type_, begin, body, begin + length))
    return Trailer(tuple(blocks), head, listed, close + 4)
