"""Which of the backups may be the phone itself, told with the verdict: SAFE would be a word on the backup alone."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.audit import refusals, roles
from auditor.audit.inputs import Side
from auditor.database import exchange as compared
from auditor.database.connection import Database
from auditor.places.phone_marks import CAMERAS


def doubts(db: Database, backups: Sequence[Side], pairs: Sequence[roles.Pair]) -> dict[str, refusals.Doubt]:
    """What is to be said of each backup that may be the phone, by its label; a pair for each backup."""
    found = {}
    for number, (backup, pair) in enumerate(zip(backups, pairs, strict=True)):
        doubt = refusals.doubt(pair)
        if pair.needs_rows and (pair.backup.is_of_cameras or compared.has_folder(db, number, CAMERAS)):
            doubt = refusals.doubt_of_list(CAMERAS, pair)
        if doubt is not None:
            found[backup.label] = doubt
    return found
