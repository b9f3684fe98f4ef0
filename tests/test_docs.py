"""What the program can do is documented: every command and its options, every rule, policy and exit code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from auditor import cli, policy, resources, rules
from auditor.model import Status, Verdict

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def commands(group: Any, path: str = "auditor") -> dict[str, Any]:
    """Every command by its words; groups (`auditor rules`) stand for what is in them."""
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        words = f"{path} {name}"
        found |= commands(command, words) if hasattr(command, "commands") else {words: command}
    return found


COMMANDS: dict[str, Any] = {}
for name in cli.COMMANDS:
    loaded = cli.loaded(name)
    COMMANDS |= commands(loaded, f"auditor {name}") if hasattr(loaded, "commands") else {f"auditor {name}": loaded}


@pytest.mark.parametrize("words", COMMANDS)
def test_command_is_in_the_readme_and_has_help(words: str) -> None:
    assert words in README
    command = COMMANDS[words]
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{words} {parameter.name}"


@pytest.mark.parametrize("words", [w for w, c in COMMANDS.items() if w.count(" ") == 1])
def test_help_has_examples_and_exit_codes(words: str) -> None:
    command = COMMANDS[words]
    assert "Examples:" in (command.epilog or "")
    assert "Exit codes:" in (command.help or "")


def test_readme_names_no_command_that_is_not_there() -> None:
    named = set(re.findall(r"(?<![\w/-])auditor ([a-z]+)", README))
    assert named <= {words.split()[1] for words in COMMANDS} | {"audits"}


@pytest.mark.parametrize("name", policy.names())
def test_policy_is_documented(name: str) -> None:
    assert f"`{name}`" in README or f"--policy {name}" in README


@pytest.mark.parametrize("word", [*(v.value for v in Verdict), *(f"`{s.value}`" for s in Status)])
def test_words_are_documented(word: str) -> None:
    assert word in README


@pytest.mark.parametrize("code", ["0", "1", "2", "3", "130"])
def test_exit_code_is_documented(code: str) -> None:
    assert re.search(rf"\b{code}\b", README)


def test_rules_are_documented_for_those_who_write_them() -> None:
    text = (resources.folder("rules") / "README.md").read_text("utf-8")
    for view in ("header", "source", "backup", "due", "pairs", "files"):
        assert f"`{view}`" in text
    for rule in rules.load():
        assert rule.id in text, f"rules/README.md does not list {rule.id}"
