"""What the report's page shows: findings and the files that they name, patterns in them, and which pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.database.connection import Database
from auditor.model import Status


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding, and what is known of the source's file that it names. `path` is None where it names none; `evidence`
    is JSON; `copy_path` is the path of the copy that it speaks of, `detail` what is said of that file."""

    rule: str
    path: str | None
    side: str
    backup: str | None
    message: str
    status: str
    evidence: str | None
    copy_path: str | None
    detail: str | None
    size_bytes: int | None
    taken_at: str | None
    kind: str | None


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why a finding is waived, by whom and until which day."""

    reason: str | None
    by: str | None
    expires: str | None


_FINDING = (
    "f.rule, f.path, f.side, f.backup, f.message, f.status, f.evidence,"
    " json_extract_string(f.evidence, '$.backup_path'), s.detail, s.size_bytes, s.taken_at, s.kind"
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


def by_date(db: Database, rule: str, letters: int) -> list[Share]:
    """The findings of a rule by the first letters of the date of the source's file: 7 tell months, 4 years."""
    return db.rows(
        Share,
        f"SELECT substr(s.taken_at, 1, {int(letters)}), count(*) {_JOINED} WHERE {_COUNTED} AND f.path IS NOT NULL"
        " AND s.path IS NOT NULL GROUP BY 1 ORDER BY 1 NULLS LAST",
        [rule],
    )


def by_folder(db: Database, rule: str) -> list[Share]:
    """The findings of a rule by folder, the most first."""
    return db.rows(
        Share,
        "SELECT regexp_extract(f.path, '^(?s)(.*)/', 1) AS folder, count(*) FROM findings f "
        f"WHERE {_COUNTED} AND f.path IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1",
        [rule],
    )


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


def left_out(db: Database) -> list[Share]:
    """Files of the source that need no backup, by reason or, without one, by kind; the most first."""
    return db.rows(
        Share,
        "SELECT coalesce(nullif(detail, ''), kind, 'other'), count(*) FROM files WHERE verdict = 'not_due'"
        " GROUP BY 1 ORDER BY 2 DESC, 1",
    )


@dataclass(frozen=True, slots=True)
class Pictured:
    """A photo or film of the source that is worth showing."""

    path: str
    is_damaged: bool


def pictured(db: Database, most: int) -> list[Pictured]:
    """The source's photos and films that the report would show: files that are not safe or not checked, that
    are damaged on either side, and files in groups of duplicates; the worst findings first, and of each rule its first
    rows before its later ones."""
    return db.rows(
        Pictured,
        """
        WITH counting AS (
            SELECT path, evidence, list_position(['error', 'warning', 'info'], severity) AS severity,
                row_number() OVER (PARTITION BY rule ORDER BY path) AS nth
            FROM findings WHERE side = 'source' AND path IS NOT NULL AND status <> 'waived'
        )
        SELECT c.path, bool_or(coalesce(s.soundness = 'damaged', false)) FROM counting c JOIN files s ON s.path = c.path
        WHERE s.kind IN ('photo', 'video') AND (s.verdict IN ('not_safe', 'not_checked') OR s.status = 'damaged'
            OR s.soundness = 'damaged' OR c.evidence LIKE '%"group"%')
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
