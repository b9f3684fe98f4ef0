"""A list says what lay where when it was made: a file that was made since, on the same disk, may be the listed one.

Who writes a file anew or restores it gives it another number. What both numbers stood for at one time is two files; of
what came later nobody can tell whether what is listed is still there beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from auditor.database import rewritten
from auditor.database.connection import Database
from auditor.places import Place

_WHY = (
    "it may be the phone's own file as it was before: only a list of it is at hand, and since then the phone's file was"
    " written on the same disk; name the folder itself"
)


def mark(db: Database, labels: Sequence[str], backups: Sequence[Place | None]) -> list[str]:
    """Marks what lists of backups name that may since have become the phone's file, and counts as one what may have
    become one of another backup. Returns sentences on these."""
    told = []
    for number, (label, place) in enumerate(zip(labels, backups, strict=True)):
        if place is None:
            rewritten.doubt(db, number, _WHY)
            told += [
                f"{label} is a list, and files of {other} were written since on the same disk: what is listed may have"
                " become these, so they count as one copy; name the folder instead of its list"
                for other in rewritten.count_once(db, number)
            ]
    return told
