"""Which places are there now: phones, mounted phones, disks and shares, remotes, and those that the user has named.

Nothing here waits for long, whatever hangs: what may lie on a dead mount is looked at by a process of its own, which is
left behind where it gives no answer. The network is not asked: of a remote it is only known that rclone has it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from auditor.config import NamedPlace, Role, whole_spec
from auditor.dates import utc
from auditor.disk import mounts as disk
from auditor.disk import own_notes, volume
from auditor.errors import AuditorError
from auditor.paths import typed_path
from auditor.places import adbclient, doctor, mtp
from auditor.places.adbclient import Seen
from auditor.places.spec import PREFIXED

ANSWER_S = 3.0
"""So long a folder has to answer; a disk that has gone to sleep wakes in that time, or the next."""
PROGRAM_S = 10.0
"""So long adb and rclone have: the first call of adb starts its server, which takes some seconds."""
_LOOK = "import shutil, sys; told = shutil.disk_usage(sys.argv[1]); print(told.total, told.free)"
_NOTES = "places"


class Presence(StrEnum):
    """Whether a place is there."""

    THERE = "there"
    ABSENT = "not there"
    SILENT = "gives no answer"  # its mount is dead, or its disk is slow to wake
    NOT_READY = "not ready"  # a phone that is locked, or has to be asked for permission
    NOT_ASKED = "not asked"  # only the network would know


class Sort(StrEnum):
    """What a place is, as it is found."""

    PHONE = "phone"
    DISK = "disk"  # a disk, stick or card
    SHARE = "share"  # a folder of another machine
    REMOTE = "remote"  # a cloud, by rclone
    NAMED = "named"  # known by its name alone


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may be used: `spec` is what names it. `name` and `role` are the user's, None where it has no name;
    sizes in bytes, None where they are not known; `used` is when auditor last worked with it (RFC 3339 UTC), and
    `used_as` what it was then."""

    spec: str
    sort: Sort
    label: str
    presence: Presence
    name: str | None = None
    role: Role | None = None
    total_bytes: int | None = None
    free_bytes: int | None = None
    used: str | None = None
    used_as: Role | None = None


@dataclass(frozen=True, slots=True)
class Mounted:
    """A disk or share that is mounted."""

    point: Path
    sort: Sort


Room = tuple[int, int]
"""All bytes and the free ones."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is looked at. `devices` and `remotes` raise AuditorError where their program is missing or fails; `rooms`
    tells of each folder how large it is, or why that is not known."""

    devices: Callable[[], tuple[Seen, ...]] = lambda: adbclient.devices(adbclient.find_adb(), PROGRAM_S)
    phones: Callable[[], tuple[mtp.Mount, ...]] = mtp.mounts
    disks: Callable[[], tuple[Mounted, ...]] = lambda: disks()
    remotes: Callable[[], tuple[str, ...]] = lambda: doctor.list_remotes(PROGRAM_S)
    rooms: Callable[[Sequence[Path]], Mapping[Path, Room | Presence]] = lambda folders: rooms(folders)


def candidates(named: Sequence[NamedPlace], around: Around = Around()) -> tuple[Candidate, ...]:
    """What is there, and what the user has named whether it is there or not; the
    user's own first, then phones; each place once."""
    found = [*_phones(around), *_disks(around), *_remotes(around)]
    by_spec = {one.spec: one for one in found}
    known = [_named(place, by_spec) for place in named]
    specs = {one.spec for one in known}
    every = [*known, *(one for one in found if one.spec not in specs)]
    folders = {one.spec: folder for one in every if (folder := _folder(one))}
    room = around.rooms(tuple(folders.values()))
    used = own_notes.recall(_NOTES)
    told = [_with_room(one, room.get(folders[one.spec])) if one.spec in folders else one for one in every]
    return tuple(sorted((_with_use(one, used.get(one.spec)) for one in told), key=_order))


def remember_use(spec: str, role: Role, when: datetime, *, held: bool) -> None:
    """Keeps in mind that a place was used, and whether it held anything. Where that cannot be kept, only it is lost."""

    def fresh(before: object) -> dict[str, object]:
        # An empty mount point may be looked at any number of times: what lay on its disk is away, not gone.
        return {"used": utc(when), "as": role.value, "held": held or _held(before)}

    own_notes.change(_NOTES, spec, fresh)


def gone(folder: Path) -> str | None:
    """What a folder that was worked with is now, where all that it held is gone: its disk may be another or away.
    None where there is something, or nothing was known of it."""
    used = own_notes.recall(_NOTES)
    if whole_spec(str(folder)) in used and not os.path.lexists(folder):
        return "was there before, and is not there now"
    for around in (folder, *folder.parents):
        if not _held(used.get(whole_spec(str(around)))):
            continue
        which = "" if around == folder else f"lies in {around}, which "
        try:
            if not any(around.iterdir()):
                return f"{which}held files before, and is empty now"
        except FileNotFoundError:  # a link that leads nowhere, too
            return f"{which}held files before, and is not there now"
        except OSError:  # one that cannot be looked at is said where it is listed
            continue
    return None


def _held(note: object) -> bool:
    return isinstance(note, Mapping) and note.get("held") is True


def disks() -> tuple[Mounted, ...]:
    """The disks, sticks, cards and shares that are mounted, but for the system's own. Looks at the system's table
    alone, and at no mount."""
    if sys.platform == "win32":
        return _drives()
    found = []
    for one in volume.mounted():
        mount, point = disk.Mount(one.kind, one.source), Path(one.point)
        if mount.is_served and not mount.shows_a_phone:
            found.append(Mounted(point, Sort.SHARE))
        elif disk.is_where_disks_go(point) and not mount.shows_a_phone:
            found.append(Mounted(point, Sort.DISK))
    return tuple({one.point: one for one in found}.values())


def rooms(folders: Sequence[Path]) -> dict[Path, Room | Presence]:
    """How large the file system of each folder is, and what is free; why not where it is not there or hangs."""
    asked = {folder: _asked(folder) for folder in folders}
    until = time.monotonic() + ANSWER_S
    return {folder: _answer(process, max(0.0, until - time.monotonic())) for folder, process in asked.items()}


def _asked(folder: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-I", "-S", "-c", _LOOK, str(folder)]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _answer(process: subprocess.Popen[bytes], seconds: float) -> Room | Presence:
    try:
        told, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()  # and not waited for: in the kernel's hands, it does not even die
        return Presence.SILENT
    try:
        total, free = map(int, told.split())
    except ValueError:
        return Presence.ABSENT
    return total, free


def _drives() -> tuple[Mounted, ...]:
    """The drives of Windows but the system's; their kind is known without waking any. Source: GetDriveTypeW."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        names = [f"{chr(65 + n)}:" for n in range(26) if kernel.GetLogicalDrives() >> n & 1]
        kinds = {name: kernel.GetDriveTypeW(f"{name}\\") for name in names if name != os.environ.get("SYSTEMDRIVE")}
        sorts = {2: Sort.DISK, 3: Sort.DISK, 4: Sort.SHARE}  # removable, fixed, remote
        return tuple(Mounted(Path(f"{name}\\"), sorts[kind]) for name, kind in kinds.items() if kind in sorts)
    return ()


def _phones(around: Around) -> list[Candidate]:
    try:
        seen = around.devices()
    except AuditorError:
        seen = ()
    found = [
        Candidate(
            f"adb:{one.serial}",
            Sort.PHONE,
            one.model or one.serial,
            Presence.THERE if one.state == "device" else Presence.NOT_READY,
        )
        for one in seen
    ]
    return found + [Candidate(f"mtp:{one.name}", Sort.PHONE, one.name, Presence.THERE) for one in around.phones()]


def _disks(around: Around) -> list[Candidate]:
    return [
        Candidate(str(one.point), one.sort, one.point.name or str(one.point), Presence.THERE) for one in around.disks()
    ]


def _remotes(around: Around) -> list[Candidate]:
    try:
        names = around.remotes()
    except AuditorError:
        return []
    return [Candidate(f"rclone:{name}", Sort.REMOTE, name.rstrip(":"), Presence.NOT_ASKED) for name in names]


def _named(place: NamedPlace, found: Mapping[str, Candidate]) -> Candidate:
    """A place of the user's, with what was found of it. A phone without a serial number is whichever is there."""
    scheme, _, words = place.spec.partition(":")
    there = found.get(place.spec)
    if there is None and scheme in ("adb", "mtp"):
        of_kind = [one for one in found.values() if one.spec.startswith(f"{scheme}:")]
        serial = words.partition("/")[0]
        there = next((one for one in of_kind if not serial or one.spec == f"{scheme}:{serial}"), None)
    if there is None and scheme == "rclone":
        there = next(
            (one for one in found.values() if one.sort is Sort.REMOTE and place.spec.startswith(one.spec)), None
        )
    presence = there.presence if there else Presence.ABSENT
    label = there.label if there else place.name
    return Candidate(place.spec, there.sort if there else _sort(place), label, presence, place.name, place.role)


def _sort(place: NamedPlace) -> Sort:
    return Sort.PHONE if place.spec.partition(":")[0] in ("adb", "mtp") else Sort.NAMED


def _order(one: Candidate) -> tuple[bool, int, int]:
    """The user's own first, phones before backups."""
    return one.name is None, list(Role).index(one.role) if one.role else 0, list(Sort).index(one.sort)


def _folder(one: Candidate) -> Path | None:
    """The folder or file of this machine that a place is; None for others."""
    scheme, _, words = one.spec.partition(":")
    if scheme.lower() == "takeout":
        return typed_path(words)
    return None if scheme.lower() in PREFIXED else Path(one.spec)


def _with_room(one: Candidate, room: Room | Presence | None) -> Candidate:
    if room is None or isinstance(room, Presence):
        return replace(one, presence=room or one.presence)
    return replace(one, presence=Presence.THERE, total_bytes=room[0], free_bytes=room[1])


def _with_use(one: Candidate, note: object) -> Candidate:
    if not isinstance(note, Mapping) or note.get("as") not in list(Role):
        return one
    return replace(one, used=str(note.get("used")), used_as=Role(str(note["as"])))
