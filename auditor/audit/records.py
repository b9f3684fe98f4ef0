"""The record that `backup` leaves on a server: by it a folder here is told from the folder that the server shows."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from auditor.disk import marker
from auditor.errors import BadPlace
from auditor.places import Place

PATH = f"{marker.OWN_FOLDER}/{marker.NAME}"


def id_on(cloud: Place) -> str | None:
    """The id of the record that a remote has; None where it has none, or shows none."""
    with contextlib.suppress(OSError, ValueError, BadPlace), cloud.open(PATH) as stream:
        return marker.parse(stream.read(marker.MOST_BYTES), Path(PATH)).id
    return None


def is_around(folder: Path, record: str) -> bool:
    """Whether a record with this id lies in a folder, beneath it or around it; True where that cannot be told."""
    try:
        return any(_id(one) == record for one in _folders(folder.resolve()))
    except (OSError, BadPlace):
        return True


def _folders(folder: Path) -> Iterator[Path]:
    yield from folder.parents
    for top, names, _ in os.walk(folder, onerror=_fail):
        if marker.OWN_FOLDER in names:
            yield Path(top)


def _fail(error: OSError) -> None:
    raise error


def _id(folder: Path) -> str | None:
    found = marker.read(folder)
    return None if found is None else found.id
