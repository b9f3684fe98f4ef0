"""The tables of a search for duplicates: duplicates.csv to look at, plan.csv to carry out."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from auditor.duplicates.grouping import Group
from auditor.duplicates.planning import PlanRow, numbered
from auditor.pictures.inventory import Inventory
from auditor.words import defuse

DUPLICATES = "group,place,path,relation,keep,reason,size_bytes,width,height,format,taken_at,sha256"
PLAN = "action,place,path,sha256,size_bytes,kept_place,kept_path,kept_sha256,relation,reason,moves_with,group,may_go"


def write_duplicates(inventory: Inventory, groups: Sequence[Group], path: Path) -> None:
    """Writes duplicates.csv: every group with the kept file first; what only looks alike comes after what is proven."""
    with path.open("x", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(DUPLICATES.split(","))
        for number, group in numbered(groups):
            for cells in _members(inventory, group):
                table.writerow([str(number), *cells])


def _members(inventory: Inventory, group: Group) -> Iterable[list[str]]:
    lines = [(group.kept, "", "yes", f"kept because {group.why(group.members[0])}" if group.proven else "")]
    lines += [(m.item, m.relation.value, "no" if group.proven else "yes", m.detail) for m in group.members]
    for k, relation, keep, reason in lines:
        item = inventory.items[k]
        facts = item.facts
        values = [inventory.sources[item.source].name, facts.path, relation, keep, reason, facts.size_bytes]
        values += [facts.width, facts.height, facts.format, facts.taken_at, facts.sha256]
        yield [defuse("" if value is None else str(value)) for value in values]


def write_plan(rows: Iterable[PlanRow], path: Path) -> None:
    """Writes plan.csv, without the rows whose names no CSV can hold exactly: such files are in no plan."""
    with path.open("x", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(PLAN.split(","))
        for row in rows:
            if row.in_no_table is None:
                table.writerow([_cell(getattr(row, name)) for name in PLAN.split(",")])


def _cell(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else defuse(str(value or ""))
