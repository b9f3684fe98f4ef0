"""What clean-ups took away from a place, by their journals: an empty phone may be as it should be."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from auditor.cleanup import journal as journals
from auditor.cleanup.journal import State
from auditor.errors import AuditorError
from auditor.store.generations import Store


@dataclass(frozen=True, slots=True)
class Taken:
    """How many files clean-ups moved away: those still in the quarantine, with the journals that put them back, and
    those deleted for good since."""

    held: int
    purged: int
    journals: tuple[Path, ...]


def taken_from(root: Path) -> Taken:
    """What the journals in a place tell; those that cannot be read tell nothing."""
    held, purged, back = 0, 0, []
    for path in journals.all_of(Store(root)):
        with contextlib.suppress(AuditorError):
            states = [entry.state for entry in journals.read(path)[1]]
            held += states.count(State.MOVED)
            purged += states.count(State.PURGED)
            back += [path] if State.MOVED in states else []
    return Taken(held, purged, tuple(back))
