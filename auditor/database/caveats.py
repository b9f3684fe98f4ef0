"""What was not read in this run, and of what the verdict does not speak."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.database.connection import Database
from auditor.database.schema import NO_COPIES, NOT_SEEN, kinds, of_a_program
from auditor.model import DIGESTS, ErrorKind
from auditor.places.trash import OF_A_PROGRAM, TRASH_FOLDERS

_HAS_DIGEST = f"coalesce({', '.join(DIGESTS)}) IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Unread:
    """How many files were not read again, and when the one was read that was unread longest; None: nobody says."""

    files: int
    oldest: str | None


def unread_files(db: Database, since: str) -> Unread:
    """The proven files of the source that were read before `since` (RFC 3339)."""
    return db.one(
        Unread,
        """
        SELECT count(*), min(s.read_at) FROM files f JOIN source s ON s.id = f.id
        WHERE f.verdict = 'proven' AND left(coalesce(s.read_at, ''), 19) < left(?, 19)
        """,
        [since],
    )


def unread_copies(db: Database, backup_number: int, since: str) -> Unread:
    """The proven files of which a copy in this backup was read before `since` (RFC 3339)."""
    return db.one(
        Unread,
        """
        SELECT count(DISTINCT f.id), min(b.read_at)
        FROM files f JOIN pairs p ON p.id = f.id JOIN backup b ON b.id = p.backup_id
        WHERE f.verdict = 'proven' AND b.backup_number = ? AND left(coalesce(b.read_at, ''), 19) < left(?, 19)
        """,
        [backup_number, since],
    )


@dataclass(frozen=True, slots=True)
class Unopened:
    """How many due photos and videos were compared by bytes alone, of how many in all."""

    files: int
    media: int


@dataclass(frozen=True, slots=True)
class OfPrograms:
    """How many proven files have a copy in this folder, and none but in such ones, which may be a program's own."""

    folder: str
    files: int


def only_of_programs(db: Database) -> list[OfPrograms]:
    """What `OfPrograms` counts, over all backups, the folder with the most files first."""
    return db.rows(
        OfPrograms,
        f"""
        SELECT rtrim(regexp_extract(f.backup_path, '(?s)^.*?(?:{OF_A_PROGRAM})'), '/') AS folder, count(*) FROM files f
        WHERE f.verdict = 'proven' AND {of_a_program("f.backup_path", "f.path")}
            AND NOT EXISTS (
                SELECT 1 FROM proofs JOIN pairs USING (id, backup) JOIN backup b ON b.id = pairs.backup_id
                WHERE proofs.id = f.id AND NOT {of_a_program("b.path", "f.path")})
            AND NOT EXISTS (
                SELECT 1 FROM backup b WHERE b.sha256 = f.sha256
                    AND coalesce(b.error_kind NOT IN ({NO_COPIES}, {kinds(ErrorKind.SHOWN)}), true)
                    AND NOT regexp_matches(lower(b.path), '{TRASH_FOLDERS}')
                    AND NOT {of_a_program("b.path", "f.path")})
        GROUP BY folder ORDER BY count(*) DESC, folder
        """,
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """How many files of a backup prove nothing because they may be the phone's own, and why, in words."""

    backup: str
    files: int
    why: str


def shown(db: Database) -> list[Shown]:
    """What `Shown` counts, by backup and reason."""
    return db.rows(
        Shown,
        "SELECT backup, count(*), error FROM backup WHERE error_kind = ? GROUP BY backup, error ORDER BY backup, error",
        [ErrorKind.SHOWN.value],
    )


def unopened(db: Database) -> Unopened:
    """The due photos and videos that no decoder opened."""
    return db.one(
        Unopened,
        f"""
        SELECT count(*) FILTER (WHERE soundness IS NULL AND {_HAS_DIGEST}), count(*)
        FROM due WHERE kind IN ('photo', 'video')
        """,
    )


@dataclass(frozen=True, slots=True)
class NotDue:
    """How many files the verdict does not speak of: no photos or videos, and those that the policy leaves out."""

    others: int
    left_out: int


def not_due(db: Database) -> NotDue:
    """The files of the source that need no backup."""
    return db.one(
        NotDue,
        f"""
        SELECT count(*) FILTER (WHERE NOT coalesce(excluded, false)), count(*) FILTER (WHERE excluded)
        FROM source WHERE NOT is_due AND size_bytes IS NOT NULL
            AND NOT coalesce({NOT_SEEN} AND NOT excluded, false)  -- unreadable-other names these
        """,
    )


@dataclass(frozen=True, slots=True)
class NotReadNow:
    """Files of one list whose bytes were not read: how many, whose word their digests are, since when; `oldest` is None
    where nobody says."""

    side: str
    backup: str | None
    origin: str
    files: int
    oldest: str | None


def not_read_now(db: Database, since: str) -> list[NotReadNow]:
    """The files whose bytes were not read since then (RFC 3339), of each list and by the origin of their digests."""
    return [
        found
        for side, label in (("source", "NULL"), ("backup", "backup"))
        for found in db.rows(
            NotReadNow,
            f"""
            SELECT '{side}', {label}, coalesce(digest_origin, 'foreign') AS origin, count(*), min(read_at)
            FROM {side}
            WHERE ({_HAS_DIGEST} OR coalesce(digest_origin = 'claimed', false))
                AND (coalesce(digest_origin, 'foreign') <> 'read' OR read_at IS NULL OR read_at < ?)
            GROUP BY ALL ORDER BY ALL
            """,
            [since],
        )
    ]
