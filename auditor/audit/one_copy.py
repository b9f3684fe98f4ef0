"""One file is one copy, whatever names, links and mounts it is reached by: what of a backup is the phone's own file.

A row of a folder names its file by `file_id`. Where that tells nothing, because a second mount gives other numbers, two
rows of one content are one file if they changed at the same instant, to the 100 ns that every network share tells: a
copy gets a time of its own, which no program can set (POSIX, st_ctim; MS-DTYP, FILETIME).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from auditor.audit import apart
from auditor.audit.apart import Apart, Asked
from auditor.database import headers, same_file
from auditor.database.connection import Database
from auditor.database.same_file import Times
from auditor.dates import rfc3339
from auditor.disk.mounts import Mount, Shows, is_one_disk, may_show_one_file, mount_of, mounts_beneath
from auditor.manifest.rows import behind_from
from auditor.model import MADE_ON_PHONE
from auditor.places import Place
from auditor.places.adb import AdbPlace
from auditor.places.folder import file_id
from auditor.places.mtp import MtpPlace
from auditor.places.rclone_remotes import Leaf, leaf_told


def mark_linked(
    db: Database,
    source: Place | None,
    backups: Sequence[Place | None],
    asked: Asked,
    listed_phones: Collection[int] = (),
) -> None:
    """Marks the files of backups that are the phone's own files: they are no copies; and those that may be, by a mount
    that may show the phone's files under numbers and times of its own: they prove nothing.

    Places that are at hand as folders are asked for what their lists do not say. `asked` is of all the places.
    `listed_phones`: the backups, by number, that may be the phone of which the source is the list that it made.
    """
    _number_files(db, "source", source)
    for number, place in enumerate(backups):
        _number_files(db, "backup", place, number)
    same_file.mark_linked(db, "it is the phone's own file under a second name")
    ours, *sides = _sides(db, source, backups)
    for number, theirs in enumerate(sides):
        # What a remote is, or a mount that nobody knows here, the user says.
        is_told = theirs.listed.backup in asked.off_site | asked.by_hand
        if _is_list_of_one_phone(ours, theirs):
            same_file.mark_shown(db, number, _PHONES_LIST)
        elif number in listed_phones:
            same_file.mark_shown(db, number, _LISTED_PHONE)
        elif _may_be_one_phone(ours, theirs):
            same_file.mark_shown(db, number, _ONE_PHONE)
        elif not is_told and _is_unknown(ours, theirs):
            same_file.mark_shown(db, number, _led_elsewhere(ours, theirs))
        elif not is_told and (host := _served_here(ours, theirs, asked)):
            same_file.mark_shown(db, number, _by_a_server(host))
        elif not is_told and _may_be_one_account(ours, theirs, asked):
            same_file.mark_shown(db, number, _ONE_ACCOUNT)
        elif doubted := [m for m in _doubted(ours, theirs) if not (is_told and m.shows is Shows.UNKNOWN)]:
            same_file.mark_shown(db, number, _behind(doubted[0]), _times_of(doubted))
        elif _may_hide_one_file(ours, theirs):
            same_file.mark_shown(db, number, _UNNUMBERED, only_unnumbered=True)


def _times_of(mounts: Collection[Mount]) -> Times:
    """What times of change tell of files on these mounts."""
    if not all(mount.tells_times for mount in mounts):
        return Times.NOTHING
    return Times.UNLESS_THE_DATE if any(mount.is_told_its_times for mount in mounts) else Times.ALL


_WAY_OUT = "if you know that it is a copy, audit against it alone, with --copy-by-hand"


_ONE_PHONE = (
    "it may be the phone's own file: one phone by adb and as a mount cannot be told from two where the mount does not"
    " say the phone's serial number; name both phones by `adb:`"
)


_PHONES_LIST = (
    "it may be the phone's own file: a phone made the list of itself, and nothing in it says that it is another phone;"
    " name the backup, or its list"
)


_LISTED_PHONE = (
    "it may be the phone's own file: a phone made the list of itself, and the backup has a phone's folders; if it is a"
    " copy, put a new folder around it and name that"
)


_ONE_ACCOUNT = (
    "it may be the very file of the other side: nothing tells that the remotes are two accounts or servers with no"
    f" shared folder; name both folders by one remote, or {_WAY_OUT}"
)


_UNNUMBERED = (
    "it may be the phone's own file: the remote shows a folder of this machine, and which file of it this is cannot be"
    " told; name the folder itself"
)


def _behind(mount: Mount) -> str:
    way_out = f", or {_WAY_OUT}" if mount.shows is Shows.UNKNOWN else ""
    return (
        f"it may be the phone's own file: the mount by {mount.kind} may show files of this machine under other numbers;"
        f" name the folder or the remote that lies behind the mount{way_out}"
    )


def _led_elsewhere(one: _Side, two: _Side) -> str:
    may_be = "it may be the very file of the other side:"
    for led_by in (leaf.led_by for leaf in (*one.behind, *two.behind) if leaf.led_by):
        return f"{may_be} {_by_a_setting(led_by)}"
    return (
        f"{may_be} what lies behind the remote cannot be told from its words; name the folder, or a remote without"
        " further settings"
    )


def _by_a_setting(name: str) -> str:
    return (
        f"`{name}` may lead elsewhere than the remote's address says; name the folder, or a remote without it, or"
        f" {_WAY_OUT}"
    )


def _by_a_server(host: str) -> str:
    return (
        f"it may be the phone's own file: the remote is reached at {host}, which may be this machine or the server that"
        f" the other folder lies on; name the folder that lies behind the remote, or {_WAY_OUT}"
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """One side: the `place`, None where there is only its list, and what that says of itself.

    `behind` are the services behind a remote, `told` the same as a list says them, which are compared where one side is
    a list. `mounts` are those of its folder. `is_numbered` says that every row that counts tells which file it is of.
    """

    place: Place | None
    listed: headers.Told
    behind: tuple[Leaf, ...]
    told: tuple[Leaf, ...]
    mounts: tuple[Mount, ...]
    is_numbered: bool

    @property
    def may_be_here(self) -> bool:
        """Whether its files may lie in a folder of this machine, as those of any list may but one of a service."""
        if self.place is None and self.listed.place_kind in ("adb", MADE_ON_PHONE):
            return False
        if self.place is None:
            return not self.behind or any(leaf.kind == "local" for leaf in self.behind)
        return bool(_here(self.place)) or isinstance(self.place, MtpPlace)

    @property
    def is_phone(self) -> bool:
        """Whether it is a phone on a cable, or the list of one."""
        return isinstance(self.place, MtpPlace) or (self.place is None and self.listed.place_kind == "mtp")


def _sides(db: Database, source: Place | None, backups: Sequence[Place | None]) -> list[_Side]:
    """The source, then the backups."""
    places = (source, *backups)
    numbered = [same_file.is_numbered(db, number) for number in (None, *range(len(backups)))]
    return [_side(*one) for one in zip(places, headers.told(db), numbered, strict=False)]


def _side(place: Place | None, listed: headers.Told, is_numbered: bool) -> _Side:
    """One side, of which a list says what the place itself does not: it is text, and nothing of it is opened."""
    if place is not None:
        told = tuple(leaf_told(leaf.told) for leaf in place.behind)
        return _Side(place, listed, place.behind, told, _mounts(place), is_numbered)
    behind = tuple(map(leaf_told, behind_from(json.loads(listed.behind)))) if listed.behind else ()
    mounts: tuple[Mount, ...] = ()
    if listed.filesystem and listed.place_kind in ("folder", "takeout"):
        mounts = (Mount(listed.filesystem, listed.mounted_from or ""),)
    return _Side(None, listed, behind, behind, mounts, is_numbered)


def _is_unknown(one: _Side, two: _Side) -> bool:
    """Whether nobody knows what a remote of one side is, so that it may be whatever the other side is."""
    return any(leaf.is_unknown for leaf in (*one.behind, *two.behind))


def _may_hide_one_file(one: _Side, two: _Side) -> bool:
    """Whether a row that does not tell which file it is of, in a remote of folders of this machine, may be of a file of
    the other side. What is encrypted has the bytes of no file, but perhaps those of another one that is.
    """
    if any(side.place is not None and side.place.is_packed for side in (one, two)):
        return False
    for side, other in ((one, two), (two, one)):
        for leaf in () if side.is_numbered else side.behind:
            if leaf.kind != "local":
                continue
            # The other side holds such files too: encrypted ones, or files as they are.
            is_alike = any(a.kind == "local" and bool(a.hidden) is bool(leaf.hidden) for a in other.behind)
            may_be_here = other.may_be_here and (is_alike or not (leaf.hidden or other.behind))
            is_listed = side.place is None or other.place is None
            if may_be_here and (is_listed or leaf.follows_links or set(side.mounts) & set(other.mounts)):
                return True
    return False


def _served_here(one: _Side, two: _Side, asked: Asked) -> str | None:
    """Where a remote is reached that may serve the folder that lies on the other side; None where none does."""
    for remote, other in ((one, two), (two, one)):
        for leaf in remote.behind if other.may_be_here else ():
            if leaf.kind not in _OF_THIS_MACHINE and _why_apart(leaf, other, asked) is None:
                return leaf.hosts[0] if leaf.hosts and leaf.hosts[0] else leaf.kind
    return None


_OF_THIS_MACHINE = ("local", "memory")


def _why_apart(leaf: Leaf, other: _Side, asked: Asked) -> Apart | None:
    if other.place is not None and other.place.is_packed:
        return Apart.PACKED
    if asked.is_here(leaf):
        return None
    if other.is_phone:
        return Apart.PHONE
    return apart.folder(leaf, other.mounts, asked)


def _is_list_of_one_phone(ours: _Side, theirs: _Side) -> bool:
    """Whether a backup is a list that a phone made of itself, and no model says that the source is another phone."""
    models = (ours.listed.model, theirs.listed.model)
    return theirs.listed.place_kind == MADE_ON_PHONE and (None in models or models[0] == models[1])


def _may_be_one_phone(ours: _Side, theirs: _Side) -> bool:
    """Whether one side is a phone by adb and the other a mounted one, and no serial number tells that they are two."""
    if {ours.listed.place_kind, theirs.listed.place_kind} != {"adb", "mtp"}:
        return False
    places = (ours.place, theirs.place)
    mounted = next((one for one in places if isinstance(one, MtpPlace)), None)
    by_adb = any(isinstance(one, AdbPlace) for one in places)
    # One of the same number was refused before.
    return not (by_adb and mounted is not None and mounted.tells_serial)


def _doubted(ours: _Side, theirs: _Side) -> list[Mount]:
    """The mounts by which the files of a backup may be the phone's own; none where they are surely not.

    What lies in an archive is not the phone's file. A phone by adb is on no folder of this machine, but a program that
    nobody knows here may show it; a list of a folder may be of any.
    """
    source, place = ours.place, theirs.place
    if any(one is not None and one.is_packed for one in (source, place)):
        return []
    if _is_one_mount(_here(source), _here(place)):
        return []
    doubted = [mount for mount in theirs.mounts if mount.shows is not Shows.OWN]
    if isinstance(source, AdbPlace) or (source is None and ours.listed.place_kind in ("adb", MADE_ON_PHONE)):
        phones = [m for m in theirs.mounts if m.shows_a_phone] if not isinstance(place, MtpPlace) else []
        return [*phones, *(mount for mount in doubted if mount.shows is Shows.UNKNOWN)]
    if source is not None and source.kind == "rclone" and not source.local_things:
        return []
    # Of a phone on MTP too another mount may show its folder.
    own = (mount_of(source.root),) if isinstance(source, MtpPlace) else ours.mounts
    # Two names or addresses are no two servers, and nothing else tells either.
    doubted += [mount for a in own for b in theirs.mounts if a.is_served and b.is_served for mount in (a, b)]
    if source is not None and place is not None:  # mounted twice: a vault, a bucket
        doubted += [mount for mount in theirs.mounts if mount in own and mount.shows_another]
    if _is_one_disk(source, place) or _is_listed_of_one_size(ours, theirs):
        doubted += [mount for mount in (*own, *theirs.mounts) if mount.is_served]
    if place is None or _here(place):
        doubted += [mount for mount in own if mount.shows is not Shows.OWN]
    return doubted


def _is_listed_of_one_size(one: _Side, other: _Side) -> bool:
    """Whether one side is a list, and both disks had the very same size: how much room there was then says nothing."""
    if one.place is not None and other.place is not None:
        return False
    return one.listed.storage_total_bytes == other.listed.storage_total_bytes is not None


def count_once(db: Database, backups: Sequence[Place | None], asked: Asked) -> list[str]:
    """Gives one number to all files of one content in backups whose mounts may show the same files, so that each counts
    once. Files that changed at times of their own are two, where the mounts tell such times. Returns sentences on what
    counts as one. Call after `mark_linked`, which numbers the files.
    """
    told = []
    _, *sides = _sides(db, None, backups)
    for number, group in enumerate(_groups(sides, asked)):
        times = _times_of({mount for n in group for mount in _mounts(sides[n].place)})
        if same_file.count_once(db, group, f"shown {number}", times):
            names = [str(sides[n].listed.backup) for n in group]
            those = f"{', '.join(names[:-1])} and {names[-1]}"
            if any(_may_hide_one_file(sides[a], sides[b]) for a in group for b in group if a < b):
                told.append(
                    f"{those} may hold the same files of this machine, and which file each of theirs is cannot be told,"
                    " so they count as one copy; name the folders themselves"
                )
                continue
            remotes = [n for n in group if sides[n].behind and not _here(sides[n].place)]
            if remotes == group:
                told.append(f"{those} {_why_one([sides[n] for n in group])}")
                continue
            if remotes:
                told.append(
                    f"{those} may be one folder, which the server of a remote shows as well, so they count as one copy;"
                    " name the folder alone, or the remote in `[backups] off_site` of the policy"
                )
                continue
            told.append(
                f"{those} are mounted by file systems that may show the same files, so they count as one copy; name the"
                " folders or the remotes that lie behind them"
            )
    return told


def _why_one(sides: Sequence[_Side]) -> str:
    if any(leaf.is_unknown for side in sides for leaf in side.behind):
        return (
            "may be one place, as what lies behind a remote cannot be told from its words, so they count as one copy;"
            " name remotes without further settings"
        )
    return (
        "may be one account or server, or show one shared folder, so they count as one copy; if you know that they are"
        " two, name one of them in `[backups] off_site` of the policy"
    )


def _groups(sides: Sequence[_Side], asked: Asked) -> list[list[int]]:
    """The sides, by number, of which each may show the files of another one of its group; none of one alone."""
    groups: list[list[int]] = []
    for number, side in enumerate(sides):
        near = [group for group in groups if any(not _is_apart(side, sides[n], asked) for n in group)]
        groups = [group for group in groups if group not in near] + [[*(n for group in near for n in group), number]]
    return [sorted(group) for group in groups if len(group) > 1]


def _is_apart(one: _Side, other: _Side, asked: Asked) -> bool:
    """Whether the files of two backups are surely two: not where their mounts may show one file under two numbers, or a
    server the folder that is named as well."""
    is_told = bool({one.listed.backup, other.listed.backup} & asked.off_site)
    if (not is_told and _is_unknown(one, other)) or _may_hide_one_file(one, other):
        return False
    if _is_one_mount(_here(one.place), _here(other.place)):
        return True
    if _is_one_disk(one.place, other.place):
        return False
    if not is_told and (_may_be_one_account(one, other, asked) or _served_here(one, other, asked)):
        return False
    return not any(may_show_one_file(a, b) for a in _mounts(one.place) for b in _mounts(other.place))


def _may_be_one_account(one: _Side, other: _Side, asked: Asked) -> bool:
    """Whether a service behind one remote of rclone's, whatever names lie around it, may hold files of the other."""
    is_live = one.place is not None and other.place is not None
    pairs = ((a, b) for a in (one.behind if is_live else one.told) for b in (other.behind if is_live else other.told))
    return any(
        apart.remotes(a, b, asked if is_live else Asked()) is None
        for a, b in pairs
        if not {a.kind, b.kind} & {*_OF_THIS_MACHINE}
    )


def _is_one_disk(one: Place | None, other: Place | None) -> bool:
    """Whether a server's disk, whatever its name, is by size and room one of this machine on which the other lies."""
    return any(is_one_disk(a, b) for a in _here(one) for b in _here(other))


def _number_files(db: Database, side: Literal["source", "backup"], place: Place | None, backup_number: int = 0) -> None:
    if place is not None and place.folder is not None:
        rows = same_file.unnumbered(db, side, backup_number)
        same_file.number(db, side, _numbered(place.folder, rows))


def _numbered(folder: Path, rows: Sequence[same_file.Unnumbered]) -> Iterable[tuple[int, str, str]]:
    for row in rows:
        with contextlib.suppress(OSError, ValueError):
            facts = (folder / row.path).lstat()
            if name := file_id(facts.st_dev, facts.st_ino):
                yield row.id, name, rfc3339(facts.st_ctime_ns)


def is_provably_apart(source: Place | None, backup: Place | None) -> bool:
    """Whether numbers of files tell what is one file in both places. Not where one of them is mounted by a file system
    that shows what lies elsewhere, unless both are seen through the same mount.

    Folders, exports, archives and rclone's names for a folder of this machine are asked alike. A phone on MTP is apart.
    """
    ours, theirs = _here(source), _here(backup)
    if not ours or not theirs or _is_one_mount(ours, theirs):
        return True
    mounts, others = _mounts(source), _mounts(backup)
    servers = {mount.host for mount in mounts if mount.host} & {mount.host for mount in others}
    if servers or any(mount.shows_another for mount in (*mounts, *others)):
        return False
    return not _is_one_disk(source, backup)


def shown_by_another(place: Place | None) -> bool:
    """Whether the place is mounted by a file system that shows what lies elsewhere."""
    return any(mount.shows_another or mount.is_served for mount in _mounts(place))


def _mounts(place: Place | None) -> tuple[Mount, ...]:
    """Those that a place lies on, and those within it: a walk goes on into them."""
    return tuple(mount for path in _here(place) for mount in (mount_of(path), *mounts_beneath(path)))


def _here(place: Place | None) -> tuple[Path, ...]:
    """The folders and files of this machine's disks that a place consists of; none where it lies elsewhere."""
    return () if place is None or isinstance(place, MtpPlace) else tuple(one.resolve() for one in place.local_things)


def _is_one_mount(ours: Sequence[Path], theirs: Sequence[Path]) -> bool:
    """Whether both lie on one mount, where the file's number tells one file from two."""
    if not (ours and theirs):
        return False
    try:
        if any(mounts_beneath(one) for one in (*ours, *theirs)):
            return False
        if len({one.stat().st_dev for one in (*ours, *theirs)}) > 1:
            return False
        return len({mount_of(one) for one in (*ours, *theirs)}) == 1  # a desktop shows many things by one mount
    except OSError:
        return False
