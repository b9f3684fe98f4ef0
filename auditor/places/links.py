"""What is said of a symbolic link, in the same words by every place. No link is ever followed.

A link to what the place lists anyway hides nothing. One that leads out may hide photos: on the phone's side it must be
backed up and is not checked; in a backup, what was not found elsewhere may be behind it, so it is not called missing.
An archive holds nothing behind its links: what is found nowhere else in it is missing.
"""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable

from auditor.model import ErrorKind, Trouble

INSIDE = Trouble(ErrorKind.ALIAS, "a link to what is listed by itself")
NOWHERE = Trouble(ErrorKind.LINK_TO_FILE, "a link that leads nowhere")


def outside(is_folder: bool, *, is_packed: bool = False) -> Trouble:
    """The words for a link that leads out of its place; `is_packed` where the place is an archive."""
    why = "the archive does not hold" if is_packed else "is not followed"
    if not is_folder:
        return Trouble(ErrorKind.LINK_TO_FILE, f"a link to a file outside, which {why}")
    if is_packed:
        return Trouble(ErrorKind.NOT_HELD, f"a link to a folder outside, which {why}")
    return Trouble(ErrorKind.LINK, f"a link to a folder outside, which {why}")


def packed(name: str, target: str, files: Container[str], folders: Container[str]) -> Trouble:
    """The words for a link `name` in an archive that holds `files` in `folders`.

    Whether a link out of it leads to a folder, the archive does not say: one without an extension may.
    """
    there = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    if there.startswith(("/", "../")) or there == "..":
        return outside("." not in posixpath.basename(name), is_packed=True)
    return INSIDE if there == "." or there in files or there in folders else NOWHERE


def folders_of(files: Iterable[str]) -> set[str]:
    """Every folder that one of the files lies in."""
    found: set[str] = set()
    for name in files:
        while (name := posixpath.dirname(name)) and name not in found:
            found.add(name)
    return found
