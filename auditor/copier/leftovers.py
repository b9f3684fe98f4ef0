"""Which half files in a folder that was restored to are ours: this machine's own note, as such a folder keeps none."""

from __future__ import annotations

from pathlib import Path

from auditor.disk import own_notes


def marks(target: Path) -> set[str]:
    """The marks of restores to this folder that may not have ended; none where this machine knows of none."""
    return set(_known().get(str(target.resolve()), ()))


def remember(target: Path, marks_now: set[str]) -> None:
    """Writes them down, before the first half file is made. Where that fails, such files stay where they are."""
    known = _known()
    key = str(target.resolve())
    if set(known.get(key, ())) == marks_now:
        return
    known.pop(key, None)
    if marks_now:
        known[key] = sorted(marks_now)
    own_notes.keep("restores", known)


def _known() -> dict[str, list[str]]:
    known = own_notes.recall("restores")
    return {path: [str(mark) for mark in v] for path, v in known.items() if isinstance(v, list)}
