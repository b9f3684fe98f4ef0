"""Where a file goes in the backup: the phone's own folders, or a folder a month; and a name that nothing else has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from auditor.disk import marker as markers
from auditor.disk.marker import UNDATED
from auditor.disk.names import NameRules, escape_path, mark
from auditor.model import FileFacts

_DATE_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d{3})")
_TAG = re.compile(r"~([0-9a-f]{8,64})(?=\.|$)")
_ANY_TAG = re.compile(r"~[0-9a-f]{8,64}(?:-[0-9a-f]{8,64})?(?=\.|$)")
_NO_DATES = ("0000", "1904-01-01", "1970-01-01")
"""What clocks that were never set write."""


def is_marked(name: str, plain: str) -> bool:
    """Whether a name is another one with a mark that keeps two contents apart."""
    return any(name[: tag.start()] + name[tag.end() :] == plain for tag in _ANY_TAG.finditer(name))


class Layout(StrEnum):
    """How a backup is ordered."""

    MIRROR = "mirror"
    BY_DATE = markers.BY_DATE


def month_of(path: str, facts: FileFacts | None) -> str | None:
    """`YYYY/MM` by the time the picture was taken or, failing that, by a date in the file's name; None if neither.

    File dates are not asked: copying and messengers set them as they like.
    """
    taken = facts.taken_at if facts else None
    if taken and not taken.startswith(_NO_DATES) and re.match(r"\d{4}-(0[1-9]|1[0-2])", taken):
        return f"{taken[:4]}/{taken[5:7]}"
    found = _DATE_IN_NAME.search(path.rpartition("/")[2])
    return f"{found[1]}/{found[2]}" if found else None


def natural_path(path: str, layout: Layout, folder: str, facts: FileFacts | None) -> str:
    """Where a file of the source goes if nothing is in the way, unescaped."""
    if layout is Layout.BY_DATE:
        month = month_of(path, facts)
        path = f"{month}/{path.rpartition('/')[2]}" if month else f"{UNDATED}/{path}"
    return f"{folder}/{path}" if folder else path


@dataclass(frozen=True, slots=True)
class _Placed:
    folder: str
    main_stem: str
    tag: str


@dataclass(slots=True)
class Namer:
    """Gives each file its path in the backup. A path is never given twice, whatever the file system takes for equal.

    The mark that keeps two contents apart comes from the content, so it is the same in every run.
    """

    rules: NameRules
    layout: Layout
    folder: str
    _taken: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=set)
    _placed: dict[str, _Placed] = field(default_factory=dict)

    def goes_to(self, path: str) -> str:
        """Where a file of the source goes if nothing is in the way and nothing is known of its content."""
        return natural_path(path, self.layout, self.folder, None)

    def take(self, paths: Iterable[str]) -> None:
        """These paths of the backup are in use."""
        for path in paths:
            key = self.rules.key(path)
            self._taken.add(key)
            while (cut := key.rfind("/")) > 0 and (key := key[:cut]) not in self._folders:
                self._folders.add(key)

    def remember(self, path: str, backup_path: str) -> None:
        """This file of the source is in the backup already; its companions shall join it."""
        name = path.rpartition("/")[2]
        folder, _, stored = backup_path.rpartition("/")
        stem = _stem(name)
        plain = _stem(escape_path(name, self.rules))
        tag = _TAG.match(stored, len(plain)) if stored.startswith(plain) else None
        self._placed[path] = _Placed(folder, stem, tag[1] if tag else "")

    def place(self, path: str, sha256: str, facts: FileFacts | None, main: str | None, parts: Iterable[str]) -> str:
        """The path for a file of the source, taken from now on.

        `main` is the file of the source that this one belongs to (it follows it), `parts` those that belong to this one
        (if a name of theirs is in use, this one is marked too, so that they stay a pair).
        """
        leader = self._placed.get(main) if main else None
        wanted = escape_path(natural_path(path, self.layout, self.folder, facts), self.rules)
        folder, _, name = wanted.rpartition("/")
        if leader is not None:
            folder = leader.folder
        folder = self._free_folder(folder)
        stem = _stem(name)
        if leader is not None and name.startswith(escape_path(leader.main_stem, self.rules)):
            stem = escape_path(leader.main_stem, self.rules)
        tag = leader.tag if leader else ""
        if not tag and (self._in_use(folder, name) or any(self._in_use(folder, n) for n in self._part_names(parts))):
            tag = sha256[:8]
        given = mark(name, stem, tag) if tag else name
        for length in (8, 16, 64):
            if not self._in_use(folder, given):
                break
            given = mark(name, stem, f"{tag}-{sha256[:length]}" if leader and tag else sha256[:length])
        final = f"{folder}/{given}" if folder else given
        self.take([final])
        self._placed[path] = _Placed(folder, _stem(path.rpartition("/")[2]), tag)
        return final

    def free(self, path: str, backup_path: str) -> None:
        """This file of the source did not get the path that it was given: another may have it, or the same again."""
        self._taken.discard(self.rules.key(backup_path))
        self._placed.pop(path, None)

    def _part_names(self, parts: Iterable[str]) -> Iterable[str]:
        return (escape_path(p.rpartition("/")[2], self.rules) for p in parts if p not in self._placed)

    def _in_use(self, folder: str, name: str) -> bool:
        key = self.rules.key(f"{folder}/{name}" if folder else name)
        return key in self._taken or key in self._folders

    def _free_folder(self, folder: str) -> str:
        """The folder, with a mark where a file has the name of one of its parts."""
        parts: list[str] = []
        for part in folder.split("/") if folder else ():
            parts.append(part)
            while self.rules.key("/".join(parts)) in self._taken:
                parts[-1] += "~"
        return "/".join(parts)


def _stem(name: str) -> str:
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name
