"""Other bytes under another date: an edit that somebody meant, or a file that was spoilt on the way.

A program that crashes while it saves, a sync tool that writes an empty file, a virus that encrypts: all give a new
date. What is empty now, or damaged where it was not, is no edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from auditor.model import Depth, FileFacts, Soundness
from auditor.places import Entry
from auditor.places.folder import FolderPlace
from auditor.store.index import Held


@dataclass(frozen=True, slots=True)
class Edits:
    """What a look into changed files found, by path, in words: those that were `spoilt`, and those that could not be
    looked into (`untold`). All others are edits."""

    spoilt: dict[str, str] = field(default_factory=dict)
    untold: dict[str, str] = field(default_factory=dict)


def look(root: Path, changed: Iterable[tuple[Entry, Held]]) -> Edits:
    """Looks into files of the backup in `root` that have other bytes and another date than were stored.

    Decoders run in processes of their own, with limits; one that dies leaves its file untold.
    """
    pairs = list(changed)
    if not pairs:
        return Edits()
    from auditor.isolation import pool  # the decoders are heavy, and edits are rare
    from auditor.scan import one_file

    place = FolderPlace(root, str(root))
    jobs = [
        pool.Job(one_file.Task(place, entry, Depth.DECODE, ("sha256",)), entry.size_bytes or 0) for entry, _ in pairs
    ]
    found = Edits()
    for (entry, held), facts in zip(
        pairs, pool.run(one_file.read_file, jobs, workers=pool.default_jobs()), strict=True
    ):
        if isinstance(facts, pool.Died):
            found.untold[entry.path] = f"it changed, and looking into it failed: {facts.reason}"
        elif facts.error is not None and facts.sha256 is None:
            found.untold[entry.path] = str(facts.error)
        elif reason := _spoilt(facts, held):
            found.spoilt[entry.path] = reason
    return found


def _spoilt(facts: FileFacts, held: Held) -> str | None:
    if facts.size_bytes == 0:
        stored = f"; {held.size_bytes:,} bytes were stored" if held.size_bytes else ""
        return f"it is empty now{stored}"
    if facts.soundness is Soundness.DAMAGED and not held.broken:
        why = facts.damage[0].detail if facts.damage else "it cannot be decoded"
        return f"it was changed, and is damaged now: {why}"
    return None
