"""Tables filled row by row, for the cases of rules."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from auditor.database import files, schema
from auditor.database.connection import Database
from auditor.model import Status

Row = Mapping[str, Any]


@contextlib.contextmanager
def opened() -> Iterator[Database]:
    """Empty tables, in a database with one thread."""
    with contextlib.closing(duckdb.connect(config={"threads": 1})) as con:
        db = Database(con, schema.EVERYTHING)
        schema.create_tables(db)
        yield db


def fill(db: Database, views: Mapping[str, Sequence[Row]], proof: Sequence[Status]) -> None:
    """Fills the tables with the rows of these views, and `files`.

    Ids are given where there are none. Of `pairs`, what is left out is filled in: the id of the source's row by its
    path, that of the backup's by `backup` and `backup_path`.

    Raises: ValueError where a row has a column or value that its view cannot have.
    """
    try:
        for view in ("header", "source", "due", "backup", "pairs"):
            table = "source" if view == "due" else view
            rows = views.get(view, ())
            schema.insert(db, table, [_whole(db, view, number, row) for number, row in enumerate(rows, 1)])
        schema.derive(db)
        files.summarise(db, [row["backup"] for row in views.get("pairs", ())], proof)
    except (KeyError, TypeError, duckdb.Error) as error:
        raise ValueError(*error.args) from error


def _whole(db: Database, view: str, number: int, row: Row) -> Row:
    if view in ("source", "due"):
        return {
            "id": number + (1_000_000 if view == "source" else 0),
            "is_due": view == "due",
            "excluded": False,
            **row,
        }
    if view == "backup":
        return {"id": number, **row}
    if view == "pairs":
        there = [row["backup"], row.get("backup_path")]
        return {
            "id": _id(db, "SELECT id FROM source WHERE path = ?", [row["path"]]),
            "backup_id": _id(db, "SELECT id FROM backup WHERE backup = ? AND path = ?", there),
            **row,
        }
    return row


def _id(db: Database, sql: str, values: Sequence[str | None]) -> int | None:
    found = db.rows(int, sql, values)
    return found[0] if found else None
