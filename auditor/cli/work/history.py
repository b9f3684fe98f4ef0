"""What `auditor history` does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from auditor.cli import named, programs, screen
from auditor.errors import BadPlace
from auditor.judge.signs import ASKED, SIGNS
from auditor.model import FileVerdict
from auditor.report import history
from auditor.report.history import Changes, Past
from auditor.words import VERDICTS, count, counted, moment, visible

SHOWN = 20
"""So many files of a kind are named."""


def command(*, audits: list[Path] | None, home: Path | None, last: int) -> None:
    """As the command of this name in `auditor.cli` says."""
    where = home or named.home()
    if audits:
        _show_changes(_compared(audits, where))
        return
    past = history.found([where])
    if programs.is_wanted():
        looked_at = {one.folder: history.is_changed(one) for one in past[:last]}
        newer = {
            one.folder: those[0].folder.absolute()
            for those in _alike(past)
            for one in those
            if one.when < those[0].when  # a copy of its folder is no newer one
        }
        audits_told = [
            _told(one) | {"changed": looked_at.get(one.folder), "newer": newer.get(one.folder)} for one in past
        ]
        programs.tell(home=where.absolute(), audits=audits_told)
    if not past:
        screen.say(f"No audits in {visible(str(where.absolute()))}.")
        return
    for number, of_phone in enumerate(by_phone(past)):
        screen.say() if number else None
        _show(of_phone, last)


def by_phone(past: Iterable[Past]) -> list[list[Past]]:
    """The audits of each phone, in their order; the phone that was audited last is the first."""
    phones: list[list[Past]] = []
    for one in past:
        known = next((those for those in phones if any(one.subject.has_phone_of(p.subject) for p in those)), None)
        if known is None:
            phones.append(known := [])
        known.append(one)
    return phones


def _alike(audits: Sequence[Past]) -> list[list[Past]]:
    """The audits of one phone against the same backups together, in their order: only they can be compared."""
    found: list[list[Past]] = []
    for one in audits:
        those = next((those for those in found if those[0].subject.is_as(one.subject)), None)
        if those is None:
            found.append(those := [])
        those.append(one)
    return found


def plot(numbers: Sequence[int]) -> str:
    """A bar for each number, the highest for the largest; nothing is the lowest, and a little never looks like it."""
    most = max(numbers, default=0)
    return "".join(_BARS[0] if not n else _BARS[1 + (n * (len(_BARS) - 2)) // most] for n in numbers)


_BARS = "▁▂▃▄▅▆▇█"


def _show(of_phone: Sequence[Past], last: int) -> None:
    shown = of_phone[:last]
    screen.say(visible(of_phone[0].source), style="bold")
    changed = {one.folder for one in shown if history.is_changed(one)}
    alike = _alike([one for one in shown if one.folder not in changed])
    for those in (those for those in alike if len(those) > 1):
        numbers = [one.partition.not_safe for one in reversed(those)]
        where = f", in {', '.join(map(visible, those[0].backups))}" if len(alike) > 1 else ""
        screen.say(
            f"  {VERDICTS[FileVerdict.NOT_SAFE]}  {plot(numbers)}  {count(numbers[0])} then, {count(numbers[-1])} now"
            f"{where}"
        )
    for one in shown:
        if one.folder in changed:
            screen.say(f"  {ASKED} {moment(one.finished)}: {history.CHANGED}")
            screen.say(f"      {visible(one.folder.name)}")
            continue
        sums = history.sums(one.partition)
        since = f"; {history.words(one.since)}" if one.since else ""
        screen.say(f"  {SIGNS[one.verdict]} {moment(one.finished)}: {sums}{since}")
        screen.say(f"      {visible(one.folder.name)}, in {', '.join(map(visible, one.backups))}")
    if len(of_phone) > len(shown):
        screen.say(f"  and {counted(len(of_phone) - len(shown), 'audit', 'audits')} before; -n shows more")


def _compared(audits: Sequence[Path], home: Path) -> Changes:
    if len(audits) > 2:
        raise BadPlace("name one audit, or two: the earlier and the later one")
    chosen = [_audit(path, home) for path in audits]
    if len(chosen) == 2:
        return history.changes(*sorted(chosen, key=lambda one: one.when))
    later = chosen[0]
    past = history.found(dict.fromkeys((later.folder.absolute().parent, home.absolute())))
    earlier = [one for one in past if one.subject.has_phone_of(later.subject) and one.when < later.when]
    if not earlier:
        raise BadPlace(f"{later.folder} is the first audit of its phone there; name another one to compare it with")
    same = next((one for one in earlier if one.subject.is_as(later.subject)), earlier[0])
    return history.changes(same, later)


def _audit(path: Path, home: Path) -> Past:
    return history.read(path if path.exists() or path.name != str(path) else home / path)


def _show_changes(changes: Changes) -> None:
    programs.tell(since=_told(changes.since), counts=changes.counts, files=list(map(asdict, changes.turned)))
    screen.say(f"Since {moment(changes.since.finished)}: {history.words(changes.counts)}.", style="bold")
    if screen.quiet():
        return
    for turn, those in groupby(changes.turned, key=lambda one: one.turn):
        files = list(those)
        screen.say(f"  {history.words({turn: len(files)})}")
        for one in files[:SHOWN]:
            screen.say(f"    {visible(one.path)}{_from_to(one.before, one.after)}")
        if len(files) > SHOWN:
            screen.say(f"    and {count(len(files) - SHOWN)} more")


def _told(one: Past) -> dict[str, object]:
    facts = asdict(one)
    del facts["subject"]  # digests by which places are known again
    return facts | {"folder": one.folder.absolute()}


def _from_to(before: FileVerdict | None, after: FileVerdict | None) -> str:
    said = [VERDICTS[one] for one in (before, after) if one is not None]
    return f"  ({', now '.join(said)})"
