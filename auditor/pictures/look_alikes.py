"""Who looks like whom: perceptual hashes propose, the pixels decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from auditor.database.pairs.remains import Hashed
from auditor.pictures import candidates

MOST_BITS_APART = 4
"""Perceptual hashes up to so many bits apart may be the same picture."""

MOST_LOOKED_AT = 4
"""So many look-alikes of one file are looked at in a backup, nearest first."""

TURNS = 8
"""Orientations of a picture: as it is, and seven turned or mirrored ones."""


def look_alikes(sources: Sequence[Hashed], targets: Sequence[Hashed]) -> list[tuple[Hashed, Hashed]]:
    """Pairs worth looking at, each source's best first: under its own name, then nearest by hash.

    Pictures turned in the pixels are found too. What cannot be an original and its re-encoding is left out.
    """
    if not sources or not targets:
        return []
    stored = candidates.pack([target.phash for target in targets])
    near: dict[tuple[int, int], int] = {}
    for turn in range(TURNS):
        chosen = [i for i, source in enumerate(sources) if turn == 0 or len(source.turned or ()) >= turn]
        if not chosen:
            continue
        hashes = candidates.pack([_hash(sources[i], turn) for i in chosen])
        for a, j in zip(*(found.tolist() for found in candidates.near(hashes, stored, MOST_BITS_APART)), strict=True):
            # One that need not be turned comes before all that must be.
            bits = int(hashes[a] ^ stored[j]).bit_count() + (candidates.HASH_BITS if turn else 0)
            near[chosen[a], j] = min(bits, near.get((chosen[a], j), bits))
    ranked: dict[int, list[tuple[bool, int, int]]] = defaultdict(list)
    for (i, j), bits in near.items():
        if not _one_file_changed(sources[i], targets[j]):
            ranked[i].append((_stem(sources[i].path) != _stem(targets[j].path), bits, j))
    return [(sources[i], targets[j]) for i in sorted(ranked) for *_, j in sorted(ranked[i])[:MOST_LOOKED_AT]]


def _hash(source: Hashed, turn: int) -> str:
    return source.phash if turn == 0 else (source.turned or ())[turn - 1]


def _one_file_changed(source: Hashed, target: Hashed) -> bool:
    """Whether two files that look alike cannot be an original and its re-encoding: the same format and length, or the
    same first 64 KiB. That is one file of which some bytes changed or the end was lost, and no proof of anything."""
    if (source.format, source.size_bytes) == (target.format, target.size_bytes):
        return True
    whole_heads = (source.size_bytes or 0) > 65536 and (target.size_bytes or 0) > 65536
    return whole_heads and source.head_sha256 is not None and source.head_sha256 == target.head_sha256


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0].lower()
