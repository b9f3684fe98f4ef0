"""Every rule's cases notice whatever is changed in it: of rules that decide of a file always, of others for long."""

from __future__ import annotations

import pytest

from auditor.judge import rules
from tests.judge import rule_mutants

RULES = rules.load()
DECIDING = [rule for rule in RULES if rule.verdict is not None]


def _nothing_survives(rule: rules.Rule) -> None:
    found = rule_mutants.judged(rule)
    assert found.survived == () and found.stale == ()
    assert found.killed > 0


@pytest.mark.parametrize("rule", DECIDING, ids=[rule.id for rule in DECIDING])
def test_a_case_notices_every_mutant(rule: rules.Rule) -> None:
    _nothing_survives(rule)


OTHERS = [rule for rule in RULES if rule.verdict is None]


@pytest.mark.slow
@pytest.mark.parametrize("rule", OTHERS, ids=[rule.id for rule in OTHERS])
def test_a_case_notices_every_mutant_of_the_others(rule: rules.Rule) -> None:
    _nothing_survives(rule)


def test_every_equivalent_is_of_a_rule() -> None:
    assert {name for name, *_ in rule_mutants.equivalents()} <= {rule.id for rule in RULES}
