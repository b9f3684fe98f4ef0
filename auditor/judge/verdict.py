"""Findings and statuses to one verdict. Safe is counted from proof, file by file, never inferred."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from auditor.database import files, findings, headers
from auditor.database.connection import Database
from auditor.database.headers import Told
from auditor.errors import PartitionBroken
from auditor.judge.policy import Policy
from auditor.model import Partition, RuleOutcome, RuleState, Severity, Verdict
from auditor.words import counted


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The verdict, its sentence without the sign, and lines that belong under it."""

    verdict: Verdict
    sentence: str
    caveats: tuple[str, ...]


def judge_files(db: Database, policy: Policy) -> Partition:
    """Gives every file of `files` its verdict and counts them.

    Proven: a status that is proof under the policy, in enough backups, enough of them off-site, and no unwaived finding
    that counts names it. Waived: all its findings that count are waived, and there is one. What is neither proven nor
    named by a finding is not checked: nothing is safe for want of a complaint.

    Raises: PartitionBroken where the counts do not add up.
    """
    files.judge(db, policy.proof, policy.min_copies, policy.off_site_copies)
    counts = files.verdicts(db)
    parts = [counts.get(name, 0) for name in ("proven", "not_safe", "not_checked", "waived")]
    try:
        return Partition(files.due(db), *parts)
    except ValueError as error:
        raise PartitionBroken(f"the counts of this audit do not add up ({error}); please report this") from error


def conclude(
    db: Database,
    partition: Partition,
    outcomes: Sequence[RuleOutcome],
    policy: Policy,
    emptied: Sequence[str] = (),
    names: Mapping[str, str] = MappingProxyType({}),
) -> Conclusion:
    """The verdict over all: NOT SAFE beats CANNOT SAY beats SAFE, which needs proof of every due file that was not
    waived (and of one at least), every rule run that is an error or can make a file unsafe, whole and fresh lists.

    `emptied` is what is to be said where nothing is left to check, and it is known why; its first line is the sentence.
    `names` are what people call the checks, by id.
    """
    unrun = [o for o in outcomes if o.state in (RuleState.NOT_RUN, RuleState.BROKEN) and _must_run(o)]
    caveats = [f"“{names.get(o.rule_id, o.rule_id)}” could not be looked for: {o.reason}." for o in unrun]
    doubts = _doubts(headers.told(db), policy)
    due, proven, unsafe = partition.due, partition.proven, partition.not_safe
    unchecked, waived = partition.not_checked, partition.waived
    total = counted(due, "file", "files")
    if due == 0:
        sentence, *why = emptied or ("Nothing to check: the phone's list holds no photos or videos.",)
        return Conclusion(Verdict.CANNOT_SAY, sentence, (*why, *doubts, *caveats))
    if waived == due:
        sentence = f"Nothing was proven: {_all_files(due)} left out on purpose."
        return Conclusion(Verdict.CANNOT_SAY, sentence, (*doubts, *caveats))
    if unsafe:
        be = "is" if unsafe == 1 else "are"
        sentence = f"{unsafe:,} of {total} {be} not safely backed up."
        return Conclusion(Verdict.NOT_SAFE, sentence, (*_left_out(waived), *doubts, *caveats))
    if unchecked:
        be = "is" if proven == 1 or due == 1 else "are"
        sentence = f"{proven:,} of {total} {be} safely backed up; {unchecked:,} could not be checked."
        return Conclusion(Verdict.CANNOT_SAY, sentence, (*_left_out(waived), *doubts, *caveats))
    if doubts or caveats:
        sentence = (
            doubts[0] if doubts else f"{len(caveats)} of the checks could not run, so this cannot be called safe."
        )
        return Conclusion(Verdict.CANNOT_SAY, sentence, (*_left_out(waived), *doubts[1:], *caveats))
    return _safe(partition, tuple(_besides(db, [o for o in outcomes if o.severity is not Severity.INFO])))


def _doubts(lists: Sequence[Told], policy: Policy) -> list[str]:
    """What keeps lists from being whole, and of now."""
    alone = sum(one.side == "backup" for one in lists) == 1
    doubts = []
    for one in lists:
        theirs = "The backup's list" if alone else f"The list of the backup {one.backup}"
        whose = "The phone's list" if one.side == "source" else theirs
        if not one.complete:
            what = f" ({one.reasons[0]})" if one.reasons else ""
            doubts.append(f"{whose} is not complete{what}; mend that, and audit again.")
        if one.age_days > policy.max_list_age_days:
            doubts.append(f"{whose} is {one.age_days:.0f} days old; make a new one with `auditor scan`.")
        if one.age_days < -1:
            doubts.append(f"{whose} is dated in the future; check this computer's clock and make the list again.")
    return doubts


def _besides(db: Database, told: Sequence[RuleOutcome]) -> Iterator[str]:
    """What is not as it should be though every file is safe."""
    if grave := sum(o.findings for o in told if not o.tidying):
        be = "is not as it" if grave == 1 else "are not as they"
        things = counted(grave, "thing", "things")
        yield f"{things} {be} should be, though every file is in the backup: see the findings."
    tidying = [o.rule_id for o in told if o.tidying]
    tidy = findings.untidy(db, tidying, [o.rule_id for o in told if not o.tidying])
    if tidy.files:
        are = "is the one" if tidy.kept == 1 else "are the ones"
        more = f" ({tidy.kept:,} more {are} to keep)" if tidy.kept else ""
        yield f"{counted(tidy.files, 'file', 'files')} could be tidied up{more}; none puts a file at risk."


def _safe(partition: Partition, besides: tuple[str, ...]) -> Conclusion:
    due, proven, waived = partition.due, partition.proven, partition.waived
    if waived:
        be = "is" if proven == 1 else "are"
        sentence = (
            f"{proven:,} of {counted(due, 'file', 'files')} {be} safely backed up; {waived:,} left out on purpose."
        )
    elif due == 1:
        sentence = "The 1 file is safely backed up."
    else:
        sentence = f"All {due:,} files are safely backed up."
    return Conclusion(Verdict.SAFE, sentence, besides)


def _must_run(outcome: RuleOutcome) -> bool:
    return outcome.severity is Severity.ERROR or outcome.verdict is not None


def _all_files(number: int) -> str:
    return "the 1 file was" if number == 1 else f"all {number:,} files were"


def _left_out(waived: int) -> tuple[str, ...]:
    return (f"{waived:,} left out on purpose.",) if waived else ()


def exit_code(verdict: Verdict, outcomes: Sequence[RuleOutcome], fail_on: Severity | None) -> int:
    """The contract's exit code; `fail_on` None: findings alone never fail a safe audit."""
    if verdict is Verdict.NOT_SAFE:
        return 1
    if verdict is Verdict.CANNOT_SAY:
        return 3
    if fail_on is None:
        return 0
    levels = list(Severity)
    worst = [levels.index(o.severity) for o in outcomes if o.findings]
    return 1 if any(level <= levels.index(fail_on) for level in worst) else 0
