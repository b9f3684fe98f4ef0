"""One file is one copy, whatever names, links and mounts it is reached by: what of a backup is the phone's own file.

A row of a folder names its file by `file_id`. Where that tells nothing, because a second mount gives other numbers, two
rows of one content are one file if they changed at the same instant, to the 100 ns that every network share tells: a
copy gets a time of its own, which no program can set (POSIX, st_ctim; MS-DTYP, FILETIME).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from auditor.dates import rfc3339
from auditor.disk.mounts import Mount, Shows, is_one_disk, may_show_one_file, mount_of, mounts_beneath
from auditor.disk.this_machine import is_this_machine
from auditor.manifest.rows import behind_from
from auditor.model import DIGESTS, MADE_ON_PHONE, Device, ErrorKind
from auditor.places import Place
from auditor.places.adb import AdbPlace
from auditor.places.archive import ArchivePlace
from auditor.places.folder import FolderPlace, file_id
from auditor.places.mtp import MtpPlace
from auditor.places.nesting import things_of
from auditor.places.rclone import RclonePlace
from auditor.places.rclone_remotes import Leaf, leaf_told
from auditor.places.takeout import TakeoutPlace


def _instant(column: str) -> str:
    """A time to 100 ns, as SQL."""
    return f"rtrim(left({column}, 27), 'Z0')"


def _is_fine(column: str) -> str:
    """Whether a time is finer than any file system that keeps whole seconds, or that makes it up from the file's date,
    as SQL."""
    return f"regexp_matches({_instant(column)}, '[.][0-9]{{3,}}[1-9]')"


def _may_be_made_up(one: str, other: str) -> str:
    """Whether a time of change may be no more than the date, which a copy has too, as SQL. A server that keeps no such
    times gives the date for them (SFTP has none, and neither have services that are shown by NFS)."""
    dates = [_instant(f"{row}.mtime") for row in (one, other)]
    alike = [f"coalesce({_instant(f'{row}.changed')} = {_instant(f'{row}.mtime')}, true)" for row in (one, other)]
    return f"(coalesce({dates[0]} = {dates[1]}, true) AND ({alike[0]} OR {alike[1]}))"


_SAME_FILE = f"""
    (s.file_id = b.file_id AND coalesce(s.size_bytes = b.size_bytes, true) AND coalesce(s.sha256 = b.sha256, true))
    -- Two numbers of one volume are two files, though both were made in one tick of its clock. An export does not say
    -- the date of its file.
    OR (coalesce(split_part(s.file_id, ':', 1) <> split_part(b.file_id, ':', 1), true)
        AND s.sha256 = b.sha256 AND {_instant("s.changed")} = {_instant("b.changed")}
        AND coalesce({_instant("s.mtime")} = {_instant("b.mtime")}, true) AND {_is_fine("s.changed")}
        AND (s.changed <> coalesce(s.mtime, b.mtime) OR split_part(s.file_id, ':', 2) = split_part(b.file_id, ':', 2)))
"""


def copies(label: str, where: str = "true", is_placed: str = "true") -> str:
    """How many files the rows `b` of backups are, as an SQL aggregate; `label` is the column of the backup's label.

    One file that two backups hold under two names, or show by two mounts under one number, is one copy. A row that is
    not `is_placed` may be of the very file that another row is of: all such rows are one copy where there is no other.
    """
    by_number = f"coalesce(b.file_id, {label})"
    moment = f"concat_ws(' ', split_part(b.file_id, ':', 2), {_instant('b.changed')}, b.sha256)"
    by_moment = f"CASE WHEN b.file_id IS NOT NULL AND {_is_fine('b.changed')} THEN {moment} ELSE {label} END"
    counts = (f"count(DISTINCT {key}) FILTER (WHERE {where} AND {is_placed})" for key in (by_number, by_moment))
    return f"greatest(least({', '.join(counts)}), least(count(*) FILTER (WHERE {where}), 1))"


UNTOLD = "place_kind = 'rclone' AND behind IS NULL"
"""Whether a list of a remote is one of an earlier build, which does not say what lies behind it, as SQL on `header`."""

Rooms = Mapping[str, Device]
"""How full the services are that remotes are made of, by their words; those are left out that do not tell."""


def ask_rooms(places: Sequence[Place | None]) -> Rooms:
    """How full each service is that two places may have in common under two names; each is asked once."""
    leaves = [(place, leaf) for place in places if isinstance(place, RclonePlace) for leaf in place.behind]
    asked = {
        leaf.words: (place, leaf)
        for place, leaf in leaves
        if any(_is_asked(leaf, b) for other, b in leaves if other is not place)
    }
    told = {words: place.room_of(leaf) for words, (place, leaf) in asked.items()}
    return {words: room for words, room in told.items() if room is not None}


def mark_linked(
    con: duckdb.DuckDBPyConnection, source: Place | None, backups: Sequence[Place | None], rooms: Rooms
) -> None:
    """Marks the files of backups that are the phone's own files: they are no copies; and those that may be, by a mount
    that may show the phone's files under numbers and times of its own: they prove nothing.

    Places that are at hand as folders are asked for what their lists do not say. `rooms` are those of all the places.
    """
    _name_files(con, "source", source, None)
    for number, place in enumerate(backups):
        _name_files(con, "backup", place, number)
    ids = set()
    for key in ("file_id", "sha256"):
        found = con.execute(f"SELECT DISTINCT b.id FROM backup b JOIN source s USING ({key}) WHERE {_SAME_FILE}")
        ids |= {row for (row,) in found.fetchall()}
    con.execute(
        "UPDATE backup SET error_kind = ?, error = ? WHERE list_contains(?::BIGINT[], id)",
        [ErrorKind.LINKED.value, "it is the phone's own file under a second name", sorted(ids)],
    )
    ours = _side(con, "source", source, 0)
    for number, place in enumerate(backups):
        theirs = _side(con, "backup", place, number)
        if _is_list_of_one_phone(con, number):
            _mark_shown(con, number, [], _PHONES_LIST)
        elif _may_be_one_phone(con, source, place, number):
            _mark_shown(con, number, [], _ONE_PHONE)
        elif host := _served_here(ours, theirs):
            _mark_shown(con, number, [], _by_a_server(host))
        elif _may_be_one_account(ours, theirs, rooms):
            _mark_shown(con, number, [], _ONE_ACCOUNT)
        elif doubted := _doubted(con, source, place, number):
            _mark_shown(con, number, doubted, _behind(doubted[0]))


_ONE_PHONE = (
    "it may be the phone's own file: one phone by adb and as a mount cannot be told from two where the mount does not"
    " say the phone's serial number; name both phones by `adb:`"
)


_PHONES_LIST = (
    "it may be the phone's own file: a phone made the list of itself, and nothing in it says that it is another phone;"
    " name the backup, or its list"
)


_ONE_ACCOUNT = (
    "it may be the very file of the other side: both remotes seem to be one account of one service under two names;"
    " name both folders by one remote"
)


def _behind(mount: Mount) -> str:
    return (
        f"it may be the phone's own file: the mount by {mount.kind} may show files of this machine under other numbers;"
        " name the folder or the remote that lies behind the mount"
    )


def _by_a_server(host: str) -> str:
    return (
        f"it may be the phone's own file: the remote is reached at {host}, which is this machine or the server that the"
        " other folder lies on; name the folder that lies behind the remote"
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """One side: the `place`, None where there is only its list, and what lies behind it where it is a remote.

    `behind` are the services, `told` the same as a list says them, which are compared where one side is a list.
    `mounts` are those of its folder.
    """

    place: Place | None
    behind: tuple[Leaf, ...]
    told: tuple[Leaf, ...]
    mounts: tuple[Mount, ...]

    @property
    def may_be_here(self) -> bool:
        """Whether its files may lie in a folder of this machine, as those of any list may but one of a service."""
        if self.place is None:
            return not self.behind or any(leaf.kind == "local" for leaf in self.behind)
        return bool(_here(self.place)) or isinstance(self.place, MtpPlace)


def _side(con: duckdb.DuckDBPyConnection, side: str, place: Place | None, number: int) -> _Side:
    """One side, of which a list says what the place itself does not: it is text, and nothing of it is opened."""
    if place is not None:
        behind = place.behind if isinstance(place, RclonePlace) else ()
        return _Side(place, behind, tuple(leaf_told(leaf.told) for leaf in behind), _mounts(place))
    found = con.execute(
        "SELECT behind FROM header WHERE side = ? ORDER BY rowid LIMIT 1 OFFSET ?", [side, number]
    ).fetchall()
    behind = tuple(map(leaf_told, behind_from(json.loads(found[0][0])))) if found and found[0][0] else ()
    return _Side(None, behind, behind, _listed_mounts(con, side, number))


def _served_here(one: _Side, two: _Side) -> str | None:
    """Where a remote is reached that may serve the folder that lies on the other side; None where none does."""
    for remote, other in ((one, two), (two, one)):
        if not remote.behind or not other.may_be_here:
            continue
        if remote.place is None and len(remote.behind) > 1 and any(leaf.kind == "local" for leaf in remote.behind):
            return "localhost"  # of one folder alone the rows number their files
        on_server = any(mount.is_served for mount in other.mounts)
        for leaf in remote.behind:
            for host in leaf.hosts:
                if is_this_machine(host.lower()) or (on_server and leaf.is_near):
                    return host or "a server nearby"
    return None


def _is_list_of_one_phone(con: duckdb.DuckDBPyConnection, number: int) -> bool:
    """Whether a backup is a list that a phone made of itself, and no model says that the source is another phone."""
    (theirs, its_model), (_, our_model) = (
        con.execute(
            "SELECT place_kind, model FROM header WHERE side = ? ORDER BY rowid LIMIT 1 OFFSET ?", [side, at]
        ).fetchall()[0]
        for side, at in (("backup", number), ("source", 0))
    )
    return theirs == MADE_ON_PHONE and (None in (its_model, our_model) or its_model == our_model)


def _may_be_one_phone(con: duckdb.DuckDBPyConnection, source: Place | None, place: Place | None, number: int) -> bool:
    """Whether one side is a phone by adb and the other a mounted one, and no serial number tells that they are two."""
    kinds = {
        kind
        for side, at in (("source", 0), ("backup", number))
        for (kind,) in con.execute(
            "SELECT place_kind FROM header WHERE side = ? ORDER BY rowid LIMIT 1 OFFSET ?", [side, at]
        ).fetchall()
    }
    if kinds != {"adb", "mtp"}:
        return False
    mounted = next((one for one in (source, place) if isinstance(one, MtpPlace)), None)
    by_adb = any(isinstance(one, AdbPlace) for one in (source, place))
    # One of the same number was refused before.
    return not (by_adb and mounted is not None and mounted.tells_serial)


def _mark_shown(con: duckdb.DuckDBPyConnection, number: int, doubted: Sequence[Mount], why: str) -> None:
    """Marks each file of a backup that may be a file of the phone: one of the same content that did not change at
    another instant. Where one file surely is the phone's own, the mount shows the phone, and all of it is marked.

    `doubted` are the mounts that may show the phone's files: what they tell of times decides; none, and nothing does.
    `why` is for people.
    """
    tells_times = bool(doubted) and all(mount.tells_times for mount in doubted)
    is_told = any(mount.is_told_its_times for mount in doubted)
    ids = set()
    for digest in DIGESTS:
        found = con.execute(
            f"""
            SELECT DISTINCT b.id FROM backup b JOIN source s USING ({digest})
            WHERE b.backup_number = ?
                AND NOT (? AND coalesce({_instant("s.changed")} <> {_instant("b.changed")}, false)
                    AND NOT (? AND {_may_be_made_up("s", "b")}))
            """,
            [number, tells_times, is_told],
        )
        ids |= {row for (row,) in found.fetchall()}
    con.execute(
        f"""
        UPDATE backup SET error_kind = ?, error = ? WHERE backup_number = ?
            AND coalesce(error_kind NOT IN ({_KNOWN_TO_BE_NO_COPY}), true)
            AND (list_contains(?::BIGINT[], id) OR EXISTS (
                SELECT 1 FROM backup l WHERE l.backup_number = ? AND l.error_kind = '{ErrorKind.LINKED}'))
        """,
        [
            ErrorKind.SHOWN.value,
            why,
            number,
            sorted(ids),
            number,
        ],
    )


_KNOWN_TO_BE_NO_COPY = ", ".join(
    f"'{kind}'" for kind in (ErrorKind.LINKED, ErrorKind.MISSING, ErrorKind.TRASHED, ErrorKind.SHARED)
)


def _doubted(con: duckdb.DuckDBPyConnection, source: Place | None, place: Place | None, number: int) -> list[Mount]:
    """The mounts by which the files of a backup may be the phone's own; none where they are surely not.

    What lies in an archive is not the phone's file. A phone by adb is on no folder of this machine, but a program that
    nobody knows here may show it; a list of a folder may be of any.
    """
    if any(isinstance(one, ArchivePlace) or (isinstance(one, TakeoutPlace) and one.packed) for one in (source, place)):
        return []
    if _is_one_mount(_here(source), _here(place)):
        return []
    theirs = _mounts(place) if place is not None else _listed_mounts(con, "backup", number)
    doubted = [mount for mount in theirs if mount.shows is not Shows.OWN]
    if isinstance(source, AdbPlace) or (source is None and _kind_of_source(con) in ("adb", MADE_ON_PHONE)):
        phones = [m for m in theirs if m.shows_a_phone] if not isinstance(place, MtpPlace) else []
        return [*phones, *(mount for mount in doubted if mount.shows is Shows.UNKNOWN)]
    if isinstance(source, RclonePlace) and not source.folders:
        return []
    ours = _roots_mounts(source) if source is not None else _listed_mounts(con, "source", None)
    # Two names or addresses are no two servers, and nothing else tells either.
    doubted += [mount for a in ours for b in theirs if a.is_served and b.is_served for mount in (a, b)]
    if source is not None and place is not None:  # mounted twice: a vault, a bucket
        doubted += [mount for mount in theirs if mount in ours and mount.shows_another]
    if _is_one_disk(source, place) or _is_listed_of_one_size(con, source, place, number):
        doubted += [mount for mount in (*ours, *theirs) if mount.is_served]
    if place is None or _here(place):
        doubted += [mount for mount in ours if mount.shows is not Shows.OWN]
    return doubted


def _roots_mounts(place: Place) -> tuple[Mount, ...]:
    """The same as `_mounts`, of a phone on MTP too: another mount may show its folder."""
    return (mount_of(place.root),) if isinstance(place, MtpPlace) else _mounts(place)


def _listed_mounts(con: duckdb.DuckDBPyConnection, side: str, number: int | None) -> tuple[Mount, ...]:
    """The mount that a list's place lay on, as far as the list says."""
    found = con.execute(
        "SELECT filesystem, mounted_from, place_kind FROM header WHERE side = ? ORDER BY rowid LIMIT 1 OFFSET ?",
        [side, number or 0],
    ).fetchall()
    return tuple(
        Mount(kind, of or "") for kind, of, place_kind in found if kind and place_kind in ("folder", "takeout")
    )


def _is_listed_of_one_size(
    con: duckdb.DuckDBPyConnection, source: Place | None, place: Place | None, number: int
) -> bool:
    """Whether one side is a list, and both disks had the very same size: how much room there was then says nothing."""
    if source is not None and place is not None:
        return False
    sizes = [
        size
        for side, at in (("source", 0), ("backup", number))
        for (size,) in con.execute(
            "SELECT storage_total_bytes FROM header WHERE side = ? ORDER BY rowid LIMIT 1 OFFSET ?", [side, at]
        ).fetchall()
    ]
    return len(sizes) == 2 and sizes[0] == sizes[1] is not None


def _kind_of_source(con: duckdb.DuckDBPyConnection) -> str | None:
    found = con.execute("SELECT place_kind FROM header WHERE side = 'source'").fetchall()
    return str(found[0][0]) if found else None


def count_once(con: duckdb.DuckDBPyConnection, backups: Sequence[tuple[str, Place | None]], rooms: Rooms) -> list[str]:
    """Gives one number to all files of one content in backups (label and place) whose mounts may show the same files,
    so that `copies` counts them once. Files that changed at times of their own are two, where the mounts tell such
    times. Returns sentences on what counts as one. Call after `mark_linked`, which names the files.
    """
    told = []
    sides = [_side(con, "backup", place, number) for number, (_, place) in enumerate(backups)]
    for number, group in enumerate(_groups(sides, rooms)):
        mounts = {mount for n in group for mount in _mounts(backups[n][1])}
        tells = all(mount.tells_times for mount in mounts)
        tells_all = (
            f"? AND bool_and(coalesce({_is_fine('changed')} AND NOT (? AND coalesce(changed = mtime, true)), false))"
        )
        con.execute(
            f"""
            WITH told AS (
                SELECT sha256, {tells_all} AS tells FROM backup
                WHERE list_contains(?::INTEGER[], backup_number) GROUP BY sha256
            )
            UPDATE backup SET file_id = ? || CASE WHEN told.tells THEN ' at ' || {_instant("changed")} ELSE '' END
            FROM told
            WHERE told.sha256 IS NOT DISTINCT FROM backup.sha256 AND list_contains(?::INTEGER[], backup_number)
            """,
            [tells, any(mount.is_told_its_times for mount in mounts), group, f"shown {number}", group],
        )
        (is_one,) = con.execute(
            """
            SELECT count(*) > 0 FROM (
                SELECT sha256 FROM backup WHERE list_contains(?::INTEGER[], backup_number) AND error_kind IS NULL
                GROUP BY sha256, file_id HAVING count(DISTINCT backup_number) > 1
            )
            """,
            [group],
        ).fetchall()[0]
        if is_one:
            names = [backups[n][0] for n in group]
            those = f"{', '.join(names[:-1])} and {names[-1]}"
            remotes = [n for n in group if sides[n].behind and not _here(backups[n][1])]
            if remotes == group:
                told.append(f"{those} {_why_one([sides[n] for n in group])}")
                continue
            if remotes:
                told.append(
                    f"{those} may be one folder, which a server on this machine or nearby shows as well, so they count"
                    " as one copy; name the folder alone"
                )
                continue
            told.append(
                f"{those} are mounted by file systems that may show the same files, so they count as one copy; name the"
                " folders or the remotes that lie behind them"
            )
    return told


def _why_one(sides: Sequence[_Side]) -> str:
    leaves = [(side, leaf) for side in sides for leaf in side.told]
    if any(a is not b and one.may_be_one_server(two) for a, one in leaves for b, two in leaves):
        return (
            "may be one server, by its name, by an address or by a profile, which only the network could tell apart, so"
            " they count as one copy; name the server by one word in both remotes"
        )
    return "seem to be one account under several names, so they count as one copy"


def _groups(sides: Sequence[_Side], rooms: Rooms) -> list[list[int]]:
    """The sides, by number, of which each may show the files of another one of its group; none of one alone."""
    groups: list[list[int]] = []
    for number, side in enumerate(sides):
        near = [group for group in groups if any(not _is_apart(side, sides[n], rooms) for n in group)]
        groups = [group for group in groups if group not in near] + [[*(n for group in near for n in group), number]]
    return [sorted(group) for group in groups if len(group) > 1]


def _is_apart(one: _Side, other: _Side, rooms: Rooms) -> bool:
    """Whether the files of two backups are surely two: not where their mounts may show one file under two numbers, or a
    server the folder that is named as well."""
    if _is_one_mount(_here(one.place), _here(other.place)):
        return True
    if _is_one_disk(one.place, other.place) or _may_be_one_account(one, other, rooms) or _served_here(one, other):
        return False
    return not any(may_show_one_file(a, b) for a in _mounts(one.place) for b in _mounts(other.place))


def _may_be_one_account(one: _Side, other: _Side, rooms: Rooms) -> bool:
    """Whether a service behind one remote of rclone's, whatever names lie around it, may hold files of the other."""
    if one.place is not None and other.place is not None:
        return any(_may_share(a, b, rooms) for a in one.behind for b in other.behind)
    return any(a.may_be_one_service(b) and a.may_overlap(b) for a in one.told for b in other.told)


def _may_share(one: Leaf, other: Leaf, rooms: Rooms) -> bool:
    """Whether two folders of services may have files in common: of one name, by their paths alone; of two names, where
    the service seems to be one account by its room or, where it does not say its room, by the paths too."""
    if not one.may_be_one_service(other):
        return False
    if _is_asked(one, other) and one.words in rooms and other.words in rooms:
        return _is_one_room(rooms[one.words], rooms[other.words])
    return one.may_overlap(other)


def _is_asked(one: Leaf, other: Leaf) -> bool:
    """Whether how full they are tells one account from two: two protocols may count differently."""
    return one.remote != other.remote and one.kind == other.kind and one.may_be_one_service(other)


def _is_one_room(one: Device, other: Device) -> bool:
    """Whether two answers, seconds apart, may be of one account: mail may arrive between them.

    They may differ by a thousandth of the room, but no more than a hundredth of what is in it: two new accounts, which
    have the same room, are told apart by the little that is in them.
    """
    total, frees = one.storage_total_bytes, (one.storage_free_bytes, other.storage_free_bytes)
    if total is None or total != other.storage_total_bytes:
        return False
    known = [free for free in frees if free is not None]
    if len(known) < len(frees):
        return True
    return max(known) - min(known) <= min(total // 1000, (total - min(known)) // 100)


def _is_one_disk(one: Place | None, other: Place | None) -> bool:
    """Whether a server's disk, whatever its name, is by size and room one of this machine on which the other lies."""
    return any(is_one_disk(a, b) for a in _here(one) for b in _here(other))


def _name_files(con: duckdb.DuckDBPyConnection, table: str, place: Place | None, number: int | None) -> None:
    if not isinstance(place, FolderPlace):
        return
    other = "backup" if table == "source" else "source"
    mine = "" if number is None else f" AND backup_number = {int(number)}"
    rows = con.execute(
        f"""
        SELECT id, coalesce(path_bytes, hex(encode(path))) FROM {table}
        WHERE (file_id IS NULL OR changed IS NULL) AND sha256 IN (SELECT sha256 FROM {other}){mine}
        """
    ).fetchall()
    named = list(_named(place, rows))
    if named:
        con.execute("CREATE OR REPLACE TEMP TABLE named (id BIGINT, file_id VARCHAR, changed VARCHAR)")
        con.executemany("INSERT INTO named VALUES (?, ?, ?)", named)
        con.execute(
            f"UPDATE {table} SET file_id = named.file_id, changed = named.changed FROM named"
            f" WHERE named.id = {table}.id"
        )
        con.execute("DROP TABLE named")


def _named(place: FolderPlace, rows: Sequence[tuple[int, str]]) -> Iterable[tuple[int, str, str]]:
    for row, raw in rows:
        with contextlib.suppress(OSError, ValueError):
            facts = (place.root / os.fsdecode(bytes.fromhex(raw))).lstat()
            if name := file_id(facts):
                yield row, name, rfc3339(facts.st_ctime_ns)


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
    return () if place is None or isinstance(place, MtpPlace) else tuple(one.resolve() for one in things_of(place))


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
