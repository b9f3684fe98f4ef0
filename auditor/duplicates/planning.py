"""From groups to a plan: which files may go, which stay, and which a person has to look at.

`remove` is planned only for the three proven relations, only where the file to keep is sound, was read in this run and
lies in a folder, and only where everything that moves with the file is in the kept one's company too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from auditor.disk.mounts import may_be_one_file
from auditor.duplicates.grouping import Group, Member
from auditor.model import DigestOrigin, Kind, Soundness
from auditor.pictures.inventory import Inventory, Item, Source
from auditor.pictures.verify import Relation
from auditor.words import is_exact

PROVEN = (Relation.SAME_BYTES, Relation.SAME_IMAGE_DATA, Relation.SAME_PICTURE)


class Action(StrEnum):
    """What a plan says of a file. ASK is for a person, who may change it to REMOVE."""

    REMOVE = "remove"
    KEEP = "keep"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One line of plan.csv. For a kept file the `kept_` columns are its own and `relation` is None.

    `moves_with` is the path of the file that this one belongs to and goes with; empty where it stands for itself.
    `group` is its number among all groups; `may_go`: a person may let it go for the sake of another one of its group.
    """

    action: Action
    place: str
    path: str
    sha256: str
    size_bytes: int
    kept_place: str
    kept_path: str
    kept_sha256: str
    relation: Relation | None
    reason: str
    moves_with: str = ""
    group: int = 0
    may_go: bool = False

    @property
    def in_no_table(self) -> str | None:
        """The first of its names that a CSV cannot hold exactly: it would run as a formula, or be shown in other
        letters, and so be the name of another file. None where all can be held."""
        names = (self.place, self.path, self.kept_place, self.kept_path, self.moves_with)
        return next((name for name in names if not is_exact(name)), None)


def numbered(groups: Sequence[Group]) -> list[tuple[int, Group]]:
    """The groups in the order in which people see them, from 1 on: what is proven comes first."""
    return list(enumerate(sorted(groups, key=lambda group: not group.proven), start=1))


@dataclass(frozen=True, slots=True)
class Plan:
    """All rows, group by group, and what they come to: groups with something to remove, bytes that frees, groups that
    want a person's eyes; `untouched` says of which places nothing proven to be there twice ever goes, and why."""

    rows: tuple[PlanRow, ...]
    removing_groups: int
    freed_bytes: int
    asking_groups: int
    untouched: tuple[str, ...] = ()


def plan(inventory: Inventory, groups: Sequence[Group], unread_sources: frozenset[int] = frozenset()) -> Plan:
    """The plan for these groups. `unread_sources` are those whose rows were not all read in this run (lists)."""
    kept_instead: dict[int, int] = {}  # a file that goes, and the one that is kept for it
    for group in groups:
        if group.proven:
            kept_instead.update((member.item, group.kept) for member in group.members)
    by_group: list[list[PlanRow]] = []
    for number, group in numbered(groups):
        if not group.proven:
            kept = kept_instead.get(group.kept, group.kept)
            rest = tuple(m for m in group.members if m.item not in kept_instead and m.item != kept)
            group = replace(group, kept=kept, members=rest)
        if not group.members:
            continue
        rows = [row for member in group.members for row in _named(_rows(inventory, group, member, unread_sources))]
        reason = group.why(group.members[0]) if group.proven else "look at it and the others"
        head = inventory.items[group.kept]
        first = _named([_row(inventory, Action.KEEP, head, head, None, reason), *_company(inventory, head, head)])
        by_group.append([replace(row, group=number) for row in (*first, *rows)])
    return replace(_settled(by_group), untouched=tuple(_untouched(inventory, groups)))


def _untouched(inventory: Inventory, groups: Sequence[Group]) -> list[str]:
    """What the user did not ask for himself, as he does with a reference."""
    items = [inventory.items[member.item] for group in groups if group.proven for member in group.members]
    told = ((inventory.sources[item.source], item) for item in items)
    reasons = [_stays(source, item) for source, item in told if item.backup is not None or not source.reference]
    pairs = ((member.item, group.kept) for group in groups if group.proven for member in group.members)
    phones = [_perhaps_a_phone(inventory.items[item], inventory.items[kept]) for item, kept in pairs]
    if any(phones):
        reasons += [*phones, _FREEING]
    return list(dict.fromkeys(why for why in reasons if why))


_FREEING = "To free a phone of what its backup has, audit both: the audit says what may go from it, and how"


def _settled(by_group: Sequence[Sequence[PlanRow]]) -> Plan:
    """The rows without contradictions: nothing is removed for the sake of a file that is removed itself, and a file
    that goes is named once."""
    going = {(row.place, row.path) for rows in by_group for row in rows if row.action is Action.REMOVE}
    done: list[PlanRow] = []
    named: set[tuple[str, str]] = set()
    removing, asking, freed = 0, 0, 0
    for rows in by_group:
        actions: set[Action] = set()
        for row in rows:
            goes = (row.place, row.path) in going
            if row.action is Action.REMOVE and (row.kept_place, row.kept_path) in going:
                reason = f"the file to keep, {row.kept_path}, is planned to go itself; look again when it has gone"
                row = replace(row, action=Action.ASK, reason=reason)
            elif goes and (row.action is not Action.REMOVE or (row.place, row.path) in named):
                continue
            if row.action is Action.REMOVE:
                named.add((row.place, row.path))
                freed += row.size_bytes
            actions.add(row.action)
            done.append(row)
        removing += Action.REMOVE in actions
        asking += Action.ASK in actions
    return Plan(tuple(done), removing, freed, asking)


def _rows(inventory: Inventory, group: Group, member: Member, unread: frozenset[int]) -> list[PlanRow]:
    """A member's line and those of the files that move with it."""
    item, kept = inventory.items[member.item], inventory.items[group.kept]
    company = _company(inventory, item, kept)
    source = inventory.sources[item.source]
    if item.part_of is not None:
        whole = inventory.items[item.part_of].facts.path
        return [_row(inventory, Action.KEEP, item, kept, member.relation, f"it moves with {whole}")]
    stays = _stays(source, item)
    if stays:
        return [_row(inventory, Action.KEEP, item, kept, member.relation, stays), *company]
    if member.relation not in PROVEN:
        return [_row(inventory, Action.ASK, item, kept, member.relation, member.detail), *company]
    twins = _counterparts(inventory, item, kept)
    doubt = _doubt(inventory, item, kept, unread)
    if doubt is None and member.lacks:
        doubt = f"the file to keep lacks something that this one holds: {', '.join(member.lacks)}"
    if doubt is None and member.may_be_original:
        doubt = "it is not known whether one of them was made of the other"
    if doubt is None and None in twins.values():
        lone = next(inventory.items[part].facts.path for part, twin in twins.items() if twin is None)
        doubt = f"a part of it, {lone}, is not in the company of the file to keep"
    if doubt is not None:
        return [_row(inventory, Action.ASK, item, kept, member.relation, doubt), *company]
    why = f"{member.detail}; {kept.facts.path.rpartition('/')[2]} is kept: {group.why(member)}"
    found = [_row(inventory, Action.REMOVE, item, kept, member.relation, why)]
    for part, twin in twins.items():
        assert twin is not None
        moving = inventory.items[part]
        row = _row(inventory, Action.REMOVE, moving, inventory.items[twin], Relation.SAME_BYTES, "belongs to it")
        found.append(replace(row, moves_with=item.facts.path))
    return found


def _named(rows: list[PlanRow]) -> list[PlanRow]:
    """A file's rows, itself and what moves with it; they stay together where a table cannot name one of them."""
    odd = next((row.in_no_table for row in rows if row.in_no_table is not None), None)
    if odd is None:
        return rows
    stays = f"no table can hold the name {odd} exactly, so it is not in the plan"
    return [
        replace(row, may_go=False)
        if row.action is Action.KEEP
        else replace(row, action=Action.KEEP, reason=stays, may_go=False)
        for row in rows
    ]


def _stays(source: Source, item: Item) -> str | None:
    """Why a file of a place is never moved; None where it may be."""
    if item.backup is not None:
        return f"{item.backup.name} is a backup that auditor keeps: nothing in it is changed"
    if source.reference:
        return f"{source.label} is a reference: nothing in it is changed"
    if source.place is None:
        return f"of {source.label} only a list is at hand"
    return None if source.may_lose_files else f"{source.label} cannot be written by this program"


def _doubt(inventory: Inventory, item: Item, kept: Item, unread: frozenset[int]) -> str | None:
    """Why a proven duplicate is still a person's decision; None where it is not."""
    theirs = inventory.sources[kept.source]
    if theirs.root is None:
        return f"the better one is in {theirs.label}, which is no folder of this machine; copy it first"
    if perhaps := _perhaps_a_phone(item, kept):
        return perhaps
    ours = inventory.sources[item.source]
    if ours.root is not None and may_be_one_file(ours.root / item.facts.path, theirs.root / kept.facts.path):
        return "it may be the very file to keep, seen through another mount"
    if kept.facts.soundness is not Soundness.SOUND:
        return "the file to keep is not proven sound"
    if kept.source in unread or item.source in unread:
        return "its list was not made in this run"
    origins = {kept.facts.digest_origin, item.facts.digest_origin}
    return None if origins == {DigestOrigin.READ} else "its digest was not read by this program"


def _perhaps_a_phone(item: Item, kept: Item) -> str | None:
    """Why of two places none loses a file for the sake of the other: one may be the phone, and the other its only
    backup. None within one place, and where neither has a phone's marks."""
    phone = item.phone or kept.phone
    if item.source == kept.source or phone is None:
        return None
    return f"{phone} may be a phone or a copy of one: what goes there, or for its sake elsewhere, is your decision"


def _counterparts(inventory: Inventory, item: Item, kept: Item) -> dict[int, int | None]:
    """For each file that moves with `item`, the one of the kept file's company with the same bytes; None: there is
    none. One that moves with both needs none."""
    company = {inventory.items[part].facts.sha256: part for part in kept.parts}
    return {
        part: company.get(inventory.items[part].facts.sha256)
        for part in item.parts
        if part not in kept.parts and inventory.items[part].facts.kind in (Kind.PHOTO, Kind.VIDEO, Kind.SIDECAR)
    }


def _company(inventory: Inventory, item: Item, kept: Item) -> list[PlanRow]:
    """The files that move with one that stays or is asked for, which a person's choice may let go with it."""
    return [
        replace(
            _row(inventory, Action.KEEP, inventory.items[part], kept, None, "belongs to it"), moves_with=item.facts.path
        )
        for part in item.parts
    ]


def _row(
    inventory: Inventory, action: Action, item: Item, kept: Item, relation: Relation | None, reason: str
) -> PlanRow:
    facts = item.facts
    return PlanRow(
        action,
        inventory.sources[item.source].name,
        facts.path,
        facts.sha256 or "",
        facts.size_bytes or 0,
        inventory.sources[kept.source].name,
        kept.facts.path,
        kept.facts.sha256 or "",
        relation,
        reason,
        may_go=item.part_of is None and _stays(inventory.sources[item.source], item) is None,
    )
