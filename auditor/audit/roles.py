"""Which place is the phone, and which is the backup.

What a place says of itself decides: the record that a backup keeps, the way that leads to a phone, and the marks of a
phone's storage. A copy by hand has these marks too, and neither dates nor photos tell it from the phone: it may be the
phone until auditor has copied to it, or its owner has said what it is.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PureWindowsPath

from auditor.audit.inputs import Side, place_behind
from auditor.audit.uploads import sources_of
from auditor.disk import marker as markers
from auditor.disk.volume import mounted_from
from auditor.model import MADE_ON_PHONE
from auditor.places import Place
from auditor.places.folder import FolderPlace
from auditor.places.mtp import mount_around
from auditor.places.phone_marks import Marks, has_more, is_within_cameras, marks_around
from auditor.places.rclone import RclonePlace

_PHONES = ("adb", "mtp")


@dataclass(frozen=True, slots=True)
class Role:
    """What a place says of itself. `ids` are the names by which a backup knows it as a source, those of the folders
    around it too; none of a backup's own. `sources` are those whose files it holds by its own record, label by id.

    `is_kept`: it is a backup with such a record. `is_phone`: the way to it leads to a phone. `part_of_backup` and
    `part_of_phone`: the folder around it that is the whole of it, as it is typed; None where this place is the whole
    itself, or is none. `marks`: of a phone or card, in it or in a folder around it; `is_marked`: it is that folder, or
    lies in one that marks it. `is_untold`: the list of a folder that is not there, of whose marks its rows alone tell.
    `is_of_cameras`: such a list is of a camera's folder, or one in it: so are all its files. `was_begun`: a backup to
    it was broken off. `marked_folder`: the folder around it whose marks they are, as it is typed; None where they are
    its own. `is_packed`: it is an archive or an export, and so no phone itself. `is_phones_list`: a phone made this
    list of itself; which phone, it does not say. `root`: where on this machine it lies; None where it is elsewhere.
    `holds`: that nothing is there yet, in words; "" for all else: an unmounted disk or a mistyped name looks so.
    """

    spec: str
    label: str
    ids: frozenset[str] = frozenset()
    sources: Mapping[str, str] = field(default_factory=dict)
    is_kept: bool = False
    is_phone: bool = False
    part_of_backup: str | None = None
    part_of_phone: str | None = None
    marks: Marks | None = None
    is_marked: bool = False
    is_untold: bool = False
    is_of_cameras: bool = False
    was_begun: bool = False
    holds: str = ""
    marked_folder: str | None = None
    is_packed: bool = False
    is_phones_list: bool = False
    root: Path | None = None

    @property
    def is_copied(self) -> bool:
        """Whether auditor copied to it. That it has a record is no sign of that: `verify --init` makes one anywhere."""
        return bool(self.sources) or self.was_begun

    @property
    def is_proven_phone(self) -> bool:
        """Whether the way to it leads to a phone, or it is a list that a phone made."""
        return self.is_phone or self.is_phones_list

    @property
    def looks_like_phone(self) -> bool:
        """Whether it is a phone, or its folders are a phone's or card's, as those of a copy by hand are too."""
        return self.is_phone or (self.marks is not None and self.is_marked and self.marks.is_storage)


def role(side: Side) -> Role:
    """What one side of an audit is, place or list; another tool's list may say nothing."""
    if side.place is not None:
        return replace(role_of(side.place), label=side.label)
    header = side.listed
    if header is None:
        return Role(side.spec, side.label)
    sources = header.sources or {}
    behind = place_behind(side)
    plain = Role(side.spec, side.label)
    there = replace(role_of(behind), spec=side.spec, label=side.label) if behind else plain
    is_folder = header.place_kind == "folder"
    return replace(
        there,
        ids=frozenset() if sources else frozenset({header.place_id}),
        sources=sources,
        is_kept=bool(sources),
        is_phone=header.place_kind in _PHONES or bool(header.device and header.device.is_phone),
        part_of_backup=None,
        was_begun=False,
        is_untold=is_folder and behind is None,
        is_of_cameras=is_folder and is_within_cameras(PureWindowsPath(header.place)),
        is_phones_list=header.place_kind == MADE_ON_PHONE,
    )


def role_of_folder(root: Path, spec: str) -> Role:
    """What a folder of this machine is, which need not be there yet."""
    root = Path(os.path.realpath(root))  # what lies around it is not what lies around a link to it
    there = next((folder for folder in (root, *root.parents) if os.path.isdir(folder)), root)  # noqa: PTH112 (never raises)
    is_phone = mount_around(there) is not None
    holds = "a new folder"
    if there == root:
        try:
            holds = "" if any(root.iterdir()) else "an empty folder"
        except OSError:  # said where it is listed
            holds = ""
    return replace(role_of(FolderPlace(root, spec)), is_phone=is_phone, holds=holds)


def role_of(place: Place) -> Role:
    """What a place is."""
    if not isinstance(place, FolderPlace):
        plain = Role(place.spec, place.label, frozenset({place.id}), is_phone=place.kind in _PHONES)
        return plain if plain.is_phone else _in_folders(place, plain)
    around = [FolderPlace(folder, place.spec) for folder in (place.root, *place.root.parents)]
    kept = next((one for one in around if markers.is_kept(one.root)), None)
    marks, is_marked = marks_around()(place.root)
    storage = marks.folder if marks and is_marked and marks.is_storage else None
    phone = next((one for one in around if one.root == storage), None)
    marking = next((one for one in around if marks and is_marked and one.root == marks.folder), None)
    return Role(
        place.spec,
        place.label,
        frozenset(one.location_id for one in around),
        (kept.sources if kept else None) or {},
        is_kept=kept is not None,
        part_of_backup=_whole_of(place, kept),
        part_of_phone=_whole_of(place, phone or (marking if marks and has_more(marks, place.root) else None)),
        marks=marks,
        is_marked=is_marked,
        was_begun=kept is not None and markers.has_journal(kept.root),
        marked_folder=_whole_of(place, marking),
        root=place.root,
    )


def _in_folders(place: Place, plain: Role) -> Role:
    """What a place is by the folders of this machine that its files lie in, whatever way leads there. Of several the
    one decides that is likest to a phone. What lies packed in a backup is no part of its record."""
    those = [_role_at(thing, place.spec) for thing in place.local_things]
    if isinstance(place, RclonePlace):
        those = [replace(a, sources=a.sources or sources_of(b)) for a, b in zip(those, place.local_things, strict=True)]
    if not those:
        return plain
    likest = max(those, key=lambda one: (one.is_phone, one.is_marked and not one.is_copied, not one.is_copied))
    found = replace(likest, label=plain.label, ids=plain.ids.union(*(one.ids for one in those)))
    if isinstance(place, RclonePlace):
        return found
    found = replace(found, sources={}, is_kept=False, part_of_backup=None, was_begun=False)
    return replace(found, is_packed=True)


def _role_at(thing: Path, spec: str) -> Role:
    if os.path.isfile(thing):  # noqa: PTH113 (never raises)
        is_phone = mount_around(thing.parent) is not None
        return replace(role_of(FolderPlace(thing.resolve(), spec)), is_phone=is_phone)
    return role_of_folder(thing, spec)


def _whole_of(place: FolderPlace, whole: FolderPlace | None) -> str | None:
    """The folder that a place lies in, as it is typed: below where one stands as a relative path."""
    if whole is None or whole.root == place.root:
        return None
    here = Path.cwd()
    if Path(place.spec).is_absolute() or not whole.root.is_relative_to(here) or whole.root == here:
        return str(whole.root)
    return str(whole.root.relative_to(here))


def role_of_root(root: Path) -> Role:
    """What a folder is that a backup was seen in."""
    return role_of_folder(root, str(root))


def exchanged(pair: Pair) -> str | None:
    """Why the two stand in the wrong order, as the beginning of a sentence; None where nothing says so.

    Not the wrong order: a backup of a backup, and two phones (has the new one all that the old one had?).
    """
    source, backup = pair.source, pair.backup
    if backup.ids & source.sources.keys():
        return f"{source.spec} is the backup that auditor keeps of {backup.spec}"
    if source.is_kept:
        is_told = pair.is_by_hand and pair.may_be_told
        if backup.is_phone or (source.is_copied and backup.looks_like_phone and not (backup.is_copied or is_told)):
            return f"{source.spec} is a backup that auditor keeps, and {backup.spec} looks like a phone"
    elif backup.is_phones_list and not (source.looks_like_phone or source.is_phones_list):
        return f"{backup.spec} is a list that a phone made of itself, and {source.spec} is of no phone"
    elif backup.is_phone and source.is_phones_list:
        return f"{source.spec} is a list that a phone made of itself, perhaps {backup.spec}"
    elif backup.is_phone and not source.looks_like_phone:
        return f"{backup.spec} is a phone, and {source.spec} is none"
    return None


@dataclass(frozen=True, slots=True)
class Pair:
    """A phone and one of its backups, as they were named. `is_by_hand`: the user says that the backup is a copy made by
    hand, and the source the phone. `one_phone`: the phone or card that both lie in, so that they go together; None
    where there is none. `may_be_one`: both lie in a folder that may be one, and may be somebody's home folder."""

    source: Role
    backup: Role
    is_by_hand: bool = False
    one_phone: Path | None = None
    may_be_one: bool = False

    @property
    def maybe_phone(self) -> bool:
        """Whether the backup may be the phone: it has the marks of one, auditor never copied to it, and nobody says
        that it is a copy. Beside a phone on a cable a camera's folder is none; a whole storage may be another way to
        it."""
        theirs = self.backup
        if theirs.is_phone or theirs.is_copied or theirs.marks is None or not theirs.is_marked:
            return False
        if self.source.is_proven_phone and not theirs.looks_like_phone:
            return False
        return not (self.is_by_hand and self.may_be_told)

    @property
    def may_be_told(self) -> bool:
        """Whether the user's word decides: not against what a copy made by hand seldom has, and the source has not."""
        ours, theirs = self.source.marks, self.backup.marks
        if theirs is None or self.source.is_phone:  # a list that a phone made may be of what it stands beside
            return True
        is_android = theirs.is_android and not (ours and ours.is_android)
        return not (is_android or (theirs.is_volume and not (ours and ours.is_volume)))

    @property
    def needs_rows(self) -> bool:
        """Whether only the rows of the backup's list tell that it may be of the phone."""
        ours, theirs = self.source, self.backup
        return theirs.is_untold and not (theirs.is_kept or ours.is_proven_phone or self.is_by_hand)


def paired(source: Role, backup: Role, *, is_by_hand: bool = False) -> Pair:
    """A phone and one of its backups. What lies beside a camera's folder is a part of the phone or card around them,
    though for others it may be anything. What auditor copied from a backup lies where no phone is."""
    pair = Pair(source, backup, is_by_hand)
    ours = source.marks
    if ours is None or not source.is_marked or source.is_copied:
        return pair
    if backup.marks and backup.is_marked and _is_same(ours.folder, backup.marks.folder):
        return replace(pair, one_phone=ours.folder)
    if backup.root is None or not ours.may_be_whole or not _lies_in(backup.root, ours.folder):
        return pair
    if ours.is_storage:
        return replace(pair, one_phone=ours.folder)
    if backup.is_marked:  # is doubted for its own marks
        return pair
    within = replace(backup, marks=ours, is_marked=True, marked_folder=source.marked_folder or source.spec)
    return replace(pair, backup=within, may_be_one=True)


def _is_same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)
    return False


def _lies_in(root: Path, folder: Path) -> bool:
    """Whether what is there or will be lies in a folder and on its disk: another one mounted in it goes by itself."""
    around = next((one for one in (root, *root.parents) if _is_same(one, folder)), None)
    there = next((one for one in (root, *root.parents) if os.path.exists(one)), root)  # noqa: PTH110 (never raises)
    return around is not None and mounted_from(there.resolve()) == mounted_from(folder.resolve())


BY_HAND = "--copy-by-hand"
"""The option by which the user says that the backups are copies made by hand, and the source the phone."""


def said_by_hand(pairs: Sequence[Pair]) -> list[str]:
    """The option as it stands behind the backups in every command that is to do again what this one did; nothing where
    nobody said so."""
    return [BY_HAND] if any(pair.is_by_hand for pair in pairs) else []


def like_a_phone(folder: Role) -> str:
    """Why a folder is taken for a phone, to stand behind its name."""
    if folder.marks is None:
        return "looks like a phone"
    inside = f"lies in {folder.marked_folder}, which " if folder.marked_folder else ""
    return f"{inside}looks like a phone's storage or card (it {_shown_marks(folder.marks)})"


def _shown_marks(marks: Marks) -> str:
    return f"has {' and '.join(marks.names)}{', and is the whole of a card or stick' * marks.is_volume}"
