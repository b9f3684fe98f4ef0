"""A Google Takeout: the downloaded parts (.zip, .tgz, or unpacked), read in place, with what their JSON files say.

Items are known by their JSON's content; folders are named in many languages. A row's path begins with the part that the
file lies in. What the export itself lacks is listed too: a part by its number, a picture by its JSON.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from auditor.disk.foreign_names import row_path
from auditor.disk.opened import Named
from auditor.errors import BadPlace, ListingCut
from auditor.model import Device, ErrorKind, FileFacts, Kind, Trouble
from auditor.paths import typed_path
from auditor.places import Entry, EntryKind, Power, Whereabouts
from auditor.places.archive import ArchivePlace, packing_of
from auditor.places.folder import FolderPlace, named
from auditor.places.takeout_items import Item, item_of
from auditor.places.takeout_names import Match, Relation, match

PHONE_FOLDER = "phone_folder"
"""Begins the note of a file that came from a folder of the phone: was that folder backed up at all?"""
FAILED_VIDEO = "failed_video"
"""The note of a video that Google could not process."""
PARTNER = "from_partner_sharing"
"""The note of a file that a partner shared: it goes when the partner takes it away."""
ARCHIVED = "archived"

SIDECAR_BYTES = 1 << 20
"""A larger JSON is none that speaks for a picture."""

_NUMBERED_PART = re.compile(r"(.*-)(\d{3,})(\.(?:zip|tgz|tar\.gz|tar))?", re.IGNORECASE)
_FAILED_FOLDER = "failed videos"


@dataclass(frozen=True, slots=True)
class TakeoutPlace(Whereabouts):
    """The parts of one export in the folder `root`: the archives, each with its packing, and `unpacked`, whether files
    lie there too."""

    root: Path
    spec: str
    parts: tuple[tuple[Named, str], ...]
    unpacked: bool

    @property
    def packed(self) -> tuple[str, ...]:
        """The names of the archives."""
        return tuple(file.path for file, _ in self.parts)

    @property
    def local_root(self) -> Path:
        """The folder in which the parts lie, beside whatever else."""
        return self.root

    @property
    def local_things(self) -> tuple[Path, ...]:
        """The folder, where files of it are unpacked there; else the archives."""
        return (self.root,) if self.unpacked else tuple(self.root / name for name in self.packed)

    @property
    def is_packed(self) -> bool:
        """Whether parts of it are archives."""
        return bool(self.parts)

    @property
    def label(self) -> str:
        """The folder's name, or the archive's where it is a single one."""
        return self.packed[0] if len(self.packed) == 1 and not self.unpacked else self.root.name or str(self.root)

    @property
    def id(self) -> str:
        """Made of the folder's path and inode."""
        try:
            inode = self.root.stat().st_ino
        except OSError:
            inode = 0
        only = "" if self.unpacked else "\0".join(self.packed)
        words = f"{os.fsencode(self.root).hex()} {inode} {only}".encode("utf-8", "surrogateescape")
        return "takeout:" + hashlib.sha256(words).hexdigest()[:24]

    @property
    def kind(self) -> str:
        """Always `takeout`."""
        return "takeout"

    @property
    def powers(self) -> frozenset[Power]:
        """Seeking. Dates of the files are those of the download; the real ones are in the JSON."""
        return frozenset({Power.SEEK})

    def device(self) -> Device | None:
        """None: whose phone it was, the export does not say."""
        return None

    def walk(self) -> Iterator[Entry]:
        """Each file of each part once, with what its JSON says; then what the export lacks.

        A part that is missing or damaged is an entry of a folder that could not be listed: what was in it is unknown.
        Raises: BadPlace where the folder is not there.
        """
        if not self.root.is_dir():
            raise BadPlace(f"there is no folder {self.spec}; check the name")
        entries: dict[str, Entry] = {}
        items: dict[str, Item] = {}
        for name, part in self._parts():
            try:
                for entry in part:
                    entries[entry.path] = entry
                    if (item := self._item(entry)) is not None:
                        items[entry.path] = item
            except (BadPlace, ListingCut) as error:
                yield Entry(name, EntryKind.FOLDER, error=Trouble(ErrorKind.UNREADABLE, f"{error}"))
        matches = _matched(entries, items)
        for path, entry in entries.items():
            yield _told(entry, matches.get(path), items)
        yield from _lost_items(entries, items, matches)
        yield from _lost_parts([*self.packed, *(_unpacked_parts(self.root) if self.unpacked else ())])

    def open(self, path: str) -> BinaryIO:
        """The bytes of one file. Raises: OSError where it cannot be read; BadPlace where the path leads out."""
        part, _, inner = path.partition("/")
        if (packed := next((one for one in self.parts if one[0].path == part), None)) is not None:
            return self._archive(*packed).open(inner)
        if not self.unpacked:
            raise FileNotFoundError(2, "not in the export", path)
        return FolderPlace(self.root, self.spec).open(path)

    def _parts(self) -> Iterator[tuple[str, Iterator[Entry]]]:
        """The names of the parts, "" for what lies unpacked, with what is in each."""
        for file, packing in self.parts:
            yield file.path, _packed(self._archive(file, packing))
        if self.unpacked:
            files, packed = FolderPlace(self.root, self.spec).walk(), self.packed
            yield "", (_moved(entry, entry.path) for entry in files if entry.path not in packed)

    def _archive(self, file: Named, packing: str) -> ArchivePlace:
        return ArchivePlace(self.root / file.path, file.path, packing, file)

    def _item(self, entry: Entry) -> Item | None:
        """What a JSON says of a picture; None for every other file. Read at once: a packed part is read forwards."""
        if entry.error or not entry.path.lower().endswith(".json") or (entry.size_bytes or 0) > SIDECAR_BYTES:
            return None
        try:
            with self.open(entry.path) as stream:
                return item_of(stream.read())
        except OSError:
            return None


def _packed(archive: ArchivePlace) -> Iterator[Entry]:
    for entry in archive.walk():
        yield _moved(entry, f"{archive.path.name}/{entry.path}")


def open_takeout(words: str) -> TakeoutPlace:
    """The export in the folder, or the single part, that `words` names.

    Raises: BadPlace where it is not there.
    """
    path = typed_path(words)
    try:
        path = path.resolve(strict=True)
        if path.is_file():
            if (packing := packing_of(path)) is None:
                raise BadPlace(f"{words} is no part of a Takeout: neither a folder nor a .zip or .tgz")
            return TakeoutPlace(path.parent, f"takeout:{words}", ((named(path), packing),), False)
        parts, others = [], False
        for item in sorted(path.iterdir()):
            packing = packing_of(item) if item.is_file() and not item.is_symlink() else None
            parts += [(named(item), packing)] if packing is not None else []
            others = others or packing is None
    except (OSError, RuntimeError) as error:
        raise BadPlace(f"there is no Takeout at {words}; name the folder that its parts were downloaded to") from error
    return TakeoutPlace(path, f"takeout:{words}", tuple(parts), others or not parts)


def _moved(entry: Entry, path: str) -> Entry:
    """The same under another path, without its date, which is that of the download."""
    return Entry(
        path,
        entry.kind,
        entry.size_bytes,
        error=entry.error,
        changed_ns=entry.changed_ns,
        file_id=entry.file_id,
    )


def _matched(entries: dict[str, Entry], items: dict[str, Item]) -> dict[str, Match]:
    """For each media file the path of the JSON that speaks for it, in whatever part that lies."""
    folders: dict[str, tuple[dict[str, list[str]], dict[str, list[str]]]] = {}
    for path, entry in entries.items():
        if entry.kind is not EntryKind.FILE:
            continue
        folder, _, name = _in_export(path).rpartition("/")
        media, sidecars = folders.setdefault(folder, ({}, {}))
        if path in items:
            sidecars.setdefault(name, []).append(path)
        elif not name.lower().endswith((".json", ".html")):
            media.setdefault(name, []).append(path)
    found = {}
    for media, sidecars in folders.values():
        for name, matched in match(media, sidecars).items():
            for path in media[name]:
                near = [p for p in sidecars[matched.sidecar] if _part_of(p) == _part_of(path)]
                found[path] = Match((near or sidecars[matched.sidecar])[0], matched.relation)
    return found


def _told(entry: Entry, matched: Match | None, items: dict[str, Item]) -> Entry:
    """The entry with what its JSON says; one in the bin has an error and counts for nothing."""
    item = items.get(matched.sidecar) if matched else None
    notes: list[str] = []
    if any(folder.lower() == _FAILED_FOLDER for folder in entry.path.split("/")[:-1]):
        notes.append(FAILED_VIDEO)
    if matched is None or item is None:
        return _with(entry, FileFacts(entry.path, notes=tuple(notes)) if notes else None, entry.error)
    notes += [f"{PHONE_FOLDER}: {item.phone_folder}"] if item.phone_folder else []
    notes += [PARTNER] if item.from_partner else []
    notes += [ARCHIVED] if item.archived else []
    is_companion = matched.relation is Relation.COMPANION
    stated = FileFacts(
        entry.path,
        # A motion part borrows the picture's JSON: its date says when the picture was taken.
        taken_at=None if is_companion else item.taken_at,
        taken_offset="+00:00" if item.taken_at and not is_companion else None,
        latitude=item.latitude,
        longitude=item.longitude,
        sidecar=matched.sidecar,
        notes=tuple(notes),
    )
    trashed = (
        Trouble(ErrorKind.TRASHED, "it lies in the bin of Google Photos, which will delete it")
        if item.trashed
        else None
    )
    return _with(entry, stated, entry.error or trashed)


def _with(entry: Entry, stated: FileFacts | None, error: Trouble | None) -> Entry:
    return replace(entry, error=error, stated=stated)


def _lost_items(entries: dict[str, Entry], items: dict[str, Item], matches: dict[str, Match]) -> Iterator[Entry]:
    """Pictures whose JSON is there and which are in no part."""
    spoken_for = {m.sidecar for m in matches.values() if m.relation is not Relation.COMPANION}
    named = {(_in_export(path).rpartition("/")[0], _in_export(path).rpartition("/")[2]) for path in spoken_for}
    for path, item in items.items():
        folder, _, name = _in_export(path).rpartition("/")
        if path in spoken_for or (folder, name) in named or item.trashed:
            continue
        parent = path.rpartition("/")[0]
        lost, refused = row_path(f"{parent}/{item.title.replace('/', '_')}")
        if refused or lost in entries:
            lost = f"{path}#missing"
        stated = FileFacts(lost, kind=Kind.PHOTO, sidecar=path, taken_at=item.taken_at)
        yield Entry(
            lost,
            error=Trouble(ErrorKind.MISSING, "its JSON is in the export, the file itself in no part of it"),
            stated=stated,
        )


def _lost_parts(names: list[str]) -> Iterator[Entry]:
    """Numbers that are left out between the first part and the last that is there."""
    found: dict[tuple[str, str], set[int]] = {}
    widths: dict[tuple[str, str], int] = {}
    for name in names:
        if numbered := _NUMBERED_PART.fullmatch(name):
            series = (numbered[1], (numbered[3] or "").lower())
            found.setdefault(series, set()).add(int(numbered[2]))
            widths[series] = len(numbered[2])
    for (start, end), numbers in found.items():
        for number in sorted(set(range(1, max(numbers))) - numbers):
            name = f"{start}{number:0{widths[(start, end)]}}{end}"
            yield Entry(
                name,
                EntryKind.FOLDER,
                error=Trouble(ErrorKind.MISSING, "this part of the export is not here; download it too"),
            )


def _unpacked_parts(root: Path) -> list[str]:
    return [item.name for item in root.iterdir() if item.is_dir() and item.name.lower().startswith("takeout-")]


def _part_of(path: str) -> str:
    first = path.partition("/")[0]
    return first if _NUMBERED_PART.fullmatch(first) or first.lower().endswith((".zip", ".tgz", ".tar", ".gz")) else ""


def _in_export(path: str) -> str:
    """The path below the parts, which is the same for a picture and its JSON in another part."""
    part = _part_of(path)
    return path[len(part) + 1 :] if part else path
