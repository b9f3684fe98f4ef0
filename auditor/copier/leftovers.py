"""Which half files in a folder that was restored to are ours: this machine's own note, as such a folder keeps none."""

from __future__ import annotations

from pathlib import Path

from auditor.disk import own_notes

_NOTES = "restores"


def marks(target: Path) -> set[str]:
    """The marks of restores to this folder that may not have ended; none where this machine knows of none."""
    noted = own_notes.recall(_NOTES).get(str(target.resolve()))
    return set(map(str, noted)) if isinstance(noted, list) else set()


def remember(target: Path, marks_now: set[str]) -> None:
    """Writes them down, before the first half file is made. Where that fails, such files stay where they are."""
    own_notes.change(_NOTES, str(target.resolve()), lambda _: sorted(marks_now) or None)
