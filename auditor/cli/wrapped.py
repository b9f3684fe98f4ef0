"""A line of text as lines of a window: broken between words, never inside one."""

from __future__ import annotations

import re

from rich.cells import cell_len

_PIECE = re.compile(r"\s*(?:[^\s`]*`[^`]*`\S*|\S+)")
"""A word with the space before it; a command between backticks is one, as half of it would run when it is pasted."""
_COLUMN = re.compile(r"^ *|(?<=\S) {2,}(?=\S)")
_LEAST = 24
"""Cells that the last column must have: else what goes on stands under the whole line."""


def lines(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, what goes on standing under the text's last column.

    A word that is wider than a line, such as a path, stays whole and runs over: so it can still be copied.
    """
    if cell_len(text) <= width:
        return [text]
    indent = " " * _indent(text, width)
    broken, line = [], ""
    for piece in _PIECE.findall(text):
        word = piece.lstrip()
        if cell_len(line + piece) > width and line.strip() and cell_len(indent + word) <= width:
            broken.append(line)
            line = indent + word
        else:
            line += piece
    return [*broken, line]


def rows(line: str, width: int) -> int:
    """How many rows of a window a line takes that is printed as it is."""
    return max(1, -(-cell_len(line) // width))


def _indent(text: str, width: int) -> int:
    """Where the last column begins from which enough of the window is left."""
    starts = [cell_len(text[: match.end()]) for match in _COLUMN.finditer(text)]
    return max((start for start in starts if width - start >= _LEAST), default=0)
