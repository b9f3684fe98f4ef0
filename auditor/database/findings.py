"""The table `findings`: what the rules found, and what people decided about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.database.connection import Database


def waive(db: Database, rule: str, paths: str, fingerprint: str | None, *, reason: str, by: str, expires: str) -> bool:
    """Marks the findings of a rule as waived, those at `paths` (a regular expression (RE2); empty: at none), and the
    one of this fingerprint. `expires` is the last day that it holds. Returns whether there were any."""
    changed = db.one(
        int,
        """
        UPDATE findings SET status = 'waived', waiver_reason = ?, waiver_by = ?, waiver_expires = ?
        WHERE rule = ? AND (fingerprint = ? OR (? <> '' AND regexp_full_match(path, ?)))
        """,
        [reason, by, expires, rule, fingerprint or "", paths, paths or "x"],
    )
    return changed > 0


def mark_known(db: Database, fingerprints: Sequence[str]) -> None:
    """Marks findings that were known before. They still count; only their status tells them from new ones."""
    db.run(
        "UPDATE findings SET status = 'known' WHERE status = 'new' AND list_contains(?::VARCHAR[], fingerprint)",
        [list(fingerprints)],
    )


def by_status(db: Database, rule: str) -> dict[str, int]:
    """How many findings of a rule are new, known and waived."""
    counting = "SELECT status, count(*) FROM findings WHERE rule = ? GROUP BY status"
    return dict(db.rows(lambda status, number: (str(status), int(number)), counting, [rule]))


@dataclass(frozen=True, slots=True)
class Untidy:
    """How many files could be tidied up, and how many more the same checks name as those to keep."""

    files: int
    kept: int


def untidy(db: Database, tidying: Sequence[str], others: Sequence[str]) -> Untidy:
    """What could be tidied up, as the rules `tidying` found: a file of which one of the `others` says that something is
    wrong with it is none, even where somebody waived that."""
    (found,) = db.rows(
        Untidy,
        """
        SELECT count(*) FILTER (goes), count(*) FILTER (NOT goes)
        FROM (
            SELECT bool_or(json_extract_string(evidence, '$.keep') IS DISTINCT FROM 'yes') AS goes
            FROM findings f
            WHERE list_contains(?::VARCHAR[], rule) AND status <> 'waived'
                AND NOT EXISTS (
                    SELECT 1 FROM findings g
                    WHERE g.side = f.side AND g.path = f.path AND list_contains(?::VARCHAR[], g.rule))
            GROUP BY coalesce(side || '/' || path, number::VARCHAR))
        """,
        [list(tidying), list(others)],
    )
    return found


def paths(db: Database) -> tuple[str, ...]:
    """The path of every finding, in the order found; '' where it names no file."""
    return tuple(db.rows(str, "SELECT coalesce(path, '') FROM findings ORDER BY number"))
