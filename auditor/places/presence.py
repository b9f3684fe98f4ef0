"""Whether a source and a destination are still there: an unplugged phone must not look like deleted files, nor may
another card in the same reader be taken for the first one."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field

from auditor.dates import is_as_listed
from auditor.disk.opened import Listed, Opened
from auditor.disk.root import Root
from auditor.disk.volume import volume_of
from auditor.errors import AuditorError, RootGone
from auditor.paths import display_path
from auditor.places import EntryKind, Place
from auditor.places.folder import volume_id
from auditor.words import count

Listing = Callable[[], Mapping[str, tuple[int | None, int | None]]]
"""Gives size and date (ns) of each file of a source, by its path; None where the source does not tell. Asked for only
where another one may lie there."""


MOST = 0.5
"""Of another source more than this share of the files that were listed is not there, or has another size or date.

Files of a source that is in use change while it is read, each for itself: a messenger rewrites one, a photo is edited
or deleted. Of another card next to none is alike: one that numbers its files alike has other photos, of other sizes and
times. One that has most of them, as a copy of the first card has, shows for these all that a listing can tell."""


@dataclass(frozen=True, slots=True)
class Mounted:
    """Where a folder of this machine lies: its volume's mount point, device number (one of this moment: the next volume
    may have it) and own number or UUID, None where the system does not tell; and its own number there, None where that
    may be made up."""

    point: str
    device: int
    volume: str | None
    folder: int | None


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
    _at: Mounted | None = field(init=False)
    _read: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._at = self.before

    def __call__(self) -> str | None:
        now = mounted(self.source)
        is_there = _is_there(now, self.before)
        self.was_away = self.was_away or not is_there
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

    @property
    def is_unsure(self) -> bool:
        """Whether it was seen to be away, and no number of its own says that what came back is the same: a file that is
        not as it was listed then is perhaps another source's, of which the others are alike."""
        return self.was_away and (self.before is None or None in (self.before.volume, self.before.folder))

    def at_end(self, doubtful: Sequence[Listed], *, failed: bool, written: Container[str] = ()) -> str | None:
        """Whether any file may have been read of another source, in words for people; None where that is not so.

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
    if None not in (before.volume, now.volume) and before.volume != now.volume:
        return _another("card or disk", source)
    if None not in (before.folder, now.folder) and before.device == now.device and before.folder != now.folder:
        return _another("folder", source)
    had = listing()
    try:
        unlike = _unlike(source, had)
    except (OSError, AuditorError):
        return source_gone(source)
    if len(unlike) <= MOST * len(had):
        return None
    first = f"{display_path(unlike[0])}{f' and {count(len(unlike) - 1)} more' * (len(unlike) > 1)}"
    return (
        f"{source.label} has other files now than when it was listed ({first} of {count(len(had))}), as another card"
        " would"
    )


MOST_OPENED = 1_000
"""So many of the doubtful files are looked at again: one of another source is enough."""


def lay_between(source: Place, doubtful: Sequence[Listed]) -> str | None:
    """Whether another source lay there for a while and went again, in words for people, or that may be, as nothing
    lies there now. `doubtful` are files as they
    were listed, of which others were opened later: one that was edited stays so, and is not as it was listed again."""
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
    return f"another {what} lies at {source.local_root} now than the one that this run began with"


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
    return f"the source {source.label} is gone"


def _is_there(now: Mounted | None, before: Mounted | None) -> bool:
    return (now and now.point) == (before and before.point)


def away(door: Root) -> str | None:
    """Whether a destination is not at its path any more, in words for people; None where it is."""
    try:
        door.check()
    except RootGone:
        return f"the destination {door.path} is gone"
    except (OSError, AuditorError) as error:
        return str(error)
    return None


def mounted(source: Place) -> Mounted | None:
    """Where the folder of a source lies; None where it has none on this machine, or it cannot be listed or is empty.

    An unplugged disk often leaves its empty mount point behind, which belongs to another volume.
    """
    folder = source.local_root
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
    return Mounted(volume.mount_point, volume.device, volume_id(volume.device), number)
