"""What changed between two lists of one place: by path, and by content where a file was moved or renamed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from auditor.manifest.jsonl import Manifest
from auditor.model import DIGESTS, FileFacts
from auditor.paths import path_key


class Change(StrEnum):
    """What became of one path between the first list and the second."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"
    UNKNOWN = "unknown"  # both have it, and no digest that both know


@dataclass(frozen=True, slots=True)
class Difference:
    """One path that is not the same in both lists. `other` is where a moved file is now."""

    change: Change
    path: str
    other: str | None = None


def differences(first: Manifest, second: Manifest) -> tuple[Difference, ...]:
    """Every path that differs, sorted by path; files of the same content under another path are moved.

    Contents are compared by the strongest digest that both rows have; names, sizes and dates prove nothing.
    """
    found: list[Difference] = []
    gone: list[FileFacts] = []
    new: list[FileFacts] = []
    for before, after in _side_by_side(first, second):
        if after is None and before is not None:
            gone.append(before)
        elif before is None and after is not None:
            new.append(after)
        elif before is not None and after is not None:
            same = same_content(before, after)
            if not same:
                found.append(Difference(Change.UNKNOWN if same is None else Change.CHANGED, before.path))
    arrived: dict[tuple[str, str], list[FileFacts]] = {}
    for facts in new:
        for key in facts.digests.items():
            arrived.setdefault(key, []).append(facts)
    taken: set[str] = set()
    for facts in gone:
        candidates = [
            c for kind in DIGESTS if kind in facts.digests for c in arrived.get((kind, facts.digests[kind]), ())
        ]
        moved = next((c for c in candidates if c.path not in taken and same_content(facts, c)), None)
        if moved is not None:
            taken.add(moved.path)
        found.append(Difference(Change.MOVED if moved else Change.REMOVED, facts.path, moved.path if moved else None))
    found += [Difference(Change.ADDED, facts.path) for facts in new if facts.path not in taken]
    return tuple(sorted(found, key=lambda difference: path_key(difference.path)))


def same_content(one: FileFacts, other: FileFacts) -> bool | None:
    """Whether two rows have the same content; None where they share no digest."""
    for kind in DIGESTS:
        if kind in one.digests and kind in other.digests:
            return one.digests[kind] == other.digests[kind]
    if None not in (one.size_bytes, other.size_bytes) and one.size_bytes != other.size_bytes:
        return False
    return None


def _side_by_side(first: Manifest, second: Manifest) -> Iterator[tuple[FileFacts | None, FileFacts | None]]:
    """The rows of both, which are sorted by path, laid beside each other."""
    left, right = first.rows(), second.rows()
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        if other is None or (one is not None and path_key(one.path) < path_key(other.path)):
            yield one, None
            one = next(left, None)
        elif one is None or path_key(other.path) < path_key(one.path):
            yield None, other
            other = next(right, None)
        else:
            yield one, other
            one, other = next(left, None), next(right, None)
