"""What the screen says of an audit, whether it was made just now or long ago."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.cli import screen
from auditor.judge.rules import Rule
from auditor.judge.signs import SIGNS
from auditor.model import Audit, FileVerdict, Partition, RuleOutcome, RuleState, Severity, Verdict
from auditor.report import findings
from auditor.words import DUE, VERDICTS, count, counted, looked_for, visible

_STATE = len("not applicable")  # the longest of what is said of a check where all are

_COLOURS = {Verdict.SAFE: "green", Verdict.NOT_SAFE: "red", Verdict.CANNOT_SAY: "yellow"}


def limits(result: Audit, *, is_new: bool = True) -> list[str]:
    """What is said below a verdict: what it does not say, when it was true, what stays on the phone all the same, and
    of what it does not speak; where only the verdict is wanted, what it is not to be had without: of one that is not
    new, its date too."""
    if screen.quiet():
        when = "" if is_new else findings.covered(result)
        return [*result.limits, *filter(None, (when,))] if result.verdict is Verdict.SAFE else []
    return [*result.caveats, *filter(None, (findings.covered(result), findings.stays(result), _besides(result)))]


def show(result: Audit, below: Sequence[str], rules: Mapping[str, Rule]) -> None:
    """The verdict with what is said below it, how the numbers add up, and the findings by rule. Safe is short."""
    sentence = f"{SIGNS[result.verdict]} {result.verdict}: {visible(result.sentence)}"
    screen.verdict(sentence, f"bold {_COLOURS[result.verdict]}")
    for line in below:
        screen.say(f"  {visible(line)}")
    if screen.quiet():
        return
    if result.verdict is not Verdict.SAFE or screen.verbose():
        _sums(result.partition)
        _findings(result, rules)
    else:
        _warnings(result, rules)


def _sums(parts: Partition) -> None:
    lines = [(parts.proven, f"{VERDICTS[FileVerdict.PROVEN]}  in a backup, compared by content")]
    others = ((parts.not_safe, FileVerdict.NOT_SAFE), (parts.not_checked, FileVerdict.NOT_CHECKED))
    lines += [(number, VERDICTS[one]) for number, one in (*others, (parts.waived, FileVerdict.WAIVED)) if number]
    screen.say()
    for number, words in lines:
        screen.say(f"  {count(number):>10}  {words}")
    screen.say(f"  {count(parts.due):>10}  {DUE}")
    screen.say()


def _besides(result: Audit) -> str | None:
    """What the verdict does not speak of; None where it speaks of every file."""
    others, left_out = (int(result.provenance.get(name, 0)) for name in ("other_files", "left_out_files"))
    words = [f"{counted(others, 'file', 'files')} that no program here takes for a photo or video"] if others else []
    words += [f"{counted(left_out, 'file', 'files')} in folders that the policy leaves out"] if left_out else []
    return f"Besides  {' and '.join(words)}: not part of this verdict (files.csv, not_due)" if words else None


def _warnings(result: Audit, rules: Mapping[str, Rule]) -> None:
    """What is worth a look though all is safe: a photo that was broken before must not go unsaid."""
    for o in findings.failed_rules(result, rules):
        if o.severity is not Severity.INFO:
            _finding(o, rules[o.rule_id])


def _finding(outcome: RuleOutcome, rule: Rule) -> None:
    """The sentence of what puts files at risk; of what does not, its name and how often. All that is wanted: the rule's
    id as well."""
    level, number = f"{outcome.severity.upper():<8}", count(outcome.findings)
    if screen.verbose():
        screen.say(f"  {level:<{_STATE}} {rule.id:<28} {number:>7}  {rule.title(outcome.findings)}")
    elif outcome.severity is not Severity.ERROR and outcome.verdict is None:
        screen.say(f"  {level} {rule.name}: {number}")
    else:
        screen.say(f"  {level} {rule.title(outcome.findings)}")


def _findings(result: Audit, rules: Mapping[str, Rule]) -> None:
    passed = [o for o in result.outcomes if o.state is RuleState.PASSED]
    for o in sorted(result.outcomes, key=lambda o: findings.worst_first(o, rules[o.rule_id])):
        if o.state is RuleState.FAILED:
            _finding(o, rules[o.rule_id])
        elif o.state in (RuleState.NOT_RUN, RuleState.BROKEN):
            word = "NOT RUN" if o.state is RuleState.NOT_RUN else "BROKEN"
            name = o.rule_id if screen.verbose() else rules[o.rule_id].name
            screen.say(f"  {word:<{_STATE if screen.verbose() else 8}} {name}: {visible(o.reason or '')}")
        elif screen.verbose():
            screen.say(
                f"  {o.state.replace('_', ' '):<{_STATE}} {o.rule_id:<28} {count(o.looked_at):>7}  {o.seconds:.2f} s"
            )
    waived, known = sum(o.waived for o in result.outcomes), sum(o.known for o in result.outcomes)
    extra = "".join([f"; {count(waived)} findings waived" * bool(waived), f"; {count(known)} known" * bool(known)])
    screen.say(f"  passed   {looked_for(len(passed))}{extra}")
    screen.say()
