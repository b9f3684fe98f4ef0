"""Every rule that ships passes its own cases, and files that are no rules are refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import engine, policy, resources, rules
from auditor.errors import BadRule
from auditor.model import RuleState

RULES = rules.load()
CASES = [(rule, case) for rule in RULES for case in rules.cases(rule)]


@pytest.mark.parametrize(("rule", "case"), CASES, ids=[f"{r.id}.{c.name}" for r, c in CASES])
def test_case(rule: rules.Rule, case: rules.Case) -> None:
    outcome, found = engine.run_case(rule, case, policy.load("family"))
    assert outcome.state in (RuleState.PASSED, RuleState.FAILED, RuleState.NOT_APPLICABLE), outcome.reason
    assert found == case.expect


@pytest.mark.parametrize("rule", RULES, ids=[r.id for r in RULES])
def test_rule_lives_in_a_family_and_speaks_plainly(rule: rules.Rule) -> None:
    assert rule.path.parent.parent == resources.folder("rules")
    for text in (rule.passed, rule.failed_one, rule.failed_many, rule.message):
        assert text.endswith("."), text
    assert "$count" in rule.failed_many
    assert rule.remedy or rule.severity == "info"


GOOD = (resources.folder("rules") / "completeness" / "missing-from-backup.sql").read_text("utf-8")

BAD = {
    "no header": ("SELECT 1", "TOML header"),
    "not TOML": ("-- /// rule\n-- id = \n-- ///\nSELECT 1", "not TOML"),
    "key missing": (GOOD.replace('-- severity    = "error"\n', ""), "lacks severity"),
    "severity unknown": (GOOD.replace('"error"', '"fatal"'), "error, warning or info"),
    "verdict unknown": (GOOD.replace('"not_safe"', '"bad"'), "not_safe, not_checked or none"),
    "unknown key": (GOOD.replace("-- since ", '-- colour = "red"\n-- since '), "colour"),
    "other id": (GOOD.replace('"missing-from-backup"', '"other"'), "the file is named"),
    "no query": (GOOD[: GOOD.index("SELECT")], "no query"),
    "lone dollar": (GOOD.replace("$path is in", "$ is in"), "names no column"),
    "wrong type": (GOOD.replace('["completeness"]', '"completeness"'), "list of texts"),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_bad_rule_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "missing-from-backup.sql"
    path.write_text(text, "utf-8")
    with pytest.raises(BadRule, match=words) as error:
        rules.load([tmp_path])
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


HOSTILE = {
    "two statements": "SELECT 'source' AS side, path FROM due; DROP TABLE source",
    "not a select": "DELETE FROM source",
    "reads a file": "SELECT 'source' AS side, content AS path FROM read_text('/etc/hostname')",
    "reads a csv": "SELECT 'source' AS side, column0 AS path FROM read_csv('/etc/passwd')",
    "attaches": "ATTACH '/tmp/x.db' AS x",
    "no such column": "SELECT 'source' AS side, nonsense AS path FROM due",
    "no path": "SELECT 'source' AS side FROM due",
    "divides": "SELECT 'source' AS side, error('boom') AS path FROM due",
    "unknown parameter": "SELECT 'source' AS side, path FROM due WHERE size_bytes > $nobody",
}


@pytest.mark.parametrize("sql", HOSTILE.values(), ids=HOSTILE)
def test_a_rule_that_fails_is_broken_and_touches_nothing(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "missing-from-backup.sql"
    path.write_text(GOOD[: GOOD.index("SELECT")] + sql, "utf-8")
    rule = rules.parse(path.read_text("utf-8"), path)
    case = rules.Case(rule.id, "x", True, {"due": [{"path": "a.jpg", "kind": "photo"}]}, {}, ())
    outcome, found = engine.run_case(rule, case, policy.load("family"))
    assert outcome.state is RuleState.BROKEN
    assert outcome.reason
    assert found == ()


def test_users_rule_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / "missing-from-backup.sql").write_text(GOOD.replace('"error"', '"warning"'), "utf-8")
    found = {rule.id: rule for rule in rules.load([tmp_path])}
    assert found["missing-from-backup"].severity == "warning"


def test_missing_column_is_not_run(tmp_path: Path) -> None:
    rule = rules.parse(GOOD.replace('"pairs.status"', '"source.taken_at"'), tmp_path / "missing-from-backup.sql")
    import duckdb

    con = duckdb.connect()
    engine.create_tables(con)
    outcome = engine.run_rule(engine.Lists(con, frozenset({"pairs.status"})), rule, policy.load("family"))
    assert outcome.state is RuleState.NOT_RUN
    assert "source.taken_at" in (outcome.reason or "")
