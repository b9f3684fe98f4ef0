"""The files of a clean-up, looked at without trust: no link is followed, and what was read is what is moved."""

from __future__ import annotations

import errno
import functools
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from auditor.cleanup.plan import FileAt
from auditor.disk import durable
from auditor.disk.durable import ColdRead
from auditor.disk.folder import Folder, beneath
from auditor.disk.names import parts_inside
from auditor.disk.volume import volume_of
from auditor.errors import BadManifest, LeadsOut

CHUNK_BYTES = 4 << 20


_LOST_WRITES = {errno.EIO, errno.ENOSPC, errno.EDQUOT}
"""What a sync says of bytes that never reach the device. That it cannot be done here at all is no such answer."""


class Refused(Exception):
    """Why a file stays where it is, in words for a person."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """By what a file is known again: its place on the disk, size and dates."""

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    links: int

    @classmethod
    def of(cls, facts: os.stat_result) -> Stamp:
        """The stamp of a stat result."""
        return cls(facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_nlink)

    def same_file(self, other: Stamp) -> bool:
        """Whether both are one file; False where the file system has no numbers for its files."""
        return self.inode != 0 and (self.device, self.inode) == (other.device, other.inode)


@dataclass(frozen=True, slots=True)
class Again:
    """A file that was read again: by what it is known, and where its bytes came from."""

    stamp: Stamp
    cold: ColdRead


def read_again(file: FileAt, what: str) -> Again:
    """Reads every byte of a file, from its device as far as the system lets us; its content is the planned one.

    Raises: Refused where it is not there, is reached through a link, cannot be read, or has another content.
    """
    try:
        with Folder.open(file.root) as top, beneath(top, parts_inside(file.path)[:-1]) as folder:
            descriptor = folder.open_file(parts_inside(file.path)[-1])
    except (LeadsOut, BadManifest) as error:
        raise Refused(f"{what}: {error}") from error
    except FileNotFoundError as error:
        raise Refused(f"{what} {file.whole} is not there any more") from error
    except OSError as error:
        raise Refused(f"{what} {file.whole} cannot be opened: {error.strerror}") from error
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        before = os.fstat(descriptor)
        digest = hashlib.sha256()
        try:
            _forget(descriptor)
            counted = durable.device_bytes_read()
            while chunk := stream.read(CHUNK_BYTES):
                digest.update(chunk)
        except OSError as error:
            raise Refused(f"{what} {file.whole} cannot be read: {error.strerror}") from error
        cold = durable.evidence(counted, durable.device_bytes_read(), before.st_size, _counts_reads(file.root))
        after = os.fstat(descriptor)
    if digest.hexdigest() != file.sha256 or Stamp.of(before) != Stamp.of(after):
        raise Refused(f"{what} {file.whole} is not what it was when the plan was made")
    return Again(Stamp.of(after), cold)


def _forget(descriptor: int) -> None:
    """Has the system let go of what it holds of a file in memory: what is read next comes from the device.

    Raises: OSError where bytes of it never reached the device.
    """
    try:
        durable.sync_file(descriptor)  # only what is on the device is ever let go of
        durable.drop_cache(descriptor)
    except OSError as error:
        if error.errno in _LOST_WRITES:
            raise


@functools.lru_cache(maxsize=64)
def _counts_reads(root: Path) -> bool:
    return volume_of(root).counts_reads


def stamp(file: FileAt) -> Stamp | None:
    """The stamp of what lies there, a link itself included; None where it `is_gone`, or could not be looked at."""
    try:
        return _look(file)
    except (OSError, LeadsOut, BadManifest):
        return None


def is_gone(file: FileAt) -> bool:
    """Whether it is known that nothing lies there, or only by way of a link."""
    try:
        _look(file)
    except (FileNotFoundError, NotADirectoryError, LeadsOut, BadManifest):
        return True
    except OSError:
        return False
    return False


def _look(file: FileAt) -> Stamp:
    parts = parts_inside(file.path)
    with Folder.open(file.root) as top, beneath(top, parts[:-1]) as folder:
        return Stamp.of(folder.stat(parts[-1]))
