"""How a list names the place that it was made of, and that place again, where it is still there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from auditor.errors import BadPlace
from auditor.paths import typed_path
from auditor.places import Place
from auditor.places.archive import ArchivePlace, open_archive
from auditor.places.folder import FolderPlace, is_whole_local_path, open_folder
from auditor.places.takeout import TakeoutPlace, open_takeout

_TAKEOUT = "takeout:"
_OPENERS: Mapping[str, Callable[[str], Place]] = {
    "folder": open_folder,
    "archive": open_archive,
    "takeout": open_takeout,
}
LOCAL = frozenset(_OPENERS)
"""The kinds of place that lie on this machine."""


def recorded_name(place: Place) -> str:
    """What a list calls the place it was made of: words that mean the same from everywhere."""
    if isinstance(place, TakeoutPlace):
        words = typed_path(place.spec.removeprefix(_TAKEOUT))
        whole = place.root if place.unpacked or len(place.packed) != 1 else place.root / place.packed[0]
        return place.spec if words.is_absolute() else f"{_TAKEOUT}{whole}"
    if isinstance(place, FolderPlace | ArchivePlace) and not Path(place.spec).is_absolute():
        return str(place.root if isinstance(place, FolderPlace) else place.path)
    return place.spec


def recorded_place(kind: str, words: str, place_id: str) -> Place | None:
    """The folder, archive or export that a list names, if it is there now and is still the same place; else None.

    The words of a file are for people. Of them only the whole path of something on this machine is ever opened: a
    phone, a remote, a program or another computer is named by the user alone.
    """
    path = words.removeprefix(_TAKEOUT)
    if kind not in _OPENERS or not is_whole_local_path(path):
        return None
    try:
        if not (Path(path).is_dir() or Path(path).is_file()):
            return None  # not even looked at: a pipe would wait for ever
        found = _OPENERS[kind](path)
    except (BadPlace, OSError, ValueError):  # ValueError: a NUL in it
        return None
    return found if found.id == place_id else None


def recorded_folder(place: str, place_id: str) -> FolderPlace | None:
    """The folder that a list, plan or record names, as `recorded_place`."""
    found = recorded_place("folder", place, place_id)
    return found if isinstance(found, FolderPlace) else None
