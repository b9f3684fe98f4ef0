"""The two sides of an audit: what each PLACE of the command line names, and that they are places apart."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from auditor.errors import BadPlace
from auditor.manifest import foreign
from auditor.manifest.jsonl import Manifest, load, looks_like_manifest
from auditor.places import Place
from auditor.places.folder import FolderPlace
from auditor.places.spec import open_place


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an audit: a place to list now, a list made before, or another tool's list. One of them is set."""

    spec: str
    label: str
    place: Place | None = None
    manifest: Manifest | None = None
    foreign: Path | None = None


def side(spec: str) -> Side:
    """What a PLACE of the command line names: a list made before (by its content), or a place.

    Raises: BadPlace where there is none; BadManifest where it is a list that was cut off or changed.
    """
    path = Path(spec)
    if path.is_file() and looks_like_manifest(path):
        manifest = load(path)
        return Side(spec, manifest.header.label, manifest=manifest)
    if foreign.detect(path):
        return Side(spec, path.stem, foreign=path)
    place = open_place(spec)
    return Side(spec, place.label, place=place)


def sides(source: str, backups: Sequence[str]) -> tuple[Side, tuple[Side, ...]]:
    """The two sides of an audit, each backup under a label of its own.

    Raises: BadPlace where the source is one of the backups, lies in one, or holds one.
    """
    ours = side(source)
    theirs: list[Side] = []
    for spec in backups:
        other = side(spec)
        _must_be_apart(ours, other)
        for earlier in theirs:
            if _same(earlier, other):
                raise BadPlace(f"{other.spec} is named twice; name each backup once")
        taken = {s.label for s in theirs}
        label = next(
            name for name in (other.label, *(f"{other.label} ({n})" for n in range(2, 1000))) if name not in taken
        )
        theirs.append(replace(other, label=label))
    return ours, tuple(theirs)


def _must_be_apart(source: Side, backup: Side) -> None:
    if _same(source, backup):
        raise BadPlace(f"{source.spec} and {backup.spec} are the same place: a backup must be another copy")
    if isinstance(source.place, FolderPlace) and isinstance(backup.place, FolderPlace):
        ours, theirs = source.place.root, backup.place.root
        if theirs in ours.parents:
            raise BadPlace(
                f"the source {source.spec} lies inside its backup {backup.spec}; name folders that are apart"
            )
        if ours in theirs.parents:
            raise BadPlace(
                f"the backup {backup.spec} lies inside the source {source.spec}; name folders that are apart"
            )


def _same(one: Side, other: Side) -> bool:
    """Whether both are one place. Of two folders only where they lie says so: a copied backup keeps its id."""
    if isinstance(one.place, FolderPlace) and isinstance(other.place, FolderPlace):
        with contextlib.suppress(OSError):
            if one.place.root.samefile(other.place.root):
                return True
        return one.place.location == other.place.location
    return _identity(one) == _identity(other)


def _identity(one: Side) -> str:
    if one.place is not None:
        return one.place.id
    if one.manifest is not None:
        return one.manifest.header.place_id or one.manifest.footer.digest
    return str(one.foreign and one.foreign.resolve())
