"""Whether what was named a backup may be the phone itself: asked once more when both are listed, and told with the
verdict. SAFE would be a word on the backup alone."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.audit import refusals, roles
from auditor.audit.inputs import Side
from auditor.audit.phone_marks import CAMERAS
from auditor.database import exchange as compared
from auditor.database.connection import Database
from auditor.words import counted


def doubts(db: Database, backups: Sequence[Side], pairs: Sequence[roles.Pair]) -> dict[str, refusals.Doubt]:
    """What speaks for the wrong order, by the label of the backup that may be the phone; a pair for each backup."""
    found = {}
    for number, (backup, pair) in enumerate(zip(backups, pairs, strict=True)):
        doubt = refusals.doubt(pair)
        if doubt is None and roles.maybe_phone(pair):
            more, are_newer = _more_from_a_camera(db, number, pair.backup)
            if are_newer:
                photos = counted(more, "photo or video", "photos and videos")
                where = "" if _is_whole(pair.backup) else f"in {CAMERAS} "
                why = f"{backup.spec} has {photos} {where}that {pair.source.spec} lacks, as new as anything there"
                doubt = refusals.doubted(why, pair)
            elif not more or are_newer is None:  # a copy has more, and older, where the phone was cleared
                doubt = refusals.doubt_of_equals(pair)
        if doubt is not None:
            found[backup.label] = doubt
    return found


def _is_whole(theirs: roles.Role) -> bool:
    """Whether it may be all of a phone, where photos lie outside the camera's folder too."""
    return theirs.marks is not None and theirs.marks.is_android


def _more_from_a_camera(db: Database, number: int, theirs: roles.Role) -> tuple[int, bool | None]:
    """How many photos and videos a backup has in a camera's folder that the source has in no version, and whether they
    are newer than all of it; None where the dates of one side are not known.

    Where something in the source is newer, photos are taken there, and the others were cleared away.
    """
    more = compared.more(db, number, None if theirs.is_of_cameras or _is_whole(theirs) else CAMERAS)
    # A copy may have lost the dates of its files; when a photo was taken is written in it.
    if more.taken and more.source_taken:
        return more.files, more.taken >= more.source_taken
    if more.dated is None or more.source_dated is None:
        return more.files, None
    return more.files, more.dated >= more.source_dated
