"""auditor rules: what the checks are, why they are made, and whether they do what their cases say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import programs, screen
from auditor.errors import BadRule
from auditor.judge import policy as policies
from auditor.judge import rules as known
from auditor.judge.rules import Rule
from auditor.model import RuleState
from auditor.words import visible

NAME = "rules"

app = typer.Typer(
    name=NAME, no_args_is_help=True, add_completion=False, help="The checks of an audit: what they are, and why."
)

Folders = Annotated[list[Path] | None, typer.Option("--rules", metavar="DIR", help="A folder of your own rules.")]


@app.command(
    "list", epilog=screen.examples((("auditor rules list", "every check, by family, with how much it matters"),))
)
def show_all(rules: Folders = None) -> None:
    """Lists the checks by family: severity, id, and what each says where it finds something.

    Exit codes: 0 listed; 2 a rule cannot be read.
    """
    loaded = sorted(known.load(rules or ()), key=lambda rule: (rule.family, rule.id))
    programs.tell(rules=[_told(rule) for rule in loaded])
    screen.say("What each check says where it finds something; what was found is in the report of an audit.")
    screen.say("")
    family = None
    for rule in loaded:
        if rule.family != family:
            screen.say() if family is not None else None
            screen.say(visible(rule.family))
            family = rule.family
        screen.say(f"  {rule.severity.upper():<8} {rule.id:<27} {visible(rule.failed_many.replace('$count', '...'))}")


@app.command(
    "show", epilog=screen.examples((("auditor rules show missing-from-backup", "why, remedy, limits and query"),))
)
def show_one(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="The rule's id, as `rules list` names it.")],
    rules: Folders = None,
) -> None:
    """Shows one rule: why it is, what to do about a finding, what it does not cover, and its query.

    Exit codes: 0 shown; 2 there is no such rule.
    """
    rule = _named(known.load(rules or ()), rule_id)
    programs.tell(rule={**_told(rule), "sql": rule.sql})
    makes = f"a finding makes its file {rule.verdict.replace('_', ' ')}" if rule.verdict else "no file is unsafe by it"
    screen.say(f"{rule.id}  ({rule.severity.value}; {makes}; since {visible(rule.since)})")
    for title, text in (
        ("In the report", f"{rule.name} ({rule.theme})"),
        ("What it says where it finds something", rule.failed_many.replace("$count", "...")),
        ("What it says where it finds nothing", rule.passed),
        ("Why", rule.why),
        ("Remedy", rule.remedy),
        ("Not covered", rule.not_covered),
        ("Sources", "\n".join(rule.sources)),
        ("Parameters", "\n".join(f"{name} = {value}" for name, value in rule.params.items())),
        ("Needs", ", ".join(rule.needs)),
        ("Query", rule.sql),
        ("File", f"{rule.path}\nSHA-256 {rule.sha256}"),
    ):
        if text:
            screen.say()
            screen.say(title) if title else None
            for line in text.splitlines():
                screen.say(("  " if title else "") + visible(line))


@app.command(
    "test",
    epilog=screen.examples(
        (
            ("auditor rules test", "run every rule on the cases of its test file"),
            ("auditor rules test --rules ./my-rules my-rule", "only one of your own"),
        )
    ),
)
def test(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Only these rules.")] = None,
    rules: Folders = None,
) -> None:
    """Runs each rule on the cases of its .test.toml, in an empty database of their own.

    Exit codes: 0 every case is as its file says; 1 one is not; 2 a rule or its test file cannot be read.
    """
    from auditor.audit import engine  # no other word here asks a database

    loaded = known.load(rules or ())
    chosen = [_named(loaded, name) for name in ids] if ids else loaded
    family = policies.load("family")
    cases = wrong = 0
    told_wrong = []
    for rule in chosen:
        for case in known.cases(rule):
            cases += 1
            outcome, found = engine.run_case(rule, case, family)
            told = outcome.state in (RuleState.PASSED, RuleState.FAILED, RuleState.NOT_APPLICABLE)
            if told and found == case.expect and case.looked_at in (None, outcome.looked_at):
                continue
            wrong += 1
            got = f"it found {_paths(found)}, not {_paths(case.expect)}" if told else str(outcome.reason)
            if told and found == case.expect:
                got = f"it looked at {outcome.looked_at}, not {case.looked_at}"
            told_wrong.append({"rule": rule.id, "case": case.name, "got": got})
            screen.say(f"wrong   {rule.id}.{visible(case.name)}: {visible(got)}")
    programs.tell(cases=cases, wrong=told_wrong)
    screen.say(f"{cases - wrong} of {cases} cases of {len(chosen)} rules are as expected.")
    if wrong:
        raise typer.Exit(1)


def _told(rule: Rule) -> dict[str, object]:
    words = ("passed", "failed_one", "failed_many", "why", "remedy", "not_covered", "sources", "sha256", "since")
    named = {"id": rule.id, "family": rule.family, "severity": rule.severity, "verdict": rule.verdict}
    return {**named, **{word: getattr(rule, word) for word in words}}


def _named(rules: tuple[Rule, ...], rule_id: str) -> Rule:
    for rule in rules:
        if rule_id in (rule.id, *rule.renamed_from):
            return rule
    raise BadRule(f"there is no rule {rule_id!r}; `auditor rules list` names them all")


def _paths(paths: tuple[str, ...]) -> str:
    return ", ".join(path or "a finding without a file" for path in paths) or "nothing"
