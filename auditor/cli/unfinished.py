"""Names for what is written without -o: one for this moment, or that of the same run which was stopped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.audit import listing
from auditor.audit.inputs import Side
from auditor.audit.order import Order, homes
from auditor.cli import screen
from auditor.disk import locks
from auditor.manifest import jsonl
from auditor.model import Depth, Header
from auditor.places import Place
from auditor.places.recorded import recorded_name

GOES_ON = timedelta(days=1)
"""An audit that was stopped longer ago begins anew: what was read then says too little of today."""


def new(stem: str, ending: str = "", folder: Path = Path()) -> Path:
    """A name in a folder (None named: the current one) with the time in it, that nothing has, finished or not."""
    whole = f"{stem}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    names = (folder / f"{whole}{number}{ending}" for number in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(name for name in names if not (name.exists() or jsonl.partial_path(name).exists()))


def manifest(place: Place, depth: Depth) -> Path:
    """The manifest of a scan without -o."""
    name = re.sub(r"[^\w.-]+", "-", place.label).strip("-.") or "place"
    for left in sorted(Path().glob(f"{name}-*.jsonl.partial")):
        target = left.with_name(left.name.removesuffix(".partial"))
        found = jsonl.stopped(target)
        if not found or target.exists() or jsonl.is_being_written(target):
            continue
        if (found.header.place_id, found.header.place, found.header.depth) == (place.id, recorded_name(place), depth):
            screen.note(f"Going on with {target}, which was stopped.")
            return target
    return new(name, ".jsonl")


def audit(order: Order, home: Path = Path()) -> Path:
    """The folder of an audit without -o, in `home`: the newest one whose lists are of just these places."""
    return _left("audit", home, lambda folder: _fits(order, folder))


def duplicates(asked: Sequence[Side], home: Path = Path()) -> Path:
    """The folder of a search for duplicates without -o, in `home`: the newest whose lists are of just these places."""
    return _left("duplicates", home, lambda folder: _searched(asked, folder))


def _left(stem: str, home: Path, fits: Callable[[Path], bool]) -> Path:
    since = datetime.now(UTC) - GOES_ON
    left = [folder for folder in home.glob(f"{stem}-*.partial") if folder.is_dir()]
    for folder in sorted(left, reverse=True):
        target = folder.with_name(folder.name.removesuffix(".partial"))
        if not target.exists() and locks.is_free(folder) and _touched(folder) > since and fits(folder):
            screen.note(f"Going on with {target}, which was stopped.")
            return target
    return new(stem, folder=home)


def _touched(folder: Path) -> datetime:
    """When a run last wrote there."""
    times = [path.stat().st_mtime for path in folder.glob("*.jsonl*")]
    return datetime.fromtimestamp(max(times, default=0), UTC)


def _fits(order: Order, folder: Path) -> bool:
    """Whether the lists in a folder are those that this audit would make, as far as they go."""
    names = dict(homes(order))
    there = {path.name.split(".jsonl")[0] for path in folder.glob("*.jsonl*")} - {"findings"}
    if not there or not there <= set(names):
        return False
    return all(_is_of(order, names[name], header) for name, header in _headers(folder, there))


def _searched(asked: Sequence[Side], folder: Path) -> bool:
    """Whether the lists in a folder are those that this search would make, as far as they go."""
    wanted = {
        f"place-{number}": (one.place.id, recorded_name(one.place), Depth.DECODE)
        for number, one in enumerate(asked, 1)
        if one.place is not None
    }
    there = {path.name.split(".jsonl")[0] for path in folder.glob("*.jsonl*")}
    if not there or not there <= set(wanted):
        return False
    return all(
        header is not None and (header.place_id, header.place, header.depth) == wanted[name]
        for name, header in _headers(folder, there)
    )


def _headers(folder: Path, names: set[str]) -> Iterator[tuple[str, Header | None]]:
    for name in names:
        yield name, jsonl.begun(folder / f"{name}.jsonl")


def _is_of(order: Order, one: Side, header: Header | None) -> bool:
    if header is None:
        return False
    if one.place is not None:
        wanted = (one.place.id, recorded_name(one.place), listing.depth_of(one, order.depth))
        return (header.place_id, header.place, header.depth) == wanted
    if one.manifest is not None:
        return header == one.manifest.header
    return header.place == (one.listed.place if one.listed else str(one.foreign))
