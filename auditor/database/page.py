"""What the report's page shows: findings and the files that they name, patterns in them, and which pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from auditor.database.connection import Database
from auditor.dates import MONTH
from auditor.model import Status


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding, and what is known of the source's file that it names. `path` is None where it names none; `evidence`
    is JSON; `copy_path` is the path of the copy that it speaks of, `whole_path` that of a whole copy in `whole_backup`,
    `phone_path` that of a whole file on the phone where the finding is of a backup's,
    `detail` what is said of that file, `mtime` its date where its place tells the truth about that."""

    rule: str
    path: str | None
    side: str
    backup: str | None
    message: str
    status: str
    evidence: str | None
    copy_path: str | None
    whole_backup: str | None
    whole_path: str | None
    phone_path: str | None
    detail: str | None
    size_bytes: int | None
    taken_at: str | None
    mtime: str | None
    kind: str | None


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why a finding is waived, by whom and until which day."""

    reason: str | None
    by: str | None
    expires: str | None


_FINDING = (
    "f.rule, f.path, f.side, f.backup, f.message, f.status, f.evidence,"
    " json_extract_string(f.evidence, '$.backup_path'), json_extract_string(f.evidence, '$.whole_backup'),"
    " json_extract_string(f.evidence, '$.whole_path'), json_extract_string(f.evidence, '$.phone_path'),"
    " s.detail, s.size_bytes, s.taken_at, s.mtime, s.kind"
)
_JOINED = "FROM findings f LEFT JOIN files s ON f.side = 'source' AND s.path = f.path"
_COUNTED = "f.rule = ? AND f.status <> 'waived'"


def findings(db: Database, rule: str, most: int) -> Iterator[Finding]:
    """The findings of a rule that are not waived, those that name no file first, then by path. No other question may be
    asked meanwhile."""
    return db.stream(
        Finding,
        f"SELECT {_FINDING} {_JOINED} WHERE {_COUNTED}"
        f" ORDER BY f.path NULLS FIRST, f.backup NULLS FIRST LIMIT {int(most)}",
        [rule],
    )


def waived(db: Database, most: int) -> list[tuple[Finding, Waiver]]:
    """The waived findings, by rule and path."""
    return db.rows(
        lambda reason, by, expires, *finding: (Finding(*finding), Waiver(reason, by, expires)),
        f"SELECT f.waiver_reason, f.waiver_by, CAST(f.waiver_expires AS VARCHAR), {_FINDING} {_JOINED}"
        f" WHERE f.status = 'waived' ORDER BY f.rule, f.path LIMIT {int(most)}",
    )


@dataclass(frozen=True, slots=True)
class Share:
    """How many of something fall under one word; None: nobody knows which."""

    name: str | None
    count: int


@dataclass(frozen=True, slots=True)
class State:
    """How many due files have one status and one verdict."""

    status: Status
    verdict: str
    count: int


def breakdown(db: Database) -> list[State]:
    """How many due files are in which state, by verdict, the most first."""
    return db.rows(
        lambda status, verdict, count: State(Status(status), verdict, count),
        "SELECT status, verdict, count(*) FROM files WHERE verdict <> 'not_due' GROUP BY 1, 2"
        " ORDER BY list_position(['proven', 'not_safe', 'not_checked', 'waived'], verdict), 3 DESC, 1",
    )


class Axis(StrEnum):
    """By what the due files are counted: the month (`2026-05`) of the photo or, where that is not known, of its file;
    or the folder. As SQL on `files`, the month as `dates.month_of` has it."""

    MONTH = "coalesce(month_of(taken_at), month_of(mtime))"
    FOLDER = "regexp_extract(path, '^(?s)(.*)/', 1)"


@dataclass(frozen=True, slots=True)
class Covered:
    """How many due files of one month or folder have one verdict; None: nobody knows when they were taken."""

    name: str | None
    verdict: str
    count: int


@dataclass(frozen=True, slots=True)
class Held:
    """How many due files of one month or folder one backup holds with proof."""

    name: str | None
    backup: str
    count: int


def covered(db: Database, axis: Axis) -> list[Covered]:
    """The due files by month or folder, and by verdict."""
    _know_months(db)
    return db.rows(
        Covered,
        f"SELECT {axis.value}, verdict, count(*) FROM files WHERE verdict <> 'not_due' GROUP BY ALL ORDER BY ALL",
    )


def dated_by_file(db: Database) -> int:
    """How many due files are in their month by the date of the file, as that of the photo is not known."""
    _know_months(db)
    return db.one(
        int,
        "SELECT count(*) FROM files WHERE verdict <> 'not_due'"
        " AND month_of(taken_at) IS NULL AND month_of(mtime) IS NOT NULL",
    )


def held(db: Database, axis: Axis, proof: Sequence[str]) -> list[Held]:
    """The due files by month or folder, and by the backups that hold proof of them (statuses) under the policy."""
    _know_months(db)
    return db.rows(
        Held,
        f"SELECT {axis.value}, backup, count(*) FROM (SELECT DISTINCT f.id, f.path, f.taken_at, f.mtime, p.backup"
        " FROM files f JOIN pairs p ON p.id = f.id WHERE f.verdict <> 'not_due'"
        " AND list_contains(?::VARCHAR[], p.status)) GROUP BY ALL ORDER BY ALL",
        [list(proof)],
    )


def _know_months(db: Database) -> None:
    db.run(
        "CREATE OR REPLACE TEMP MACRO month_of(stamp) AS"
        f" CASE WHEN regexp_matches(stamp, '^{MONTH}') THEN substr(stamp, 1, 7) END"
    )


def left_out(db: Database) -> list[Share]:
    """Files of the source that need no backup, by reason or, without one, by kind; the most first."""
    return db.rows(
        Share,
        "SELECT coalesce(nullif(detail, ''), kind, 'other'), count(*) FROM files WHERE verdict = 'not_due'"
        " GROUP BY 1 ORDER BY 2 DESC, 1",
    )


@dataclass(frozen=True, slots=True)
class Found:
    """One file of the source with its status and verdict; its best counterpart, None where there is none; and what is
    said of it."""

    path: str
    status: str
    verdict: str
    backup: str | None
    backup_path: str | None
    detail: str | None


def every_file(db: Database, most: int) -> tuple[list[Found], int]:
    """The source's files in path order, and how many there are of these: all where they are no more than `most`; else
    those that are due and not proven, `most` of them."""
    asked = "SELECT path, status, verdict, backup, backup_path, detail FROM files"
    if db.one(int, "SELECT count(*) FROM files") <= most:
        found = db.rows(Found, f"{asked} ORDER BY id")
        return found, len(found)
    unproven = "WHERE verdict NOT IN ('proven', 'not_due')"
    number = db.one(int, f"SELECT count(*) FROM files {unproven}")
    return db.rows(Found, f"{asked} {unproven} ORDER BY id LIMIT {int(most)}"), number


@dataclass(frozen=True, slots=True)
class Pictured:
    """A photo or film of the source that is worth showing."""

    path: str
    is_damaged: bool


def pictured(db: Database, most: int) -> list[Pictured]:
    """The source's photos and films that the report would show: files that are not safe or not checked, that are
    damaged on either side or whole where a backup's is not, and files in groups of duplicates; the worst findings
    first, and of each rule its first rows before its later ones."""
    return db.rows(
        Pictured,
        """
        WITH counting AS (
            SELECT path, evidence, list_position(['error', 'warning', 'info'], severity) AS severity,
                row_number() OVER (PARTITION BY rule ORDER BY path) AS nth
            FROM findings WHERE side = 'source' AND path IS NOT NULL AND status <> 'waived'
            UNION ALL
            SELECT json_extract_string(evidence, '$.phone_path'), evidence,
                list_position(['error', 'warning', 'info'], severity),
                row_number() OVER (PARTITION BY rule ORDER BY path)
            FROM findings WHERE side = 'backup' AND evidence LIKE '%"phone_path"%' AND status <> 'waived'
        )
        SELECT c.path, bool_or(coalesce(s.soundness = 'damaged', false)) FROM counting c JOIN files s ON s.path = c.path
        WHERE s.kind IN ('photo', 'video') AND (s.verdict IN ('not_safe', 'not_checked') OR s.status = 'damaged'
            OR s.soundness = 'damaged' OR c.evidence LIKE '%"group"%' OR c.evidence LIKE '%"phone_path"%')
        GROUP BY c.path ORDER BY min(c.severity), min(c.nth), c.path LIMIT ?
        """,
        [most],
    )


def damaged_copies(db: Database, most: int) -> list[tuple[str, str]]:
    """The damaged files of the backups that findings speak of, as (backup, path): what is left of them is shown."""
    return db.rows(
        lambda backup, path: (backup, path),
        """
        WITH counting AS (
            SELECT backup,
                coalesce(json_extract_string(evidence, '$.backup_path'), CASE side WHEN 'backup' THEN path END) AS path,
                list_position(['error', 'warning', 'info'], severity) AS severity,
                row_number() OVER (PARTITION BY rule ORDER BY path) AS nth
            FROM findings WHERE backup IS NOT NULL AND status <> 'waived'
        )
        SELECT c.backup, c.path FROM counting c JOIN backup b ON b.backup = c.backup AND b.path = c.path
        LEFT JOIN pairs p ON p.backup = c.backup AND p.backup_path = c.path AND p.status = 'damaged'
        WHERE b.kind IN ('photo', 'video') AND b.size_bytes > 0 AND (b.soundness = 'damaged' OR p.path IS NOT NULL)
        GROUP BY c.backup, c.path ORDER BY min(c.severity), min(c.nth), c.backup, c.path LIMIT ?
        """,
        [most],
    )


def whole_copies(db: Database, most: int) -> list[tuple[str, str]]:
    """The whole files of the backups to be shown beside what findings say is damaged, as (backup, path)."""
    return db.rows(
        lambda backup, path: (backup, path),
        """
        SELECT DISTINCT json_extract_string(evidence, '$.whole_backup') AS backup,
            json_extract_string(evidence, '$.whole_path') AS path
        FROM findings WHERE status <> 'waived' AND evidence LIKE '%"whole_path"%' AND path IS NOT NULL
            AND json_extract_string(evidence, '$.whole_path') IS NOT NULL
        ORDER BY 1, 2 LIMIT ?
        """,
        [most],
    )
