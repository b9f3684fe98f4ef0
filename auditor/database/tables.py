"""The tables of an audit folder, as text, a few thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.database.connection import Database

if TYPE_CHECKING:
    import pandas as pd

_BY_SEVERITY = (
    "list_position(['error', 'warning', 'info'], severity), rule, path NULLS FIRST, backup NULLS FIRST, side,"
    " fingerprint"
)


def files(db: Database, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Every row of the source with its one status, in path order. While a table is read, nothing else may be asked."""
    return _texts(db, columns, "files", "id")


def findings(db: Database, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Every finding, worst first."""
    return _texts(db, columns, "findings", _BY_SEVERITY)


def safe_to_delete(db: Database, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
    """What may be deleted, in path order."""
    return _texts(db, columns, "safe_to_delete", "path")


def _texts(db: Database, columns: Sequence[str], table: str, order: str) -> Iterator[pd.DataFrame]:
    """The columns as text with empty for unknown: pandas would turn whole numbers with gaps into 3.0."""
    texts = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '') AS {name}" for name in columns)
    return db.frames(f"SELECT {texts} FROM {table} ORDER BY {order}")


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as it was made; `evidence` is JSON. The last three are those of its waiver, None where it has none."""

    rule: str
    severity: str
    status: str
    side: str
    backup: str | None
    path: str | None
    message: str
    evidence: str | None
    fingerprint: str
    reason: str | None
    by: str | None
    expires: str | None


def exact_findings(db: Database) -> Iterator[Finding]:
    """Every finding, worst first. While they are read, nothing else may be asked."""
    return db.stream(
        Finding,
        "SELECT rule, severity, status, side, backup, path, message, evidence, fingerprint, waiver_reason, waiver_by,"
        f" CAST(waiver_expires AS VARCHAR) FROM findings ORDER BY {_BY_SEVERITY}",
    )
