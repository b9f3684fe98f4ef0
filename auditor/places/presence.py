"""Whether a source and a destination are still there: an unplugged phone must not look like deleted files, nor may
another card in the same reader be taken for the first one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

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


def watch_for_another(
    source: Place, before: Mounted | None, listing: Listing, gone: Callable[[], str | None] = lambda: None
) -> Callable[[], str | None]:
    """The question `gone`, and whether another source than that of the `listing` lies there: that one is not there.

    Where another one lies there that was not seen to come, it was perhaps read already: then the answer stays.
    """
    at, read = before, ""

    def asked() -> str | None:
        nonlocal at, read
        now = mounted(source)
        if told := gone():
            at = at if _is_there(now, before) else None
            return told
        if read or now == at:
            return read or None
        if told := another(source, before, listing, is_doubted=at is None):
            read = told if at is not None and told != source_gone(source) else ""
            return told
        at = now if _is_there(now, before) else None
        return None

    return asked


def another(source: Place, before: Mounted | None, listing: Listing, *, is_doubted: bool = False) -> str | None:
    """Whether another source lies now where that of the `listing` lay, in words for people; None where it is the same
    one, where nothing lies there, and where it was never a folder of this machine. `is_doubted`: it was seen to be
    gone, or something failed, so that the files are looked at where all else is as it was.

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
        return f"{source_gone(source)}, and {display_path(doubtful[0].path)} was not as it had been listed"
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


def _another(what: str, source: Place) -> str:
    return f"another {what} lies at {source.local_root} now than the one that this run began with"


def _unlike(source: Place, had: Mapping[str, tuple[int | None, int | None]]) -> list[str]:
    """The files of a listing that the source does not have, or with another size or date."""
    left = dict(had)
    for entry in source.walk():
        if entry.kind is not EntryKind.FILE or entry.path not in left:
            continue
        stamps = zip(left[entry.path], (entry.size_bytes, entry.mtime_ns), strict=True)
        if all(known in (None, now) for known, now in stamps):
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
