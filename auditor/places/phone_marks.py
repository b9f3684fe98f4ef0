"""The marks of a phone's storage or a camera's card.

A copy made by hand has the same folders, and no date or photo in them tells which is the phone: what has these marks
may be one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath

from auditor.disk import marker as markers
from auditor.disk.volume import filesystem, mounted_from

CAMERAS = "DCIM"
"""Where every camera keeps its photos: DCF, JEITA CP-3461B, 3.2."""

_PHONES = "Android"
"""What lies beside it in every Android phone's storage, and on a card that one has used."""

_PUBLIC = frozenset(
    [
        *("Alarms", "Audiobooks", "Documents", "Download", "Movies", "Music", "Notifications", "Pictures"),
        *("Podcasts", "Recordings", "Ringtones", "Screenshots"),
    ]
)
"""The other folders that Android makes there. Source: developer.android.com, android.os.Environment, DIRECTORY_*."""

_OF_A_PHONE = (_PUBLIC - {"Documents", "Movies", "Music", "Pictures"}) | {"Telegram", "WhatsApp"}
"""Those that no system makes in a home folder (freedesktop.org, xdg-user-dirs; Apple), and what messengers make."""

_OF_A_WHOLE = 2
"""So many of them beside a camera's folder may be a phone's storage: one of them anybody may have put there."""

_OF_APPS = frozenset({"data", "media", "obb"})
"""What apps keep in `Android`. Source: developer.android.com, Context.getExternalFilesDirs, getExternalMediaDirs,
getObbDirs."""

_OF_CARDS = frozenset({"MISC", "PRIVATE", "CANONMSC", "AVF_INFO", "MP_ROOT", "LOST.DIR"})
"""What cameras make beside it: print orders, films, databases."""

_DCF_FOLDER = re.compile(r"[1-9]\d\d[0-9A-Z_]{5}", re.IGNORECASE)
_OF_AN_IPHONE = re.compile(r"\d{3}APPLE|(?:19|20)\d{4}_[a-z_]", re.IGNORECASE)
"""What an iPhone names its folders of that form: it has no card."""

_WITHOUT_A_NUMBER = re.compile(r"DJI_\d+\w*|Camera\d\d", re.IGNORECASE)
"""What drones and panorama cameras name theirs on a card, which DCF does not allow."""

_YEAR = re.compile(r"(?:19|20)\d\d(?!\d)")
_FAT = frozenset({"vfat", "msdos", "fat", "fat32", "exfat", "fuse.exfat", "fuse.fusefat"})


@dataclass(frozen=True, slots=True)
class Marks:
    """What speaks for a phone in `folder`: the `names` in it. `is_storage`: they are more than a camera's folder.

    `is_volume`: it is the whole of a FAT volume, as a card is, and has more of a card than `DCIM`. `beside`: the
    folders beside the camera's that phones have.
    """

    folder: Path
    names: tuple[str, ...]
    is_storage: bool = False
    is_volume: bool = False
    beside: frozenset[str] = frozenset()

    @property
    def may_be_whole(self) -> bool:
        """Whether the folder is or may be all of a phone's storage or of a card: it may be somebody's home folder."""
        return self.is_storage or len(self.beside) >= _OF_A_WHOLE

    @property
    def is_android(self) -> bool:
        """Whether they are those of an Android phone's storage, or of a card that one has used."""
        return _PHONES in self.names

    def is_around(self, folder: Path) -> bool:
        """Whether a folder is this one, or a part of the phone or card in it. All of a storage and of a card is; beside
        a mere camera's folder may lie anything."""
        if folder == self.folder or self.is_android or (self.is_volume and self.is_storage):
            return True
        within = folder.relative_to(self.folder).parts[0]  # as it was typed: FAT knows no case
        return within.casefold() in {name.casefold() for name in self.names}


def marks_of(folder: Path) -> Marks | None:
    """The marks of a phone or card at the top of a folder; None where it has none. Upper and lower case are one: a card
    may be mounted in lower case (FAT, `shortname=lower`), and a copy of it has these names."""
    cameras = _cameras(folder)
    if not cameras:
        public = _beside_apps(folder)
        return Marks(folder, (_PHONES, public), True, _is_volume(folder)) if public else None
    written = str.lower if all(one.name.islower() for one in cameras) else str  # a card has all its names in one case
    if os.path.isdir(folder / written(_PHONES)):  # noqa: PTH112 (never raises)
        return Marks(folder, (CAMERAS, _PHONES), True, _is_volume(folder))
    inside = frozenset[str]().union(*map(_names, cameras))
    by_a_camera = any(map(_DCF_FOLDER.fullmatch, inside))
    beside = sorted(set(map(written, _OF_CARDS)) & _names(folder)) if by_a_camera else []
    # On a whole stick or disk its camera's folders tell a card: anybody may have put a phone's DCIM on a disk of his.
    numbered = {one for one in inside if _DCF_FOLDER.fullmatch(one) and not _OF_AN_IPHONE.fullmatch(one)}
    of_a_card = numbered or any(map(_WITHOUT_A_NUMBER.fullmatch, inside))
    is_volume = bool(of_a_card or beside) and _is_volume(folder)
    is_storage = bool(beside) or is_volume
    of_phones = frozenset(name for name in _PUBLIC | _OF_A_PHONE if written(name) in _names(folder))
    marks = Marks(folder, (CAMERAS, *beside[:1]), is_storage, is_volume, of_phones)
    of_a_phone = is_storage or len(of_phones & _OF_A_PHONE) >= _OF_A_WHOLE
    if not of_a_phone and any(map(_YEAR.match, _names(folder))):
        return None  # somebody's archive, which a camera's folder was put into
    return marks


def _beside_apps(folder: Path) -> str | None:
    """A folder that Android makes, beside that in which apps have theirs; None where this is no storage of a phone."""
    for written in (str, str.lower):
        apps = folder / written(_PHONES)
        if os.path.isdir(apps):  # noqa: PTH112 (never raises)
            found = set(map(written, _PUBLIC)) & _names(folder)
            if found and set(map(written, _OF_APPS)) & _names(apps):
                return min(found)
    return None


def is_within_cameras(folder: PurePath) -> bool:
    """Whether all files of a folder are of a camera: it is `DCIM`, in any case (FAT knows none), or in it."""
    return CAMERAS.casefold() in (part.casefold() for part in folder.parts)


def has_more(marks: Marks, folder: Path) -> bool:
    """Whether more of a phone or card lies in the folder that has these marks than one that lies somewhere in it: what
    cameras write beside it, or the other folders that phones have."""
    around = [one for one in folder.parents if one.is_relative_to(marks.folder)]
    within_cameras = any(len(_names(one)) > 1 for one in around if one != marks.folder)
    public = {name.casefold() for name in (*_PUBLIC, _PHONES)} & {name.casefold() for name in _names(marks.folder)}
    return within_cameras or bool(around and public)


def _cameras(folder: Path) -> list[Path]:
    """The camera's folders in a folder: named `DCIM` in any case, of which a disk may hold several."""
    found = {folder / name for name in _names(folder) if name.casefold() == CAMERAS.casefold()}
    # What cannot be listed may still be entered.
    return sorted(one for one in found or {folder / CAMERAS} if os.path.isdir(one))  # noqa: PTH112 (never raises)


def _names(folder: Path) -> frozenset[str]:
    """What lies in a folder, hidden names left out; nothing where it cannot be listed."""
    try:
        return frozenset(one.name for one in folder.iterdir() if not one.name.startswith("."))
    except OSError:  # said where it is listed
        return frozenset()


def _is_volume(folder: Path) -> bool:
    with suppress(OSError):
        return folder.is_mount() and (filesystem(folder.resolve()) or "").lower() in _FAT
    return False


def marks_around() -> Callable[[Path], tuple[Marks | None, bool]]:
    """A question to ask of many folders: the marks of one or of a folder around it, and whether it is that folder or
    lies in one that marks it: these first, and a whole storage before a camera's folder. Every folder is looked at
    once."""
    once = cache(marks_of)

    def ask(root: Path) -> tuple[Marks | None, bool]:
        found = [marks for folder in (root, *root.parents) if (marks := once(folder))]
        inside = [(marks, marks.is_around(root)) for marks in found]
        return max(inside, key=lambda one: (one[1], one[1] and one[0].is_storage), default=(None, False))

    return ask


def maybe_phone_around() -> Callable[[Path], Path | None]:
    """A question to ask of many folders, absolute and resolved: the folder with a phone's marks that one is, or lies
    in; None where there is none, and where a backup that auditor copied to is around it: it says nothing of what is
    mounted beneath it."""
    around, kept_around = marks_around(), markers.kept_around()
    is_copied = cache(markers.is_copied)

    @cache
    def ask(folder: Path) -> Path | None:
        marks, is_marked = around(folder)
        backup = kept_around(folder)
        if marks is None or not is_marked:
            return None
        is_known = backup and is_copied(backup) and mounted_from(backup) == mounted_from(marks.folder)
        return None if is_known else marks.folder

    return ask
