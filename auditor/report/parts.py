"""The findings in the order of what to do: a part of the page for each theme of the rules that found something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.judge.rules import Theme
from auditor.model import FileVerdict, Partition
from auditor.report.findings import Section
from auditor.words import VERDICTS, count, counted


@dataclass(frozen=True, slots=True)
class Part:
    """All findings of one theme. `counting` are those by which files are not safe or not checked, `others` the rest;
    `number` says in figures how much it is."""

    theme: Theme
    title: str
    words: str
    number: str
    counting: tuple[Section, ...]
    others: tuple[Section, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """All of them, those that count first."""
        return self.counting + self.others


_TITLES = {
    Theme.DAMAGE: ("Damaged already", "A copy cannot be better than what was copied. Look for a whole one elsewhere."),
    Theme.MEMORY: ("Could be better", "The pictures are there; something that belongs to them is not."),
    Theme.SPACE: ("Space", "What takes up room, and what could go."),
    Theme.NOTE: ("Good to know", "Nothing here has to be done."),
}


def theme_of(section: Section) -> Theme:
    """Where a rule's findings stand: first what the verdict counts, whatever the rule says it is about."""
    return Theme.SAFETY if section.rule.verdict else section.rule.theme


def of(sections: Sequence[Section], partition: Partition) -> list[Part]:
    """The parts that hold something, in the order of what to do."""
    found = []
    for theme in Theme:
        own = [section for section in sections if theme_of(section) is theme]
        counting = tuple(section for section in own if section.rule.verdict)
        others = tuple(section for section in own if not section.rule.verdict)
        if theme is Theme.SAFETY:
            if own:
                title, words, number = _of_safety(partition, len(counting))
                found.append(Part(theme, title, words, number, counting, others))
        elif own:
            number = count(sum(section.total for section in own))
            found.append(Part(theme, *_TITLES[theme], number, counting, others))
    return found


def _of_safety(partition: Partition, reasons: int) -> tuple[str, str, str]:
    """Title, a line below it, and the number: the verdict's own, since several rules may name one file."""
    unsafe, unchecked = partition.not_safe, partition.not_checked
    if not unsafe and not unchecked:
        return (
            "Look at this first",
            "No file is unsafe by it, but something was not seen or is not as it should be.",
            "",
        )
    both = f"{counted(unchecked, 'file', 'files')} could not be checked." if unsafe and unchecked else ""
    several = "A file may stand under more than one reason." if reasons > 1 else ""
    words = f"{both} {several}".strip()
    verdict, number = (FileVerdict.NOT_SAFE, unsafe) if unsafe else (FileVerdict.NOT_CHECKED, unchecked)
    return VERDICTS[verdict].capitalize(), words, count(number)
