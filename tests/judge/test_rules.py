"""Every rule that ships passes its own cases, and files that are no rules are refused with a sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

import auditor
from auditor import data as shipped
from auditor.audit import engine
from auditor.database import schema
from auditor.database.connection import Database
from auditor.errors import BadRule
from auditor.judge import policy, rules
from auditor.model import ErrorKind, RuleState
from auditor.words import COLUMNS

RULES = rules.load()
CASES = [(rule, case) for rule in RULES for case in rules.cases(rule)]


@pytest.mark.parametrize(("rule", "case"), CASES, ids=[f"{r.id}.{c.name}" for r, c in CASES])
def test_case(rule: rules.Rule, case: rules.Case) -> None:
    outcome, found = engine.run_case(rule, case, policy.load("family"))
    assert outcome.state in (RuleState.PASSED, RuleState.FAILED, RuleState.NOT_APPLICABLE), outcome.reason
    assert found == case.expect
    assert case.looked_at in (None, outcome.looked_at)


def test_a_label_is_right_beside_any_number() -> None:
    """`Damaged copy 1`, `Damaged copy 12`: what it calls one finding, and no two rules call theirs alike."""
    many = re.compile(r"(\w+ )?(archives|copies|folders|links|lists|names|phones|photos|sidecars)\b", re.IGNORECASE)
    labels = [rule.label for rule in RULES]
    assert [label for label in labels if many.match(label)] == []
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("rule", RULES, ids=[r.id for r in RULES])
def test_rule_lives_in_a_family_and_speaks_plainly(rule: rules.Rule) -> None:
    assert rule.path.parent.parent == shipped.folder("rules")
    for text in (rule.passed, rule.failed_one, rule.failed_many, rule.message):
        assert text.endswith("."), text
    assert "$count" in rule.failed_many
    assert rule.remedy or rule.severity == "info"


@pytest.mark.parametrize("rule", RULES, ids=[r.id for r in RULES])
def test_no_message_says_1_files(rule: rules.Rule) -> None:
    """A number before a noun is made in the query, where one is told from many; `1 of 2 copies` is right as it is."""
    counted = re.findall(
        r"(?<!of )\$\w+ (?:files|photos|pictures|videos|copies|folders|places|times|others)\b", rule.message
    )
    assert not counted


GOOD = (shipped.folder("rules") / "completeness" / "missing-from-backup.sql").read_text("utf-8")

BAD = {
    "no header": ("SELECT 1", "TOML header"),
    "not TOML": ("-- /// rule\n-- id = \n-- ///\nSELECT 1", "not TOML"),
    "key missing": (GOOD.replace('-- severity    = "error"\n', ""), "lacks severity"),
    "severity unknown": (GOOD.replace('"error"', '"fatal"'), "error, warning or info"),
    "verdict unknown": (GOOD.replace('"not_safe"', '"bad"'), "not_safe, not_checked or none"),
    "theme unknown": (GOOD.replace('"safety"', '"odd"'), "it can be safety, damage, memory, space, note"),
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


@pytest.mark.parametrize(
    ("views", "words"),
    [
        ({"due": [{"path": "a.jpg", "backup": "nas"}]}, "source has no column backup"),
        ({"due": [{"path": "a.jpg", "size_bytes": "much"}]}, "much"),
        ({"pairs": [{"path": "a.jpg"}]}, "backup"),
    ],
)
def test_a_case_that_no_view_can_hold_is_one_sentence(views: dict[str, list[dict[str, object]]], words: str) -> None:
    case = rules.Case("missing-from-backup", "odd", True, views, {}, ("a.jpg",))
    (rule,) = (rule for rule in RULES if rule.id == case.rule_id)
    with pytest.raises(BadRule, match=words) as error:
        engine.run_case(rule, case, policy.load("family"))
    assert "missing-from-backup.test.toml: the case odd" in str(error.value) and "\n" not in str(error.value)


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


FORGED = """SELECT 1, 'other-files', 'info', 'waived', 'source', NULL, path, 'm', '{}', 'not_safe', 'f' FROM due"""
INJECTIONS = (
    f"""a" := 1)), $auditor_verdict, 'f' FROM (SELECT path FROM due) WHERE false UNION ALL {FORGED} --""",
    f"""a" := 1)), 'none', 'f' FROM rule_rows WHERE false UNION ALL {FORGED} --""",
    f"""a"); INSERT INTO findings {FORGED}; --""",
    *("rule", "status", "severity", "verdict", "fingerprint", "number", "$rule", "$severity", "?", "a b", "", " ", '"'),
    *("--", "/*", "*/", "/**/", ";", "'", "'' ''", "a.b", "a := b", "$path", "\n--\n", "x" * 5000, "*", "é", "\\"),
)


@pytest.mark.parametrize("alias", INJECTIONS)
def test_no_name_of_a_column_makes_a_finding_of_its_own(tmp_path: Path, alias: str) -> None:
    """What a query gives becomes evidence; rule, severity, status and verdict are never the query's to say."""
    path = tmp_path / "missing-from-backup.sql"
    named = '"' + alias.replace('"', '""') + '"'
    path.write_text(GOOD[: GOOD.index("SELECT")] + f"SELECT 'source' AS side, path, 7 AS {named} FROM due", "utf-8")
    rule = rules.parse(path.read_text("utf-8"), path)
    db = Database(duckdb.connect(), schema.EVERYTHING)
    schema.create_tables(db)
    db.con.execute("INSERT INTO source (id, path, is_due) VALUES (1, 'a.jpg', true)")
    db.lock()
    outcome = engine.run_rule(db, rule, policy.load("family"))
    columns = "number, rule, severity, status, side, backup, path, verdict, evidence, waiver_reason"
    found = db.con.execute(f"SELECT {columns} FROM findings").fetchall()
    if not alias:  # SQL knows no empty name
        assert outcome.state is RuleState.BROKEN
        return
    assert [row[:8] for row in found] == [(1, rule.id, "error", "new", "source", None, "a.jpg", "not_safe")]
    assert json.loads(found[0][8]) == {alias: 7}
    assert found[0][9] is None and outcome.findings == 1


TEXTS = {
    "ends the query": "SELECT 'source' AS side, path FROM due) UNION ALL (SELECT 'source', path FROM source",
    "a comment to the end": "SELECT 'source' AS side, path FROM due /*",
    "two columns of one name": "SELECT 'source' AS side, path, path FROM due",
    "two of one name but for case": "SELECT 'source' AS side, path, 1 AS a, 2 AS A FROM due",
    "the table of rows": "SELECT 'source' AS side, path FROM rule_rows",
    "our own values": "SELECT 'source' AS side, path FROM due WHERE $rule <> $severity",
}


@pytest.mark.parametrize("sql", TEXTS.values(), ids=TEXTS)
def test_a_query_that_leans_on_what_is_around_it_is_broken(tmp_path: Path, sql: str) -> None:
    test_a_rule_that_fails_is_broken_and_touches_nothing(tmp_path, sql)


@pytest.mark.parametrize("end", ["", " -- a comment", "\n--", " /* a comment */", ";"])
def test_a_comment_at_its_end_does_no_harm(tmp_path: Path, end: str) -> None:
    path = tmp_path / "missing-from-backup.sql"
    path.write_text(GOOD[: GOOD.index("SELECT")] + "SELECT 'source' AS side, path FROM due" + end, "utf-8")
    rule = rules.parse(path.read_text("utf-8"), path)
    case = rules.Case(rule.id, "x", True, {"due": [{"path": "a.jpg", "kind": "photo"}]}, {}, ())
    assert engine.run_case(rule, case, policy.load("family"))[1] == ("a.jpg",)


def test_users_rule_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / "missing-from-backup.sql").write_text(GOOD.replace('"error"', '"warning"'), "utf-8")
    found = {rule.id: rule for rule in rules.load([tmp_path])}
    assert found["missing-from-backup"].severity == "warning"


def test_missing_column_is_not_run(tmp_path: Path) -> None:
    needs = '"source.taken_at", "due.soundness", "due.damage", "backup.mtime"'
    rule = rules.parse(GOOD.replace('"pairs.status"', needs), tmp_path / "missing-from-backup.sql")
    db = Database(duckdb.connect(), frozenset({"pairs.status"}))
    schema.create_tables(db)
    outcome = engine.run_rule(db, rule, policy.load("family"))
    assert outcome.state is RuleState.NOT_RUN
    assert outcome.reason == (
        "a backup's list does not say when files were last changed; the phone's list does not say whether files are"
        " whole or when pictures were taken"
    )


def test_there_are_words_for_every_column_that_a_list_may_lack() -> None:
    lacking = schema.EVERYTHING - schema.known((), ())
    assert {name.partition(".")[2] for name in lacking} <= set(COLUMNS)


README = (shipped.folder("rules") / "README.md").read_text("utf-8")


def test_readme_names_every_rule_with_its_severity() -> None:
    for rule in RULES:
        line = f"| [`{rule.id}`]({rule.family}/{rule.id}.sql) | {rule.severity.value} |"
        assert line in README, rule.id


def test_readme_names_every_column() -> None:
    described = set(re.findall(r"`([a-z_0-9]+)`", README))
    for name in schema.EVERYTHING:
        assert name.partition(".")[2] in described, name


def test_readmes_example_is_a_rule_that_works(tmp_path: Path) -> None:
    """The rule and the cases that the README shows are what they say."""
    sql = re.search(r"```sql\n(.*?)```", README, re.DOTALL)
    toml = re.search(r"```toml\n(rule .*?)```", README, re.DOTALL)
    assert sql and toml
    (tmp_path / "wedding-photos.sql").write_text(sql[1], "utf-8")
    (tmp_path / "wedding-photos.test.toml").write_text(toml[1], "utf-8")
    rule = next(r for r in rules.load([tmp_path]) if r.id == "wedding-photos")
    for case in rules.cases(rule):
        outcome, found = engine.run_case(rule, case, policy.load("family"))
        assert (outcome.reason, found) == (None, case.expect)


@pytest.mark.parametrize("name", policy.names())
def test_no_list_is_too_poor_for_an_error(name: str) -> None:
    """Another tool's list of digests must not make a proven backup "cannot say": what errors need, every list has."""
    chosen = policy.load(name)
    for rule in RULES:
        if chosen.severity(rule) == "error":
            assert {need.partition(".")[0] for need in rule.needs} <= {"pairs", "files", "header"}, rule.id


def test_messages_and_titles_fit_any_count() -> None:
    for rule in RULES:
        assert rule.title(0) == rule.passed
        assert rule.title(1) == rule.failed_one
        assert "12,345" in rule.title(12345)


@pytest.mark.parametrize("rule", RULES, ids=[r.id for r in RULES])
def test_rule_says_nothing_of_empty_lists(rule: rules.Rule) -> None:
    """On no rows at all a rule neither breaks nor finds anything."""
    for name in policy.names():
        case = rules.Case(rule.id, "empty", False, {}, {}, ())
        outcome, found = engine.run_case(rule, case, policy.load(name))
        assert (outcome.state, found) == (RuleState.NOT_APPLICABLE, ()), outcome.reason


def test_every_kind_of_trouble_that_is_asked_for_is_written_by_something() -> None:
    """A rule, a fixture or a query that asks for what no line of the program says would pass for ever."""
    program = {path: path.read_text("utf-8") for path in Path(auditor.__file__).parent.rglob("*.py")}
    said = "|".join(kind.name for kind in ErrorKind)
    written = {
        ErrorKind[name]
        for text in program.values()
        for name in re.findall(rf"(?:Trouble\(\s*|\[\s*)ErrorKind\.({said})\b", text)
    }
    data = [path.read_text("utf-8") for path in shipped.folder("rules").rglob("*") if path.is_file()]
    in_sql = "".join(re.findall(r"error_kind (?:=|IN|<>) (\([^)]*\)|'\w+')", "\n".join(data)))
    asked = set(re.findall(r"'(\w+)'", in_sql)) | set(re.findall(r'error_kind = "(\w+)"', "\n".join(data)))
    asked |= {
        ErrorKind[name].value
        for text in program.values()
        for names in re.findall(r"kinds\(([^()]*)\)", text)
        for name in re.findall(r"ErrorKind\.(\w+)", names)
    }
    assert len(asked) > 8
    assert asked <= {kind.value for kind in written}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_rule_reads_a_sentence(rule: rules.Rule) -> None:
    """`error` and `detail` are for people; whoever rewords one must not change a verdict."""
    tree = sqlglot.parse_one(rule.sql, dialect="duckdb")
    asking = (exp.Where, exp.Join, exp.Having, exp.Predicate, exp.If, exp.Order, exp.Group, exp.Filter)
    for column in tree.find_all(exp.Column, exp.Dot):
        if column.name in ("error", "detail"):
            above = column.find_ancestor(*asking)
            # Whether there is one may be asked.
            assert above is None or isinstance(above, exp.Is), f"{column} in {above}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_of_ours_says_its_theme_and_its_label(rule: rules.Rule) -> None:
    header = rule.path.read_text("utf-8").split("-- ///\n")[0]
    assert "\n-- theme " in header
    assert "\n-- label " in header
    assert len(rule.label) <= 30
    assert not rule.label.endswith(".")


def test_labels_tell_rules_apart() -> None:
    labels = [rule.name for rule in rules.load(())]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("severity", "verdict", "theme"),
    [
        ("error", "none", "safety"),
        ("warning", "not_safe", "safety"),
        ("warning", "none", "memory"),
        ("info", "none", "note"),
    ],
)
def test_a_rule_without_theme_and_label_has_usual_ones(tmp_path: Path, severity: str, verdict: str, theme: str) -> None:
    path, bare = tmp_path / "missing-from-backup.sql", re.sub(r"(?m)^-- (theme|label) .*\n", "", GOOD)
    text = bare.replace('"error"', f'"{severity}"').replace('"not_safe"', f'"{verdict}"')
    rule = rules.parse(text, path)
    assert (rule.theme, rule.name) == (theme, "Missing from backup")
    said = rules.parse(text.replace("-- since", '-- theme = "space"\n-- label = "Too big"\n-- since'), path)
    assert (said.theme, said.name) == ("space", "Too big")
