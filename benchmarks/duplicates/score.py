"""Scores groups of files against truth.csv: what was found, and what was merged that is not the same."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path

# Nobody can tell these apart, and auditor says so: shots of nothing, and copies of under 768 pixels.
UNTELLABLE_FAMILIES = ("dark", "white", "wall")
UNTELLABLE_KINDS = ("512", "256")
FOUND = ("exact", "data", "copy", "rotated")


@dataclass(frozen=True)
class Score:
    """What one tool found and what it merged.

    `recall`: share of (original, variant) pairs in one group, by class, of those that can be told; `photos`: of copies
    of photos alone; `kinds`: by kind of copy. `looked`: rotated ones in one group or shown as edited. `false_pairs`, by
    family: pairs of other pictures in one group. `edited`: of `edits`, those in a group with their original.
    """

    recall: Mapping[str, float]
    photos: float
    kinds: Mapping[str, float]
    looked: float
    false_pairs: Mapping[str, int]
    edited: int
    edits: int


def truth(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="") as stream:
        return {row["path"]: row for row in csv.DictReader(stream)}


def score(
    rows: Mapping[str, Mapping[str, str]], groups: Iterable[Sequence[str]], edited: Iterable[tuple[str, str]] = ()
) -> Score:
    """Scores groups of paths. `edited` are pairs shown to a person as an edit of one another."""
    group_of: dict[str, set[int]] = defaultdict(set)
    members = [list(group) for group in groups]
    false_pairs: Counter[str] = Counter()
    for number, group in enumerate(members):
        for path in group:
            group_of[path].add(number)
        for a, b in combinations(group, 2):
            if rows[a]["picture"] != rows[b]["picture"]:
                false_pairs[" + ".join(sorted({rows[a]["family"], rows[b]["family"]}))] += 1
    suggested = {frozenset(pair) for pair in edited}
    originals = {row["picture"]: path for path, row in rows.items() if row["class"] == "original"}
    found: Counter[str] = Counter()
    total: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    kinds_total: Counter[str] = Counter()
    photos = photos_total = looked = edits = edited_same = 0
    for path, row in rows.items():
        if row["class"] == "original":
            continue
        original = originals[row["picture"]]
        same = bool(group_of[path] & group_of[original])
        if row["class"] == "edited":
            edits += 1
            edited_same += same
            continue
        if row["class"] == "rotated":
            # Shown as an edit of its original, or in one group with one that is: two turns may lose the same edge.
            ours, theirs = (_company(k, group_of, members) | {k} for k in (path, original))
            looked += same or any(frozenset(pair) in suggested for pair in product(ours, theirs))
        if row["kind"] in UNTELLABLE_KINDS or row["family"] in UNTELLABLE_FAMILIES:
            continue
        total[row["class"]] += 1
        found[row["class"]] += same
        kinds_total[row["kind"]] += 1
        kinds[row["kind"]] += same
        if row["class"] == "copy" and row["family"] == "photo":
            photos_total += 1
            photos += same
    return Score(
        {name: found[name] / total[name] for name in FOUND if total[name]},
        photos / max(1, photos_total),
        {name: kinds[name] / kinds_total[name] for name in sorted(kinds_total)},
        looked / max(1, total["rotated"]),
        dict(false_pairs.most_common()),
        edited_same,
        edits,
    )


def wrong(rows: Mapping[str, Mapping[str, str]], groups: Iterable[Sequence[str]]) -> Iterator[tuple[str, str, str]]:
    """What counts against a tool, pair by pair: `false` (other pictures in one group) and `missed` (a file that can be
    told and is not in a group with its original), with the two paths."""
    together: set[frozenset[str]] = set()
    for group in groups:
        for a, b in combinations(group, 2):
            together.add(frozenset((a, b)))
            if rows[a]["picture"] != rows[b]["picture"]:
                yield "false", a, b
    originals = {row["picture"]: path for path, row in rows.items() if row["class"] == "original"}
    for path, row in rows.items():
        told = row["kind"] not in UNTELLABLE_KINDS and row["family"] not in UNTELLABLE_FAMILIES
        original = originals[row["picture"]]
        same = frozenset((path, original)) in together
        if row["class"] == "edited" and same:
            yield "edited", original, path
        elif row["class"] in FOUND and told and not same:
            yield "missed", original, path


def _company(path: str, group_of: Mapping[str, set[int]], members: Sequence[Sequence[str]]) -> set[str]:
    return {other for number in group_of[path] for other in members[number]}
