"""How long work will take, said before it begins: only where the same work took long enough before to tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from auditor.cli import programs, screen
from auditor.places import pace
from auditor.words import about

if TYPE_CHECKING:
    from auditor.scan.run import Progress

SAID_FROM_S = 30.0
"""Nobody plans for less."""


def words(work: str, place: str, files: int, size_bytes: int) -> str | None:
    """`about 4 minutes, as fast as last time`; None where nothing is known, or it is soon over."""
    seconds = pace.expected_s(work, place, programs.weighed(files, size_bytes))
    return None if seconds is None or seconds < SAID_FROM_S else f"{about(seconds)}, as fast as last time"


def timed(
    show: Callable[[Progress], None], title: str, work: str, place: str, *, is_most: bool = False, is_said: bool = True
) -> Callable[[Progress], None]:
    """A listener that says with the first progress how long all of it will take, and keeps with the last one how long
    it took. With `is_most` some of it may be known already, and takes no time; without `is_said` it was said before."""
    began, is_first = time.monotonic(), is_said

    def shown(now: Progress) -> None:
        nonlocal began, is_first
        if is_first and (told := words(work, place, now.total_files - now.files, now.total_bytes - now.bytes)):
            screen.note(f"{title:<24} {'at most ' * is_most}{told}")
        is_first = False
        if not now.files:
            began = time.monotonic()  # what came before was looking for the files
        show(now)
        if now.files >= now.total_files and not now.cached:
            pace.remember(work, place, programs.weighed(now.files, now.bytes), time.monotonic() - began)

    return shown
