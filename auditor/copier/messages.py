"""What the copier's workers are asked to do, and what they answer. Plain values that travel between processes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auditor.disk.durable import ColdRead, WasRead
from auditor.disk.opened import Opened
from auditor.disk.root import Known
from auditor.model import Depth, FileFacts
from auditor.places import Place


class Cause(StrEnum):
    """Whose fault a failure is, and so what may help."""

    SOURCE = "source"  # it could not be read, or gave bytes that cannot be right
    CHANGED = "changed"  # it is still being written
    VANISHED = "vanished"
    FULL = "full"  # no space for this file
    TOO_LARGE = "too_large"  # the file system holds no file of this size
    TARGET = "target"  # the destination did not take or not keep the bytes
    READ_ONLY = "read_only"  # the destination takes nothing at all
    HUNG = "hung"
    DIED = "died"  # the process that handled it


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker needs to know once. `source` is where it reads, `root` the folder it writes below (None: it only
    reads). `examine` is how deep it looks into what arrived; None: digests only."""

    source: Place
    root: Known | None
    examine: Depth | None
    paranoid: bool
    syncs_whole: bool
    counts_reads: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that lies in a temporary file, not yet synced. `temp` is relative to the root, `mtime_ns` the source's own
    date, None if unknown; `opened` the file that was read, None where that is none of this machine.

    `dated`: whether the temporary file could be given that date.
    """

    number: int
    temp: str
    size_bytes: int
    sha256: str
    mtime_ns: int | None
    dated: bool
    opened: Opened | None = None


@dataclass(frozen=True, slots=True)
class Bring:
    """One file to copy into the temporary file `temp` (relative to the root), to sync, and to read back.

    `size_bytes` and `mtime_ns` are what the listing said, None where it did not. `dated_ns` is the date to give the
    copy, None: the source's own. `arrived`: the bytes are there already, from a worker that died later on. `look`:
    False where looking into it killed a worker before. `expected_sha256`: what the content must be, None: anything.
    """

    number: int
    path: str
    temp: str
    size_bytes: int | None
    mtime_ns: int | None
    dated_ns: int | None = None
    arrived: Arrived | None = None
    look: bool = True
    expected_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """One file to read for its digest, from the device where possible; `of_backup`: it is the destination's."""

    number: int
    path: str
    size_bytes: int | None
    of_backup: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """The files of one go: all to be brought, or all to be read."""

    brings: tuple[Bring, ...] = ()
    reads: tuple[Read, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that is on the device and was read back with the right digest. `facts` None where it was not examined;
    `examine_error` says why where it should have been."""

    arrived: Arrived
    cold: ColdRead
    facts: FileFacts | None = None
    examine_error: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that did not make it. `again`: another try may help. `reason` is the end of a sentence for people."""

    number: int
    cause: Cause
    reason: str
    again: bool


@dataclass(frozen=True, slots=True)
class Done:
    """The task is finished; every file in it was answered."""


Answer = Arrived | Checked | WasRead | Failed | Done
