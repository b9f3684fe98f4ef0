"""Where files live. A place lists its files and opens them; every place passes the suite in tests/places/contract.py.

To add a place: one module here, one line in `OPENERS`, one call of the contract suite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, Protocol

from auditor.model import Device


class EntryKind(StrEnum):
    """What the walk met at a path."""

    FILE = "file"
    LINK = "link"  # a symbolic link; never followed
    SPECIAL = "special"  # FIFO, socket, device
    FOLDER = "folder"  # only a folder that could not be listed; what is in it is unknown


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing the walk met. `path` is relative, with `/`, undecodable bytes as surrogate escapes.

    `size_bytes` and `mtime_ns` are None where the place does not know them or they cannot be trusted to be known.
    `digests` are those that the place's own service states, by name, in hex. `error` says why a thing cannot be read.
    """

    path: str
    kind: EntryKind = EntryKind.FILE
    size_bytes: int | None = None
    mtime_ns: int | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None


class Power(StrEnum):
    """What a place may be able to do beyond listing and reading a file from its start."""

    SEEK = "seek"  # open() gives a seekable stream
    WRITE = "write"  # it is a folder of this machine that files can be put into and taken from
    MTIME = "mtime"  # its file dates are the files' own and can be trusted
    DIGESTS = "digests"  # the service states digests without the bytes being read


class Place(Protocol):
    """The contract of a place. A place can be sent to a worker process (it pickles) and holds no open files.

    `walk` yields each thing once, in any order, and never follows links; what cannot be listed is an Entry with
    `error`. It raises BadPlace if the place is not there at all. A listing that ends early raises; it never just ends.
    `open` gives a binary stream that the caller closes; it raises OSError where the file cannot be read.
    """

    @property
    def label(self) -> str:
        """Short name for people: the folder's or remote's name."""

    @property
    def id(self) -> str:
        """The same for the same place in every run, and for no other."""

    @property
    def spec(self) -> str:
        """What the user typed to name it."""

    @property
    def kind(self) -> str:
        """folder, adb, mtp, rclone, takeout, archive."""

    @property
    def powers(self) -> frozenset[Power]:
        """What it can do beyond the minimum."""

    def device(self) -> Device | None:
        """What is known of the phone or disk behind it."""

    def walk(self) -> Iterator[Entry]:
        """Each thing in the place, once."""

    def open(self, path: str) -> BinaryIO:
        """The bytes of one file."""
