"""What an open file is, to be held against what a listing said of its path: another one may lie there by then."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, Protocol

from auditor.dates import is_as_listed


class Listed(Protocol):
    """What a listing says of a file: its path, size, date, change time (ns) and number; None where its place does not
    know them, or keeps none that can be trusted."""

    @property
    def path(self) -> str: ...
    @property
    def size_bytes(self) -> int | None: ...
    @property
    def mtime_ns(self) -> int | None: ...
    @property
    def changed_ns(self) -> int | None: ...
    @property
    def inode(self) -> int | None: ...


class Named(NamedTuple):
    """A file as it was when somebody named it, as a listing of its folder has it: `Listed`, and quick to send."""

    path: str
    size_bytes: int | None
    mtime_ns: int | None
    changed_ns: int | None
    inode: int | None


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file of this machine: size, date, change time (ns), its number and its volume's number."""

    size_bytes: int
    mtime_ns: int
    changed_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, stream: BinaryIO) -> Opened | None:
        """The file behind a stream; None for a stream of another place, or of what is no file."""
        try:
            facts = os.fstat(stream.fileno())
        except (OSError, AttributeError, ValueError):
            return None
        return cls.by(facts) if stat.S_ISREG(facts.st_mode) else None

    @classmethod
    def by(cls, facts: os.stat_result) -> Opened:
        """A file by what the system says of it."""
        return cls(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino, facts.st_dev)

    def is_same(self, listed: Listed) -> bool:
        """Whether it is the file that was listed, by number, size and date, as far as its place tells. Numbers of files
        mean nothing where change times do not: such file systems make them up anew, and some shift all dates."""
        keeps = listed.changed_ns is not None
        told = ((listed.size_bytes, self.size_bytes), (listed.inode if keeps else None, self.inode))
        is_dated = is_as_listed(listed.mtime_ns, self.mtime_ns, may_shift=not keeps)
        return is_dated and all(had in (None, has) for had, has in told)

    def is_as(self, listed: Listed) -> bool:
        """`is_same`, and nothing else of it was changed either: no link or attribute."""
        return self.is_same(listed) and listed.changed_ns in (None, self.changed_ns)

    def changed_as(self, listed: Listed) -> int | None:
        """Its change time; None where its place keeps none that can be trusted."""
        return None if listed.changed_ns is None else self.changed_ns


def was_written(before: Opened | None, after: Opened | None) -> bool:
    """Whether an open file was written to meanwhile, by its size and date; unknown (False) where neither is known."""
    return (before and (before.size_bytes, before.mtime_ns)) != (after and (after.size_bytes, after.mtime_ns))
