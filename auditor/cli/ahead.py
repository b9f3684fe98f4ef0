"""How long work will take, said before it begins: as the same work took before or, where it is the first of its kind,
by a rate that is stated and called a guess."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.cli import programs, screen
from auditor.model import Depth
from auditor.places import pace
from auditor.words import about, size

if TYPE_CHECKING:
    from auditor.scan.run import Progress

SAID_FROM_S = 30.0
"""Nobody plans for less."""


GUESSES = {
    "adb": (30_000_000, "a phone by cable"),
    "mtp": (20_000_000, "a phone by MTP"),
    "rclone": (5_000_000, "a cloud"),
}
"""Bytes a second that a kind of place gives or takes, with what it is called: what USB 2 and a line at home let
through, not what is possible."""
_DISK = (60_000_000, "a disk")
_UNLIKE_COPYING = {Depth.LIST, Depth.HASH, Depth.DEEP}
"""Reading of which bytes are no measure: none is read; a phone or a cloud does it itself; every frame is decoded."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How long work will take. `guess` says at which rate, where nothing was measured before; empty where it was."""

    seconds: float
    guess: str = ""

    def __str__(self) -> str:
        how = f" at {self.guess}" if self.guess else ", as fast as last time"
        return f"{about(self.seconds)}{how}"


def expected(work: str, place: str, kind: str, files: int, size_bytes: int) -> Expected | None:
    """How long so much work with a place of this kind will take, as text `about 4 minutes, as fast as last time`; None
    where nothing can be said of that, or it is soon over."""
    amount = programs.weighed(files, size_bytes)
    seconds, guess = pace.expected_s(work, place, amount), ""
    if seconds is None and work not in _UNLIKE_COPYING:
        rate, called = GUESSES.get(kind, _DISK)
        seconds, guess = amount / rate, f"{size(rate)}/s, which is a guess for {called}"
    return None if seconds is None or seconds < SAID_FROM_S else Expected(seconds, guess)


def timed(
    show: Callable[[Progress], None],
    title: str,
    work: str,
    place: str,
    kind: str,
    *,
    is_most: bool = False,
    is_said: bool = True,
) -> Callable[[Progress], None]:
    """A listener that says with the first progress how long all of it will take, and keeps with the last one how long
    it took. With `is_most` some of it may be known already, and takes no time; without `is_said` it was said before."""
    began, is_first = time.monotonic(), is_said

    def shown(now: Progress) -> None:
        nonlocal began, is_first
        left = now.total_files - now.files, now.total_bytes - now.bytes
        if is_first and (told := expected(work, place, kind, *left)):
            screen.note(f"{title:<24} {'at most ' * is_most}{told}")
        is_first = False
        if not now.files:
            began = time.monotonic()  # what came before was looking for the files
        show(now)
        if now.files >= now.total_files and not now.cached:
            pace.remember(work, place, programs.weighed(now.files, now.bytes), time.monotonic() - began)

    return shown
