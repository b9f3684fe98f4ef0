"""Which place is the phone, and which is the backup.

What a place says of itself decides: the record that a backup keeps, the way that leads to a phone, and the marks of a
phone's storage. A copy by hand has these marks too: there the dates and the newest photos say which of the two it is.
That the one holds more than the other does not: so it is when the phone was cleared.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PureWindowsPath

from auditor.audit.inputs import Side
from auditor.audit.phone_marks import CAMERAS, Marks, Phone, is_within_cameras, marks_of, which
from auditor.audit.uploads import sources_of
from auditor.disk import marker as markers
from auditor.model import MADE_ON_PHONE
from auditor.places import Place
from auditor.places.folder import FolderPlace, recorded_folder
from auditor.places.mtp import mount_around
from auditor.places.rclone import RclonePlace

_PHONES = ("adb", "mtp")


@dataclass(frozen=True, slots=True)
class Role:
    """What a place says of itself. `ids` are the names by which a backup knows it as a source, those of the folders
    around it too; none of a backup's own. `sources` are those whose files it holds by its own record, label by id.

    `is_kept`: it is a backup with such a record. `is_phone`: the way to it leads to a phone. `part_of_backup` and
    `part_of_phone`: the folder around it that is the whole of it, as it is typed; None where this place is the whole
    itself, or is none. `marks`: of a phone or card, in it or in a folder around it; `is_marked`: it is that folder, or
    lies in one that marks it. `is_folder`: of this machine, or a list of one; nothing else may be a card. `is_list`:
    what lies around it may not be known. `is_of_cameras`: it is a camera's folder, or lies in one: so do all its files.
    `was_begun`: a backup to it was broken off; `lost_record`: it has a backup's lists, and nothing that says so.
    `marked_folder`: the folder around it whose marks they are, as it is typed; None where they are its own.
    `is_packed`: it is an archive or an export, and so no phone itself; `is_foreign`: it lies in no folder of the phone
    or card around it. `is_phones_list`: a phone made this list of itself; which phone, it does not say.
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
    is_folder: bool = False
    is_list: bool = False
    is_of_cameras: bool = False
    was_begun: bool = False
    lost_record: bool = False
    holds: str = ""
    marked_folder: str | None = None
    is_packed: bool = False
    is_foreign: bool = False
    is_phones_list: bool = False

    @property
    def is_copied(self) -> bool:
        """Whether auditor copied to it. That it has a record is no sign of that: `verify --init` makes one anywhere."""
        return bool(self.sources) or self.was_begun

    @property
    def is_of_phone(self) -> bool:
        """Whether it is a phone, or the list that one made of itself."""
        return self.is_phone or self.is_phones_list

    @property
    def looks_like_phone(self) -> bool:
        """Whether it is a phone, or its folders are a phone's or card's, as those of a copy by hand are too."""
        return self.is_phone or (self.marks is not None and self.is_marked and self.marks.is_storage)


def role(side: Side) -> Role:
    """What one side of an audit is, place or list; another tool's list may say nothing."""
    if side.place is not None:
        return role_of(side.place)
    header = side.listed
    if header is None:
        return Role(side.spec, side.label, is_list=True)
    sources = header.sources or {}
    ids = frozenset[str]() if sources else frozenset({header.place_id})
    is_phone = header.place_kind in _PHONES or bool(header.device and header.device.is_phone)
    behind = recorded_folder(header.place, header.place_id) if header.place_kind == "folder" else None
    there = role_of(behind) if behind else Role(side.spec, side.label)
    return Role(
        side.spec,
        side.label,
        ids,
        sources,
        bool(sources),
        is_phone,
        part_of_phone=there.part_of_phone,
        marks=there.marks,
        is_marked=there.is_marked,
        is_folder=header.place_kind == "folder",
        is_list=True,
        is_phones_list=header.place_kind == MADE_ON_PHONE,
        is_of_cameras=header.place_kind == "folder" and is_within_cameras(PureWindowsPath(header.place)),
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
    marks, is_marked = _marks_around(place.root)
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
        part_of_phone=_whole_of(place, phone),
        marks=marks,
        is_marked=is_marked,
        is_folder=True,
        is_of_cameras=is_within_cameras(place.root),
        was_begun=kept is not None and markers.has_journal(kept.root),
        lost_record=kept is None and markers.has_manifests(place.root),
        marked_folder=_whole_of(place, marking),
        is_foreign=marks is not None and is_marked and marks.is_foreign(place.root),
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
    found = replace(found, sources={}, is_kept=False, part_of_backup=None, was_begun=False, lost_record=False)
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


def _marks_around(root: Path) -> tuple[Marks | None, bool]:
    """The marks of a folder or one around it, and whether it is that folder or lies in one that marks it: these first,
    and a whole storage before a camera's folder."""
    found = [marks for folder in (root, *root.parents) if (marks := marks_of(folder))]
    inside = [(marks, marks.is_around(root)) for marks in found]
    return max(inside, key=lambda one: (one[1], one[1] and one[0].is_storage), default=(None, False))


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
    elif backup.is_phones_list and not source.looks_like_phone and not source.is_phones_list:
        return f"{backup.spec} is a list that a phone made of itself, and {source.spec} is of no phone"
    elif backup.is_phone and source.is_phones_list:
        return f"{source.spec} is a list that a phone made of itself, perhaps {backup.spec}"
    elif backup.is_phone and not source.looks_like_phone:
        return f"{backup.spec} is a phone, and {source.spec} is none"
    return None


@dataclass(frozen=True, slots=True)
class Pair:
    """A phone and one of its backups, as they were named. `phone` says which of the two may be it where nothing proves
    it, `why` what speaks for the backup, as the beginning of a sentence; "" where nothing does, or as much against it.
    `is_by_hand`: the user says that the backup is a copy made by hand, and the source the phone.
    """

    source: Role
    backup: Role
    phone: Phone
    why: str = ""
    is_by_hand: bool = False

    @property
    def may_be_told(self) -> bool:
        """Whether the user's word decides: not against what a copy made by hand seldom has, and the source has not."""
        ours, theirs = self.source.marks, self.backup.marks
        if theirs is None:
            return True
        is_android = theirs.is_android and not (ours and ours.is_android)
        return not (is_android or (theirs.is_volume and not (ours and ours.is_volume)))


def pair(source: Role, backup: Role, *, is_by_hand: bool = False) -> Pair:
    """Compares the two, which may walk through the camera's folders of both: once for each pair."""
    found = Pair(source, backup, *_likely(source, backup), is_by_hand)
    is_told = is_by_hand or (backup.lost_record and found.phone is Phone.UNKNOWN)
    return replace(found, phone=Phone.OURS, why="") if is_told and found.may_be_told else found


def _likely(source: Role, backup: Role) -> tuple[Phone, str]:
    """Which of two places is the phone, and what speaks for the backup's being it."""
    if source.is_of_phone or backup.is_copied or backup.is_phone or not (backup.marks and backup.is_marked):
        return Phone.OURS, ""
    if backup.holds and not backup.marks.is_storage:
        return Phone.OURS, ""
    like = f"{backup.spec} {like_a_phone(backup)}"
    if source.is_copied:
        return Phone.THEIRS, f"{like}, and {source.spec} is a backup that auditor keeps"
    if source.marks is None:
        return (Phone.UNKNOWN, "") if source.is_list else (Phone.THEIRS, f"{like}, and {source.spec} does not")
    phone, told = which(source.marks, backup.marks)
    if phone is Phone.UNKNOWN and backup.is_packed and backup.is_foreign:
        return Phone.OURS, ""  # nobody's phone has it there: it was put beside a copy
    if source.is_kept and phone is Phone.OURS:
        return Phone.UNKNOWN, ""  # a record is no sign of a backup, and none of a phone
    if phone is not Phone.THEIRS:
        return phone, ""
    besides = f"as {source.spec} does too, but it {told}" if told else f"and {source.spec} has {CAMERAS} alone"
    return phone, f"{like}, {besides}"


def maybe_phone(pair: Pair) -> bool:
    """Whether a backup that has what the source lacks may be the phone: nothing says that the source is it."""
    source, backup = pair.source, pair.backup
    if backup.is_list and backup.is_folder and backup.marks is None:
        return not (pair.is_by_hand or source.is_of_phone or source.looks_like_phone or backup.is_copied)
    return pair.phone is not Phone.OURS


def like_a_phone(folder: Role) -> str:
    """Why a folder is taken for a phone, to stand behind its name."""
    if folder.marks is None:
        return "looks like a phone"
    inside = f"lies in {folder.marked_folder}, which " if folder.marked_folder else ""
    return f"{inside}looks like a phone's storage or card (it {_shown_marks(folder.marks)})"


def _shown_marks(marks: Marks) -> str:
    return f"has {' and '.join(marks.names)}{', and is the whole of a card or stick' * marks.is_volume}"
