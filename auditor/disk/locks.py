"""Locks: files and folders that one run alone writes to; they go with the process, however it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from auditor.disk.folder import Folder
from auditor.errors import BadOutput, LeadsOut

CAN_TELL = os.name == "posix"
"""Whether a folder that is being written can be told from one that a stopped run left."""


def take(fd: int) -> None:
    """Takes the lock of an open file, for as long as it is open. Raises: OSError where another process holds it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def wait_for(fd: int, most_s: float) -> None:
    """Takes the lock of an open file when another process lets go of it; at once on a file system without locks.

    Raises: OSError where that takes longer than `most_s`.
    """
    until = time.monotonic() + most_s
    while True:
        try:
            return take(fd)
        except OSError as error:
            if error.errno not in _HELD:
                return None
            if time.monotonic() >= until:
                raise
        time.sleep(0.01)


_HELD = (errno.EWOULDBLOCK, errno.EACCES)
"""How a system says that another process holds a lock; all else is a file system without locks."""


def begin(folder: Path, ours: re.Pattern[str]) -> None:
    """Makes a folder that one run writes to, or takes up the one that a stopped run left.

    It is ours by its name and by all that lies in it: plain files that `ours` fits. Raises: BadOutput where it is a
    link or holds anything else; nothing in it is touched then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with Folder.open(folder.parent) as above, above.inner(folder.name) as found:
            theirs = sorted(n for n in found.names() if not (ours.fullmatch(n) and stat.S_ISREG(found.stat(n).st_mode)))
    except FileExistsError as error:
        raise BadOutput(
            f"{folder} is there, and is no folder of auditor; move it away, or choose another -o"
        ) from error
    except LeadsOut as error:
        raise BadOutput(f"{folder} is a link, and nothing is written through links; choose another -o") from error
    except OSError as error:
        raise BadOutput(f"{folder} cannot be made: {error.strerror}") from error
    if theirs:
        raise BadOutput(
            f"{folder} holds {theirs[0]!r}, which no stopped run of auditor left; move it away, or choose another -o"
        )


@contextlib.contextmanager
def whole_or_gone(folder: Path, ours: re.Pattern[str]) -> Iterator[None]:
    """`begin`s a folder that nobody goes on with: where the block does not come to its end, what it wrote is gone.

    Raises: as `begin`.
    """
    begin(folder, ours)
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError, LeadsOut), Folder.open(folder.parent) as above:
            with above.inner(folder.name) as left:
                for name in left.names():
                    if ours.fullmatch(name):
                        left.remove(name)
            above.remove_folder(folder.name)
        raise


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keeps other runs away from a folder until the block ends, or the process does. On Windows it does nothing.

    Raises: BadOutput where another run holds it, or has just finished with it.
    """
    if not CAN_TELL:
        yield
        return
    try:
        fd = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise BadOutput(f"{folder} cannot be opened: {error.strerror}") from error
    try:
        try:
            take(fd)
        except OSError as error:
            if error.errno in _HELD:
                raise _taken(folder) from error
        if not _is(fd, folder):  # renamed by a run that finished between the two lines above
            raise _taken(folder)
        yield
    finally:
        os.close(fd)


def is_free(folder: Path) -> bool:
    """Whether no run writes to a folder; False where that cannot be told."""
    if not CAN_TELL:
        return False
    try:
        with held(folder):
            return True
    except BadOutput:
        return False


def _is(fd: int, folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(fd), folder.stat())
    return False


def _taken(folder: Path) -> BadOutput:
    return BadOutput(f"another run of auditor is writing {folder}; wait for it, or choose another name with -o")
