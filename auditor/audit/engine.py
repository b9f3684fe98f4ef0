"""Rules run one after the other in the locked database; a rule that fails is an outcome.

Their findings go into the table `findings`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from auditor.database import by_hand, findings, rule_query
from auditor.database.connection import Database
from auditor.database.rule_query import Asked
from auditor.database.schema import EVERYTHING
from auditor.errors import BadRule
from auditor.judge.policy import Policy
from auditor.judge.rules import Case, Rule, message_parts
from auditor.model import RuleOutcome, RuleState, Status
from auditor.pictures import ranked
from auditor.words import COLUMNS

RULE_SECONDS = 120
"""A rule that runs longer is broken."""


def run_rule(db: Database, rule: Rule, policy: Policy) -> RuleOutcome:
    """Runs one rule and puts its findings into `findings`. A rule that fails is an outcome, never an exception."""
    severity = policy.severity(rule)
    started = time.monotonic()

    def outcome(state: RuleState, reason: str | None = None, looked_at: int = 0, found: int = 0) -> RuleOutcome:
        seconds = time.monotonic() - started
        return RuleOutcome(
            rule.id,
            state,
            severity,
            looked_at,
            found,
            seconds=seconds,
            reason=reason,
            verdict=rule.verdict,
            tidying=rule.tidying,
        )

    if unheard := sorted(set(rule.needs) - EVERYTHING):
        return outcome(RuleState.BROKEN, f"there is no {', '.join(unheard)} in any list")
    if missing := sorted(set(rule.needs) - db.known):
        return outcome(RuleState.NOT_RUN, _untold(missing))
    message = tuple(message_parts(rule.message))
    asked = Asked(rule.id, rule.population, rule.sql, policy.values(rule), message, severity, rule.verdict)
    try:
        with rule_query.limited(db, RULE_SECONDS):
            looked_at = rule_query.population(db, asked)
            if looked_at == 0:
                return outcome(RuleState.NOT_APPLICABLE)
            found = rule_query.find(db, asked)
    except BadRule as error:
        return outcome(RuleState.BROKEN, str(error))
    return outcome(RuleState.FAILED if found else RuleState.PASSED, looked_at=looked_at, found=found)


def _untold(missing: Sequence[str]) -> str:
    """What the lists do not say, in words of people: these are columns of lists, `view.column`."""
    told: dict[str, list[str]] = {}
    for view, _, column in (name.partition(".") for name in missing):
        of, words = "a backup's list" if view == "backup" else "the phone's list", COLUMNS[column]
        if words not in told.setdefault(of, []):
            told[of].append(words)
    return "; ".join(f"{of} does not say {' or '.join(words)}" for of, words in told.items())


def counts(db: Database, outcome: RuleOutcome) -> RuleOutcome:
    """The outcome with its findings told apart: those that count, those known before, those waived."""
    by_status = findings.by_status(db, outcome.rule_id)
    waived = by_status.get("waived", 0)
    known = by_status.get("known", 0)
    counted = sum(by_status.values()) - waived
    state = RuleState.PASSED if outcome.state is RuleState.FAILED and not counted else outcome.state
    return replace(outcome, state=state, findings=counted, known=known, waived=waived)


def run_case(rule: Rule, case: Case, policy: Policy) -> tuple[RuleOutcome, tuple[str, ...]]:
    """Runs one case of a rule's test file: how the rule ended, and the paths that it found, in its order.

    A finding that names no file has the path ''.

    Raises: BadRule where a row of the case has a column or value that its view cannot have.
    """
    with opened(case, policy) as (db, chosen):
        outcome = run_rule(db, rule, chosen)
        return outcome, findings.paths(db)


@contextlib.contextmanager
def opened(case: Case, policy: Policy) -> Iterator[tuple[Database, Policy]]:
    """The lists that a case gives, shut off as those of an audit are, and the policy with the parameters of the case.

    Raises: BadRule where a row of the case has a column or value that its view cannot have.
    """
    settings = {name: value for name, value in case.params.items() if name in _SETTINGS}
    own = {name: value for name, value in case.params.items() if name not in _SETTINGS}
    with by_hand.opened() as db:
        try:
            if "proof" in settings:
                settings["proof"] = tuple(Status(status) for status in settings["proof"])
            policy = replace(policy, params=own, **settings)
            by_hand.fill(db, case.views, policy.proof)
        except (TypeError, ValueError) as error:
            reason = " ".join(str(error.args[0]).split())
            raise BadRule(
                f"{case.rule_id}.test.toml: the case {case.name} is none that can be run: {reason}"
            ) from error
        ranked.fill(db, policy.keep)
        db.lock()
        yield db, policy


_SETTINGS = ("proof", "min_copies", "off_site_copies", "max_list_age_days")
