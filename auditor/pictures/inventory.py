"""What lies in the places that are searched: each file once however it is reached, with the parts that move with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from auditor.disk import marker as markers
from auditor.model import FileFacts, Kind
from auditor.places import Place
from auditor.places.phone_marks import maybe_phone_around
from auditor.places.trash import will_be_emptied


@dataclass(frozen=True, slots=True)
class Source:
    """A place as it was given, with its rows. `name` is how a plan names it: a folder's whole path, else its words.

    `place` is None where only a list is at hand. Nothing in a `reference` is ever planned to go. `not_listed` says why
    not all of it is among the rows; nothing where all is.
    """

    name: str
    label: str
    rows: tuple[FileFacts, ...]
    place: Place | None = None
    reference: bool = False
    not_listed: tuple[str, ...] = ()

    @property
    def root(self) -> Path | None:
        """The folder of this machine that the place is; None for every other place."""
        return None if self.place is None else self.place.folder

    @property
    def whole(self) -> str:
        """`name`, with `/`."""
        return self.root.as_posix() if self.root is not None else self.name

    @property
    def may_lose_files(self) -> bool:
        """Whether files of it may be moved away."""
        return self.root is not None and not self.reference


@dataclass(frozen=True, slots=True)
class Item:
    """One file. `source` is the index of its place; `parts` are the indices of the items that move with it.

    `part_of` is the item that it moves with, None for a file that stands for itself. `reference`: it is never planned
    to go, as its place is one or `backup`, the folder of a backup that this program keeps, holds it. `phone` is the
    folder around it that may be a phone or card; None where there is none.
    """

    source: int
    facts: FileFacts
    parts: tuple[int, ...] = ()
    part_of: int | None = None
    reference: bool = False
    backup: Path | None = None
    phone: Path | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that is searched. `same_file` counts names that lead to a file listed already: hard links, one place in
    another; they are no duplicates."""

    sources: tuple[Source, ...]
    items: tuple[Item, ...]
    same_file: int = 0


def take(sources: Sequence[Source], excluded: str | None = None) -> Inventory:
    """The photos and videos of the sources and their sidecars that can be compared at all.

    `excluded` finds lower-case paths that are left out (thumbnail caches). So is what lies in a bin, which will be
    emptied, and files without content or digest, of which nothing can be said.
    """
    order = sorted(range(len(sources)), key=lambda k: (not sources[k].reference, k))
    leave_out = re.compile(excluded) if excluded else None
    kept_around = markers.kept_around()
    seen: set[object] = set()
    found: list[tuple[int, FileFacts]] = []
    same_file = 0
    for k in order:
        for facts in sources[k].rows:
            if not facts.size_bytes or not facts.sha256 or facts.kind is Kind.OTHER:
                continue
            if leave_out and leave_out.search(facts.path.lower()):
                continue
            if will_be_emptied(f"{sources[k].whole}/{facts.path}"):
                continue
            identity = _identity(sources[k], facts.path)
            if identity in seen:
                same_file += 1
                continue
            seen.add(identity)
            found.append((k, facts))
    phone_around = maybe_phone_around()
    items = []
    for item in with_parts(found):
        root = sources[item.source].root
        folder = (root / item.facts.path).parent if root is not None else None
        backup = kept_around(folder) if folder is not None else None
        phone = phone_around(folder) if folder is not None else None
        reference = sources[item.source].reference or backup is not None
        items.append(replace(item, reference=reference, backup=backup, phone=phone))
    return Inventory(tuple(sources), tuple(items), same_file)


def _identity(source: Source, path: str) -> object:
    """The same for two ways to one file."""
    if source.root is None:
        return (source.place.id if source.place else source.name, path)
    try:
        facts = (source.root / path).stat(follow_symlinks=False)
        if facts.st_ino:
            return (facts.st_dev, facts.st_ino)
        return str((source.root / path).resolve())
    except OSError:
        return (source.name, path)


def with_parts(found: Sequence[tuple[int, FileFacts]]) -> tuple[Item, ...]:
    """Items of these files, each given with the number of its source, and which of them move together."""
    index = {(source, facts.path): k for k, (source, facts) in enumerate(found)}
    speakers: dict[int, set[int]] = {}  # sidecar -> the main files it speaks for
    parts: dict[int, set[int]] = {}
    part_of: dict[int, int] = {}
    for k, (source, facts) in enumerate(found):
        main = index.get((source, facts.companion_of)) if facts.companion_of else None
        # Companions of companions do not happen; a cycle in a foreign list must not turn into one here.
        if main is not None and main != k and found[main][1].companion_of is None:
            part_of[k] = main
            parts.setdefault(main, set()).add(k)
    for k, (source, facts) in enumerate(found):
        sidecar = index.get((source, facts.sidecar)) if facts.sidecar else None
        if sidecar is not None and sidecar != k:
            speakers.setdefault(sidecar, set()).add(part_of.get(k, k))
    for sidecar, mains in speakers.items():
        if len(mains) == 1 and sidecar not in parts:  # one that speaks for several files stays where it is
            main = next(iter(mains))
            part_of[sidecar] = main
            parts.setdefault(main, set()).add(sidecar)
    return tuple(
        Item(source, facts, tuple(sorted(parts.get(k, ()))), part_of.get(k)) for k, (source, facts) in enumerate(found)
    )


def media(inventory: Inventory, kinds: Iterable[Kind] = (Kind.PHOTO, Kind.VIDEO)) -> list[int]:
    """The indices of the photos and videos."""
    wanted = frozenset(kinds)
    return [k for k, item in enumerate(inventory.items) if item.facts.kind in wanted]
