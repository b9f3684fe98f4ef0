"""Patterns of names that an ASC MHL passes over: those of gitignore(5), as its reference tool takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

_ESCAPED = re.compile(r"\\([*?\[])|\\(.)", re.DOTALL)


def is_ignored(path: str, patterns: Iterable[tuple[str, str]]) -> bool:
    """Whether a path is passed over by patterns, each with the folder that it is of ("" for the top); the last that
    fits decides."""
    ignored = False
    for folder, pattern in patterns:
        beneath = path.removeprefix(f"{folder}/") if folder else path
        if (beneath != path or not folder) and _fits(beneath, pattern.removeprefix("!").rstrip(" ")):
            ignored = not pattern.startswith("!")
    return ignored


def _fits(path: str, pattern: str) -> bool:
    """Whether a pattern fits a file, or a folder above it; of those that end with `/` only a folder counts."""
    wanted = pattern.strip("/").split("/")
    if pattern.startswith("#") or wanted == [""]:
        return False
    if "/" not in pattern.rstrip("/"):
        wanted = ["**", *wanted]
    names = path.split("/")
    reached = {0}  # how many of the names may be taken up by what is wanted so far
    for number, name in enumerate(wanted, 1):
        if name == "**" and reached:
            reached = set(range(min(reached) + (number == len(wanted)), len(names) + 1))
        else:
            shape = _ESCAPED.sub(lambda found: f"[{found[1]}]" if found[1] else found[2], name)
            reached = {end + 1 for end in reached if end < len(names) and fnmatchcase(names[end], shape)}
    return any(0 < end < len(names) + (not pattern.endswith("/")) for end in reached)
