"""One file is one copy, whatever names, links and mounts it is reached by: what of a backup is the phone's own file.

A row of a folder names its file by `file_id`. Where that tells nothing, because a second mount gives other numbers, two
rows of one content are one file if they changed at the same instant, to the 100 ns that every network share tells: a
copy gets a time of its own, which no program can set (POSIX, st_ctim; MS-DTYP, FILETIME).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from auditor.disk.mounts import Mount, may_show_one_file, mount_of, mounts_beneath
from auditor.manifest.rows import rfc3339
from auditor.model import ErrorKind
from auditor.places import Place
from auditor.places.folder import FolderPlace, file_id
from auditor.places.mtp import MtpPlace
from auditor.places.nesting import things_of


def _instant(column: str) -> str:
    """A time to 100 ns, as SQL."""
    return f"rtrim(left({column}, 27), 'Z0')"


def _is_fine(column: str) -> str:
    """Whether a time is finer than any file system that keeps whole seconds, or that makes it up from the file's date,
    as SQL."""
    return f"regexp_matches({_instant(column)}, '[.][0-9]{{3,}}[1-9]')"


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


def mark_linked(con: duckdb.DuckDBPyConnection, source: Place | None, backups: Sequence[Place | None]) -> None:
    """Marks the files of backups that are the phone's own files: they are no copies.

    Places that are at hand as folders are asked for what their lists do not say.
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


def count_once(con: duckdb.DuckDBPyConnection, backups: Sequence[tuple[str, Place | None]]) -> list[str]:
    """Gives one number to all files of one content in backups (label and place) whose mounts may show the same files,
    so that `copies` counts them once. Files that changed at times of their own are two, where the mounts tell such
    times. Returns sentences on what counts as one. Call after `mark_linked`, which names the files.
    """
    told = []
    for number, group in enumerate(_groups([place for _, place in backups])):
        mounts = {mount for n in group for mount in _mounts(backups[n][1])}
        tells = all(mount.tells_times for mount in mounts)
        instant = f"CASE WHEN ? AND {_is_fine('changed')} THEN ' at ' || {_instant('changed')} ELSE '' END"
        con.execute(
            f"UPDATE backup SET file_id = ? || {instant} WHERE list_contains(?::INTEGER[], backup_number)",
            [f"shown {number}", tells, group],
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
            told.append(
                f"{', '.join(names[:-1])} and {names[-1]} are mounted by file systems that may show the same files, so"
                " they count as one copy; name the folders or the remotes that lie behind them"
            )
    return told


def _groups(places: Sequence[Place | None]) -> list[list[int]]:
    """The places, by number, of which each may show the files of another one of its group; none of one alone."""
    groups: list[list[int]] = []
    for number, place in enumerate(places):
        near = [group for group in groups if any(not _is_apart(place, places[other]) for other in group)]
        groups = [group for group in groups if group not in near] + [[*(n for group in near for n in group), number]]
    return [sorted(group) for group in groups if len(group) > 1]


def _is_apart(one: Place | None, other: Place | None) -> bool:
    """Whether the files of two backups are surely two: not where their mounts may show one file under two numbers."""
    if _is_one_mount(_here(one), _here(other)):
        return True
    return not any(may_show_one_file(a, b) for a in _mounts(one) for b in _mounts(other))


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
    return not servers and not any(mount.shows_another for mount in (*mounts, *others))


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
    try:
        if any(mounts_beneath(one) for one in (*ours, *theirs)):
            return False
        return len({one.stat().st_dev for one in (*ours, *theirs)}) == 1
    except OSError:
        return False
