"""Whether a source and a destination are still there: an unplugged phone must not look like deleted files, nor may
another card in the same reader be taken for the first one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from auditor.dates import is_as_listed
from auditor.disk.opened import Listed, Opened
from auditor.disk.root import Root
from auditor.disk.volume import devices_beneath, volume_id, volume_of, volumes_of
from auditor.errors import AuditorError, BeneathGone, RootGone
from auditor.model import ErrorKind, Trouble
from auditor.paths import display_path
from auditor.places import Entry, EntryKind, Place
from auditor.places.folder import FolderPlace, file_id
from auditor.words import count

Listing = Callable[[], Mapping[str, tuple[int | None, int | None]]]
"""Gives size and date (ns) of each file of a source, by its path; None where the source does not tell. Asked for only
where another one may lie there."""


MOST = 0.5
"""Of another source more than this share of the files that were listed is not there, or has another size or date.

Files of a source that is in use change while it is read, each for itself: a messenger rewrites one, a photo is edited
or deleted. Of another card next to none is alike: one that numbers its files alike has other photos, of other sizes and
times. One that has most of them, as a copy of the first card has, shows for these all that a listing can tell."""

_File = TypeVar("_File", bound=Listed)


@dataclass(frozen=True, slots=True)
class Beneath:
    """A volume that is mounted somewhere in a folder: where, as a path in it, and its device and own number, as a
    `Mounted` has them."""

    path: str
    device: int
    volume: str | None


@dataclass(frozen=True, slots=True)
class Mounted:
    """Where a folder of this machine lies: its volume's mount point, device number (one of this moment: the next volume
    may have it) and own number or UUID, None where the system does not tell; its own number there, None where that may
    be made up; and the volumes that are mounted beneath it, as a card is in a folder of all cards."""

    point: str
    device: int
    volume: str | None
    folder: int | None
    beneath: tuple[Beneath, ...] = ()

    def is_same(self, before: Mounted) -> bool | None:
        """Whether it is the volume and folder of before, and none beneath it is another or away, by the numbers of
        volumes and folders; None where these do not say it."""
        told = {one.path: one.volume for one in self.beneath}
        pairs = [(self.volume, before.volume), *((told.get(one.path, ""), one.volume) for one in before.beneath)]
        if any(None not in pair and pair[0] != pair[1] for pair in pairs):
            return False
        is_one_volume = self.device == before.device or None not in (self.volume, before.volume)
        numbers = (self.folder, before.folder)
        if is_one_volume and None not in numbers and self.folder != before.folder:
            return False
        return True if None not in (*numbers, *(one for pair in pairs for one in pair)) else None


def watch(source: Place, door: Root | None) -> Callable[[], str | None]:
    """A question to ask after a failure: what has gone since now, as words for people; None if all is there.

    `door` is that of the destination, None where nothing is written.
    """
    top = source.local_root
    before = mounted(source)

    def gone() -> str | None:
        if door is not None and (told := away(door)):
            return told
        if top is not None:
            return None if _is_there(mounted(source), before) else source_gone(source)
        try:
            next(iter(source.walk()), None)
        except (OSError, AuditorError):
            return source_gone(source)
        return None

    return gone


@dataclass(slots=True)
class Watch:
    """Whether the source of a listing still lies where it lay: to be called while its files are read, and to be asked
    once after the last, `at_end`. `before` is where it lay before it was listed; `gone` is asked first.

    Called, it says in words for people what has gone, or that another source lies there: that one is not there. Where
    another one lies there that was not seen to come, it was perhaps read already: then the answer stays.
    """

    source: Place
    before: Mounted | None
    listing: Listing
    gone: Callable[[], str | None] = lambda: None
    was_away: bool = field(default=False, init=False)
    _away: set[str] = field(default_factory=set, init=False)
    _at: Mounted | None = field(init=False)
    _read: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._at = self.before

    def __call__(self) -> str | None:
        now = mounted(self.source)
        is_there = _is_there(now, self.before)
        self.was_away = self.was_away or not is_there
        self._away.update(_away_beneath(now, self.before))
        if told := self.gone():
            self._at = self._at if is_there else None
            return told
        if self._read or now == self._at:
            return self._read or None
        if told := another(self.source, self.before, self.listing, is_doubted=self._at is None):
            self._read = told if self._at is not None and told != source_gone(self.source) else ""
            return told
        self._at = now if is_there else None
        return None

    def perhaps_anothers(self, changed: Sequence[_File]) -> list[_File]:
        """Those of the files that were not as they were listed which are perhaps of another source, of which the others
        are alike: it was seen to be away, or the volume beneath on which they lie was. That the same one came back is
        said by the number of its folder alone, which no volume beneath has: cards may have equal numbers."""
        if not changed:
            return []
        now, before = mounted(self.source), self.before
        if self.was_away and not (now and before and _alone(now).is_same(_alone(before))):
            return list(changed)
        away = {*self._away, *_away_beneath(now, before)}
        if self.was_away and before:
            away.update(one.path for one in before.beneath)
        return [file for file in changed if _volume_of(file.path, tuple(away))]

    def at_end(self, doubtful: Sequence[Listed], *, failed: bool, written: Container[str] = ()) -> str | None:
        """Whether any file may have been read of another source, in words for people; None where nothing shows it.

        `doubtful` are files as they were listed, of which others were opened later; `failed`: any could not be read.
        Another one may have come when nobody looked, and stayed (`another`) or gone again (`lay_between`). `written`
        are those that changed while they were read, as a film does that is being made: they are of no other source.
        """

        def listing() -> Mapping[str, tuple[int | None, int | None]]:
            return {path: stamps for path, stamps in self.listing().items() if path not in written}

        is_doubted = failed or bool(doubtful) or self._at is None
        told = another(self.source, self.before, listing, is_doubted=is_doubted)
        if told == source_gone(self.source) and doubtful:
            return _gone_in_doubt(self.source, doubtful[0])
        return told or lay_between(self.source, doubtful)


def another(source: Place, before: Mounted | None, listing: Listing, *, is_doubted: bool = False) -> str | None:
    """Whether another source lies now where that of the `listing` lay, in words for people; None where it is the same
    one, where nothing lies there, and where it was never a folder of this machine. `is_doubted`: it was seen to be
    gone, or a file failed or was another one than was listed, so that all are looked at where all else is as it was.

    Cards are often called alike and number their files alike. Their volumes tell them apart or, as not every system
    tells these and some cameras give each card the same one, the sizes and dates of their files. One reader gives each
    card that is put into it the same device; and one disk holds many folders, of which any may get the name of another.
    """
    now = mounted(source)
    if before is None or now is None or (now == before and not is_doubted):
        return None
    if not _is_there(now, before):  # a disk was unmounted from a folder that has files of its own, or mounted over it
        return _another("card or disk", source)
    away = _away_beneath(now, before)
    there = replace(before, beneath=tuple(one for one in before.beneath if one.path not in away))
    if now.is_same(there) is False:
        is_folder = replace(now, folder=None).is_same(there) is not False
        return _another("folder" if is_folder else "card or disk", source)
    had = listing()
    try:
        unlike = _unlike(source, had)
    except (OSError, AuditorError):
        return source_gone(source)
    # Of each volume by itself, as a card is little of a disk with all cards. The only file of one may have been edited;
    # it may be another card's as well.
    volumes = sorted({one.path for one in (*before.beneath, *now.beneath)}, key=len, reverse=True)
    of_each = Counter(_volume_of(path, volumes) for path in had)
    unlike_of = Counter(_volume_of(path, volumes) for path in unlike)
    for at, many in unlike_of.items():
        if many <= MOST * of_each[at] or at in away:  # what is away gave nothing
            continue
        one = next(path for path in unlike if _volume_of(path, volumes) == at)
        first = f"{display_path(one)}{f' and {count(many - 1)} more' * (many > 1)}"
        return (
            f"{display_path(at) or source.label} has other files now than when it was listed ({first} of"
            f" {count(of_each[at])}), as another card would"
        )
    return None


def unlisted_beneath(source: Place, before: Mounted | None, entries: Sequence[Entry]) -> list[Entry]:
    """The volumes beneath a source that were away while `entries` were listed, each as a folder that was not listed:
    to be asked right after. `before` is where the source lay before."""
    if before is None:
        return []
    failed = tuple(entry.path for entry in entries if entry.error)
    beneath = {one.path for one in before.beneath if one.path not in failed and not _volume_of(one.path, failed)}
    away = beneath.intersection(_away_beneath(mounted(source), before))
    if (top := source.folder) is not None:
        away |= {one for one in beneath - away if not _was_listed(top, one, entries)}
    trouble = Trouble(ErrorKind.UNREADABLE, "it went away while it was listed")
    return [Entry(path, EntryKind.FOLDER, error=trouble) for path in sorted(away)]


def _was_listed(top: Path, at: str, entries: Sequence[Entry]) -> bool:
    """Whether a listing has what lies on the volume that is mounted in a folder, and nothing of the folder that is
    hidden by that: a card that was away for a moment lies there again."""
    found = [entry for entry in entries if entry.path == at or entry.path.startswith(f"{at}/")]
    try:
        if not found:
            return next(FolderPlace(top / at, at).walk(), None) is None
        device, around = (top / at).stat().st_dev, (top / at).parent.stat().st_dev
    except (OSError, AuditorError):
        return False
    within = [point.relative_to(top).as_posix() for point in devices_beneath(top / at)]
    ids = [entry.file_id for entry in found if entry.file_id and not _volume_of(entry.path, within)]
    hidden = (file_id(around, 1) or "").rpartition(":")[0]
    return device == around or all(one.rpartition(":")[0] != hidden for one in ids)


MOST_OPENED = 1_000
"""So many of the doubtful files are looked at again: one of another source is enough."""


def lay_between(source: Place, doubtful: Sequence[Listed]) -> str | None:
    """Whether another source lay there for a while and went again, in words for people, or that may be, as nothing
    lies there now; None where nobody can tell. `doubtful` are files as they were listed, of which others were opened
    later: one that was edited stays so, and is not as it was listed again."""
    if source.local_root is None or not doubtful:
        return None
    if mounted(source) is None:
        return _gone_in_doubt(source, doubtful[0])
    for listed in doubtful[:: max(1, len(doubtful) // MOST_OPENED)]:
        try:
            with source.open(listed.path) as stream:
                now = Opened.of(stream)
        except (OSError, AuditorError):
            continue
        if now is not None and now.is_as(listed):
            return (
                f"another card, disk or folder lay at {source.local_root} while its files were read"
                f" ({display_path(listed.path)} was another one then)"
            )
    return None


def _gone_in_doubt(source: Place, listed: Listed) -> str:
    return f"{source_gone(source)}, and {display_path(listed.path)} was not as it had been listed"


def _another(what: str, source: Place) -> str:
    return f"another {what} lies at {_folder_of(source)} now than the one that this run began with"


def _unlike(source: Place, had: Mapping[str, tuple[int | None, int | None]]) -> list[str]:
    """The files of a listing that the source does not have, or with another size or date."""
    left = dict(had)
    for entry in source.walk():
        if not left:
            break
        if entry.kind is not EntryKind.FILE or entry.path not in left:
            continue
        size_bytes, mtime_ns = left[entry.path]
        if size_bytes in (None, entry.size_bytes) and is_as_listed(mtime_ns, entry.mtime_ns, may_shift=True):
            del left[entry.path]
    return list(left)


def source_gone(source: Place) -> str:
    """That a source cannot be reached any more, in words for people."""
    return f"{source.label} went away"


def _volume_of(path: str, volumes: Sequence[str]) -> str:
    """The volume beneath a source that a file lies on, of these, the deepest first; "" for the source's own."""
    return next((one for one in volumes if path.startswith(f"{one}/")), "")


def _away_beneath(now: Mounted | None, before: Mounted | None) -> list[str]:
    """Where volumes were mounted beneath, and are not now."""
    there = {one.path for one in now.beneath} if now else set()
    return [one.path for one in before.beneath if one.path not in there] if before else []


def _alone(one: Mounted) -> Mounted:
    return replace(one, beneath=())


def _is_there(now: Mounted | None, before: Mounted | None) -> bool:
    return (now and now.point) == (before and before.point)


def away(door: Root) -> str | None:
    """Whether a destination is not at its path any more, in words for people; None where it is."""
    try:
        door.check()
    except BeneathGone as error:
        return str(error)
    except RootGone:
        return f"the destination {door.path} is gone"
    except (OSError, AuditorError) as error:
        return str(error)
    return None


def mounted(source: Place) -> Mounted | None:
    """Where the folder of a source lies; None where it has none on this machine, or it cannot be listed or is empty.

    An unplugged disk often leaves its empty mount point behind, which belongs to another volume.
    """
    folder = _folder_of(source)
    try:
        if folder is None:
            return None
        with os.scandir(folder) as found:  # asked often, of folders with many files: one name is enough
            if next(found, None) is None:
                return None
        volume = volume_of(folder)
        number = folder.stat().st_ino if volume.keeps_changes else None
    except OSError:
        return None
    return Mounted(volume.mount_point, volume.device, volume_id(volume.device), number, _beneath(folder, volume.device))


def volumes(place: Place) -> dict[Path, str | None]:
    """By what each volume is known again on which a place lies or a part of it; none where it shows no folder of this
    machine. The folder need not be there yet."""
    folders = place.local_things if place.kind == "rclone" else filter(None, [place.local_root])
    return {at: by for folder in folders for at, by in volumes_of(folder.resolve()).items()}


def _folder_of(source: Place) -> Path | None:
    """The folder of this machine that a place is, or shows as a remote; None where it is none."""
    if source.kind == "rclone" and len(source.local_things) == 1:
        return source.local_things[0]
    return source.local_root


def _beneath(folder: Path, device: int) -> tuple[Beneath, ...]:
    whole = folder.resolve()
    return tuple(
        Beneath(point.relative_to(whole).as_posix(), at, volume_id(at))
        for point, at in devices_beneath(whole).items()
        if at != device  # else it shows a folder of the same volume
    )
