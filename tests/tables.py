"""The tables of an audit, filled by hand: for tests of rules, waivers and verdicts without any file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from auditor.database import files, schema
from auditor.database.connection import Database
from auditor.model import Status

Row = Mapping[str, Any]


def opened(
    due: Sequence[Row] = (),
    pairs: Sequence[Row] = (),
    *,
    backup: Sequence[Row] = (),
    header: Sequence[Row] | None = None,
    proof: Sequence[Status] = (Status.IDENTICAL,),
) -> Database:
    """A database with these rows; ids are numbered. `header` None: a complete and fresh list a side."""
    db = Database(duckdb.connect(config={"threads": 1}), schema.EVERYTHING)
    schema.create_tables(db)
    labels = sorted({str(p["backup"]) for p in pairs}) or ["nas"]
    if header is None:
        fresh = {"complete": True, "age_days": 0.1, "files": 1}
        header = [
            {"side": "source", **fresh},
            *({"side": "backup", "backup": b, "off_site": False, **fresh} for b in labels),
        ]
    schema.insert(db, "header", header)
    schema.insert(db, "source", [{"id": n, "is_due": True, "excluded": False, **r} for n, r in enumerate(due, 1)])
    schema.insert(db, "backup", [{"id": n, **r} for n, r in enumerate(backup, 1)])
    schema.derive(db)
    ids = {row["path"]: number for number, row in enumerate(due, 1)}
    there = {(row.get("backup"), row["path"]): number for number, row in enumerate(backup, 1)}
    schema.insert(
        db,
        "pairs",
        [{"id": ids[p["path"]], "backup_id": there.get((p["backup"], p.get("backup_path"))), **p} for p in pairs],
    )
    files.summarise(db, labels, proof)
    return db


def found(db: Database, **finding: Any) -> None:
    """Adds a finding as a rule would; what is left out has a plain value."""
    plain = {
        "rule": "missing-from-backup",
        "severity": "error",
        "status": "new",
        "side": "source",
        "verdict": "not_safe",
        "fingerprint": "0" * 64,
    }
    schema.insert(db, "findings", [{**plain, **finding}])
