"""A worker's signs of life, in a few shared bytes: a message for each would cost more than copying a small file."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Stage(StrEnum):
    """What a worker is doing with a file; for people and for time limits."""

    OPEN = "opening"
    READ = "reading"
    SYNC = "writing to the device"
    CHECK = "reading back"
    SECOND_READ = "reading a second time"


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life: a file's stage and how many of its bytes are done in it."""

    number: int
    stage: Stage
    bytes_done: int = 0


_FIELDS = struct.Struct("<QqQB")
_STAGES = tuple(Stage)


class Heartbeat:
    """A small file that two processes have mapped: one says where it is, the other looks."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as stream:
            self._map = mmap.mmap(stream.fileno(), _FIELDS.size)
        self._count = 0

    @classmethod
    def make(cls, path: Path) -> Heartbeat:
        """A new one."""
        path.write_bytes(bytes(_FIELDS.size))
        return cls(path)

    def beat(self, number: int, stage: Stage, bytes_done: int = 0) -> None:
        """Says which file the worker is at, in which stage, and how many of its bytes are done there."""
        self._count += 1
        _FIELDS.pack_into(self._map, 0, self._count, number, bytes_done, _STAGES.index(stage))

    def look(self) -> tuple[int, Beat | None]:
        """How often it beat so far, and what it said last; None before the first time."""
        count, number, bytes_done, stage = _FIELDS.unpack_from(self._map, 0)
        return count, Beat(number, _STAGES[stage], bytes_done) if count else None

    def close(self) -> None:
        """Lets the file go."""
        self._map.close()
