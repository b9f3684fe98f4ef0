"""Which rows are one file, by its number or by the instant of its last change; and which may be, by their mounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from auditor.database.connection import Database
from auditor.database.schema import NO_COPIES
from auditor.model import DIGESTS, ErrorKind
from auditor.paths import path_of


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
    (s.file_id = b.file_id AND ((coalesce(s.size_bytes = b.size_bytes, true) AND coalesce(s.sha256 = b.sha256, true))
        -- What is one picture in one file was edited between the two lists.
        OR coalesce(s.image_sha256 = b.image_sha256, false)))
    -- Two numbers of one volume are two files, though both were made in one tick of its clock. An export does not say
    -- the date of its file.
    OR (coalesce(split_part(s.file_id, ':', 1) <> split_part(b.file_id, ':', 1), true)
        AND s.sha256 = b.sha256 AND {_instant("s.changed")} = {_instant("b.changed")}
        AND coalesce({_instant("s.mtime")} = {_instant("b.mtime")}, true) AND {_is_fine("s.changed")}
        AND (s.changed <> coalesce(s.mtime, b.mtime) OR split_part(s.file_id, ':', 2) = split_part(b.file_id, ':', 2)))
"""


NUMBER = "coalesce(one_of, file_id)"
"""Which file a row of a backup is, as SQL; NULL where nothing says it."""

MOMENT = (
    f"CASE WHEN file_id IS NOT NULL AND {_is_fine('changed')}"
    f" THEN concat_ws(' ', split_part(file_id, ':', 2), {_instant('changed')}, sha256) END"
)
"""The same by the instant of its last change, which two mounts tell alike."""


@dataclass(frozen=True, slots=True)
class Unnumbered:
    """A row that does not say which file it is, by its id; `path_bytes` in hex."""

    id: int
    path_bytes: str

    @property
    def path(self) -> str:
        """The path as its place knows it.

        Raises: ValueError where a list of somebody else's making gives none.
        """
        return path_of(bytes.fromhex(self.path_bytes))


def unnumbered(db: Database, side: Literal["source", "backup"], backup_number: int = 0) -> list[Unnumbered]:
    """The rows of one list that do not say which file they are, and whose content the other side has too."""
    other = "backup" if side == "source" else "source"
    mine = "" if side == "source" else f" AND backup_number = {int(backup_number)}"
    return db.rows(
        Unnumbered,
        f"""
        SELECT id, coalesce(path_bytes, hex(encode(path))) FROM {side}
        WHERE (file_id IS NULL OR changed IS NULL) AND sha256 IN (SELECT sha256 FROM {other}){mine}
        """,
    )


def number(db: Database, side: Literal["source", "backup"], named: Iterable[tuple[int, str, str]]) -> None:
    """Says which files rows are: id, the file's number, and when it changed (RFC 3339)."""
    db.put("named", {"id": "BIGINT", "file_id": "VARCHAR", "changed": "VARCHAR"}, named)
    db.run(
        f"UPDATE {side} SET file_id = named.file_id, changed = named.changed FROM named WHERE named.id = {side}.id;"
        " DROP TABLE named"
    )


def mark_linked(db: Database, why: str) -> None:
    """Marks the files of backups that are files of the source, under a second name; `why` is for people."""
    found = {
        row
        for key in ("file_id", "sha256")
        for row in db.rows(int, f"SELECT DISTINCT b.id FROM backup b JOIN source s USING ({key}) WHERE {_SAME_FILE}")
    }
    db.run(
        "UPDATE backup SET error_kind = ?, error = ? WHERE list_contains(?::BIGINT[], id)",
        [ErrorKind.LINKED.value, why, sorted(found)],
    )


class Times(StrEnum):
    """What it tells that two rows changed at two instants."""

    ALL = "all"  # they are two files
    UNLESS_THE_DATE = "unless_the_date"  # the same, but for a time that may be no more than the file's date
    NOTHING = "nothing"


def is_numbered(db: Database, backup_number: int | None) -> bool:
    """Whether every row of a backup that counts tells which file it is of; None: of the source."""
    table, mine = ("source", "true") if backup_number is None else ("backup", f"backup_number = {int(backup_number)}")
    sql = f"SELECT count(*) FROM {table} WHERE file_id IS NULL AND size_bytes IS NOT NULL AND {mine}"
    return db.one(int, sql) == 0


def mark_shown(
    db: Database,
    backup_number: int,
    why: str,
    times: Times = Times.NOTHING,
    *,
    only_unnumbered: bool = False,
) -> None:
    """Marks each file of a backup that may be a file of the source: one of the same content, if times do not tell that
    it is another one. Where one file surely is the source's own, all of the backup is marked. `why` is for people.
    `only_unnumbered`: where both have a number, it tells.
    """
    may_be = "(s.file_id IS NULL OR b.file_id IS NULL)" if only_unnumbered else "true"
    found = {
        row
        for digest in DIGESTS
        for row in db.rows(
            int,
            f"""
            SELECT DISTINCT b.id FROM backup b JOIN source s USING ({digest})
            WHERE b.backup_number = ? AND {may_be}
                AND NOT (? AND coalesce({_instant("s.changed")} <> {_instant("b.changed")}, false)
                    AND NOT (? AND {_may_be_made_up("s", "b")}))
            """,
            [backup_number, times is not Times.NOTHING, times is Times.UNLESS_THE_DATE],
        )
    }
    db.run(
        f"""
        UPDATE backup SET error_kind = ?, error = ? WHERE backup_number = ?
            AND coalesce(error_kind NOT IN ({NO_COPIES}), true)
            AND (list_contains(?::BIGINT[], id) OR {not only_unnumbered} AND EXISTS (
                SELECT 1 FROM backup l WHERE l.backup_number = ? AND l.error_kind = '{ErrorKind.LINKED}'))
        """,
        [ErrorKind.SHOWN.value, why, backup_number, sorted(found), backup_number],
    )


def count_once(db: Database, backup_numbers: Sequence[int], name: str, times: Times) -> bool:
    """Gives one number, made of `name`, to all files of one content in these backups, so that they count as one copy;
    but for files that changed at times of their own. Whether any two of the backups share a file then.
    """
    own_time = f"{_is_fine('changed')} AND NOT ($told AND coalesce(changed = mtime, true))"
    tells = f"$tells AND bool_and(coalesce({own_time}, false))"
    db.run(
        f"""
        WITH told AS (
            SELECT sha256, {tells} AS tells FROM backup
            WHERE list_contains($numbers::INTEGER[], backup_number) GROUP BY sha256
        )
        UPDATE backup SET one_of = $name || CASE WHEN told.tells THEN ' at ' || {_instant("changed")} ELSE '' END
        FROM told
        WHERE told.sha256 IS NOT DISTINCT FROM backup.sha256
            AND list_contains($numbers::INTEGER[], backup_number)
        """,
        {
            "tells": times is not Times.NOTHING,
            "told": times is Times.UNLESS_THE_DATE,
            "numbers": list(backup_numbers),
            "name": name,
        },
    )
    return db.one(
        bool,
        """
        SELECT count(*) > 0 FROM (
            SELECT sha256 FROM backup WHERE list_contains(?::INTEGER[], backup_number) AND error_kind IS NULL
            GROUP BY sha256, one_of HAVING count(DISTINCT backup_number) > 1
        )
        """,
        [list(backup_numbers)],
    )
