"""What became of an audit's numbers since the one before it."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model import FileVerdict, Partition, Verdict
from auditor.report.history import History, Turn
from auditor.words import DUE, VERDICTS


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier audit of the same phone: when it finished (RFC 3339), and what it found.

    `new` is how many files are not safe now that were nearer to it or not there then, `mended` how many were not proven
    then and are now; None where nobody compared the files.
    """

    finished: str
    verdict: Verdict
    partition: Partition
    new: int | None = None
    mended: int | None = None


def before(known: History) -> Before | None:
    """The last audit of the same phone against the same backups; None where none is known."""
    if known.changes is None:
        return None
    past, turned = known.changes.since, known.changes.turned
    new = sum(one.turn in (Turn.WORSE, Turn.CAME_UNPROVEN) and one.after is FileVerdict.NOT_SAFE for one in turned)
    mended = sum(one.turn is Turn.BETTER and one.after is FileVerdict.PROVEN for one in turned)
    return Before(past.finished, past.verdict, past.partition, new, mended)


@dataclass(frozen=True, slots=True)
class Change:
    """How one number went on: `words` names it."""

    words: str
    before: int
    now: int


def changes(before: Partition, now: Partition) -> list[Change]:
    """The numbers of the verdict, then and now, without those that are nothing in both."""
    named = {DUE: "due", **{VERDICTS[one]: one.value for one in _COUNTED}}
    found = [Change(words, getattr(before, name), getattr(now, name)) for words, name in named.items()]
    return [one for one in found if one.before or one.now]


_COUNTED = (FileVerdict.PROVEN, FileVerdict.NOT_SAFE, FileVerdict.NOT_CHECKED, FileVerdict.WAIVED)
