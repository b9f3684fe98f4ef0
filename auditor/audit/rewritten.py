"""A list says what lay where when it was made: a file that was made since, on the same disk, may be the listed one.

Who writes a file anew or restores it gives it another number. What both numbers stood for at one time is two files; of
what came later nobody can tell whether what is listed is still there beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from auditor.database import proofs, rewritten
from auditor.database.connection import Database
from auditor.places import Place

_WHY = (
    "it may be the phone's own file as it was before: only a list of it is at hand, and the phone's file may have been"
    " written on the same disk since; name the folder itself"
)


def mark(db: Database, backups: Sequence[Place | None]) -> None:
    """Marks what lists of backups name that may since have become the phone's file: it proves nothing."""
    for number, place in enumerate(backups):
        if place is None:
            rewritten.mark_listed(db, number)
    rewritten.doubt(db, _WHY)


def as_one(db: Database) -> list[str]:
    """Sentences on the lists of backups that may name the very files of other backups, so that both count once; call
    after `files.summarise`."""
    others: dict[str, list[str]] = {}
    for found in proofs.became(db):
        others.setdefault(found.listed, []).append(found.other)
    return [
        f"{label} is a list, and files of {' and '.join(names)} may have been written since on the same disk: what is"
        " listed may have become these, so they count as one copy; name the folder instead of its list"
        for label, names in others.items()
    ]
