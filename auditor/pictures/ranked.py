"""Which of a phone's files that hold one picture, or look alike, is the one to keep, written beside its rows for the
rules.

The ranking is that of the search for duplicates (`keep`): a report, a table and a plan name the same file, but where
the search, which opens both, finds that another one holds more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from auditor.database import same_picture
from auditor.database.connection import Database
from auditor.database.same_picture import Ranked, Shared
from auditor.pictures.inventory import Inventory, Source, with_parts
from auditor.pictures.keep import rank


def fill(db: Database, reasons: Sequence[str]) -> None:
    """Ranks the source's files that hold one picture with another one, and says why the first of them is kept; and
    those that look like another one."""
    files = same_picture.shared(db)
    inventory = Inventory((Source("", "", ()),), with_parts([(0, file.facts) for file in files]))
    pictures = _ranked(files, inventory, [file.picture for file in files], reasons)
    looks = _ranked(files, inventory, [file.look for file in files], reasons)
    same_picture.keep(db, pictures, looks)


def _ranked(
    files: Sequence[Shared], inventory: Inventory, groups: Sequence[str | None], reasons: Sequence[str]
) -> list[Ranked]:
    """Each file that is of a group, among the others of it."""
    members: dict[str, list[int]] = defaultdict(list)
    for k, group in enumerate(groups):
        if group is not None:
            members[group].append(k)
    found = []
    for those in members.values():
        ranking = rank(inventory, those, reasons)
        why = ranking.why(ranking.order[0], ranking.order[1])
        found += [Ranked(files[k].id, turn, why if turn == 1 else None) for turn, k in enumerate(ranking.order, 1)]
    return found
