"""`auditor rules` and `auditor policy`: words, exit codes, and that the text of a file cannot act on the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import data as shipped
from auditor.judge import policy, rules
from tests.commandline import call

SHIPPED = (shipped.folder("rules") / "completeness" / "missing-from-backup.sql").read_text("utf-8")


def own(folder: Path, name: str, text: str, cases: str) -> None:
    (folder / f"{name}.sql").write_text(text.replace('"missing-from-backup"', f'"{name}"'), "utf-8")
    (folder / f"{name}.test.toml").write_text(cases, "utf-8")


CASES = """
rule = "own"
[fail.missing]
due    = [{ path = "a.jpg" }]
pairs  = [{ path = "a.jpg", backup = "nas", status = "missing" }]
expect = ["a.jpg"]
[pass.there]
due    = [{ path = "a.jpg" }]
pairs  = [{ path = "a.jpg", backup = "nas", status = "identical" }]
expect = []
"""


def test_every_rule_is_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(monkeypatch, capsys, "rules", "list")
    assert code == 0
    assert "<U+" not in out
    for rule in rules.load():
        assert f"{rule.severity.upper():<8} {rule.id} " in out


@pytest.mark.parametrize("rule", ["missing-from-backup", "storage-nearly-full"])
def test_a_rule_is_shown(rule: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(monkeypatch, capsys, "rules", "show", rule)
    assert code == 0
    assert all(title in out for title in ("\nWhy\n", "\nRemedy\n", "\nQuery\n"))
    assert next(r for r in rules.load() if r.id == rule).sha256 in out


def test_rules_pass_their_cases(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(monkeypatch, capsys, "rules", "test", "missing-from-backup", "old-list")
    assert code == 0
    assert "of 2 rules are as expected" in out


def test_own_rule_is_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own(tmp_path, "own", SHIPPED, CASES)
    code, out, _ = call(monkeypatch, capsys, "rules", "test", "--rules", str(tmp_path), "own")
    assert (code, out) == (0, "2 of 2 cases of 1 rules are as expected.\n")


WRONG = {
    "finds nothing": ("status = 'missing'", "status = 'nonsense'", "it found nothing, not a.jpg"),
    "finds too much": ("status = 'missing'", "status <> ''", "it found a.jpg, not nothing"),
    "is broken": ("files.status", "files.stats", "stats"),
}


@pytest.mark.parametrize(("old", "new", "words"), WRONG.values(), ids=WRONG)
def test_a_rule_that_fails_its_cases(
    old: str,
    new: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    head, _, query = SHIPPED.partition("SELECT")
    own(tmp_path, "own", head + "SELECT" + query.replace(old, new), CASES)
    code, out, _ = call(monkeypatch, capsys, "rules", "test", "--rules", str(tmp_path), "own")
    assert code == 1
    assert "wrong   own." in out
    assert words in out


def test_text_of_a_rule_cannot_act(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own(tmp_path, "own", SHIPPED.replace("$count files", "\\u001b[2J[red]\\u202e$count files"), CASES)
    code, out, _ = call(monkeypatch, capsys, "rules", "list", "--rules", str(tmp_path))
    assert code == 0
    assert "<U+001B>[2J[red]<U+202E>... files" in out


REFUSED = {
    "no such rule": (("rules", "show", "nothing"), "there is no rule 'nothing'"),
    "no such folder": (("rules", "list", "--rules", "nowhere"), "there is no folder of rules nowhere"),
    "no such policy": (("policy", "show", "nothing"), "there is no policy 'nothing'"),
    "no such file": (("policy", "show", "nothing.toml"), "cannot be read"),
}


@pytest.mark.parametrize(("words", "sentence"), REFUSED.values(), ids=REFUSED)
def test_bad_input_is_one_sentence(
    words: tuple[str, ...], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(monkeypatch, capsys, *words)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("place", ["before", "after"])
def test_debug_shows_the_traceback_wherever_it_stands(
    place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("rules", "show", "nothing")
    code, _, err = call(monkeypatch, capsys, *(("--debug", *words) if place == "before" else (*words, "--debug")))
    assert code == 2
    assert err.startswith("Traceback")
    assert call(monkeypatch, capsys, *words)[2].count("\n") == 1  # and does not hold for the next run


def test_policies_are_listed_and_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(monkeypatch, capsys, "policy", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(policy.names())
    code, out, _ = call(monkeypatch, capsys, "policy", "show", "office")
    assert code == 0
    assert "2, 1 of them off-site" in out
    assert "location-removed (error)" in out


def test_a_policy_that_names_an_own_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own(tmp_path, "own", SHIPPED, CASES)
    path = tmp_path / "ours.toml"
    path.write_text('id = "ours"\nversion = "1"\ntitle = "Ours"\n[rules]\nskip = ["own"]\n', "utf-8")
    code, _, err = call(monkeypatch, capsys, "policy", "show", str(path))
    assert code == 2
    assert "there is no rule own" in err
    code, out, _ = call(monkeypatch, capsys, "policy", "show", str(path), "--rules", str(tmp_path))
    assert code == 0
    assert "Checks skipped     own" in out


def test_no_color_leaves_no_escapes_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes the pipe for a terminal
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    words = ("report", str(tmp_path))
    assert "\x1b" in call(monkeypatch, capsys, *words)[2]
    assert "\x1b" not in call(monkeypatch, capsys, *words, "--no-color")[2]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in call(monkeypatch, capsys, *words)[2]
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in call(monkeypatch, capsys, *words)[2]
