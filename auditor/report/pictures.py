"""The pictures of one page: which of those that were made stand where, and how they are written into it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from auditor import words as text
from auditor.database import page
from auditor.database.connection import Database
from auditor.report import thumbnails
from auditor.report.findings import Section
from auditor.report.thumbnails import Shown

_MOST_BYTES = 16 << 20  # of all pictures in one page: what a telephone opens without trouble


@dataclass(frozen=True, slots=True)
class Thumb:
    """One picture in the page: a data URI, empty where nothing can be shown, and words on what can be seen."""

    uri: str
    words: str


Place = tuple[str, int]
"""Where a picture stands: the rule, and the number of the row, or of the grouped file counted from -1 down."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The files' own pictures, and what is shown beside them."""

    own: Mapping[Place, Thumb]
    beside: Mapping[Place, Thumb]

    def any_of(self, thumbs: Mapping[Place, Thumb], section: Section) -> bool:
        """Whether any row of a section has a picture among these."""
        return any(rule == section.outcome.rule_id and number >= 0 for rule, number in thumbs)


def placed(db: Database, shown: Sequence[Section], made: Mapping[tuple[str, str], Shown]) -> Pictures:
    """Where each picture stands, of those that were `made`, by backup (empty for the source) and path. One that two
    rules name stands twice; there are no more than the page can bear."""
    if not made:
        return Pictures({}, {})
    left = [_MOST_BYTES]
    wanted = [("", one.path) for one in page.pictured(db, thumbnails.LIMIT)]
    own = thumbnails.vetted(made, wanted)
    own_places = (
        ((section.outcome.rule_id, number), own.get(("", row.on_phone)))
        for section in shown
        for number, row in (
            *((-1 - nth, member.row) for nth, member in enumerate(section.members)),
            *enumerate(section.rows),
        )
        if row.on_phone
    )
    both = (*page.damaged_copies(db, thumbnails.MOST_COPIES), *page.whole_copies(db, thumbnails.MOST_COPIES))
    copies = thumbnails.vetted(made, both)
    beside_places = (
        ((section.outcome.rule_id, number), copies.get(row.copy))
        for section in shown
        for number, row in enumerate(section.rows)
        if row.copy
    )
    beside = dict(_first(beside_places, thumbnails.MOST_COPIES, left))
    return Pictures(dict(_first(own_places, thumbnails.LIMIT, left)), beside)


def _first(places: Iterator[tuple[Place, Shown | None]], most: int, left: list[int]) -> Iterator[tuple[Place, Thumb]]:
    head = "data:image/webp;base64,"
    for place, shown in places:
        if shown is None or not (shown.webp or shown.words):
            continue
        uri = head + base64.b64encode(shown.webp).decode() if shown.webp else ""
        left[0] -= len(uri)
        if not most or left[0] < 0:
            return
        most -= 1
        yield place, Thumb(uri, text.visible(shown.words))
