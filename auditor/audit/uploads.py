"""Which folders of this machine were backed up to through a remote of rclone: no record is kept in these, and the next
backup must not take them for a phone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from auditor.disk import own_notes
from auditor.places import Place
from auditor.places.folder import FolderPlace

_NOTES = "uploads"


def remember(folders: tuple[Path, ...], source: Place) -> None:
    """Keeps in mind that a source is uploaded to these folders, which are there."""
    for folder in folders:
        own_notes.change(_NOTES, _id(folder), lambda noted: {**_sources(noted), source.id: source.label})


def sources_of(folder: Path) -> Mapping[str, str]:
    """The places that were uploaded to a folder from here, label by id."""
    return _sources(own_notes.recall(_NOTES).get(_id(folder)))


def _sources(noted: object) -> dict[str, str]:
    return {str(one): str(label) for one, label in noted.items()} if isinstance(noted, dict) else {}


def _id(folder: Path) -> str:
    return FolderPlace(folder.resolve(), str(folder)).location_id
