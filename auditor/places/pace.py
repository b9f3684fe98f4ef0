"""How fast this computer worked with a place the last time, from which alone it is said how long it will take."""

from __future__ import annotations

import math

from auditor.disk import own_notes

LEAST_S = 5.0
"""Work that was over sooner tells how long it takes to begin, and not how fast it goes on."""
_NOTES = "pace"


def remember(work: str, place: str, amount: float, seconds: float) -> None:
    """Keeps in mind how long an amount of work took with a place, named by its id; `amount` is in any unit that stays
    the same. Work that was over at once is not kept. Where nothing can be kept, only that is lost."""
    if amount > 0 and seconds >= LEAST_S:
        own_notes.change(_NOTES, _key(work, place), lambda before: float(amount) / seconds)


def expected_s(work: str, place: str, amount: float) -> float | None:
    """How many seconds so much will take, if it goes as fast as the last time; None where nothing is known of that."""
    rate = own_notes.recall(_NOTES).get(_key(work, place))
    if not isinstance(rate, float) or not math.isfinite(rate) or rate <= 0:
        return None  # there is none, or somebody else wrote it
    seconds = amount / rate
    return seconds if math.isfinite(seconds) else None


def _key(work: str, place: str) -> str:
    return f"{work} {place}"
