"""Bytes that are on the disk before anybody says so: safe temporary files, syncing, cold reads, publishing.

Every operating system has its own calls for these; the seams are here and nowhere else.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import secrets
import signal
import sys
from dataclasses import dataclass
from enum import StrEnum

from auditor.disk.opened import Opened

TEMP_NAME = re.compile(r"\.auditor-([0-9a-f]{8})[0-9a-f]{8}\.part")
"""The form of the copier's temporary names. The first eight digits are the mark of the run that made the file: what is
ever cleaned away has the mark of a run that wrote it down before."""

_RENAME_NOREPLACE = 1  # linux/fs.h
_RENAME_EXCL = 4  # macOS, sys/stdio.h
_AT_FDCWD = (-100, -2)  # Linux, macOS
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_F_FULLFSYNC = 51  # macOS, sys/fcntl.h: fsync alone leaves the bytes in the disk's own cache
_F_NOCACHE = 48
_NOT_POSSIBLE = {errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform != "win32" else None


class ColdRead(StrEnum):
    """Where the bytes of a re-read came from."""

    DEVICE = "device"  # the operating system counted them as read from the device
    CACHE = "cache"  # some came from memory
    UNKNOWN = "unknown"  # the file system does not let us tell


@dataclass(frozen=True, slots=True)
class WasRead:
    """A file that was read for its digest, under the number that it was asked by. `opened` is the file that was read,
    None where that is none of this machine."""

    number: int
    size_bytes: int
    mtime_ns: int | None
    sha256: str
    cold: ColdRead
    opened: Opened | None = None


def new_mark() -> str:
    """A run's own mark in the names of its temporary files."""
    return secrets.token_hex(4)


def temp_name(mark: str) -> str:
    """A new name for a file that is not whole yet, of a form that only this tool uses."""
    return f".auditor-{mark}{secrets.token_hex(4)}.part"


def temp_mark(path: str) -> str | None:
    """The mark of the run that made a temporary file; None for every other path."""
    found = TEMP_NAME.fullmatch(path.rpartition("/")[2])
    return found[1] if found else None


def sync_file(fd: int) -> None:
    """Returns when the file's bytes are on the device. Raises: OSError where the device says they are not."""
    if sys.platform == "darwin":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, _F_FULLFSYNC)
            return
    os.fsync(fd)


def sync_open_folder(fd: int) -> None:
    """Returns when the names in an open folder are on the device, or at once where folders cannot be synced."""
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _NOT_POSSIBLE:
            raise


def sync_volume(fd: int) -> None:
    """Returns when everything written to the volume of an open folder is on the device (Linux only).

    Raises: OSError where any of it could not be written (reported by the kernel since Linux 5.8).
    """
    assert _libc is not None
    if _libc.syncfs(fd) != 0:
        raise _last_error(fd)


def drop_cache(fd: int) -> None:
    """Asks the system to forget what it holds of a synced file in memory, so that the next read is cold."""
    if sys.platform == "darwin":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, _F_NOCACHE, 1)
    elif sys.platform != "win32":
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def device_bytes_read() -> int | None:
    """Bytes this thread has had read from devices so far; None where the system does not count them."""
    try:
        with open("/proc/thread-self/io", "rb") as counters:  # noqa: PTH123 (called twice a file: speed counts)
            for line in counters:
                if line.startswith(b"read_bytes:"):
                    return int(line[11:])
    except OSError:
        pass
    return None


def evidence(before: int | None, after: int | None, size_bytes: int, counts: bool) -> ColdRead:
    """What two readings of `device_bytes_read` say of a read of `size_bytes` between them.

    `counts` says whether reads of this volume show in that counter at all (those through FUSE or a network do not).
    """
    if before is None or after is None or not counts:
        return ColdRead.UNKNOWN
    return ColdRead.DEVICE if after - before >= size_bytes else ColdRead.CACHE


def rename_new(old: str, old_folder: int | None, new: str, new_folder: int | None) -> None:
    """Gives a finished file its final name and replaces nothing. Names are relative to open folders, or paths (None).

    Raises: FileExistsError where the name is taken; OSError otherwise. The caller has looked whether it is, and holds
    the lock that guards the last resort (look, then rename) on file systems that can do no better.
    """
    if sys.platform == "win32":
        os.rename(old, new)  # noqa: PTH104 (refuses to replace on Windows)
        return
    if _rename_exclusively(old, old_folder, new, new_folder):
        return
    try:
        os.link(old, new, src_dir_fd=old_folder, dst_dir_fd=new_folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NOT_POSSIBLE:
            raise
        os.rename(old, new, src_dir_fd=old_folder, dst_dir_fd=new_folder)
        return
    os.unlink(old, dir_fd=old_folder)


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Writes every byte, however few the system takes at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def append(fd: int, data: bytes) -> None:
    """Adds to an open file, and returns when it is on the device; where it cannot be, the file ends as it did before.

    Raises: OSError.
    """
    size = os.fstat(fd).st_size
    try:
        write_all(fd, data)
        sync_file(fd)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(fd, size)
            os.lseek(fd, size, os.SEEK_SET)  # else what is added next leaves a hole
        raise


def die_with_parent() -> None:
    """This process is killed when the one that started it ends, however it ends (Linux; elsewhere its pipe breaks)."""
    if sys.platform == "linux" and _libc is not None and hasattr(_libc, "prctl"):
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _rename_exclusively(old: str, old_folder: int | None, new: str, new_folder: int | None) -> bool:
    """False where the file system or the C library has no such rename."""
    here = _AT_FDCWD[sys.platform == "darwin"]
    a, b = os.fsencode(old), os.fsencode(new)
    from_fd, to_fd = (here if fd is None else fd for fd in (old_folder, new_folder))
    if sys.platform == "darwin" and hasattr(_libc, "renameatx_np"):
        failed = _libc.renameatx_np(from_fd, a, to_fd, b, _RENAME_EXCL)
    elif _libc is not None and hasattr(_libc, "renameat2"):
        failed = _libc.renameat2(from_fd, a, to_fd, b, _RENAME_NOREPLACE)
    else:
        return False
    if not failed:
        return True
    error = _last_error(new)
    if error.errno in _NOT_POSSIBLE:
        return False
    raise error


def _last_error(path: object) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), str(path))
