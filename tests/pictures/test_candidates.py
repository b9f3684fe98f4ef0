"""The band search finds what brute force finds: the same pairs, each once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.pictures import candidates
from auditor.pictures.candidates import near, pack, within

HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=30)
FLIPS = st.lists(st.tuples(st.integers(0, 29), st.sets(st.integers(0, 63), max_size=12)), max_size=30)


def planted(seeds: list[int], flips: list[tuple[int, set[int]]]) -> np.ndarray:
    """The hashes, and for each flip one of them again with those bits turned: pairs at every small distance."""
    found = list(seeds)
    for which, bits in flips:
        if seeds:
            found.append(seeds[which % len(seeds)] ^ sum(1 << bit for bit in bits))
    return np.array(found, dtype=np.uint64)


def brute(left: np.ndarray, right: np.ndarray, distance: int) -> list[tuple[int, int]]:
    return [
        (i, j) for i, a in enumerate(left) for j, b in enumerate(right) if (int(a) ^ int(b)).bit_count() <= distance
    ]


def pairs(found: tuple[np.ndarray, np.ndarray]) -> list[tuple[int, int]]:
    return list(zip(found[0].tolist(), found[1].tolist(), strict=True))


@settings(deadline=None, max_examples=150)
@given(HASHES, FLIPS, st.integers(0, 12))
def test_within_is_brute_force(seeds: list[int], flips: list[tuple[int, set[int]]], distance: int) -> None:
    hashes = planted(seeds, flips)
    assert pairs(within(hashes, distance)) == [(i, j) for i, j in brute(hashes, hashes, distance) if i < j]


@settings(deadline=None, max_examples=150)
@given(HASHES, FLIPS, st.integers(0, 12), st.integers(0, 30))
def test_near_is_brute_force(seeds: list[int], flips: list[tuple[int, set[int]]], distance: int, cut: int) -> None:
    hashes = planted(seeds, flips)
    left, right = hashes[cut:], hashes
    assert pairs(near(left, right, distance)) == brute(left, right, distance)


@pytest.mark.parametrize("agreeing", [1, 2, 3, 4])
@pytest.mark.parametrize("distance", [1, 4, 9])
def test_every_cut_finds_the_same(agreeing: int, distance: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(agreeing * 100 + distance)
    seeds = rng.integers(0, 2**64, 60, dtype=np.uint64)
    hashes = np.concatenate([seeds] + [seeds ^ (np.uint64(1) << rng.integers(0, 64, 60, dtype=np.uint64))] * 2)
    for _ in range(distance - 1):
        hashes[60:120] ^= np.uint64(1) << rng.integers(0, 64, 60, dtype=np.uint64)
    edges = [64 * k // (distance + agreeing) for k in range(distance + agreeing + 1)]
    blocks = [(a, b - a) for a, b in itertools.pairwise(edges)]
    monkeypatch.setattr(candidates, "_blocks", lambda *_: (blocks, agreeing))
    monkeypatch.setattr(candidates, "CHUNK_PAIRS", 7)
    assert pairs(within(hashes, distance)) == [(i, j) for i, j in brute(hashes, hashes, distance) if i < j]


def test_pack_reads_hex() -> None:
    assert pack(["00000000000000ff", "8000000000000000"]).tolist() == [255, 2**63]
    assert pack([]).tolist() == []
    with pytest.raises(ValueError, match="16 hex digits"):
        pack(["ff"])


def test_distance_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.\.63"):
        within(pack(["00" * 8]), 64)
