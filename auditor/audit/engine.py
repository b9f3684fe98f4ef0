"""Rules run one after the other in the locked database of `views`; a rule that fails is an outcome.

Their findings go into the table `findings`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from auditor.audit.database import DERIVED, EVERYTHING, Lists, create_tables, insert, lock
from auditor.audit.pairing import summarise
from auditor.errors import BadRule
from auditor.judge.policy import Policy
from auditor.judge.rules import Case, Rule, message_parts
from auditor.model import RuleOutcome, RuleState, Severity, Status
from auditor.pictures import ranked

RULE_SECONDS = 120
"""A rule that runs longer is broken."""

_ROWS = "rule_rows"
"""Where what a rule's query gave lies, until findings are made of it."""


def run_rule(lists: Lists, rule: Rule, policy: Policy) -> RuleOutcome:
    """Runs one rule and puts its findings into `findings`. A rule that fails is an outcome, never an exception."""
    severity = policy.severity(rule)
    started = time.monotonic()

    def outcome(state: RuleState, reason: str | None = None, looked_at: int = 0, findings: int = 0) -> RuleOutcome:
        seconds = time.monotonic() - started
        return RuleOutcome(
            rule.id,
            state,
            severity,
            looked_at,
            findings,
            seconds=seconds,
            reason=reason,
            verdict=rule.verdict,
            tidying=rule.tidying,
        )

    if unheard := sorted(set(rule.needs) - EVERYTHING):
        return outcome(RuleState.BROKEN, f"there is no {', '.join(unheard)} in any list")
    if missing := sorted(set(rule.needs) - lists.known):
        return outcome(RuleState.NOT_RUN, f"the lists do not know {', '.join(missing)}")
    timer = threading.Timer(RULE_SECONDS, lists.con.interrupt)
    timer.start()
    try:
        looked_at = _population(lists.con, rule, policy)
        if looked_at == 0:
            return outcome(RuleState.NOT_APPLICABLE)
        found = _find(lists.con, rule, policy, severity)
    except BadRule as error:
        return outcome(RuleState.BROKEN, str(error))
    except duckdb.InterruptException:
        return outcome(RuleState.BROKEN, f"it took longer than {RULE_SECONDS} seconds")
    except (duckdb.Error, RuntimeError) as error:
        return outcome(RuleState.BROKEN, str(error).splitlines()[0])
    finally:
        timer.cancel()
    return outcome(RuleState.FAILED if found else RuleState.PASSED, looked_at=looked_at, findings=found)


def _population(con: duckdb.DuckDBPyConnection, rule: Rule, policy: Policy) -> int:
    sql = f"SELECT count(*) FROM {rule.population}"
    _one_select(sql, "population")
    return int(con.execute(sql, bound(sql, rule, policy)).fetchall()[0][0])


def _find(con: duckdb.DuckDBPyConnection, rule: Rule, policy: Policy, severity: Severity) -> int:
    """Runs the query by itself, then makes findings of its rows: rule, severity, status and verdict are ours to say.

    Nothing of ours stands around the query's text, so that no text of a rule can end it and say something else.
    """
    _one_select(rule.sql, "query")
    asked = con.sql(rule.sql, params=bound(rule.sql, rule, policy) or None)
    columns = list(asked.columns)
    if missing := {"side", "path"} - set(columns):
        raise BadRule(f"its query gives no column {', '.join(sorted(missing))}")
    if len({name.lower() for name in columns}) < len(columns):
        raise BadRule("its query gives two columns of one name")
    message = _message(rule, columns)
    con.execute(f"DROP TABLE IF EXISTS {_ROWS}")
    asked.create(_ROWS)
    evidence = [quoted(name) for name in columns if name not in ("side", "path", "backup")]
    struct = ", ".join(f"{name} := {name}" for name in evidence)
    before = con.execute("SELECT count(*) FROM findings").fetchall()[0][0]
    con.execute(
        f"""
        INSERT INTO findings (number, rule, severity, status, side, backup, path, message, evidence, verdict,
            fingerprint)
        SELECT {int(before)} + row_number() OVER (), $rule, $severity, 'new', side,
            {"backup" if "backup" in columns else "NULL"}, path, {message},
            {f"to_json(struct_pack({struct}))" if evidence else "'{}'"}, $verdict,
            sha256(concat_ws(chr(0), $rule, side, {"coalesce(backup, '')" if "backup" in columns else "''"}, path))
        FROM {_ROWS}
        """,
        {"rule": rule.id, "severity": severity.value, "verdict": rule.verdict.value if rule.verdict else "none"},
    )
    con.execute(f"DROP TABLE {_ROWS}")
    return int(con.execute("SELECT count(*) FROM findings").fetchall()[0][0] - before)


def quoted(name: str) -> str:
    """A column's name as SQL writes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def _one_select(sql: str, what: str) -> None:
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise BadRule(f"its {what} is not one SELECT")


def bound(sql: str, rule: Rule, policy: Policy) -> dict[str, Any]:
    """The values that the query asks for, no others: DuckDB refuses what is not asked for."""
    values = policy.values(rule)
    wanted = set(duckdb.extract_statements(sql)[0].named_parameters)
    if unknown := sorted(wanted - set(values)):
        raise BadRule(f"nothing gives a value for ${', $'.join(unknown)}; write it under `params` in the rule's header")
    return {name: values[name] for name in wanted}


def _message(rule: Rule, columns: Sequence[str]) -> str:
    pieces = []
    for text, is_column in message_parts(rule.message):
        if is_column and text not in columns:
            raise BadRule(f"its message names ${text}, which the query does not give")
        pieces.append(quoted(text) if is_column else "'" + text.replace("'", "''") + "'")
    return f"concat({', '.join(pieces)})"


def run_case(rule: Rule, case: Case, policy: Policy) -> tuple[RuleOutcome, tuple[str, ...]]:
    """Runs one case of a rule's test file: how the rule ended, and the paths that it found, in its order.

    A finding that names no file has the path ''.

    Raises: BadRule where a row of the case has a column or value that its view cannot have.
    """
    with opened(case, policy) as (lists, chosen):
        outcome = run_rule(lists, rule, chosen)
        paths = lists.con.execute("SELECT coalesce(path, '') FROM findings ORDER BY number").fetchall()
    return outcome, tuple(path for (path,) in paths)


@contextlib.contextmanager
def opened(case: Case, policy: Policy) -> Iterator[tuple[Lists, Policy]]:
    """The lists that a case gives, shut off as those of an audit are, and the policy with the parameters of the case.

    Of `pairs`, what the case leaves out is filled in: the id of the source's row by its path, that of the backup's by
    `backup` and `backup_path`.

    Raises: BadRule where a row of the case has a column or value that its view cannot have.
    """
    settings = {name: value for name, value in case.params.items() if name in _SETTINGS}
    own = {name: value for name, value in case.params.items() if name not in _SETTINGS}
    with contextlib.closing(duckdb.connect(config={"threads": 1})) as con:
        create_tables(con)
        try:
            for view in ("header", "source", "due", "backup", "pairs"):
                _insert_case_rows(con, view, case.views.get(view, ()))
            if "proof" in settings:
                settings["proof"] = tuple(Status(status) for status in settings["proof"])
            policy = replace(policy, params=own, **settings)
            summarise(con, [row["backup"] for row in case.views.get("pairs", ())], policy.proof)
        except (KeyError, ValueError, TypeError, duckdb.Error) as error:
            reason = " ".join(str(error.args[0]).split())
            raise BadRule(
                f"{case.rule_id}.test.toml: the case {case.name} is none that can be run: {reason}"
            ) from error
        ranked.fill(con, policy.keep)
        lock(con)
        yield Lists(con, EVERYTHING), policy


_SETTINGS = ("proof", "min_copies", "off_site_copies", "max_list_age_days")


def _insert_case_rows(con: duckdb.DuckDBPyConnection, view: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    table = "source" if view == "due" else view
    made = []
    for number, row in enumerate(rows, 1):
        values = dict(row)
        if table in ("source", "backup"):
            values.setdefault("id", number + (1_000_000 if view == "source" else 0))
        if table == "source":
            values.setdefault("is_due", view == "due")
            values.setdefault("excluded", False)
        if table == "pairs":
            values.setdefault("id", _id(con, "SELECT id FROM source WHERE path = ?", values["path"]))
            there = (values["backup"], values.get("backup_path"))
            values.setdefault("backup_id", _id(con, "SELECT id FROM backup WHERE backup = ? AND path = ?", *there))
        made.append(values)
    insert(con, table, made)
    if table in ("source", "backup"):
        con.execute(f"UPDATE {table} SET {', '.join(f'{name} = {sql}' for name, sql in DERIVED.items())}")


def _id(con: duckdb.DuckDBPyConnection, sql: str, *values: str | None) -> int | None:
    row = con.execute(sql, values).fetchone()
    return None if row is None else int(row[0])


def counts(con: duckdb.DuckDBPyConnection, outcome: RuleOutcome) -> RuleOutcome:
    """The outcome with its findings told apart: those that count, those known before, those waived."""
    rows = con.execute("SELECT status, count(*) FROM findings WHERE rule = ? GROUP BY status", [outcome.rule_id])
    by_status = dict(rows.fetchall())
    waived = by_status.get("waived", 0)
    known = by_status.get("known", 0)
    counted = sum(by_status.values()) - waived
    state = RuleState.PASSED if outcome.state is RuleState.FAILED and not counted else outcome.state
    return replace(outcome, state=state, findings=counted, known=known, waived=waived)
