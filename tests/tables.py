"""The tables of an audit, filled by hand: for tests of rules, waivers and verdicts without any file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from auditor.audit import database, pairing
from auditor.model import Status

Row = Mapping[str, Any]


def opened(
    due: Sequence[Row] = (),
    pairs: Sequence[Row] = (),
    *,
    backup: Sequence[Row] = (),
    header: Sequence[Row] | None = None,
    proof: Sequence[Status] = (Status.IDENTICAL,),
) -> duckdb.DuckDBPyConnection:
    """A database with these rows; ids are numbered. `header` None: a complete and fresh list a side."""
    con = duckdb.connect(config={"threads": 1})
    database.create_tables(con)
    labels = sorted({str(p["backup"]) for p in pairs}) or ["nas"]
    if header is None:
        fresh = {"complete": True, "age_days": 0.1, "files": 1}
        header = [
            {"side": "source", **fresh},
            *({"side": "backup", "backup": b, "off_site": False, **fresh} for b in labels),
        ]
    database.insert(con, "header", header)
    database.insert(con, "source", [{"id": n, "is_due": True, "excluded": False, **r} for n, r in enumerate(due, 1)])
    database.insert(con, "backup", [{"id": n, **r} for n, r in enumerate(backup, 1)])
    for table in ("source", "backup"):
        con.execute(f"UPDATE {table} SET {', '.join(f'{name} = {sql}' for name, sql in database.DERIVED.items())}")
    ids = {row["path"]: number for number, row in enumerate(due, 1)}
    there = {(row.get("backup"), row["path"]): number for number, row in enumerate(backup, 1)}
    database.insert(
        con,
        "pairs",
        [{"id": ids[p["path"]], "backup_id": there.get((p["backup"], p.get("backup_path"))), **p} for p in pairs],
    )
    pairing.summarise(con, labels, proof)
    return con


def found(con: duckdb.DuckDBPyConnection, **finding: Any) -> None:
    """Adds a finding as a rule would; what is left out has a plain value."""
    plain = {
        "rule": "missing-from-backup",
        "severity": "error",
        "status": "new",
        "side": "source",
        "verdict": "not_safe",
        "fingerprint": "0" * 64,
    }
    database.insert(con, "findings", [{**plain, **finding}])
