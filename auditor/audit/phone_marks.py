"""The marks of a phone's storage or a camera's card, and which of two folders that have them is the phone.

A copy made by hand has the same folders. What tells the two apart: a card is a whole FAT volume; new photos arise on
the phone; a copy never has earlier dates than what it was copied from.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath

from auditor.disk.volume import filesystem
from auditor.model import Kind
from auditor.readers import kind_by_name

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

_SAME_DATE_S = 2  # that of FAT
_ZONE_STEP_S = 900  # FAT keeps local time: the same date may be off by a time zone
_LARGEST_ZONE_S = 26 * 3600
_MOST_OF = 0.9
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Marks:
    """What speaks for a phone in `folder`: the `names` in it. `is_storage`: they are more than a camera's folder.

    `is_volume`: it is the whole of a FAT volume, as a card is, and has more of a card than `DCIM`.
    """

    folder: Path
    names: tuple[str, ...]
    is_storage: bool = False
    is_volume: bool = False

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

    def is_foreign(self, thing: Path) -> bool:
        """Whether something in the folder lies in none that a phone, its apps or a camera makes there."""
        within = thing.relative_to(self.folder).parts[:-1]
        known = {CAMERAS, _PHONES, *_PUBLIC, *_OF_CARDS, *self.names}
        return thing != self.folder and not (within and within[0].casefold() in {name.casefold() for name in known})


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
    if not inside:
        return None
    by_a_camera = any(map(_DCF_FOLDER.fullmatch, inside))
    beside = sorted(set(map(written, _OF_CARDS)) & _names(folder)) if by_a_camera else []
    # On a whole stick or disk its camera's folders tell a card: anybody may have put a phone's DCIM on a disk of his.
    numbered = {one for one in inside if _DCF_FOLDER.fullmatch(one) and not _OF_AN_IPHONE.fullmatch(one)}
    of_a_card = numbered or any(map(_WITHOUT_A_NUMBER.fullmatch, inside))
    is_volume = bool(of_a_card or beside) and _is_volume(folder)
    is_storage = bool(beside) or is_volume
    if not beside and any(map(_YEAR.match, _names(folder))):
        return None  # somebody's archive, which a camera's folder was put into
    return Marks(folder, (CAMERAS, *beside[:1]), is_storage, is_volume)


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


class Phone(StrEnum):
    """Which of two is the phone."""

    OURS = "ours"
    THEIRS = "theirs"
    UNKNOWN = "unknown"


def which(ours: Marks, theirs: Marks) -> tuple[Phone, str]:
    """Which of two folders with a phone's marks is the phone, and what shows that it is `theirs`, in words to stand
    behind its name; "" where its marks alone do, and where it is not.

    Where one thing speaks for this and one for that, it is not known.
    """
    if ours.is_storage != theirs.is_storage:
        return (Phone.OURS if ours.is_storage else Phone.THEIRS), ""
    mine, other = _photos(ours), _photos(theirs)
    if not other and all(map(_is_readable, _tops(theirs))):  # folders without a file are nobody's photos
        return Phone.OURS, ""
    votes = [
        (_by_volume(ours, theirs), "is the whole of a card or stick"),
        (_by_dates(mine, other), "has the earlier dates"),
        (_by_newest(mine, other), "has the newest photos"),
    ]
    for one, another in ((Phone.OURS, Phone.THEIRS), (Phone.THEIRS, Phone.OURS)):
        reasons = [words for who, words in votes if who is one]
        if reasons and all(who is not another for who, _ in votes):
            return one, " and ".join(reasons) if one is Phone.THEIRS else ""
    return Phone.UNKNOWN, ""


_Photos = dict[tuple[str, int], float]
"""The date of each photo, in seconds, by its name and size."""


def _photos(marks: Marks) -> _Photos:
    """What the cameras took; of a phone's storage all photos and videos, for some lie elsewhere in it."""
    found: _Photos = {}
    for top in _tops(marks):
        for name, facts in _files(top):
            if not marks.is_android or kind_by_name(name) in (Kind.PHOTO, Kind.VIDEO):
                key = (name, facts.st_size)
                found[key] = max(facts.st_mtime, found.get(key, facts.st_mtime))
    return found


def _tops(marks: Marks) -> list[Path]:
    return [marks.folder] if marks.is_android else _cameras(marks.folder)


def _is_readable(folder: Path) -> bool:
    """Whether each folder in it can be listed."""
    troubles: list[OSError] = []
    for _ in os.walk(folder, onerror=troubles.append):
        pass
    return not troubles


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    for parent, inner, names in os.walk(folder):  # what cannot be listed is said where it is listed
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in names:
            with suppress(OSError):
                if not name.startswith("."):
                    yield name, os.stat(os.path.join(parent, name), follow_symlinks=False)  # noqa: PTH116, PTH118


def _by_volume(ours: Marks, theirs: Marks) -> Phone:
    if ours.is_volume == theirs.is_volume:
        return Phone.UNKNOWN
    return Phone.OURS if ours.is_volume else Phone.THEIRS


def _by_dates(ours: _Photos, theirs: _Photos) -> Phone:
    """A copy has the dates of its original or, where these were lost, later ones."""
    both = ours.keys() & theirs.keys()
    if len(both) < _FEWEST:
        return Phone.UNKNOWN
    apart = [theirs[key] - ours[key] for key in both if not _is_same_date(theirs[key] - ours[key])]
    later = sum(seconds > 0 for seconds in apart)
    if later >= len(both) * _MOST_OF:
        return Phone.OURS
    return Phone.THEIRS if len(apart) - later >= len(both) * _MOST_OF else Phone.UNKNOWN


def _is_same_date(seconds: float) -> bool:
    off = abs(seconds) % _ZONE_STEP_S
    return min(off, _ZONE_STEP_S - off) <= _SAME_DATE_S and abs(seconds) <= _LARGEST_ZONE_S


def _by_newest(ours: _Photos, theirs: _Photos) -> Phone:
    """Photos that are newer than all that both have, and that the other lacks, were taken after the copy was made. One
    of the same name is no further photo, but another version."""
    both = ours.keys() & theirs.keys()
    if not both:
        return Phone.UNKNOWN
    mine, other = _newest_alone(ours, theirs), _newest_alone(theirs, ours)
    if other > max(mine, *(theirs[key] for key in both)):
        return Phone.THEIRS
    return Phone.OURS if mine > max(other, *(ours[key] for key in both)) else Phone.UNKNOWN


def _newest_alone(these: _Photos, those: _Photos) -> float:
    stems = {_stem(name) for name, _ in those}
    return max((date for (name, _), date in these.items() if _stem(name) not in stems), default=0.0)


def _stem(name: str) -> str:
    """The name without its format, which a copy may have another of."""
    return name.rpartition(".")[0].lower() or name
