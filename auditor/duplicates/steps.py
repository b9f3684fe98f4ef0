"""How far a search is: its pieces of work, one after the other, each counted in steps."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

R = TypeVar("R")
Steps = Callable[[str, int, int], None]
"""Told what is being done, how many steps of it are, and of how many."""


def unheard(work: str, done: int, total: int) -> None:
    """Steps that nobody asked for."""


def counted(results: Iterable[R], work: str, total: int, steps: Steps) -> Generator[R, None, None]:
    """The results as they come, each told as a step."""
    if total:
        steps(work, 0, total)
    for number, result in enumerate(results, 1):
        steps(work, number, total)
        yield result
