"""What may be asked of two files, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


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
