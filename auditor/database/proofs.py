"""Which proofs of one file may rest on one and the same copy: these count once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.database.connection import Database
from auditor.database.rewritten import since
from auditor.database.same_file import MOMENT, NUMBER
from auditor.model import Status


def fill(db: Database, proof: Sequence[Status]) -> None:
    """Fills `proofs` with one row a file and backup that proves it. Rows with one `one` may be of a single file: it is
    the same by its number or the instant of its change, or the list of one backup is older than the file of another.

    Which backup is named first changes nothing: what may be one with a third is one with whatever that may be.
    """
    db.run(
        f"""
        CREATE OR REPLACE TABLE proofs AS
        SELECT pairs.id, pairs.backup, row_number() OVER () AS one, row_number() OVER () AS turn,
            b.file_id, b.changed, b.listed_at, {NUMBER} AS number, {MOMENT} AS moment
        FROM pairs LEFT JOIN backup b ON b.id = pairs.backup_id
        WHERE list_contains(?::VARCHAR[], pairs.status)
        """,
        [[status.value for status in proof]],
    )
    db.run(
        f"""
        CREATE OR REPLACE TABLE may_be_one AS
        SELECT a.turn, b.turn AS other, {since("a", "b")} AS became
        FROM proofs a JOIN proofs b ON a.id = b.id AND a.turn <> b.turn
        WHERE coalesce(a.number = b.number, false) OR coalesce(a.moment = b.moment, false)
            OR {since("a", "b")} OR {since("b", "a")}
        """
    )
    lower = """
        SELECT may_be_one.turn, min(b.one) AS one FROM may_be_one
        JOIN proofs b ON b.turn = may_be_one.other JOIN proofs a ON a.turn = may_be_one.turn
        WHERE b.one < a.one GROUP BY may_be_one.turn
    """
    while db.one(int, f"SELECT count(*) FROM ({lower})"):
        db.run(f"UPDATE proofs SET one = found.one FROM ({lower}) AS found WHERE found.turn = proofs.turn")


def copies(where: str = "true", is_placed: str = "true") -> str:
    """How many files the rows of `proofs` are, as an SQL aggregate.

    A row that is not `is_placed` may be of the very file that another row is of: all such rows are one copy where there
    is no other.
    """
    placed = f"count(DISTINCT one) FILTER (WHERE {where} AND {is_placed})"
    return f"greatest({placed}, least(count(*) FILTER (WHERE {where}), 1))"


@dataclass(frozen=True, slots=True)
class Became:
    """The labels of a backup of which only a list is at hand, and of one whose files may be those of the list."""

    listed: str
    other: str


def became(db: Database) -> list[Became]:
    """Which backups count as one copy because files of one were written since the other was listed."""
    return db.rows(
        Became,
        """
        SELECT DISTINCT b.backup, a.backup FROM may_be_one
        JOIN proofs a ON a.turn = may_be_one.turn JOIN proofs b ON b.turn = may_be_one.other
        WHERE may_be_one.became ORDER BY 1, 2
        """,
    )
