"""Pairs of pictures that may be one: every pair of 64-bit hashes within a Hamming distance, and no other.

The search is exact. A hash is cut into `distance + m` blocks; two hashes within the distance agree on at least `m` of
them, so sorting once by every choice of `m` blocks brings each such pair into one bucket. `m` is chosen by expected
cost: few long keys for small sets, more tables with longer keys for large ones.
Source: pigeonhole search as in Manku, Jain, Das Sarma, "Detecting near-duplicates for web crawling" (WWW 2007), 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb, log2

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]

HASH_BITS = 64
# A longer key needs no more buckets than there are hashes, and must leave room for the index beside it in 64 bits.
MAX_KEY_BITS = 32
# Pairs looked at in one go: bounds the memory whatever the data (about 100 bytes a pair).
CHUNK_PAIRS = 2_000_000
# Measured seconds for one hash sorted and looked up, and for one pair of a bucket compared.
SORT_SECONDS = 1.5e-7
PAIR_SECONDS = 2.5e-8


def pack(hex_hashes: Sequence[str]) -> Hashes:
    """The hashes as numbers, in the same order, from 16 hex digits each.

    Raises: ValueError where one is not 16 hex digits.
    """
    if any(len(text) != HASH_BITS // 4 for text in hex_hashes):
        raise ValueError("a perceptual hash has 16 hex digits")
    return np.frombuffer(bytes.fromhex("".join(hex_hashes)), dtype=">u8").astype(np.uint64)


def near(left: Hashes, right: Hashes, distance: int) -> tuple[Indices, Indices]:
    """Every pair (i, j) with `left[i]` and `right[j]` at most `distance` bits apart, each once, ordered by i, then j.

    Equal hashes are joined once and spread again afterwards: where many files share one hash (dark frames), pass
    distinct hashes, or the answer itself grows with their square.
    """
    left_unique, left_files = _collapse(left)
    right_unique, right_files = _collapse(right)
    found = _join(left_unique, right_unique, distance)
    return _spread(found, left_files, right_files)


def within(hashes: Hashes, distance: int) -> tuple[Indices, Indices]:
    """Every pair (i, j), i < j, of one set at most `distance` bits apart, each once, ordered by i, then j."""
    unique, files = _collapse(hashes)
    first, second = _join(unique, None, distance)
    itself = np.arange(len(unique), dtype=np.int64)
    shared = itself[files.counts > 1]
    first, second = np.concatenate((first, shared)), np.concatenate((second, shared))
    i, j = _spread((first, second), files, files)
    different = i != j
    i, j = i[different], j[different]
    i, j = np.minimum(i, j), np.maximum(i, j)
    if shared.size:
        packed = np.unique((i << 32) | j)
        return packed >> 32, packed & 0xFFFFFFFF
    order = np.lexsort((j, i))
    return i[order], j[order]


@dataclass(frozen=True, slots=True)
class _Files:
    """Which files hold each distinct hash: those of hash k are `order[starts[k] : starts[k] + counts[k]]`."""

    order: Indices
    starts: Indices
    counts: Indices


def _collapse(hashes: Hashes) -> tuple[Hashes, _Files]:
    """The distinct hashes, sorted, and the files of each."""
    hashes = np.ascontiguousarray(hashes, dtype=np.uint64)
    order = np.argsort(hashes, kind="stable").astype(np.int64)
    ordered = hashes[order]
    fresh = np.ones(len(ordered), dtype=bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(fresh).astype(np.int64)
    counts = np.diff(np.append(starts, len(ordered)))
    return ordered[starts], _Files(order, starts, counts)


def _spread(found: tuple[Indices, Indices], left: _Files, right: _Files) -> tuple[Indices, Indices]:
    """Pairs of distinct hashes as pairs of files, ordered."""
    first, second = found
    if left.counts.max(initial=1) == 1 and right.counts.max(initial=1) == 1:
        i, j = left.order[left.starts[first]], right.order[right.starts[second]]
    else:
        sizes = left.counts[first] * right.counts[second]
        pair = np.repeat(np.arange(len(first), dtype=np.int64), sizes)
        nth = np.arange(len(pair), dtype=np.int64) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        width = right.counts[second][pair]
        i = left.order[left.starts[first][pair] + nth // width]
        j = right.order[right.starts[second][pair] + nth % width]
    order = np.lexsort((j, i))
    return i[order], j[order]


def _blocks(left_count: int, right_count: int, distance: int) -> tuple[list[tuple[int, int]], int]:
    """The cut of 64 bits into blocks (shift, bits), and how many of them must agree, by the least expected cost."""

    def cost(agreeing: int) -> float:
        tables = comb(distance + agreeing, agreeing)
        key_bits = min(MAX_KEY_BITS, HASH_BITS * agreeing // (distance + agreeing))
        count = left_count + right_count
        sorting = count * (1 + log2(count + 2) / 20) * SORT_SECONDS
        return tables * (sorting + left_count * right_count / 2.0**key_bits * PAIR_SECONDS)

    agreeing = min(range(1, min(6, HASH_BITS - distance) + 1), key=cost)
    count = distance + agreeing
    edges = [HASH_BITS * k // count for k in range(count + 1)]
    return [(low, high - low) for low, high in pairwise(edges)], agreeing


def _join(left: Hashes, right: Hashes | None, distance: int) -> tuple[Indices, Indices]:
    """Pairs of two sets of distinct hashes, or with `right` None of one set with itself (never a hash with itself)."""
    if not 0 <= distance < HASH_BITS:
        raise ValueError(f"a distance of 64-bit hashes lies in 0..{HASH_BITS - 1}, not {distance}")
    other = left if right is None else right
    none = np.empty(0, dtype=np.int64)
    if not len(left) or not len(other) or (right is None and distance == 0):
        return none, none
    blocks, agreeing = _blocks(len(left), len(other), distance)
    masks = [np.uint64(((1 << bits) - 1) << shift) for shift, bits in blocks]
    found: list[tuple[Indices, Indices]] = [(none, none)]
    for chosen in combinations(range(len(blocks)), agreeing):
        same = np.bitwise_or.reduce([masks[b] for b in chosen])
        # A pair that agrees on more blocks than needed shows up in several tables: only the first of them reports it.
        earlier = [masks[b] for b in range(chosen[-1]) if b not in chosen]
        left_keys, left_order = _sorted_keys(left, [blocks[b] for b in chosen])
        if right is None:
            ends = np.searchsorted(left_keys, left_keys, side="right").astype(np.int64)
            starts = np.arange(1, len(left) + 1, dtype=np.int64)
            right_order = left_order
        else:
            right_keys, right_order = _sorted_keys(right, [blocks[b] for b in chosen])
            starts = np.searchsorted(right_keys, left_keys, side="left").astype(np.int64)
            ends = np.searchsorted(right_keys, left_keys, side="right").astype(np.int64)
        left_sorted, right_sorted = left[left_order], other[right_order]
        for row, column in _bucket_pairs(starts, ends - starts):
            apart = left_sorted[row] ^ right_sorted[column]
            keep = np.flatnonzero(np.bitwise_count(apart) <= distance)
            apart = apart[keep]
            first = (apart & same) == 0
            for mask in earlier:
                first &= (apart & mask) != 0
            keep = keep[first]
            found.append((left_order[row[keep]], right_order[column[keep]]))
    return np.concatenate([i for i, _ in found]), np.concatenate([j for _, j in found])


def _sorted_keys(hashes: Hashes, blocks: list[tuple[int, int]]) -> tuple[npt.NDArray[np.uint64], Indices]:
    """The chosen blocks of each hash side by side as one key, sorted, and whose key each is."""
    key = np.zeros(len(hashes), dtype=np.uint64)
    room = MAX_KEY_BITS
    for shift, bits in blocks:
        taken = min(bits, room)
        part = (hashes >> np.uint64(shift)) & np.uint64((1 << taken) - 1)
        key = (key << np.uint64(taken)) | part
        room -= taken
    # Key and index sorted as one number: several times as fast as an argsort.
    index_bits = np.uint64(max(1, (len(hashes) - 1).bit_length()))
    packed = np.sort((key << index_bits) | np.arange(len(hashes), dtype=np.uint64))
    order = (packed & ((np.uint64(1) << index_bits) - np.uint64(1))).astype(np.int64)
    return packed >> index_bits, order


def _bucket_pairs(starts: Indices, counts: Indices) -> Iterator[tuple[Indices, Indices]]:
    """Row i with each of the `counts[i]` columns from `starts[i]` on, in chunks of bounded size."""
    rows = np.flatnonzero(counts > 0)
    if not rows.size:
        return
    starts, counts = starts[rows], counts[rows]
    total = np.cumsum(counts)
    begin = 0
    while begin < len(rows):
        done = total[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(total, done + CHUNK_PAIRS, side="right")))
        size = counts[begin:end]
        offset = np.cumsum(size) - size
        row = np.repeat(rows[begin:end], size)
        column = np.arange(int(total[end - 1] - done), dtype=np.int64) + np.repeat(starts[begin:end] - offset, size)
        yield row, column
        begin = end
