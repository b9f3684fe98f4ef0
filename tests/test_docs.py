"""What the program can do is documented: every command and its options, every rule, policy and exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from auditor import cli
from auditor import data as shipped
from auditor.judge import policy, rules
from auditor.model import Depth, DigestOrigin, ErrorKind, Fixity, Kind, Soundness, Status, Tier, Verdict
from auditor.places import rclone_remotes

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
GUIDES = "".join(path.read_text("utf-8") for path in sorted((ROOT / "docs" / "guides").glob("*.md")))
TABLE = (ROOT / "docs" / "commands.md").read_text("utf-8")


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
def test_command_is_in_the_table_and_has_help(words: str) -> None:
    assert f"`{words}" in TABLE
    command = COMMANDS[words]
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{words} {parameter.name}"


@pytest.mark.parametrize("words", COMMANDS)
def test_help_has_examples_exit_codes_and_every_word_of_its_options(words: str) -> None:
    command = COMMANDS[words]
    shown = CliRunner().invoke(cli.app, [*words.split()[1:], "--help"], terminal_width=80).output
    assert "\n  Examples:\n\n  auditor " in shown
    assert "\n\n  Exit codes: 0 " in shown
    one_line = " ".join(shown.split())
    for parameter in command.params:
        assert " ".join(parameter.help.split()) in one_line, parameter.name


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_help_says_of_a_command_what_its_own_help_says_first(name: str) -> None:
    assert (cli.loaded(name).help or "").splitlines()[0] == cli.COMMANDS[name]


def test_help_names_every_command_in_whole_sentences() -> None:
    shown = CliRunner().invoke(cli.app, ["--help"], terminal_width=80).output
    for name in {words.split()[1] for words in COMMANDS}:
        assert re.search(rf"\n  {name} +[A-Z][^\n]*[.?]\n", shown), name
    assert "..." not in shown.replace("[ARGS]...", "")


@pytest.mark.parametrize("words", COMMANDS)
def test_general_options_hold_behind_every_command(words: str) -> None:
    flags = {flag for parameter in COMMANDS[words].params for flag in parameter.opts}
    assert {"-q", "--quiet", "-v", "--verbose", "--no-color", "--debug", "--json"} <= flags


@pytest.mark.parametrize("name", [name for name in cli.COMMANDS if hasattr(cli.loaded(name), "commands")])
def test_a_group_has_the_general_options_and_no_others(name: str) -> None:
    flags = {flag for parameter in cli.loaded(name).params for flag in parameter.opts}
    assert flags == {"-q", "--quiet", "-v", "--verbose", "--no-color", "--debug", "--json"}


@pytest.mark.parametrize("text", [README, TABLE, GUIDES], ids=["README", "commands", "guides"])
def test_no_page_for_users_names_a_command_that_is_not_there(text: str) -> None:
    named = set(re.findall(r"(?<![\w/-])auditor ([a-z]+)", text))
    assert named <= {words.split()[1] for words in COMMANDS} | {"audits"}


@pytest.mark.parametrize("name", policy.names())
def test_policy_is_documented(name: str) -> None:
    assert f"--policy {name}`" in GUIDES


@pytest.mark.parametrize("verdict", Verdict)
def test_verdict_is_in_the_readme(verdict: Verdict) -> None:
    assert verdict.value in README


@pytest.mark.parametrize("status", Status)
def test_status_is_documented(status: Status) -> None:
    assert f"`{status.value}`" in GUIDES


@pytest.mark.parametrize("code", ["0", "1", "2", "3", "130"])
def test_exit_code_is_documented(code: str) -> None:
    assert re.search(rf"\b{code}\b", README)


def test_rules_are_documented_for_those_who_write_them() -> None:
    text = (shipped.folder("rules") / "README.md").read_text("utf-8")
    for view in ("header", "source", "backup", "due", "pairs", "files"):
        assert f"`{view}`" in text
    for rule in rules.load():
        says = rule.failed_many.replace("$count", "...")
        row = rf"\| \[`{rule.id}`\]\(.*/{rule.id}\.sql\) \| {rule.severity.value} \| [a-z ]* \| {re.escape(says)} \|"
        assert re.search(row, text), f"rules/README.md does not say of {rule.id}: {says}"


PAGES = sorted(
    path for path in ROOT.rglob("*.md") if not {part for part in path.relative_to(ROOT).parts if part.startswith(".")}
)


@pytest.mark.parametrize("page", [str(path.relative_to(ROOT)) for path in PAGES])
def test_every_link_between_the_pages_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for target, heading in re.findall(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)]*))?\)", text):
        there = ((ROOT / page).parent / target).resolve() if target else ROOT / page
        assert there.exists(), f"{page} links to {target}"
        if heading:
            titles = re.findall(r"^#+ +(.*)$", there.read_text("utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, (
                f"{page}: #{heading}"
            )


def test_the_architecture_names_every_room() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    own = ROOT / "auditor"
    rooms = {path.name.removesuffix(".py") for path in own.iterdir() if not path.name.startswith(("_", "."))} - {
        "py.typed"
    }
    assert rooms == {room for room in rooms if re.search(rf"`{room}`", text)}


def test_the_manifest_is_documented_column_by_column() -> None:
    text = (ROOT / "docs/manifest.md").read_text("utf-8")
    schema = json.loads((ROOT / "auditor/manifest/schema.json").read_text("utf-8"))["$defs"]
    columns = {column for kind in ("header", "row", "footer") for column in schema[kind]["properties"]}
    words = {str(one) for kinds in (ErrorKind, Fixity, DigestOrigin, Soundness, Kind, Depth, Tier) for one in kinds}
    assert [word for word in sorted(columns | words) if f"`{word}`" not in text] == []


def test_the_table_of_services_says_the_grades_that_the_program_goes_by() -> None:
    text = (ROOT / "docs/evidence.md").read_text("utf-8")
    table = text.partition("## rclone, by service")[2].partition("## What is off-site")[0]
    told: dict[str, str] = {}
    for line in table.splitlines():
        cells = line.split("|")
        grade = cells[3].strip() if len(cells) > 5 else ""
        if grade in {origin.value for origin in DigestOrigin}:
            told |= dict.fromkeys(re.findall(r"`([a-z0-9 ]+)`", cells[1]), grade)
            assert "](" in cells[5] or cells[5].strip() == "the same", line
    assert told.keys() >= rclone_remotes.GRADES.keys() | {"s3", "webdav", "azureblob", "b2", "protondrive"}
    for kind, grade in told.items():
        if kind not in rclone_remotes.MAKE_THEIR_OWN:
            assert rclone_remotes.Leaf(kind).grade(None) == grade, kind


def test_the_pictures_of_the_readme_are_there_and_light_to_load() -> None:
    shown = re.findall(r"!\[[^\]]{20,}\]\(([^)]+)\)", README)
    assert len(shown) == 5 and set(shown) == {
        f"docs/pictures/{one.name}" for one in (ROOT / "docs/pictures").glob("*.webp")
    }
    for one in shown:
        content = (ROOT / one).read_bytes()
        assert content[:4] == b"RIFF" and len(content) < 120_000, one
