"""What may be asked of two files, and who looks like whom: perceptual hashes propose, the pixels decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from auditor.pictures import candidates

MOST_BITS_APART = 4
"""Perceptual hashes up to so many bits apart may be the same picture."""

MOST_LOOKED_AT = 4
"""So many look-alikes of one file are looked at in a backup, nearest first."""

TURNS = 8
"""Orientations of a picture: as it is, and seven turned or mirrored ones."""


class Likeness(StrEnum):
    """What the pixels of two files say."""

    SAME = "same"
    DIFFERENT = "different"
    CANNOT_TELL = "cannot_tell"
    UNSEEN = "unseen"  # nobody looked: the two are not both at hand


class Aim(StrEnum):
    """What is asked of two files."""

    CONTENT = "content"  # their image data have one digest: do independent decoders see the same?
    PICTURE = "picture"  # they look alike: is one the other, reduced or re-encoded?
    PARTS = "parts"  # they differ outside the picture: which content does the copy lack?


class Side(StrEnum):
    """Which of two files is to blame where nobody could tell."""

    ORIGINAL = "original"
    COPY = "copy"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Question:
    """What is the backup's file to the source's? `backup` is the label of the list it is in."""

    path: str
    backup: str
    backup_path: str
    aim: Aim = Aim.PICTURE


@dataclass(frozen=True, slots=True)
class Answer:
    """What looking at two files said; `reason` in words where it could not tell or they differ, or, where they are the
    same, what the copy lacks. `side` is the file that could not be opened, None where neither is to blame."""

    likeness: Likeness
    reason: str = ""
    side: Side | None = None


Verifier = Callable[[Sequence[Question]], Iterable[Answer]]
"""Looks into files; one answer a question, in order."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What of a row says whether it may be a picture's copy. `turned` are the hashes of the other orientations."""

    id: int
    path: str
    phash: str
    turned: Sequence[str] | None
    format: str | None
    size_bytes: int | None
    head_sha256: str | None


def look_alikes(sources: Sequence[Candidate], targets: Sequence[Candidate]) -> list[tuple[Candidate, Candidate]]:
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


def _hash(source: Candidate, turn: int) -> str:
    return source.phash if turn == 0 else (source.turned or ())[turn - 1]


def _one_file_changed(source: Candidate, target: Candidate) -> bool:
    """Whether two files that look alike cannot be an original and its re-encoding: the same format and length, or the
    same first 64 KiB. That is one file of which some bytes changed or the end was lost, and no proof of anything."""
    if (source.format, source.size_bytes) == (target.format, target.size_bytes):
        return True
    whole_heads = (source.size_bytes or 0) > 65536 and (target.size_bytes or 0) > 65536
    return whole_heads and source.head_sha256 is not None and source.head_sha256 == target.head_sha256


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0].lower()
