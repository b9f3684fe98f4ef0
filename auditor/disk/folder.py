"""One open folder, and what can be done to the names in it. No link is ever followed, and no path is given: a folder
that is swapped for another thing while it is open stays the folder that was opened.

POSIX has calls that take an open folder and a name. Windows has none: there the folder's path is put before the name,
and each step is looked at just before (the seam is `_Folder._at` and `_Folder.inner`, and nowhere else).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from auditor.disk import durable
from auditor.errors import LeadsOut

HAS_FOLDER_CALLS = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
"""Whether this system can work relative to an open folder."""

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_SAFE = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_LINK_ERRORS = {errno.ELOOP, errno.ENOTDIR, getattr(errno, "EMLINK", 0), getattr(errno, "EFTYPE", 0)}
_JUNCTION = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)


@dataclass(slots=True)
class Folder:
    """An open folder of this machine; a context that closes it. `path` is for people, and for Windows.

    Every method takes the bare name of something in it. Raises: LeadsOut where a name is a link and what it leads to
    is asked for; OSError otherwise.
    """

    path: Path
    fd: int | None

    @classmethod
    def open(cls, path: Path) -> Folder:
        """The folder at a path that a person named: links on the way to it are theirs, and followed."""
        if HAS_FOLDER_CALLS:
            return cls(path, os.open(path, _FOLDER))
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
        return cls(path, None)

    def again(self) -> Folder:
        """The same folder, open a second time."""
        return Folder(self.path, None if self.fd is None else os.dup(self.fd))

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the folder; that its disk is gone is no reason to fail."""
        if self.fd is not None:
            with contextlib.suppress(OSError):
                os.close(self.fd)
            self.fd = None

    def inner(self, name: str) -> Folder:
        """A folder in it. Raises: LeadsOut where that is a link."""
        if self.fd is None:
            facts = (self.path / name).lstat()
            if is_link(facts):
                raise _leads_out(self.path / name)
            if not stat.S_ISDIR(facts.st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self.path / name))
            return Folder(self.path / name, None)
        try:
            return Folder(self.path / name, os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=self.fd))
        except OSError as error:
            raise self._named(name, error) from error

    def stat(self, name: str) -> os.stat_result:
        """What lies under a name, a link itself included."""
        return os.stat(self._at(name), dir_fd=self.fd, follow_symlinks=False)

    def there(self, name: str) -> os.stat_result | None:
        """`stat`, None where there is nothing. Raises: OSError where that cannot be told."""
        try:
            return self.stat(name)
        except FileNotFoundError:
            return None

    def own_facts(self) -> os.stat_result:
        """What the folder itself is."""
        return os.stat(self.path if self.fd is None else self.fd)  # noqa: PTH116 (a descriptor, not a path)

    def names(self) -> list[str]:
        """The names in it, in no order."""
        return os.listdir(self.path if self.fd is None else self.fd)  # noqa: PTH208 (a descriptor)

    def listing(self) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        """What is in it, in no order, as far as it can be listed; a context that ends the listing."""
        return os.scandir(self.path if self.fd is None else self.fd)

    def read(self, name: str, limit: int) -> bytes:
        """A regular file's bytes. Raises: OSError where it is none, or is longer than `limit`."""
        with os.fdopen(self.open_file(name), "rb") as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise OSError(errno.EFBIG, "it is far too long", str(self.path / name))
        return data

    def open_file(self, name: str, flags: int = os.O_RDONLY) -> int:
        """A regular file that is there, open. Raises: OSError for everything that is none."""
        return self._regular(name, flags & ~(os.O_CREAT | os.O_TRUNC))

    def create(self, name: str, flags: int = os.O_WRONLY) -> int:
        """A new, empty file, open for writing. Raises: FileExistsError where there is anything."""
        return os.open(self._at(name), flags | os.O_CREAT | os.O_EXCL | _SAFE, 0o666, dir_fd=self.fd)

    def make_folder(self, name: str) -> bool:
        """Makes a folder, durably; False where something has that name already."""
        try:
            os.mkdir(self._at(name), dir_fd=self.fd)
        except FileExistsError:
            return False
        self.sync()
        return True

    def remove(self, name: str) -> None:
        """Takes a file's name away; of a link, the link's own."""
        os.unlink(self._at(name), dir_fd=self.fd)

    def remove_folder(self, name: str) -> None:
        """Removes an empty folder."""
        os.rmdir(self._at(name), dir_fd=self.fd)

    def publish(self, name: str, to: Folder, as_name: str) -> None:
        """Gives a file another name and replaces nothing. Raises: FileExistsError where that name is taken."""
        if to.there(as_name) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(to.path / as_name))
        durable.rename_new(self._at(name), self.fd, to._at(as_name), to.fd)

    def replace(self, name: str, as_name: str) -> None:
        """Gives a file of ours another name of ours in the same folder; what had it is gone."""
        os.replace(self._at(name), self._at(as_name), src_dir_fd=self.fd, dst_dir_fd=self.fd)

    def set_date(self, name: str, mtime_ns: int) -> None:
        """Dates a file; a link is dated itself, never what it leads to."""
        follows = os.utime not in os.supports_follow_symlinks
        if follows and is_link(self.stat(name)):
            raise _leads_out(self.path / name)
        times = (self.stat(name).st_atime_ns, mtime_ns)
        os.utime(self._at(name), ns=times, dir_fd=self.fd, follow_symlinks=follows)

    def write_whole(self, name: str, data: bytes) -> None:
        """Puts one of our own small files in place whole: after a power cut there is the old content or the new."""
        fresh = name + ".new"
        with contextlib.suppress(FileNotFoundError):
            self.remove(fresh)  # a killed run's
        fd = self.create(fresh)
        try:
            durable.write_all(fd, data)
            durable.sync_file(fd)
        finally:
            os.close(fd)
        self.replace(fresh, name)
        self.sync()

    def write_new(self, name: str, data: bytes) -> None:
        """A new file, whole or not there at all; it is written under a name that nothing has. Raises: FileExistsError
        where there is anything at `name`."""
        aside = durable.temp_name(durable.new_mark())
        fd = self.create(aside)
        try:
            try:
                durable.write_all(fd, data)
                durable.sync_file(fd)
            finally:
                os.close(fd)
            self.publish(aside, self, name)
        except BaseException:
            with contextlib.suppress(OSError):
                self.remove(aside)
            raise

    def sync(self) -> None:
        """Returns when its names are on the device."""
        if self.fd is not None:
            durable.sync_open_folder(self.fd)

    def _at(self, name: str) -> str:
        if self.fd is None:
            return str(self.path / name)
        return name

    def _regular(self, name: str, flags: int) -> int:
        if self.fd is None and is_link((self.path / name).lstat()):
            raise _leads_out(self.path / name)
        try:
            fd = os.open(self._at(name), flags | _SAFE, dir_fd=self.fd)
        except OSError as error:
            raise self._named(name, error) from error
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise OSError(errno.EINVAL, "it is not a regular file", str(self.path / name))
        return fd

    def _named(self, name: str, error: OSError) -> Exception:
        """The error with the whole path, or that a link was met: systems name that differently."""
        path = self.path / name
        if error.errno in _LINK_ERRORS:
            with contextlib.suppress(OSError):
                if is_link(self.stat(name)):
                    return _leads_out(path)
        return OSError(error.errno, error.strerror, str(path))


def is_link(facts: os.stat_result) -> bool:
    """Whether this is a symbolic link, or a junction of Windows."""
    return stat.S_ISLNK(facts.st_mode) or getattr(facts, "st_reparse_tag", 0) == _JUNCTION


@contextlib.contextmanager
def beneath(top: Folder, parts: tuple[str, ...], *, make: bool = False) -> Iterator[Folder]:
    """A folder below `top`, reached step by step without following a link; with `make` what is missing is made.

    Raises: LeadsOut where a step is a link; OSError where one is no folder.
    """
    at = top.again()
    try:
        for part in parts:
            try:
                inner = at.inner(part)
            except FileNotFoundError:
                if not make:
                    raise
                at.make_folder(part)
                inner = at.inner(part)
            at.close()
            at = inner
        yield at
    finally:
        at.close()


def _leads_out(path: Path) -> LeadsOut:
    return LeadsOut(f"{path} is a link, and nothing is written, moved or removed through links; remove the link")
