"""Clusters: pictures that hang together by near perceptual hashes, in any orientation. That alone proves nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from auditor.pictures import candidates
from auditor.pictures.inventory import Inventory

ALIKE_BITS = 10
"""Hashes so near are looked at: copies lie within 4 bits, edits within 10."""
TURNED_BITS = 6
CLUSTER = 300_000
CROWDED_BITS = 6
"""In so many pictures the search by 10 bits would take minutes; copies are found all the same."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Two files or more. Those with one hash are one number in `hash_of`; `near` gives, for each such number, the
    numbers of the hashes near it, nearest first and itself before all."""

    nodes: tuple[int, ...]
    hash_of: Mapping[int, int]
    near: Mapping[int, Sequence[int]]


def find(inventory: Inventory, photos: Sequence[int]) -> list[Cluster]:
    """The clusters among these files; files without a perceptual hash are in none."""
    nodes = [k for k in photos if inventory.items[k].facts.phash]
    if len(nodes) < 2:
        return []
    packed = candidates.pack([inventory.items[k].facts.phash or "" for k in nodes])
    hashes, numbers = np.unique(packed, return_inverse=True)
    first, second, distance = _pairs(inventory, nodes, hashes, numbers)
    near: dict[int, list[int]] = defaultdict(list)
    order = np.argsort(distance, kind="stable")
    for a, b in zip(first[order].tolist(), second[order].tolist(), strict=True):
        near[a].append(b)
        near[b].append(a)
    links = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(len(hashes), len(hashes)))
    component = connected_components(links, directed=False)[1]
    members: dict[int, list[int]] = defaultdict(list)
    for node, number in zip(nodes, numbers.tolist(), strict=True):
        members[int(component[number])].append(node)
    hash_of = dict(zip(nodes, numbers.tolist(), strict=True))
    found = []
    for cluster in members.values():
        if len(cluster) > 1:
            own = {k: hash_of[k] for k in cluster}
            found.append(Cluster(tuple(cluster), own, {h: (h, *near[h]) for h in set(own.values())}))
    return found


def _pairs(
    inventory: Inventory, nodes: Sequence[int], hashes: candidates.Hashes, numbers: candidates.Indices
) -> tuple[candidates.Indices, candidates.Indices, candidates.Indices]:
    """Pairs of distinct hashes whose pictures may be one, in any orientation, each once with its distance in bits."""
    bits = ALIKE_BITS if len(nodes) <= CLUSTER else CROWDED_BITS
    first, second = candidates.within(hashes, bits)
    found = [(first, second, np.bitwise_count(hashes[first] ^ hashes[second]).astype(np.int64))]
    with_turns = [at for at, k in enumerate(nodes) if len(inventory.items[k].facts.phash_turned) == 7]
    own = numbers[np.asarray(with_turns, dtype=np.int64)]
    for turn in range(7):
        turned = candidates.pack([inventory.items[nodes[at]].facts.phash_turned[turn] for at in with_turns])
        at, other = candidates.near(turned, hashes, min(bits, TURNED_BITS))
        distance = np.bitwise_count(turned[at] ^ hashes[other]).astype(np.int64)
        found.append((np.minimum(own[at], other), np.maximum(own[at], other), distance))
    first, second, distance = (np.concatenate(columns) for columns in zip(*found, strict=True))
    order = np.lexsort((distance, second, first))
    first, second, distance = first[order], second[order], distance[order]
    fresh = first != second
    fresh[1:] &= (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return first[fresh], second[fresh], distance[fresh]
