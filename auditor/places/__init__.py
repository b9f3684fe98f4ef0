"""Where files live. A place lists its files and opens them; every place passes the suite in tests/places/contract.py.

To add a place: one module here, one line in `OPENERS` of `spec.py`, one call of the contract suite.
A place needs only `Place`. What more it may know is optional: where it lies and what is known of it there
(`Whereabouts`, from which it derives), facts stated beside the bytes (`Entry.stated`), and digests without moving the
bytes (`StatesDigests`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

from auditor.model import MOST_BYTES, Behind, Device, DigestOrigin, ErrorKind, FileFacts, Trouble

if TYPE_CHECKING:
    from auditor.places.rclone_remotes import Leaf


class EntryKind(StrEnum):
    """What the walk met at a path."""

    FILE = "file"
    LINK = "link"  # a symbolic link; never followed
    SPECIAL = "special"  # FIFO, socket, device
    FOLDER = "folder"  # only a folder (or part of an export) that could not be listed; what is in it is unknown


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing the walk met. `path` is relative, with `/`, undecodable bytes as surrogate escapes.

    `size_bytes` and `mtime_ns` are None where the place does not know them or they cannot be trusted to be known. A
    size that no file can have is not known.
    `digests` are those that the place's own service states, by name, in hex, and `digest_origin` how it came by them.
    `error` says why a thing cannot be read, or why it must not count as a copy; such an entry is never opened, and its
    row proves nothing.
    `changed_ns` is when anything of the file was last changed (POSIX ctime), which no editor can put back; `file_id` is
    the file itself, whatever its path (volume and inode). None where the place cannot say.
    `stated` are facts that the place knows beside the bytes (a Takeout's JSON: date, location, sidecar, companion;
    a phone's `.nomedia`: a note): they fill what the bytes do not say; its sidecar, companion and notes always count.
    """

    path: str
    kind: EntryKind = EntryKind.FILE
    size_bytes: int | None = None
    mtime_ns: int | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    digest_origin: DigestOrigin = DigestOrigin.CLAIMED
    error: Trouble | None = None
    stated: FileFacts | None = None
    changed_ns: int | None = None
    file_id: str | None = None

    @property
    def inode(self) -> int | None:
        """The file's number on its volume; None where the place has none."""
        return int(self.file_id.rpartition(":")[2]) if self.file_id else None

    @property
    def error_kind(self) -> ErrorKind | None:
        """Why it proves nothing; None where nothing is wrong with it."""
        return self.error.kind if self.error else None

    def __post_init__(self) -> None:
        if self.size_bytes is not None and not 0 <= self.size_bytes <= MOST_BYTES:
            object.__setattr__(self, "size_bytes", None)


class Power(StrEnum):
    """What a place may be able to do beyond listing and reading a file from its start."""

    SEEK = "seek"  # open() gives a seekable stream
    WRITE = "write"  # it is a folder of this machine that files can be put into and taken from
    MTIME = "mtime"  # its file dates are the files' own and can be trusted
    DIGESTS = "digests"  # it states digests without the bytes being moved: see StatesDigests
    ONE_READER = "one_reader"  # a limit rather than a power: only one process may read at a time
    CHECKED = "checked"  # a file that was read to its end is as it was put there: a checksum kept with it was compared
    COMPUTES = "computes"  # it makes those digests from the bytes when asked, as a phone does; a service repeats them


class Whereabouts(Protocol):
    """Where a place lies, and what is known of it there. A place derives from this, and says what it knows."""

    @property
    def local_root(self) -> Path | None:
        """The folder of this machine in which all of it lies; None where there is none."""
        return None

    @property
    def folder(self) -> Path | None:
        """The folder of this machine that it is, each of its files at its path below; None for every other place."""
        return None

    @property
    def local_things(self) -> tuple[Path, ...]:
        """The folders and files of this machine that it consists of; none where it lies elsewhere."""
        return () if self.local_root is None else (self.local_root,)

    @property
    def is_packed(self) -> bool:
        """Whether its files lie in archives, so that no folder shows them."""
        return False

    @property
    def is_off_site(self) -> bool | None:
        """Whether all of it is kept elsewhere than here; None where that is not known."""
        return None

    @property
    def behind(self) -> tuple[Leaf, ...]:
        """The services and folders that a remote is made of; none for every other place."""
        return ()

    def room_of(self, leaf: Leaf) -> Device | None:
        """How full one of them is; None where it does not tell."""
        return None

    @property
    def services(self) -> tuple[Behind, ...] | None:
        """The same as a list says them; None for every other place."""
        return None

    @property
    def sources(self) -> dict[str, str] | None:
        """The places whose files a backup holds, label by id; None where it is no backup that says so."""
        return None


class Place(Whereabouts, Protocol):
    """The contract of a place. A place can be sent to a worker process (it pickles) and holds no open files.

    `walk` yields each thing once, in any order, and never follows links; what cannot be listed is an Entry with
    `error`. It raises BadPlace if the place is not there at all. A listing that ends early raises ListingCut; it never
    just ends. Reading in the order of the walk is the cheapest (a `.tgz` is read forwards).
    `open` gives a binary stream that the caller closes; it raises OSError where the file cannot be read. Its `read(n)`
    gives fewer than n bytes only at the end of the file, whatever the cable or network hands over at a time.
    """

    @property
    def label(self) -> str:
        """Short name for people: the folder's or remote's name."""

    @property
    def id(self) -> str:
        """The same for the same place in every run, and for no other."""

    @property
    def spec(self) -> str:
        """The words that name it from everywhere: what the user typed, a folder's whole path."""

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


@runtime_checkable
class StatesDigests(Protocol):
    """What a place with Power.DIGESTS can do besides: state digests while the bytes stay where they are."""

    def native_digests(self) -> tuple[str, ...]:
        """Names of the digests it can state, the most telling first; empty where it has none.

        Raises: BadPlace where the place cannot be reached.
        """

    def digests_of(self, entries: Sequence[Entry], name: str) -> Iterator[tuple[str, str]]:
        """Path and digest in hex of each of these files that has one; a file that could not be read is left out.

        A phone reads the bytes now, itself; a cloud repeats what it noted at upload. `kind` tells which.
        Raises: ListingCut where the place was lost on the way; what was yielded before is true.
        """


def phone_id(words: str) -> str:
    """Which phone it is, made of its serial number or whatever else tells it: the same for all its folders, and by
    every way that tells its serial number."""
    return "phone:" + hashlib.sha256(words.lower().encode("utf-8", "surrogateescape")).hexdigest()[:24]
