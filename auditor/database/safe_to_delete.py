"""The table `safe_to_delete`: the files of the source that an audit licenses to delete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from auditor.database import proofs
from auditor.database.connection import Database, Values
from auditor.database.rows import Stored
from auditor.database.schema import NO_COPIES, kinds, of_a_program
from auditor.model import DigestOrigin, ErrorKind, Kind, Soundness
from auditor.places.trash import TRASH_FOLDERS

_TABLES = ("safe_to_delete", "safe_at_any_time")


class Stays(StrEnum):
    """Why a file that is safe is not among those that may go, whatever is read of it where it lies."""

    NOT_IDENTICAL = "not_identical"  # proven by the same picture, not by the same bytes
    NOT_SOUND = "not_sound"  # damaged on the phone, or odd
    SIDECAR = "sidecar"  # nothing opens it, and nothing has to
    NOT_OPENED = "not_opened"  # no decoder here knows its format
    IN_A_BIN = "in_a_bin"
    READ_ELSEWHERE = "read_elsewhere"  # somebody else made its digests: of the phone's list
    IN_A_BACKUP = "in_a_backup"  # that auditor keeps
    NAME = "name"  # a CSV cannot hold it exactly: its cell would be the exact name of another file
    PARTED = "parted"  # its film, its RAW or its photo stays
    COPIES_READ_ELSEWHERE = "copies_read_elsewhere"  # a list or a service says what they are
    MAYBE_PHONE = "maybe_phone"  # what holds its copies may be the phone itself
    COPIES = "copies"  # too few of them are sound, and lie where they stay


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
    now = {"labels": list(read_now), "unopened": False, "since": since, "copies": min_copies}
    ever = {"labels": list(undoubted), "unopened": True, "since": "", "copies": min_copies}
    every = {**ever, "labels": db.rows(str, "SELECT DISTINCT backup FROM pairs")}
    db.put("left_out", {"path": "VARCHAR", "reason": "VARCHAR"}, [])
    here = _copy(f"{_READ} AND {_APART}")
    db.run(f"CREATE TABLE safe_to_delete AS {_licensed(here)}", now)
    db.run(f"CREATE TABLE safe_at_any_time AS {_licensed(here)}", ever)
    # What is in neither might be, if what others say of the copies were read here, and then if it were known that
    # nothing is the phone itself.
    _leave(db, Stays.COPIES_READ_ELSEWHERE, _licensed(f"({here} OR {_copy(f'{_TOLD} AND {_APART}')})"), ever)
    _leave(db, Stays.MAYBE_PHONE, _licensed(f"({_copy(_READ)} OR {_copy(_TOLD)})"), every)


_TOLD = "b.id = p.backup_id AND b.digest_origin <> 'read'"
_APART = "NOT EXISTS (SELECT 1 FROM doubted_folders d WHERE d.backup = b.backup AND d.folder = b.folder)"


def _copy(which: str) -> str:
    """Whether a backup `p` has a copy `b` of the phone's file `s` that will stay where it is, as SQL; `which`, as SQL,
    says what makes it good enough."""
    return f"""EXISTS (
                SELECT 1 FROM backup b WHERE {which}
                    AND coalesce(b.error_kind NOT IN ({NO_COPIES}, {kinds(ErrorKind.SHOWN)}), true)
                    AND NOT regexp_matches(lower(b.path), '{TRASH_FOLDERS}')
                    AND NOT {of_a_program("b.path", "s.path")}
            )"""


def _licensed(has_copy: str) -> str:
    """The files that may go by the backups $labels, as SQL; `has_copy` is the SQL of `_copy`."""
    return f"""
        SELECT s.path, s.size_bytes, s.mtime, s.sha256,
            string_agg(p.backup, '; ' ORDER BY list_position($labels::VARCHAR[], p.backup)) AS backups,
            list(p.backup) AS labels, s.read_at
        FROM files f
        JOIN source s ON s.id = f.id
        JOIN pairs p ON p.id = f.id AND p.status = 'identical'
        JOIN proofs ON proofs.id = f.id AND proofs.backup = p.backup
        WHERE f.verdict = 'proven' AND f.status = 'identical' AND list_contains($labels::VARCHAR[], p.backup)
            AND {_sound("s")} AND s.digest_origin = 'read' AND s.read_at >= $since
            -- An album may be called so; what empties bins goes by the name as well.
            AND NOT regexp_matches(lower(s.path), '{TRASH_FOLDERS}')
            AND {has_copy}
        GROUP BY s.id, s.path, s.size_bytes, s.mtime, s.sha256, s.read_at
        HAVING {proofs.copies()} >= $copies
        """


def _leave(db: Database, why: Stays, licensed: str, values: Values) -> None:
    """Notes the reason of files that are in no table, and have none yet."""
    db.run(
        f"""
        INSERT INTO left_out SELECT path, '{why}' FROM ({licensed}) AS l
        WHERE NOT EXISTS (SELECT 1 FROM safe_at_any_time a WHERE a.path = l.path)
            AND NOT EXISTS (SELECT 1 FROM left_out o WHERE o.path = l.path)
        """,
        values,
    )


def _sound(row: str) -> str:
    """Whether a row is sound, as SQL; $unopened: a photo or film that no decoder opened is taken for sound too."""
    untold = f"CASE WHEN $unopened AND {row}.kind IN ('photo', 'video') THEN 'sound' END"
    return f"coalesce({row}.soundness, {untold}) = 'sound'"


_READ = f"""
                b.backup = p.backup AND b.sha256 = s.sha256
                    AND {_sound("b")} AND b.digest_origin = 'read' AND b.read_at >= $since"""


def files(db: Database) -> list[Stored]:
    """The files that are safe to delete, whenever they were read, opened or not."""
    return db.rows(Stored, "SELECT path, path_bytes, source.size_bytes FROM safe_at_any_time JOIN source USING (path)")


def leave_out(db: Database, why: Stays, paths: Sequence[str]) -> None:
    """Takes out these files."""
    db.run(f"INSERT INTO left_out SELECT unnest(?::VARCHAR[]), '{why}'", [list(paths)])
    for table in _TABLES:
        db.run(f"DELETE FROM {table} WHERE path IN (SELECT path FROM left_out)")


def leave_parted_out(db: Database) -> None:
    """Takes out what belongs to a file that is not in the table itself: a film and its photo go together or not."""
    for table in _TABLES:  # what is in the second alone may go once all is read
        if table == "safe_at_any_time":
            db.run(f"INSERT INTO left_out SELECT path, '{Stays.PARTED}' FROM ({_parted(table)})")
        db.run(f"DELETE FROM {table} WHERE path IN ({_parted(table)})")


def _parted(table: str) -> str:
    """The files of a table that belong to one that is not in it, as SQL."""
    main = "coalesce(companion_of, path)"
    return f"""
        SELECT path FROM source WHERE path IN (SELECT path FROM {table}) AND {main} IN (
            SELECT {main} FROM source LEFT JOIN {table} t USING (path) WHERE t.path IS NULL)
        """


def not_read(db: Database) -> int:
    """How many may be safe to delete, were they read and opened."""
    counts = "SELECT (SELECT count(*) FROM safe_at_any_time) - (SELECT count(*) FROM safe_to_delete)"
    return db.one(int, counts)


def staying(db: Database) -> dict[Stays, int]:
    """How many of the proven files stay whatever is read of them, by the first reason that holds."""
    sql = f"""
        SELECT CASE
            WHEN f.status <> 'identical' THEN '{Stays.NOT_IDENTICAL}'
            WHEN s.soundness IN ('{Soundness.DAMAGED}', '{Soundness.SUSPICIOUS}') THEN '{Stays.NOT_SOUND}'
            WHEN s.kind = '{Kind.SIDECAR}' THEN '{Stays.SIDECAR}'
            WHEN NOT coalesce({_sound("s")}, false) THEN '{Stays.NOT_OPENED}'
            WHEN regexp_matches(lower(s.path), '{TRASH_FOLDERS}') THEN '{Stays.IN_A_BIN}'
            WHEN s.digest_origin IS DISTINCT FROM '{DigestOrigin.READ}' THEN '{Stays.READ_ELSEWHERE}'
            ELSE coalesce(l.reason, '{Stays.COPIES}') END AS why, count(*)
        FROM files f JOIN source s ON s.id = f.id
        LEFT JOIN (SELECT path, min(reason) AS reason FROM left_out GROUP BY path) l ON l.path = s.path
        WHERE f.verdict = 'proven' AND NOT EXISTS (SELECT 1 FROM safe_at_any_time a WHERE a.path = s.path)
        GROUP BY why ORDER BY why
        """
    return dict(db.rows(lambda why, number: (Stays(str(why)), int(number)), sql, {"unopened": True}))


def amount(db: Database, labels: Sequence[str] = (), least: int = 0) -> tuple[int, int]:
    """How many files are safe to delete by so many at `least` of these backups, with all that belongs to them, and
    their bytes."""
    return db.rows(
        lambda files, size_bytes: (int(files), int(size_bytes)),
        f"""
        WITH by_these AS (SELECT * FROM safe_to_delete WHERE len(list_intersect(labels, ?::VARCHAR[])) >= ?)
        SELECT count(*), coalesce(sum(size_bytes), 0)::BIGINT FROM by_these
        WHERE NOT EXISTS (SELECT 1 FROM ({_parted("by_these")}) p WHERE p.path = by_these.path)
        """,
        [list(labels), least],
    )[0]
