"""A reader into which one card is put after another."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

from tests.copier.runs import OLD_S, noise, write
from tests.doubles.mounts import detach, needs, tmpfs


class CardReader:
    """A reader for cards: each has the same mount point, the same names, and other photos; those of B have `date`.
    `on_one_disk`: they are two folders of one disk."""

    def __init__(
        self, base: Path, stack: contextlib.ExitStack, files: int, date: float, *, on_one_disk: bool = False
    ) -> None:
        needs("mount", root=True)
        self.mount = base / "media/CANON"
        self.mount.mkdir(parents=True)
        self.cards: dict[str, Path] = {}
        self.held = 0
        for card, taken in (("A", OLD_S), ("B", date)):
            self.cards[card] = base / card if on_one_disk else stack.enter_context(tmpfs(base / card, "4m"))
            for number in range(files):
                write(self.cards[card] / f"DCIM/{number % 3}/{number}.jpg", noise(f"{card} {number}", 2_000), taken)
        stack.callback(self.empty)
        self.put_in("A")

    def put_in(self, card: str) -> None:
        """Lays a card over what is there."""
        subprocess.run(["mount", "--bind", str(self.cards[card]), str(self.mount)], check=True)
        self.held += 1

    def take_out(self) -> None:
        """Takes away the last card that was put in."""
        detach(self.mount)
        self.held -= 1

    def empty(self) -> None:
        """Takes away every card."""
        while self.held:
            self.take_out()
