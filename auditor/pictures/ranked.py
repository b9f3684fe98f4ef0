"""Which of a phone's files that hold one picture is the one to keep, written beside its rows for the rules.

The ranking is that of the search for duplicates (`keep`): a report, a table and a plan name the same file, but where
the search, which opens both, finds that another one holds more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from auditor.database import same_picture
from auditor.database.connection import Database
from auditor.database.same_picture import Ranked
from auditor.pictures.inventory import Inventory, Source, with_parts
from auditor.pictures.keep import rank


def fill(db: Database, reasons: Sequence[str]) -> None:
    """Ranks the source's files that hold one picture with another one, and says why the first of them is kept."""
    files = same_picture.shared(db)
    inventory = Inventory((Source("", "", ()),), with_parts([(0, file.facts) for file in files]))
    pictures: dict[str, list[int]] = defaultdict(list)
    for k, file in enumerate(files):
        if file.picture is not None:
            pictures[file.picture].append(k)
    ranked = []
    for members in pictures.values():
        ranking = rank(inventory, members, reasons)
        why = ranking.why(ranking.order[0], ranking.order[1])
        ranked += [Ranked(files[k].id, turn, why if turn == 1 else None) for turn, k in enumerate(ranking.order, 1)]
    same_picture.keep(db, ranked)
