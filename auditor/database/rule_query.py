"""A rule's own query, run by itself; what it gives becomes findings."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from auditor.database.connection import Database, awaited, interruptible
from auditor.database.schema import quoted
from auditor.errors import BadRule
from auditor.model import FileVerdict, Severity

_ROWS = "rule_rows"
"""Where what a rule's query gave lies, until findings are made of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rule asks: `population` is a FROM clause, `sql` one SELECT, `values` what both may bind as `$name`.
    `message` is text, and with True names of columns of the query; `verdict` is that of the files it finds."""

    rule: str
    population: str
    sql: str
    values: Mapping[str, Any]
    message: Sequence[tuple[str, bool]]
    severity: Severity
    verdict: FileVerdict | None


@contextlib.contextmanager
def limited(db: Database, seconds: float) -> Iterator[None]:
    """Lets queries run so long together.

    Raises: BadRule where it took longer, or the database refuses one of them.
    """
    timer = threading.Timer(seconds, db.con.interrupt)
    timer.start()
    try:
        with interruptible():
            yield
    except duckdb.InterruptException as error:
        raise BadRule(f"it took longer than {seconds:g} seconds") from error
    except (duckdb.Error, RuntimeError) as error:
        raise BadRule(str(error).splitlines()[0]) from error
    finally:
        timer.cancel()


def population(db: Database, asked: Asked) -> int:
    """How many rows a rule judges.

    Raises: BadRule where its population is none, or asks for a value that nothing gives.
    """
    sql = f"SELECT count(*) FROM {asked.population}"
    _one_select(sql, "population")
    values = bound(sql, asked.values)
    return awaited(db.con, lambda: db.one(int, sql, values))


def find(db: Database, asked: Asked) -> int:
    """Runs the query by itself, then makes findings of its rows: rule, severity, status and verdict are ours to say.
    Returns how many there are.

    Nothing of ours stands around the query's text, so that no text of a rule can end it and say something else.

    Raises: BadRule where the query is not one SELECT of the columns that a finding must have, or asks for a value that
    nothing gives.
    """
    _one_select(asked.sql, "query")
    found = db.con.sql(asked.sql, params=bound(asked.sql, asked.values) or None)
    columns = list(found.columns)
    if missing := {"side", "path"} - set(columns):
        raise BadRule(f"its query gives no column {', '.join(sorted(missing))}")
    if len({name.lower() for name in columns}) < len(columns):
        raise BadRule("its query gives two columns of one name")
    message = _message(asked.message, columns)
    db.run(f"DROP TABLE IF EXISTS {_ROWS}")
    awaited(db.con, lambda: found.create(_ROWS))
    if count := db.one(int, f"SELECT count(*) FROM {_ROWS}"):
        _put(db, asked, columns, message)
    db.run(f"DROP TABLE {_ROWS}")
    return count


def _put(db: Database, asked: Asked, columns: Sequence[str], message: str) -> None:
    """Findings of the rows that a query gave."""
    evidence = [quoted(name) for name in columns if name not in ("side", "path", "backup")]
    struct = ", ".join(f"{name} := {name}" for name in evidence)
    before = db.one(int, "SELECT count(*) FROM findings")
    # A fingerprint stays the same when the user gives a backup another name.
    called = db.rows(
        lambda *labels: labels, "SELECT backup, own_label FROM header WHERE own_label IS NOT NULL AND side = 'backup'"
    )
    own = "$own[list_position($called, backup)]"
    known_as = f"coalesce({f'{own}, ' * bool(called)}backup, '')" if "backup" in columns else "''"
    db.run(
        f"""
        INSERT INTO findings (number, rule, severity, status, side, backup, path, message, evidence, verdict,
            fingerprint)
        SELECT {before} + row_number() OVER (), $rule, $severity, 'new', side,
            {"backup" if "backup" in columns else "NULL"}, path, {message},
            {f"to_json(struct_pack({struct}))" if evidence else "'{}'"}, $verdict,
            sha256(concat_ws(chr(0), $rule, side, {known_as}, path))
        FROM {_ROWS}
        """,
        {
            "rule": asked.rule,
            "severity": asked.severity.value,
            "verdict": asked.verdict.value if asked.verdict else "none",
            **({"called": [one for one, _ in called], "own": [own for _, own in called]} if "$own" in known_as else {}),
        },
    )


def _one_select(sql: str, what: str) -> None:
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise BadRule(f"its {what} is not one SELECT")


def bound(sql: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a query asks for, no others: DuckDB refuses what is not asked for.

    Raises: BadRule where nothing gives one of them.
    """
    wanted = set(duckdb.extract_statements(sql)[0].named_parameters)
    if unknown := sorted(wanted - set(values)):
        raise BadRule(f"nothing gives a value for ${', $'.join(unknown)}; write it under `params` in the rule's header")
    return {name: values[name] for name in wanted}


def _message(parts: Sequence[tuple[str, bool]], columns: Sequence[str]) -> str:
    pieces = []
    for text, is_column in parts:
        if is_column and text not in columns:
            raise BadRule(f"its message names ${text}, which the query does not give")
        pieces.append(quoted(text) if is_column else "'" + text.replace("'", "''") + "'")
    return f"concat({', '.join(pieces)})"
