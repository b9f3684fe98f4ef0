"""The table `safe_to_delete`: the files of the source that an audit licenses to delete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from auditor.database import proofs
from auditor.database.connection import Database
from auditor.database.rows import Stored
from auditor.database.schema import NO_COPIES, kinds, of_a_program
from auditor.model import DigestOrigin, ErrorKind, Soundness
from auditor.places.trash import TRASH_FOLDERS

_TABLES = ("safe_to_delete", "safe_at_any_time")


class Stays(StrEnum):
    """Why a file that is safe is not among those that may go, whatever is read of it."""

    NOT_IDENTICAL = "not_identical"  # proven by the same picture, not by the same bytes
    NOT_SOUND = "not_sound"  # damaged on the phone, or odd
    NOT_OPENED = "not_opened"  # no decoder here knows its format
    IN_A_BIN = "in_a_bin"
    UNREAD = "unread"  # somebody else made its digests
    IN_A_BACKUP = "in_a_backup"  # that auditor keeps
    NAME = "name"  # a CSV cannot hold it exactly: its cell would be the exact name of another file
    COPIES = "copies"  # too few of them are sound, and were read and opened here


def fill(
    db: Database,
    read_now: Sequence[str],
    since: str,
    undoubted: Sequence[str],
    min_copies: int,
    doubted: Iterable[tuple[str, str]] = (),
) -> None:
    """Fills it with the files that are proven, identical and sound, and were read `since` then (RFC 3339) on both
    sides, in enough backups of those that were read (labels). `safe_at_any_time` are all such files of the `undoubted`
    backups, whenever they were read, and those that no decoder opened yet: what reading and opening may add. What lies
    in a `doubted` folder (label and folder) counts for neither.
    """
    db.put("doubted_folders", {"backup": "VARCHAR", "folder": "VARCHAR"}, doubted)
    sql = f"""
        SELECT s.path, s.size_bytes, s.mtime, s.sha256,
            string_agg(p.backup, '; ' ORDER BY list_position(?::VARCHAR[], p.backup)) AS backups, s.read_at
        FROM files f
        JOIN source s ON s.id = f.id
        JOIN pairs p ON p.id = f.id AND p.status = 'identical'
        JOIN proofs ON proofs.id = f.id AND proofs.backup = p.backup
        WHERE f.verdict = 'proven' AND f.status = 'identical' AND list_contains(?::VARCHAR[], p.backup)
            AND {_sound("s")} AND s.digest_origin = 'read' AND s.read_at >= ?
            -- An album may be called so; what empties bins goes by the name as well.
            AND NOT regexp_matches(lower(s.path), '{TRASH_FOLDERS}')
            AND EXISTS (
                SELECT 1 FROM backup b WHERE b.backup = p.backup AND b.sha256 = s.sha256
                    AND coalesce(b.error_kind NOT IN ({NO_COPIES}, {kinds(ErrorKind.SHOWN)}), true)
                    AND {_sound("b")} AND b.digest_origin = 'read' AND b.read_at >= ?
                    AND NOT regexp_matches(lower(b.path), '{TRASH_FOLDERS}')
                    AND NOT {of_a_program("b.path", "s.path")}
                    AND NOT EXISTS (
                        SELECT 1 FROM doubted_folders d WHERE d.backup = b.backup AND d.folder = b.folder)
            )
        GROUP BY s.id, s.path, s.size_bytes, s.mtime, s.sha256, s.read_at
        HAVING {proofs.copies()} >= ?
        """
    db.put("left_out", {"path": "VARCHAR", "reason": "VARCHAR"}, [])
    for table, labels, unopened, when in zip(_TABLES, (read_now, undoubted), (False, True), (since, ""), strict=True):
        each = [unopened, when]
        db.run(f"CREATE TABLE {table} AS {sql}", [list(labels), list(labels), *each, *each, min_copies])


def _sound(row: str) -> str:
    """Whether a row is sound, as SQL; its parameter says whether a photo or film that no decoder opened is taken for
    sound too."""
    return f"coalesce({row}.soundness, CASE WHEN ? AND {row}.kind IN ('photo', 'video') THEN 'sound' END) = 'sound'"


def files(db: Database) -> list[Stored]:
    """The files that are safe to delete, whenever they were read, opened or not."""
    return db.rows(Stored, "SELECT path, path_bytes, source.size_bytes FROM safe_at_any_time JOIN source USING (path)")


def leave_out(db: Database, why: Stays, paths: Sequence[str]) -> None:
    """Takes out these files."""
    db.run(f"INSERT INTO left_out SELECT unnest(?::VARCHAR[]), '{why}'", [list(paths)])
    for table in _TABLES:
        db.run(f"DELETE FROM {table} WHERE path IN (SELECT path FROM left_out)")


def not_read(db: Database) -> int:
    """How many may be safe to delete, were they read and opened."""
    counts = "SELECT (SELECT count(*) FROM safe_at_any_time) - (SELECT count(*) FROM safe_to_delete)"
    return db.one(int, counts)


def staying(db: Database) -> dict[Stays, int]:
    """How many of the proven files stay whatever is read, by the first reason that holds."""
    sql = f"""
        SELECT CASE
            WHEN f.status <> 'identical' THEN '{Stays.NOT_IDENTICAL}'
            WHEN s.soundness IN ('{Soundness.DAMAGED}', '{Soundness.SUSPICIOUS}') THEN '{Stays.NOT_SOUND}'
            WHEN NOT coalesce({_sound("s")}, false) THEN '{Stays.NOT_OPENED}'
            WHEN regexp_matches(lower(s.path), '{TRASH_FOLDERS}') THEN '{Stays.IN_A_BIN}'
            WHEN s.digest_origin IS DISTINCT FROM '{DigestOrigin.READ}' THEN '{Stays.UNREAD}'
            ELSE coalesce(l.reason, '{Stays.COPIES}') END AS why, count(*)
        FROM files f JOIN source s ON s.id = f.id
        LEFT JOIN (SELECT path, min(reason) AS reason FROM left_out GROUP BY path) l ON l.path = s.path
        WHERE f.verdict = 'proven' AND NOT EXISTS (SELECT 1 FROM safe_at_any_time a WHERE a.path = s.path)
        GROUP BY why ORDER BY why
        """
    return dict(db.rows(lambda why, number: (Stays(str(why)), int(number)), sql, [True]))


def amount(db: Database) -> tuple[int, int]:
    """How many files are safe to delete, and their bytes."""
    asked = "SELECT count(*), coalesce(sum(size_bytes), 0)::BIGINT FROM safe_to_delete"
    return db.rows(lambda files, size_bytes: (int(files), int(size_bytes)), asked)[0]
