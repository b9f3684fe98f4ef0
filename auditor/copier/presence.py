"""Whether a source and a destination are still there: an unplugged phone must not look like deleted files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from auditor.disk.root import Root
from auditor.disk.volume import volume_of
from auditor.errors import AuditorError, RootGone
from auditor.places import Place


def watch(source: Place, door: Root | None) -> Callable[[], str | None]:
    """A question to ask after a failure: what has gone since now, as words for people; None if all is there.

    `door` is that of the destination, None where nothing is written.
    """
    top = source.local_root
    before = None if top is None else _mount_point(top)

    def gone() -> str | None:
        if door is not None and (told := away(door)):
            return told
        if top is not None:
            return None if _mount_point(top) == before else f"the source {source.label} is gone"
        try:
            next(iter(source.walk()), None)
        except (OSError, AuditorError):
            return f"the source {source.label} is gone"
        return None

    return gone


def away(door: Root) -> str | None:
    """Whether a destination is not at its path any more, in words for people; None where it is."""
    try:
        door.check()
    except RootGone:
        return f"the destination {door.path} is gone"
    except (OSError, AuditorError) as error:
        return str(error)
    return None


def _mount_point(folder: Path) -> str | None:
    """Where the volume of a folder is mounted; None where the folder cannot be listed or is empty.

    An unplugged disk often leaves its empty mount point behind, which belongs to another volume.
    """
    try:
        if next(folder.iterdir(), None) is None:
            return None
        return volume_of(folder).mount_point
    except OSError:
        return None
