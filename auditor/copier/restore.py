"""The copier in reverse: files get back their original names, folders and dates from the backup's manifest."""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from auditor.audit import refusals, roles
from auditor.copier import leftovers, preflight
from auditor.copier.execute import Ending, RunOptions, execute
from auditor.copier.layout import Layout, Namer, is_marked
from auditor.copier.messages import Setup
from auditor.copier.plan import Action, CopyPlan, CopyStep, Limits, escaped, twins
from auditor.copier.publish import Publisher
from auditor.dates import utc
from auditor.disk import durable
from auditor.disk.marker import Marker
from auditor.disk.names import POSIX, escape_path, parts_inside
from auditor.disk.root import Root, made
from auditor.disk.volume import clean_probes, probed, volume_of
from auditor.errors import BadManifest, BadPlace, LeadsOut
from auditor.model import FileFacts, Fixity, Origin
from auditor.paths import path_key
from auditor.places.folder import FolderPlace
from auditor.store.generations import Store
from auditor.store.index import Index

_REPAIRED_BY = "`auditor backup` from a place that has it repairs the backup"
WHY_NOT = {
    Fixity.LOST: "the backup has lost it; another backup, or the phone, may still have it",
    Fixity.ROTTED: f"the backup's copy has rotted; {_REPAIRED_BY}",
    Fixity.SPOILT: f"the backup's copy was spoilt; {_REPAIRED_BY}",
    Fixity.OVERWRITTEN: f"another file lies in its place; {_REPAIRED_BY}",
}
"""Why a file is not given back. One that could not be read is tried again: it may read now."""


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it was: its first path and date, and the row of the backup that holds its content."""

    path: str
    mtime_ns: int | None
    sha256: str | None
    row: FileFacts


@dataclass(frozen=True, slots=True)
class Restoring:
    """A restore before it starts: the plan, and what is there already with the right content. A context that lets go of
    the target."""

    plan: CopyPlan
    setup: Setup
    publisher: Publisher
    there: tuple[str, ...]

    def __enter__(self) -> Restoring:
        return self

    def __exit__(self, *_: object) -> None:
        self.publisher.door.close()


def originals(store: Store, source: str | None = None, only: str | None = None) -> list[Original]:
    """Every file that the backup can give back, by its original path; of several contents of one path the last.

    `source` is the label or id of one of the backup's sources, None: all (each below a folder of its own if there are
    several). `only` is a pattern of the original path or name. Files that no source is known of keep their path. What
    the last manifest says is taken from the one before where it is not as it was written, and from its lines for the
    files that are not in that: each file must have the bytes that are named.
    Raises: BadManifest, BadPlace.
    """
    try:
        rows = list(Index.read(store, "").rows())
    except BadManifest:  # none is as it was written: their lines are all that is left
        rows = []
    known = {row.path for row in rows}
    rows += [row for row in store.salvaged() if row.path not in known]
    marker = store.marker() or store.recovered()
    if marker is None or not (rows or any(store.generations_there())):
        role = roles.role_of_folder(store.root, str(store.root))
        raise BadPlace(str(refusals.refusal_without_record(role, "restore")))
    now_at = {row.sha256: row for row in reversed(rows) if row.sha256}
    folders = _folders(marker, source)
    latest: dict[str, tuple[tuple[int, str], Original]] = {}
    for row in rows:
        for origin in row.origins or (_itself(row, marker),):
            if (folder := folders(origin.source)) is None:
                continue
            path = f"{folder}/{origin.path}" if folder else origin.path
            parts_inside(path)
            before = latest.get(path)
            if before is None or before[0] <= origin.order:
                content = origin.sha256 or row.sha256
                # A file that was moved, overwritten or lost may lie elsewhere, byte for byte.
                at = row if row.sha256 == content else now_at.get(str(content), row)
                latest[path] = (origin.order, Original(path, origin.mtime_ns, content, at))
    chosen = (original for _, original in latest.values())
    if only is not None:
        chosen = (o for o in chosen if _fits(o.path, only))
    return sorted(chosen, key=lambda o: path_key(o.path))


def prepare(store: Store, target: Path, wanted: list[Original], now: datetime) -> Restoring:
    """Plans the restore of these files to `target`. Files that are there with the right content are left alone; others
    are never replaced.

    Raises: BadPlace where the target lies in the backup or holds it.
    """
    place = FolderPlace(store.root, str(store.root))
    if told := preflight.overlap(place, target, "backup", "target"):
        raise BadPlace(told)
    try:
        door = made(target)
    except OSError as error:
        raise BadPlace(f"{target} cannot be written to: {error.strerror or error}") from error
    volume = volume_of(target)
    with contextlib.suppress(OSError), door.folder("") as top:
        clean_probes(top)
        volume = probed(volume, top)
    limits = Limits(volume, target, Layout.MIRROR, "")
    namer = Namer(volume.names, Layout.MIRROR, "")
    listing = list(FolderPlace(target, str(target)).walk())
    marks = leftovers.marks(target)
    for entry in (e for e in listing if durable.temp_mark(e.path) in marks):
        with contextlib.suppress(OSError, LeadsOut):
            door.remove(entry.path)
    namer.take(e.path for e in listing if durable.temp_mark(e.path) not in marks)
    sizes = {e.path: e.size_bytes for e in listing if not e.error}
    near = defaultdict(list)
    for path in sizes:
        near[_unmarked_folder(path)].append(path)
    planned, there, used = [], [], set[str]()
    for number, original in enumerate(wanted):
        step = _step(number, original, limits)
        at = escape_path(original.path, volume.names)
        name = at.rpartition("/")[2]
        marked = [p for p in near[_unmarked_folder(at)] if p != at and is_marked(p.rpartition("/")[2], name)]
        good = {c for c in (original.sha256, step.expected_sha256) if c}
        for path in [p for p in (at, *marked) if p in sizes and p not in used]:
            may_be = step.action is Action.CANNOT or original.row.edited or sizes[path] == step.size_bytes
            if may_be and _content(door, path) in good:
                there.append(original.path)
                used.add(path)
                break
        else:
            planned.append(step)
    steps = preflight.without_room(planned, volume)
    plan = CopyPlan(
        source_id=place.id,
        source_label=place.label,
        root=target,
        folder="",
        layout=Layout.MIRROR,
        steps=steps,
        refusals=tuple(preflight.space(steps, volume)),
        warnings=tuple(preflight.names(twins(steps, volume.names, Layout.MIRROR, ""), escaped(steps, volume.names))),
    )
    setup = Setup(place, door.known, None, False, volume.syncs_whole, volume.counts_reads)
    publisher = Publisher(door, place.id, utc(now), namer, None, None, "")
    return Restoring(plan, setup, publisher, tuple(there))


def carry_out(restoring: Restoring, options: RunOptions) -> Ending:
    """Copies the files, with every promise of a backup."""
    plan = restoring.plan
    leftovers.remember(plan.root, {plan.mark})
    ending = execute(plan, restoring.setup, restoring.publisher, options)
    if ending.gone is None:
        leftovers.remember(plan.root, set())
    return ending


def _step(number: int, original: Original, limits: Limits) -> CopyStep:
    row = original.row
    is_itself = row.sha256 == original.sha256  # wherever it lies now, these are the bytes that were stored
    step = CopyStep(
        number,
        original.path,
        Action.COPY,
        size_bytes=row.size_bytes,
        mtime_ns=original.mtime_ns,
        backup_path=row.path,
        read_path=row.path,
        expected_sha256=(row.stored_sha256 or row.sha256) if row.edited and not is_itself else original.sha256,
    )
    reason = limits.objection(original.path, row.size_bytes)
    if is_itself:
        return replace(step, action=Action.CANNOT, reason=reason) if reason else step
    if row.fixity in WHY_NOT:
        reason = WHY_NOT[row.fixity]
    elif row.edited:
        return replace(step, reason="it was edited in the backup; the edited file is restored")
    return replace(step, action=Action.CANNOT, reason=reason) if reason else step


def _folders(marker: Marker, source: str | None) -> Callable[[str], str | None]:
    """For a source's id, the folder below the target that its files go to; None where they are not wanted."""
    known = {mark.id: mark.folder or escape_path(mark.label, POSIX) for mark in marker.sources}
    if source is not None:
        chosen = {mark.id for mark in marker.sources if source in {mark.id, mark.label, mark.folder}}
        if not chosen:
            labels = ", ".join(mark.label for mark in marker.sources) or "none"
            raise BadPlace(f"this backup holds nothing of {source}; its sources are: {labels}")
        return lambda source_id: "" if source_id in chosen else None
    if len(known) <= 1:
        return lambda source_id: "" if source_id in known or source_id == marker.id or not known else _short(source_id)
    return lambda source_id: "" if source_id == marker.id else known.get(source_id, _short(source_id))


def _short(source_id: str) -> str:
    return "source-" + hashlib.sha256(source_id.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _itself(row: FileFacts, marker: Marker) -> Origin:
    """A file that no source is known of is its own origin."""
    return Origin(marker.id, row.path, row.sha256 or "", row.mtime_ns, "")


def _fits(path: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(path.rpartition("/")[2], pattern)


def _content(door: Root, path: str) -> str | None:
    """The SHA-256 of what lies at this place; None where it cannot be read."""
    try:
        with os.fdopen(door.open_file(path), "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, LeadsOut):
        return None


def _unmarked_folder(path: str) -> str:
    """The folder of a file, without the marks that keep it apart from a file of its name."""
    return "/".join(part.rstrip("~") for part in path.split("/")[:-1])
