"""What a mount is: which kinds of file system show files that lie elsewhere, and on which machine those lie.

A kind of FUSE that nobody knows here is UNKNOWN, never OWN: most show a service or a disk, but any of them may show a
folder of this machine, and then what seems a backup may be the phone's own and only files. The list of what is known
to hold bytes of its own keeps the usual ones free of that doubt.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from auditor.disk.this_machine import is_this_machine
from auditor.disk.volume import LAYERED, kinds_beneath, mounted_beneath, mounted_from

_OF_A_HOST = ("9p", "virtiofs", "drvfs", "vboxsf", "prl_fs", "vmhgfs", "nullfs")
_PASS_ON_TIMES = (*LAYERED, *_OF_A_HOST)
_SERVED = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "ceph")
_SERVED_BY_PROGRAMS = ("fuse.sshfs", "fuse.glusterfs")
_SHOW_FOLDERS = ("fuse.bindfs", "fuse.shfs", "fuse.fuse-overlayfs", "fuse.unionfs", "fuse.unionfs-fuse", "fuse.mhddfs")
_DESKTOPS = ("fuse.gvfsd-fuse", "fuse.kio-fuse")
_PHONES = ("jmtpfs", "go-mtpfs", "DeviceFs(", "simple-mtpfs", "aft-mtp-mount", "mtpfs", "ifuse", "adbfs")
_SHOW_SERVICES = (
    *("s3fs", "gcsfuse", "goofys", "google-drive-ocamlfuse", "onedriver", "davfs", "curlftpfs", "ceph-fuse"),
    *("mfs", "juicefs", "dropbox"),
)
_OWN_BYTES = (
    # They decrypt: what they show lies nowhere in the clear.
    *("gocryptfs", "encfs", "cryfs", "securefs", "veracrypt", "dislocker"),
    # They read a volume, a repository or an archive.
    *("exfat", "exfat-fuse", "ntfs-3g", "fusefat", "apfs-fuse", "hfsfuse", "ext2", "squashfuse", "archivemount"),
    *("fuse-zip", "borgfs", "restic", "s3ql"),
    *_SHOW_SERVICES,
)
"""FUSE systems whose files are no files of a folder of this machine, by their words for themselves."""


_OF_REMOVABLE_DISKS = ("/mnt", "/media", "/run/media", "/Volumes")
_BY_URL = ("fuse", "fuse.curlftpfs", "davfs", "fuse.davfs", "webdav")
_URL = re.compile(r"(?:curlftpfs#)?\w+://(?:[^@/]*@)?(\[[^]]+\]|[^:/]+)")


class Shows(StrEnum):
    """Whose bytes a mount shows."""

    OWN = "own"  # of a disk, a phone, another machine or a service
    ANOTHER = "another"  # of folders of this machine
    UNKNOWN = "unknown"  # perhaps of folders of this machine


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount: the kind of file system, "unknown" where the system does not tell, and what it says that it shows.
    `beneath`: of an overlay or a pool, the kinds whose files it passes on; None where that is not known."""

    kind: str
    source: str
    beneath: frozenset[str] | None = None

    @property
    def shows_another(self) -> bool:
        """Whether it shows files that lie elsewhere on this machine, or may, under numbers of its own."""
        return self.kind == "fuse" or self.kind.startswith("fuse.") or self.kind in _PASS_ON_TIMES

    @property
    def shows(self) -> Shows:
        """Whose bytes it shows. Of desktops' mounts the words in `source` decide. What lies behind
        `rclone mount` only its settings say, and no words of a list are opened."""
        if self.kind in _PASS_ON_TIMES or self.kind in _SHOW_FOLDERS:
            return Shows.ANOTHER
        if self.is_served:
            if self.host is None and self.kind in _SERVED_BY_PROGRAMS:
                return Shows.UNKNOWN
            return Shows.ANOTHER if self.host and is_this_machine(self.host) else Shows.OWN
        if not self.shows_another or self.shows_a_phone or self.kind.removeprefix("fuse.") in _OWN_BYTES:
            return Shows.OWN
        if self.kind in _DESKTOPS:
            return Shows.OWN if _on_a_desktop(self.source)[0] in _SERVICES else Shows.UNKNOWN
        # An image or a disk, of whatever kind: its bytes are in there.
        with contextlib.suppress(OSError, ValueError):
            behind = Path(self.source)
            if behind.is_absolute() and (behind.is_file() or behind.is_block_device()):
                return Shows.OWN
        return Shows.UNKNOWN

    @property
    def may_show_a_service(self) -> bool:
        """Whether a service of the net, under a name that is not told, may lie behind it."""
        if self.shows is Shows.UNKNOWN or self.kind.removeprefix("fuse.") in _SHOW_SERVICES:
            return True
        if self.kind in _DESKTOPS:
            return _on_a_desktop(self.source)[0] in _SERVICES_OF_THE_NET
        return any(kind == "fuse" or kind.startswith("fuse.") for kind in self.beneath or ())

    @property
    def is_of_another_machine(self) -> bool:
        """Whether its files lie, or may lie, on another machine than this one: a server, or a virtual one's host."""
        return self.is_served or self.kind in _OF_A_HOST

    @property
    def shows_a_phone(self) -> bool:
        """Whether a phone's or camera's storage is behind it."""
        return self.shows_another and (self.kind.removeprefix("fuse.").startswith(_PHONES) or self.source in _PHONES)

    @property
    def is_served(self) -> bool:
        """Whether another machine, or a server on this one, answers for the files."""
        if self.kind in _DESKTOPS:
            scheme, host = _on_a_desktop(self.source)
            return bool(host) and scheme not in (*_SERVICES, *_OF_THE_DESKTOP)
        return self.kind in (*_SERVED, *_SERVED_BY_PROGRAMS) or bool(self.kind in _BY_URL and _URL.match(self.source))

    @property
    def tells_times(self) -> bool:
        """Whether the time at which a file changed is that of the file system behind it. Programs make it up, too."""
        if self.kind in LAYERED:
            return self.beneath is not None and all(map(_tells_times, self.beneath))
        return _tells_times(self.kind)

    @property
    def is_told_its_times(self) -> bool:
        """Whether it only repeats what a server says of times, and that may be made up there."""
        return bool({self.kind, *(self.beneath or ())} & {*_SERVED, *_SERVED_BY_PROGRAMS})

    @property
    def host(self) -> str | None:
        """The server, in lower case; None where it is not named. Sources: mount.cifs(8), nfs(5), sshfs(1)."""
        if not self.is_served:
            return None
        if self.kind in _DESKTOPS:
            return _on_a_desktop(self.source)[1]
        if self.kind in _BY_URL and (url := _URL.match(self.source)):
            return url[1].strip("[]").lower()
        found = re.match(r"//(?:[^@/]*@)?([^/]+)/|(?:[^@/]*@)?(\[[^]]+\]|[^:/]+):", self.source)
        return (found[1] or found[2]).strip("[]").lower() if found else None

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether its files surely lie on another machine."""
        return self.host is not None and not is_this_machine(self.host)


def mount_of(path: Path) -> Mount:
    """The mount on which a whole path lies. Of a desktop's, which shows many things, `source` names the one."""
    kind, source = mounted_from(path)
    if kind in _DESKTOPS and (found := _ON_DESKTOP.search(path.as_posix())):
        source = found[0].lstrip("/")
    return Mount(kind, source, kinds_beneath(path))


def mounts_beneath(path: Path) -> tuple[Mount, ...]:
    """What is mounted somewhere below a whole path."""
    return tuple(mount_of(point) for point in mounted_beneath(path))


def is_where_disks_go(path: Path) -> bool:
    """Whether an absolute path lies where removable disks are mounted, by its name alone."""
    return any(path.is_relative_to(folder) and path != Path(folder) for folder in _OF_REMOVABLE_DISKS)


def _tells_times(kind: str) -> bool:
    return kind in _PASS_ON_TIMES or not (kind == "fuse" or kind.startswith("fuse."))


def may_show_one_file(one: Mount, other: Mount) -> bool:
    """Whether a file that both show may be the same one, though its numbers differ. Not asked of a mount and itself."""
    if (one.is_served or one.shows_another) and (other.is_served or other.shows_another):
        return True
    return any((m.is_served or m.shows_another) and not m.is_from_elsewhere for m in (one, other))


def may_be_one_file(one: Path, other: Path) -> bool:
    """Whether two whole paths may lead to one file, though by mounts that number it otherwise; False where one of them
    is not there.

    What changed at times of its own is a file of its own, where both mounts tell such times, to 100 ns.
    """
    try:
        ours, theirs = one.lstat(), other.lstat()
    except (OSError, ValueError):
        return False
    if ours.st_dev == theirs.st_dev:
        return ours.st_ino == theirs.st_ino != 0
    mounts = _mount_by_device(ours.st_dev, one.parent), _mount_by_device(theirs.st_dev, other.parent)
    devices = ours.st_dev, theirs.st_dev
    if not may_show_one_file(*mounts) and not _is_one_disk_by_device(devices, one.parent, other.parent):
        return False
    if not all(m.tells_times for m in mounts) or _instant(ours.st_ctime_ns) == _instant(theirs.st_ctime_ns):
        return True
    # A server that makes such times up takes them from the dates, which copies have too.
    return _instant(ours.st_mtime_ns) == _instant(theirs.st_mtime_ns) and any(
        m.is_told_its_times and _instant(facts.st_ctime_ns) == _instant(facts.st_mtime_ns)
        for m, facts in zip(mounts, (ours, theirs), strict=True)
    )


def is_one_disk(one: Path, other: Path) -> bool:
    """Whether a server's disk has the very size and room of a disk of this machine, as one that is served back to it
    under whatever name has; False where neither is served, and where that is not told."""
    if not any(mount_of(path).is_served for path in (one, other)):
        return False
    try:
        before, then, after = (_room(path) for path in (one, other, one))
    except (OSError, AttributeError):  # Windows
        return False
    free = sorted((before[1], after[1]))
    return before[0] == then[0] > 0 and free[0] <= then[1] <= free[1]


def _room(path: Path) -> tuple[int, int]:
    told = os.statvfs(path)
    return told.f_blocks * told.f_frsize, told.f_bfree * told.f_frsize


@lru_cache(maxsize=256)
def _is_one_disk_by_device(_devices: tuple[int, int], one: Path, other: Path) -> bool:
    """As `_mount_by_device`."""
    return is_one_disk(one, other)


def _instant(time_ns: int) -> int:
    """To what every network share tells."""
    return time_ns // 100


@lru_cache(maxsize=256)
def _mount_by_device(device: int, folder: Path) -> Mount:
    """The device is asked for along with the folder, so that another mount there is another question."""
    return mount_of(folder)


_ON_DESKTOP = re.compile(r"(?<=/gvfs/)[^/]+|/kio-fuse-[^/]+/[^/]+/[^/]+")


_SERVICES_OF_THE_NET = ("google-drive", "onedrive", "gdrive")
_SERVICES = ("mtp", "gphoto2", "afc", "camera", *_SERVICES_OF_THE_NET)
_OF_THE_DESKTOP = ("archive", "admin", "file", "burn", "trash", "recent")


def _on_a_desktop(words: str) -> tuple[str, str]:
    """The scheme and the host, in lower case; "" where there is none. Source: gvfs, "daemon/gvfsbackend*.c"
    (`smb-share:server=nas,share=x`); kio-fuse, README (`smb/me@nas`)."""
    if found := re.match(r"([\w-]+):(.*)", words):
        named = re.search(r"(?:host|server)=([^,]+)", found[2])
        return found[1], named[1].strip("[]").lower() if named else ""
    if found := re.match(r"kio-fuse-[^/]+/([\w-]+)/(?:[^@/]*@)?(.+)", words):
        return found[1], found[2].lower()
    return "", ""
