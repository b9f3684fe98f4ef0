"""Manifests in DuckDB: the views that rules see, and the running of rules in a database that is locked down.

Views: `header` (one row a list), `source` and `backup` (the rows; `backup.backup` is the label), `due` (the source's
rows that must be backed up), `pairs` (one row a due file and backup), `files` (every row of the source with its best
status). What the rules find goes into `findings`. See rules/README.md.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from auditor.errors import BadManifest, BadRule
from auditor.manifest.jsonl import Manifest
from auditor.manifest.rows import DECODED
from auditor.model import RuleOutcome, RuleState, Severity, Status
from auditor.pairing import summarise
from auditor.policy import Policy
from auditor.readers.sniff import kind_by_name
from auditor.rules import Case, Rule, message_parts

RULE_SECONDS = 120
"""A rule that runs longer is broken."""

ROW_COLUMNS = {
    **dict.fromkeys(("path", "path_bytes", "mtime", "read_at", "digest_origin", "sha256", "md5", "sha1"), "VARCHAR"),
    **dict.fromkeys(("quickxor", "dropbox", "head_sha256", "kind", "format", "taken_at", "taken_offset"), "VARCHAR"),
    **dict.fromkeys(("taken_subsec", "camera_make", "camera_model", "image_id", "image_sha256", "phash"), "VARCHAR"),
    **dict.fromkeys(("soundness", "sidecar", "companion_of", "error"), "VARCHAR"),
    **dict.fromkeys(("size_bytes", "width", "height", "orientation"), "BIGINT"),
    **dict.fromkeys(("duration_s", "latitude", "longitude"), "DOUBLE"),
    **dict.fromkeys(("phash_turned", "checked", "notes"), "VARCHAR[]"),
    "mtime_trusted": "BOOLEAN",
    "damage": 'STRUCT(code VARCHAR, detail VARCHAR, "offset" BIGINT)[]',
}
"""The manifest's columns that the views have, with their types in DuckDB."""

DERIVED = {
    "name": "regexp_extract(path, '[^/]*$')",
    "folder": "regexp_replace(path, '/?[^/]*$', '')",
    "stem": "regexp_replace(lower(regexp_extract(path, '[^/]*$')), '(.)\\.[^.]*$', '\\1')",
    "extension": "regexp_extract(lower(path), '[^/.]\\.([^./]*)$', 1)",
    "mtime_s": "epoch(try_cast(mtime AS TIMESTAMP))",
}
"""Columns computed for every row. `stem` and `extension` are lower-case, the extension without its dot."""

HEADER_COLUMNS = {
    "side": "VARCHAR",
    "backup": "VARCHAR",
    **dict.fromkeys(("label", "place", "place_id", "place_kind", "tool", "depth", "started", "finished"), "VARCHAR"),
    "schema": "INTEGER",
    "complete": "BOOLEAN",
    "reasons": "VARCHAR[]",
    **dict.fromkeys(("files", "bytes"), "BIGINT"),
    "digest": "VARCHAR",
    "age_days": "DOUBLE",
    "off_site": "BOOLEAN",
    "is_phone": "BOOLEAN",
    **dict.fromkeys(("model", "android_version", "filesystem"), "VARCHAR"),
    **dict.fromkeys(("storage_total_bytes", "storage_free_bytes"), "BIGINT"),
    **dict.fromkeys(("previous_files", "previous_bytes"), "BIGINT"),
    "previous_finished": "VARCHAR",
}

PAIR_COLUMNS = {
    "id": "BIGINT",
    "path": "VARCHAR",
    "backup": "VARCHAR",
    "status": "VARCHAR",
    "backup_id": "BIGINT",
    "backup_path": "VARCHAR",
    "detail": "VARCHAR",
}

FILES_COLUMNS = ("id", "path", "status", "detail", "backup", "backup_path", "copies")
"""What a rule may want of `files`; its column `verdict` is filled only after the rules."""

FINDING_COLUMNS = {
    "number": "BIGINT",
    **dict.fromkeys(("rule", "severity", "status", "side", "backup", "path", "message", "evidence"), "VARCHAR"),
    **dict.fromkeys(("verdict", "fingerprint", "waiver_reason", "waiver_by", "waiver_expires"), "VARCHAR"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One list that is judged, under its label. `off_site` says that it is kept elsewhere."""

    label: str
    manifest: Manifest
    off_site: bool = False


@dataclass(frozen=True, slots=True)
class Lists:
    """The database of one audit, and which columns its lists can know (`source.taken_at`, `backup.phash`, ...)."""

    con: duckdb.DuckDBPyConnection
    known: frozenset[str]


@contextlib.contextmanager
def open_lists(source: Manifest, backups: Sequence[Listed], policy: Policy, now: datetime) -> Iterator[Lists]:
    """A database with the lists in it, shut off from files and network. It spills to a folder that goes with it.

    Raises: BadManifest where a row cannot be read as one.
    """
    with tempfile.TemporaryDirectory(prefix="auditor-") as spill, contextlib.closing(duckdb.connect()) as con:
        # The folder must be known before the lock; without insertion order kept, rows would lose the lists' order.
        con.execute("SET temp_directory = ?", [spill])
        con.execute("SET memory_limit = '1200MB'")
        create_tables(con)
        try:
            _load(con, "source", source.path, None, 0)
            for number, listed in enumerate(backups):
                _load(con, "backup", listed.manifest.path, listed.label, number)
        except duckdb.Error as error:
            raise BadManifest(f"a manifest has rows that are none: {str(error).splitlines()[0]}") from error
        _headers(con, Listed("source", source), backups, now)
        mark_due(con, policy)
        lock(con)
        yield Lists(con, _known(source, backups))


def lock(con: duckdb.DuckDBPyConnection) -> None:
    """Shuts the database off: no files, no network, no extensions, no way to switch them on again."""
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """The empty tables and the view `due`."""
    rows = {"id": "BIGINT", **ROW_COLUMNS, **dict.fromkeys(DERIVED, "VARCHAR"), "mtime_s": "DOUBLE"}
    _create(con, "source", {**rows, "is_due": "BOOLEAN", "excluded": "BOOLEAN"})
    _create(con, "backup", {**rows, "backup": "VARCHAR", "backup_number": "INTEGER"})
    _create(con, "header", HEADER_COLUMNS)
    _create(con, "pairs", PAIR_COLUMNS)
    _create(con, "findings", FINDING_COLUMNS)
    con.execute("CREATE VIEW due AS SELECT * FROM source WHERE is_due")


def _create(con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> None:
    definitions = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    con.execute(f"CREATE TABLE {table} ({definitions})")


def _load(con: duckdb.DuckDBPyConnection, table: str, path: Path, label: str | None, number: int) -> None:
    names = ", ".join(f'"{name}"' for name in ROW_COLUMNS)
    derived = ", ".join(f"{sql} AS {name}" for name, sql in DERIVED.items())
    extra = "false AS is_due, false AS excluded" if table == "source" else "? AS backup, ? AS backup_number"
    targets = ", ".join(f'"{name}"' for name in ("id", *ROW_COLUMNS, *DERIVED))
    extra_targets = "is_due, excluded" if table == "source" else "backup, backup_number"
    offset = con.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchall()[0][0]
    con.execute(
        f"""
        INSERT INTO {table} ({targets}, {extra_targets})
        SELECT {int(offset)} + row_number() OVER () AS id, {names}, {derived}, {extra}
        FROM read_json(?, format = 'newline_delimited', columns = ?, maximum_object_size = 1048576)
        WHERE path IS NOT NULL
        """,
        [*([] if table == "source" else [label, number]), str(path), ROW_COLUMNS],
    )


def _headers(con: duckdb.DuckDBPyConnection, source: Listed, backups: Sequence[Listed], now: datetime) -> None:
    rows = []
    for side, listed in (("source", source), *(("backup", b) for b in backups)):
        header, footer = listed.manifest.header, listed.manifest.footer
        device, previous = header.device, header.previous or {}
        age = (now - datetime.fromisoformat(footer.finished)).total_seconds() / 86400
        rows.append(
            {
                "side": side,
                "backup": listed.label if side == "backup" else None,
                **{name: getattr(header, name) for name in ("place", "place_id", "place_kind", "tool", "started")},
                "label": header.label,
                "schema": header.schema,
                "depth": header.depth.value,
                "finished": footer.finished,
                "complete": footer.complete,
                "reasons": list(footer.reasons),
                "files": footer.files,
                "bytes": footer.bytes,
                "digest": footer.digest,
                "age_days": age,
                "off_site": listed.off_site,
                "is_phone": device is not None and device.is_phone,
                "model": device and device.model,
                "android_version": device and device.android_version,
                "filesystem": device and device.filesystem,
                "storage_total_bytes": device and device.storage_total_bytes,
                "storage_free_bytes": device and device.storage_free_bytes,
                "previous_files": previous.get("files"),
                "previous_bytes": previous.get("bytes"),
                "previous_finished": previous.get("finished"),
            }
        )
    insert(con, "header", rows)


def insert(con: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Puts rows, given by column name, into a table.

    Raises: KeyError where a column is none of the table's.
    """
    columns = [row[0] for row in con.execute(f"SELECT column_name FROM (DESCRIBE {table})").fetchall()]
    for row in rows:
        if unknown := set(row) - set(columns):
            raise KeyError(f"{table} has no column {', '.join(sorted(unknown))}")
        names = ", ".join(f'"{name}"' for name in row)
        con.execute(
            f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})",
            list(row.values()),
        )


def mark_due(con: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    """Applies the policy's scope: photos and videos by content or by name, in every folder but the excluded ones, and
    the sidecars that speak for them."""
    extensions = [
        extension
        for (extension,) in con.execute("SELECT DISTINCT extension FROM source").fetchall()
        if extension and kind_by_name(f"x.{extension}") in policy.kinds
    ]
    con.execute(
        """
        UPDATE source SET is_due = list_contains(?, kind)
            -- By its name, only what is a file: a folder or a FIFO named x.jpg is none.
            OR (list_contains(?, extension) AND (size_bytes IS NOT NULL OR error LIKE 'unreadable: %'))
        """,
        [[kind.value for kind in policy.kinds], extensions],
    )
    if pattern := policy.excluded():
        con.execute("UPDATE source SET is_due = false, excluded = true WHERE regexp_matches(lower(path), ?)", [pattern])
    con.execute(
        """
        UPDATE source SET is_due = true
        FROM (SELECT DISTINCT sidecar FROM source WHERE is_due AND sidecar IS NOT NULL) AS spoken
        WHERE source.path = spoken.sidecar AND source.kind = 'sidecar' AND NOT source.excluded
        """
    )


def _known(source: Manifest, backups: Sequence[Listed]) -> frozenset[str]:
    columns = set(source.header.columns)
    shared = set.intersection(*(set(b.manifest.header.columns) for b in backups)) if backups else set()
    extra = {*DERIVED, "id", "is_due", "excluded", "backup", "backup_number"}
    return frozenset(
        {f"{view}.{name}" for view in ("source", "due") for name in columns | extra}
        | {f"backup.{name}" for name in shared | extra}
        | {f"pairs.{name}" for name in PAIR_COLUMNS}
        | {f"header.{name}" for name in HEADER_COLUMNS}
        | {f"files.{name}" for name in FILES_COLUMNS}
    )


EVERYTHING = frozenset(
    {f"{view}.{name}" for view in ("source", "due", "backup") for name in (*DECODED, *ROW_COLUMNS, *DERIVED)}
    | {f"{view}.{name}" for view in ("source", "due") for name in ("id", "is_due", "excluded")}
    | {f"backup.{name}" for name in ("id", "backup", "backup_number")}
    | {f"pairs.{name}" for name in PAIR_COLUMNS}
    | {f"header.{name}" for name in HEADER_COLUMNS}
    | {f"files.{name}" for name in FILES_COLUMNS}
)
"""All columns that a rule may need."""


def run_rule(lists: Lists, rule: Rule, policy: Policy) -> RuleOutcome:
    """Runs one rule and puts its findings into `findings`. A rule that fails is an outcome, never an exception."""
    severity = policy.severity(rule)
    started = time.monotonic()

    def outcome(state: RuleState, reason: str | None = None, looked_at: int = 0, findings: int = 0) -> RuleOutcome:
        return RuleOutcome(
            rule.id, state, severity, looked_at, findings, seconds=time.monotonic() - started, reason=reason
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
    return int(con.execute(sql, _bound(sql, rule, policy)).fetchall()[0][0])


def _find(con: duckdb.DuckDBPyConnection, rule: Rule, policy: Policy, severity: Severity) -> int:
    _one_select(rule.sql, "query")
    values = _bound(rule.sql, rule, policy)
    columns = [c[0] for c in con.execute(f"SELECT * FROM (\n{rule.sql}\n) LIMIT 0", values).description]
    if missing := {"side", "path"} - set(columns):
        raise BadRule(f"its query gives no column {', '.join(sorted(missing))}")
    evidence = [name for name in columns if name not in ("side", "path", "backup")]
    struct = ", ".join(f'"{name}" := "{name}"' for name in evidence)
    names = {
        "auditor_rule": rule.id,
        "auditor_severity": severity.value,
        "auditor_verdict": rule.verdict.value if rule.verdict else "none",
    }
    before = con.execute("SELECT count(*) FROM findings").fetchall()[0][0]
    con.execute(
        f"""
        INSERT INTO findings (number, rule, severity, status, side, backup, path, message, evidence, verdict,
            fingerprint)
        SELECT {int(before)} + row_number() OVER (), $auditor_rule, $auditor_severity, 'new', side,
            {"backup" if "backup" in columns else "NULL"}, path, {_message(rule, columns)},
            {f"to_json(struct_pack({struct}))" if evidence else "'{{}}'"}, $auditor_verdict,
            sha256(concat_ws(chr(0), $auditor_rule, side, {"coalesce(backup, '')" if "backup" in columns else "''"},
                path))
        FROM (
        {rule.sql}
        )
        """,
        {**values, **names},
    )
    return int(con.execute("SELECT count(*) FROM findings").fetchall()[0][0] - before)


def _one_select(sql: str, what: str) -> None:
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise BadRule(f"its {what} is not one SELECT")


def _bound(sql: str, rule: Rule, policy: Policy) -> dict[str, Any]:
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
        pieces.append(f'"{text}"' if is_column else "'" + text.replace("'", "''") + "'")
    return f"concat({', '.join(pieces)})"


def run_case(rule: Rule, case: Case, policy: Policy) -> tuple[RuleOutcome, tuple[str, ...]]:
    """Runs one case of a rule's test file: how the rule ended, and the paths that it found, in its order.

    A finding that names no file has the path ''. Of `pairs`, what the case leaves out is filled in: the id of the
    source's row by its path, that of the backup's by `backup` and `backup_path`.
    """
    with contextlib.closing(duckdb.connect(config={"threads": 1})) as con:
        create_tables(con)
        for view in ("header", "source", "due", "backup", "pairs"):
            _insert_case_rows(con, view, case.views.get(view, ()))
        settings = {name: value for name, value in case.params.items() if name in _SETTINGS}
        if "proof" in settings:
            settings["proof"] = tuple(Status(status) for status in settings["proof"])
        policy = replace(policy, params={}, **settings)
        summarise(con, [row["backup"] for row in case.views.get("pairs", ())], policy.proof)
        lock(con)
        own = {name: value for name, value in case.params.items() if name not in _SETTINGS}
        outcome = run_rule(Lists(con, EVERYTHING), replace(rule, params={**rule.params, **own}), policy)
        paths = con.execute("SELECT coalesce(path, '') FROM findings ORDER BY number").fetchall()
    return outcome, tuple(path for (path,) in paths)


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
