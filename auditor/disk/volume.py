"""What the volume under a folder can hold and tell: its kind, free space, largest file, names, cold reads."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from auditor.disk.folder import Folder
from auditor.disk.names import MACOS, POSIX, WINDOWS, NameRules
from auditor.errors import LeadsOut

_PROBE = ".auditor-probe-"
_UNKNOWN = "unknown"
FAT32_MAX_BYTES = 2**32 - 1

_LOCAL = {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"}
_WINDOWS_KINDS = {"vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "fuse.fusefat", "cifs", "smb3"}
_FAT32_KINDS = {"vfat", "msdos", "fuse.fusefat", "fat32", "fat"}
KEEP_CHANGE_TIMES = frozenset((*_LOCAL, "bcachefs", "zfs", "jfs", "tmpfs", "overlay", "ntfs3"))
"""File systems that note themselves when anything of a file last changed, so that no program can put it back. Others
may make that time up from the file's date (FAT, exFAT, sshfs and other FUSE systems), or pass on what a server says."""
_READ_BY_THE_SYSTEM = KEEP_CHANGE_TIMES | {"reiserfs", "apfs", "hfs", "hfsplus", "ufs"}
LAYERED = ("overlay", "overlayfs", "aufs", "unionfs", "ecryptfs", "fuse.mergerfs")
"""File systems that pass on files of others, with their times."""
_TABLE = Path("/proc/self/mountinfo")
_METACOPY = Path("/sys/module/overlay/parameters/metacopy")
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Volume:
    """The volume under a folder.

    `kinds` are those of all file systems that answer for its files: its own, and those that lie beneath it.
    `kind` is the file system's name as the system gives it, "unknown" where it does not. `free_bytes` None where it is
    not known (some FUSE file systems say 0 for it). `syncs_whole`: one call makes a whole batch durable and reports
    errors. `counts_reads`: the system counts what is read from its device, so a cold read can be proved.
    """

    kind: str
    kinds: frozenset[str]
    device: int
    mount_point: str
    names: NameRules
    free_bytes: int | None
    max_file_bytes: int | None
    max_path: int | None
    syncs_whole: bool
    counts_reads: bool

    @property
    def keeps_changes(self) -> bool:
        """Whether a change time (ctime) and a file number there say that a file is the very same: not on FAT, not where
        a program (FUSE) answers for the files, and not where the kind is unknown."""
        return self.kinds <= KEEP_CHANGE_TIMES

    @property
    def is_near(self) -> bool:
        """Whether the system reads it by itself, so that two reads are two: no program (a phone's mount) and no network
        stands between, which may give the same wrong bytes twice."""
        return self.kinds <= _READ_BY_THE_SYSTEM | {"vfat", "msdos", "exfat", "ntfs", "fuseblk"}


def volume_of(folder: Path) -> Volume:
    """What is known of a folder's volume (or its nearest parent's) without writing to it."""
    while not folder.exists():
        folder = folder.parent
    kind, mount_point = _kind_of(folder.resolve())
    local = sys.platform == "linux" and kind in _LOCAL
    return Volume(
        kind=kind,
        kinds=_kinds_of(folder.resolve()),
        device=folder.stat().st_dev,
        mount_point=mount_point,
        names=_names_by_kind(kind),
        free_bytes=_free_bytes(folder),
        max_file_bytes=FAT32_MAX_BYTES if kind.lower() in _FAT32_KINDS else None,
        max_path={"win32": 32_000, "darwin": 1_024}.get(sys.platform, 4_096),
        syncs_whole=local and _kernel() >= (5, 8),
        counts_reads=local,
    )


def filesystem(path: Path) -> str | None:
    """The name of the file system that a whole path lies on; None where the system does not tell."""
    kind, _ = _kind_of(path)
    return None if kind == _UNKNOWN else kind


def keeps_change_times(path: Path) -> bool:
    """`Volume.keeps_changes` of the volume that a whole path lies on."""
    return _kinds_of(path) <= KEEP_CHANGE_TIMES


def kinds_beneath(path: Path) -> frozenset[str] | None:
    """The kinds of all file systems that lie beneath the overlay or the pool of folders that a whole path lies on, down
    to the last; empty where it lies on neither. None where that is not known, or where files seem to change at other
    times than those that lie beneath."""
    table = mounted()
    mount = _mount_around(path, table)
    if mount.kind not in LAYERED:
        return frozenset()
    found = _kinds(path, table) - {mount.kind}
    return None if _UNKNOWN in found else found


def mounted_from(path: Path) -> tuple[str, str]:
    """The name of the file system that a whole path lies on, "unknown" where the system does not tell, and what the
    mount is said to be of: a device, a share, a program's own word."""
    mount = _mount_around(path, mounted())
    return mount.kind, mount.source


def probed(volume: Volume, folder: Folder) -> Volume:
    """The same volume, its name rules tried out on real files in a folder of our own, which is removed again.

    A FUSE or network mount does not say which file system is behind it; its answers to a few names do.
    """
    name = f"{_PROBE}{secrets.token_hex(4)}"
    folder.make_folder(name)
    with contextlib.ExitStack() as stack:
        stack.callback(_clean_probe, folder, name)
        room = stack.enter_context(folder.inner(name))
        names = volume.names
        if not _takes(room, "plain"):
            return volume
        if not (_takes(room, "a:b") and _takes(room, "a?b")):
            names = replace(WINDOWS, ascii_only=names.ascii_only, one_case=names.one_case)
        if not _takes(room, "\u00e9"):
            names = replace(names, ascii_only=True)
        elif room.there("e\u0301"):
            names = replace(names, one_form=True)
        if not names.utf8_only and not _takes(room, os.fsdecode(b"\xff")):
            names = replace(names, utf8_only=True)
        if room.there("PLAIN"):
            names = replace(names, one_case=True)
        return replace(volume, names=names)


def clean_probes(folder: Folder) -> None:
    """Removes what killed runs left of `probed`."""
    for name in folder.names():
        if name.startswith(_PROBE):
            _clean_probe(folder, name)


def _clean_probe(folder: Folder, name: str) -> None:
    with contextlib.suppress(OSError, LeadsOut):
        with folder.inner(name) as room:
            for file in room.names():
                room.remove(file)
        folder.remove_folder(name)


def _takes(room: Folder, name: str) -> bool:
    try:
        os.close(room.create(name))
        return name in room.names() or room.there(name) is not None
    except (OSError, ValueError):
        return False


def _names_by_kind(kind: str) -> NameRules:
    if sys.platform == "win32" or kind.lower() in _WINDOWS_KINDS:
        return WINDOWS
    return MACOS if sys.platform == "darwin" else POSIX


def _free_bytes(folder: Path) -> int | None:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return usage.free if usage.free or usage.total > usage.used else None


def _kernel() -> tuple[int, int]:
    numbers = re.match(r"(\d+)\.(\d+)", os.uname().release) if sys.platform != "win32" else None
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def _kind_of(folder: Path) -> tuple[str, str]:
    if sys.platform == "win32":
        return _kind_on_windows(folder)
    mount = _mount_around(folder, mounted())
    return mount.kind, mount.point


def _kinds_of(folder: Path) -> frozenset[str]:
    if sys.platform == "win32":
        return frozenset({_kind_on_windows(folder)[0].lower()})
    return _kinds(folder, mounted())


@dataclass(frozen=True, slots=True)
class Mounted:
    """A line of the system's table of mounts; `options` are those of the file system. `number` is the mount's own and
    `parent` that of the mount on which it lies, "" where the table does not say; `device` that of its device, 0
    there."""

    point: str
    kind: str
    source: str
    options: str = ""
    number: str = ""
    parent: str = ""
    device: int = 0


def _mount_around(folder: Path, table: Sequence[Mounted]) -> Mounted:
    """The mount that answers for a whole path, walked to from the top: a mount on a folder hides all that lay on it or
    below it before. Where the one on which a mount lies is not in the table, its place there decides."""
    numbers = {mount.number for mount in table}
    best = Mounted("", _UNKNOWN, "")
    for point in map(str, (*reversed(folder.parents), folder)):
        here = [mount for mount in table if mount.point == point]  # of several, each lies on another
        while on := [m for m in here if m.parent in (best.number, m.number) or m.parent not in numbers]:
            best = on[0]
            here.remove(best)
    return replace(best, point=best.point or "/")


def mounted_beneath(path: Path) -> list[Path]:
    """Where something is mounted below a whole path, and not hidden by another mount."""
    return _points_beneath(path, mounted())


def devices_beneath(path: Path) -> dict[Path, int]:
    """The device number of each volume that is `mounted_beneath` a whole path, 0 where the table does not say it, or
    what it says is that one is mounted there as soon as it is asked for. None of them is asked, as one that hangs gives
    no answer."""
    return {at: 0 if mount.kind == _AUTOMATIC else mount.device for at, mount in _beneath(path).items()}


def volumes_beneath(path: Path) -> dict[Path, str | None]:
    """By what each volume that is `mounted_beneath` a whole path is known again: its own number or, as the system does
    not tell each, its device or what it is said to be of; None where it tells nothing."""
    return {at: _known_by(mount) for at, mount in _beneath(path).items()}


def volumes_of(path: Path) -> dict[Path, str | None]:
    """The same of the volume on which a whole path lies, be anything there or not, and of those beneath."""
    around = _mount_around(path, mounted())
    return {path if around.kind == _AUTOMATIC else Path(around.point): _known_by(around), **volumes_beneath(path)}


_AUTOMATIC = "autofs"
"""What says that something is mounted there as soon as it is asked for."""
_OF_SERVERS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs"})


def _beneath(path: Path) -> dict[Path, Mounted]:
    table = mounted()
    found = {point: _mount_around(point, table) for point in _points_beneath(path, table)}
    return {at: mount for at, mount in found.items() if not _comes_and_goes(mount, table)}


def _comes_and_goes(mount: Mounted, table: Sequence[Mounted]) -> bool:
    """Whether the kernel mounts it when somebody looks into it, and takes it away again by itself: a snapshot of ZFS,
    a share within a share. Source: zfsprops(7), snapdir; nfs(5), nohide; mount.cifs(8), nodfs."""
    if mount.kind == "zfs":
        return "/.zfs/snapshot/" in mount.point
    return mount.kind in _OF_SERVERS and _mount_around(Path(mount.point).parent, table).kind == mount.kind


def _known_by(mount: Mounted) -> str | None:
    if mount.kind == _AUTOMATIC or not mount.device:
        return None
    device = mount.device
    if not os.major(device):  # a number that the system makes up for each mount anew
        with contextlib.suppress(OSError):
            device = Path(mount.source).stat().st_rdev if mount.source.startswith("/dev/") else device
        if not os.major(device) and (mount.kind in {*_OF_SERVERS, "zfs"} or mount.kind.startswith("fuse")):
            return f"{mount.kind} of {mount.source}"
    return volume_id(device) or f"device {device}"


def gone_from(before: Mapping[Path, str | None], now: Mapping[Path, str | None]) -> Path | None:
    """Where the first of the volumes of before is mounted no more, or another one is now; None where all are there."""
    return next((at for at, one in before.items() if at not in now or len({one, now[at], None}) > 2), None)


def volume_id(device: int) -> str | None:
    """The serial number or UUID of a volume, None where the system does not tell."""
    if os.name == "nt":
        return f"{device:x}"
    try:
        links = list(Path("/dev/disk/by-uuid").iterdir())
    except OSError:
        return None
    for link in links:
        with contextlib.suppress(OSError):  # a link of a disk that is being pulled
            if link.stat().st_rdev == device:
                return link.name
    return None


def _points_beneath(path: Path, table: Sequence[Mounted]) -> list[Path]:
    points = [point for mount in table if path in (point := Path(mount.point)).parents]
    return [point for point in points if _mount_around(point, table).point == str(point)]


def mounted() -> list[Mounted]:
    """Every mount, the first one first; none on Windows. Source: proc_pid_mountinfo(5)."""
    if sys.platform == "darwin":
        return _mounts_on_macos()
    found = []
    with contextlib.suppress(OSError):
        # Names of folders may hold what Python takes for the end of a line too; only "\n" is written otherwise.
        for line in _TABLE.read_bytes().decode("utf-8", "surrogateescape").split("\n")[:-1]:
            left, _, right = line.partition(" - ")
            number, parent, device, _, point = left.split(" ")[:5]
            kind, source, options = right.split(" ")[:3]
            at = os.makedev(*map(int, device.split(":")))
            found.append(Mounted(_plain(point), kind, _plain(source), options, number, parent, at))
    return found


def _mounts_on_macos() -> list[Mounted]:
    """Every FUSE system goes by one name there: macFUSE and its forerunners do not say which program answers."""
    import psutil

    return [
        Mounted(part.mountpoint, "fuse" if "fuse" in part.fstype else part.fstype, part.device, part.opts)
        for part in psutil.disk_partitions(all=True)
    ]


def _plain(word: str) -> str:
    return _OCTAL.sub(lambda m: chr(int(m[1], 8)), word)


def _kinds(path: Path, table: Sequence[Mounted]) -> frozenset[str]:
    """The kinds of all file systems that answer for a whole path, "unknown" among them where not all are known."""
    mount = _mount_around(path, table)
    if mount.kind not in LAYERED:
        return frozenset({mount.kind})
    at = table.index(mount)
    kinds, others = {mount.kind}, table[:at]
    if mount.kind == "fuse.mergerfs":  # it goes by names, into whatever is mounted there by now
        layers, others = _branches(Path(mount.point)), [*table[:at], *table[at + 1 :]]
        layers = [*layers, *(point for layer in layers for point in _points_beneath(layer, others))]
    else:  # it holds the folders that were there when it was mounted
        layers = _layers(mount)
    for layer in layers:
        kinds |= _kinds(layer, others)
    return frozenset(kinds if layers else {*kinds, _UNKNOWN})


def _branches(pool: Path) -> list[Path]:
    """The folders of a pool; none where it does not say them all. Source: mergerfs, "runtime interface"."""
    if sys.platform != "linux":
        return []
    with contextlib.suppress(OSError):
        told = os.fsdecode(os.getxattr(pool / ".mergerfs", "user.mergerfs.branches"))
        return _all_there(branch.rpartition("=")[0] for branch in told.split(":"))
    return []


def _layers(mount: Mounted) -> list[Path]:
    """The folders of an overlay; none where they are not all known, or where it keeps times of its own beside bytes
    that lie in another layer. Source: Linux, Documentation/filesystems/overlayfs.rst."""
    if mount.kind == "ecryptfs":
        return _all_there([mount.source])
    options = [(name, _plain(value)) for name, _, value in (o.partition("=") for o in mount.options.split(","))]
    named = dict(options)
    if mount.kind not in ("overlay", "overlayfs") or named.keys() & {"datadir+"}:
        return []
    if named.get("metacopy", _overlays_share_bytes()) != "off":
        return []
    lower = [value for name, value in options if name == "lowerdir+"]
    lower += re.split(r"(?<!\\):", named.get("lowerdir", "")) if "lowerdir" in named else []
    upper = [named["upperdir"]] if "upperdir" in named else []
    return _all_there([re.sub(r"\\(.)", r"\1", word) for word in (*lower, *upper)])


def _overlays_share_bytes() -> str:
    """What holds for an overlay that does not say."""
    with contextlib.suppress(OSError):
        return {"N": "off"}.get(_METACOPY.read_text("ascii", "replace").strip(), "on")
    return "on"


def _all_there(names: Iterable[str]) -> list[Path]:
    found = [Path(name) for name in names]
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        if all(path.is_absolute() for path in found):
            return [path.resolve(strict=True) for path in found]
    return []


def _kind_on_windows(folder: Path) -> tuple[str, str]:
    import ctypes

    name = ctypes.create_unicode_buffer(64)
    call = getattr(ctypes, "windll").kernel32.GetVolumeInformationW  # noqa: B009 (absent elsewhere)
    if call(folder.anchor, None, 0, None, None, None, name, len(name)):
        return name.value, folder.anchor
    return _UNKNOWN, folder.anchor
