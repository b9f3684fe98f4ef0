"""What a person chose among the groups of a plan, as duplicates.html saves it.

The file only names: which plan it is of, which of its files go, which of its groups show different things, and which
were decided. Digests, places and what may go at all are the plan's, and are checked as for a plan that goes as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from auditor.cleanup import plan as plans
from auditor.cleanup.plan import CleanPlan, FileAt, Removal
from auditor.disk import small_files
from auditor.errors import BadPlan

VERSION = 1
MOST_BYTES = 64 << 20

Name = tuple[str, str]
"""A file of a plan: its place and its path there."""


@dataclass(frozen=True, slots=True)
class Choices:
    """`going`: the files that go; every other one stays. `different`: numbers of groups whose files do not show the
    same. `decided`: numbers of groups of which a person said what becomes of them. `plan_sha256` is that of the
    plan.csv that was looked at."""

    plan_sha256: str
    going: tuple[Name, ...]
    different: tuple[int, ...]
    decided: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A plan by a person's choices. `different`: for each group that shows different things the digests of its
    files."""

    plan: CleanPlan
    different: tuple[tuple[str, ...], ...]


def read(path: Path) -> Choices:
    """The choices in a file. Raises: BadPlan where they cannot be read, or are none."""
    try:
        found = small_files.parse_json(small_files.read(path, MOST_BYTES))
    except OSError as error:
        raise BadPlan(f"the choices {path} cannot be read: {small_files.reason(error)}") from error
    except ValueError as error:
        raise BadPlan(f"{path} is no file of choices; save it again in duplicates.html") from error
    if not isinstance(found, dict) or "auditor_choices" not in found:
        raise BadPlan(f"{path} is no file of choices; save it again in duplicates.html")
    if found["auditor_choices"] != VERSION:
        raise BadPlan(f"{path} was saved by another version of auditor; search and choose again")
    changed = BadPlan(f"{path} was changed since it was saved; save it again in duplicates.html")
    sha256, going, different = (found.get(name) for name in ("plan_sha256", "go", "different"))
    decided = found.get("decided", [])  # not saved by earlier builds: then all that stays is told as left to decide
    if not isinstance(sha256, str) or not isinstance(going, list) or not all(map(_is_name, going)):
        raise changed
    if not _are_numbers(different) or not _are_numbers(decided):
        raise changed
    return Choices(sha256, tuple((place, name) for place, name in going), tuple(different), tuple(decided))


def _is_name(found: object) -> bool:
    return isinstance(found, list) and len(found) == 2 and all(isinstance(word, str) for word in found)


def _are_numbers(found: object) -> TypeGuard[list[int]]:
    return isinstance(found, list) and all(type(number) is int for number in found)


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a plan: one file in one group."""

    line: int
    cells: Mapping[str, str]

    @property
    def name(self) -> Name:
        return self.cells["place"], self.cells["path"]

    @property
    def whole(self) -> Name:
        """The file that it moves with; its own name where it stands for itself."""
        return self.cells["place"], self.cells["moves_with"] or self.cells["path"]

    def file(self, plan: Path) -> FileAt:
        return plans.file_at(plan, self.line, *self.name, self.cells["sha256"])


def chosen(plan: Path, choices: Choices) -> Chosen:
    """What of a plan goes by these choices: what they name and nothing else. For each file that goes, the first of its
    group stays that does not go itself and has the same company; in a group that is called different none goes for the
    sake of another. Of groups that were not decided, what the plan leaves
    to a person still is.

    Raises: BadPlan where the choices are of another plan, name a file that it does not have or that may not go, or
    leave nothing of a group; and where the plan itself is none.
    """
    rows, sha256 = plans.lines(plan)
    if sha256 != choices.plan_sha256:
        raise BadPlan(
            f"{plan} is not the plan that these choices were made for, or was changed since; open the duplicates.html"
            " that lies beside it and choose there"
        )
    if rows and not {"group", "may_go", "moves_with"} <= rows[0][1].keys():
        raise BadPlan(f"{plan} was made by an older auditor, which knew no choices; search again")
    groups: dict[str, list[_Row]] = defaultdict(list)
    for line, cells in rows:
        groups[cells["group"]].append(_Row(line, cells))
    different, decided = ({str(number) for number in named} for named in (choices.different, choices.decided))
    if unknown := sorted((different | decided) - groups.keys()):
        raise BadPlan(f"{plan} has no group {unknown[0]}, which the choices name")
    going = dict.fromkeys(choices.going)
    removals: list[Removal] = []
    for name in going:
        of_it = {number for number, group in groups.items() if any(row.whole == row.name == name for row in group)}
        if of_it and of_it <= different:
            raise BadPlan(f"the choices let {name[1]} in {name[0]} go and call all its groups different; keep it")
        here = [group for number, group in groups.items() if number in of_it - different]
        removals += _removals(plan, name, going.keys(), here)
    plans.check(plan, removals)
    said = [tuple(dict.fromkeys(row.cells["sha256"] for row in groups[number])) for number in sorted(different)]
    left = [row for number, group in groups.items() if number not in decided | different for row in group]
    asked = sum(row.cells["action"] == "ask" and row.name not in going for row in left)
    return Chosen(CleanPlan(tuple(removals), asked, sha256), tuple(said))


def _removals(plan: Path, name: Name, going: Iterable[Name], groups: Sequence[Sequence[_Row]]) -> list[Removal]:
    """A file that goes and what moves with it, each with the file that stays for it."""
    if not groups:
        raise BadPlan(f"the choices name {name[1]} in {name[0]}, which no group of {plan} holds")
    lacking = None
    for group in groups:
        own = next(row for row in group if row.whole == row.name == name)
        if own.cells["may_go"] != "yes":
            raise BadPlan(f"{plan} line {own.line}: {name[1]} lies where nothing goes; choose another one of its group")
        for kept in (row for row in group if row.whole == row.name and row.name not in going):
            pairs = _company(group, own, kept)
            lacking = next((part for part, twin in pairs if twin is None), None)
            if lacking is None:
                return [_removal(plan, own, kept), *(_removal(plan, part, twin) for part, twin in pairs if twin)]
    if lacking is not None:
        raise BadPlan(
            f"{plan} line {lacking.line}: {lacking.cells['path']} belongs to {name[1]}, and no file that stays has it"
            " too; keep that one"
        )
    raise BadPlan(f"by these choices nothing would stay of the group of {name[1]} in {name[0]}; keep one of its files")


def _company(group: Sequence[_Row], own: _Row, kept: _Row) -> list[tuple[_Row, _Row | None]]:
    """For each file that moves with one, its twin in the company of another; None: it has none."""
    twins = {row.cells["sha256"]: row for row in group if row.whole == kept.name != row.name}
    shared = {row.name for row in twins.values()}
    parts = {row.name: row for row in group if row.whole == own.name != row.name and row.name not in shared}
    return [(row, twins.get(row.cells["sha256"])) for row in parts.values()]


def _removal(plan: Path, row: _Row, kept: _Row) -> Removal:
    relation = "same-bytes" if row.cells["sha256"] == kept.cells["sha256"] else "chosen"
    return Removal(row.line, row.file(plan), (kept.file(plan),), relation, row.cells["moves_with"])
