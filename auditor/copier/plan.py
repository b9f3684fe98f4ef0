"""What a run would do, file by file, before it does any of it: from the source's listing and what the backup holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from auditor.copier.layout import Layout, natural_path
from auditor.disk.durable import new_mark
from auditor.disk.names import NameRules, escape_path
from auditor.disk.volume import Volume
from auditor.model import ErrorKind, FileFacts, Origin, Refusal, Trouble
from auditor.paths import display_path, path_key
from auditor.places import Entry, EntryKind
from auditor.places.trash import is_better_at, is_of_a_program
from auditor.scan import companions
from auditor.scan.reuse import RACY_NS
from auditor.store.index import Index

TICK_NS = 10_000_000
"""Change times are given in steps of the system's clock: two changes within one have the same time."""


class Action(StrEnum):
    """What is to be done with one thing in the source."""

    COPY = "copy"
    COMPARE = "compare"  # the backup holds a file of this size: read it, copy it only if its content is new
    REPAIR = "repair"  # the backup's copy went bad or was lost
    SKIP = "skip"  # it is in the backup, unchanged
    LEAVE_OUT = "leave_out"  # excluded by the policy
    CANNOT = "cannot"  # with its reason


@dataclass(frozen=True, slots=True)
class CopyStep:
    """One thing of the source. `backup_path` where the backup has it, had it (REPAIR), or has it damaged (COPY,
    COMPARE); None for a new one. `changed_ns` and `inode` as the listing has them.

    `main` is the path of the file it belongs to (Live Photo, RAW twin, sidecar), `parts` those that belong to it.
    `read_path` is the path to read it by where that is not `path` (restore). `expected_sha256` is what its content
    must be (restore), None: whatever the source gives. `error` is why the source cannot give it; None where it may and
    `reason` is the destination's, `no_room` that it is full. `stated` is what the place knows of it beside its bytes,
    `met` whether it is a file at all.
    """

    number: int
    path: str
    action: Action
    size_bytes: int | None = None
    mtime_ns: int | None = None
    changed_ns: int | None = None
    inode: int | None = None
    backup_path: str | None = None
    main: str | None = None
    parts: tuple[str, ...] = ()
    read_path: str | None = None
    expected_sha256: str | None = None
    stated: FileFacts | None = None
    reason: str | None = None
    error: Trouble | None = None
    no_room: bool = False
    met: EntryKind = EntryKind.FILE


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """A run, before it starts. It is carried out only where `refusals` is empty.

    `folder` is the source's folder within the backup, "" for the top. `warnings` are sentences for people. `mark` is
    in the names of the run's temporary files.
    """

    source_id: str
    source_label: str
    root: Path
    folder: str
    layout: Layout
    steps: tuple[CopyStep, ...]
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[str, ...] = ()
    mark: str = field(default_factory=new_mark)

    def of(self, *actions: Action) -> tuple[CopyStep, ...]:
        """The steps with one of these actions."""
        return tuple(step for step in self.steps if step.action in actions)

    @property
    def to_do(self) -> tuple[CopyStep, ...]:
        """The steps for which a file will be read."""
        return self.of(Action.COPY, Action.COMPARE, Action.REPAIR)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the destination cannot hold, for one layout."""

    volume: Volume
    root: Path
    layout: Layout
    folder: str

    def objection(self, path: str, size_bytes: int | None) -> str | None:
        """Why this file cannot be stored there; None if it can."""
        largest = self.volume.max_file_bytes
        if largest is not None and size_bytes is not None and size_bytes > largest and size_bytes != 2**32 - 1:
            return (
                f"{size_bytes / 1e9:.1f} GB: the destination's file system ({self.volume.kind}) holds no file of 4 GiB"
                " or more; use a disk with exFAT, NTFS or ext4"
            )
        target = str(self.root / escape_path(natural_path(path, self.layout, self.folder, None), self.volume.names))
        if self.volume.max_path is not None and len(target.encode("utf-8", "surrogateescape")) >= self.volume.max_path:
            return f"its path is too long for the destination (limit: {self.volume.max_path:,} bytes); copy it by hand"
        return None


def steps_for(
    entries: Iterable[Entry],
    index: Index,
    limits: Limits,
    excluded: re.Pattern[str] | None = None,
) -> tuple[CopyStep, ...]:
    """One step for everything that the walk met, main files before what belongs to them, else in path order; what lies
    in folders of programs comes last, so that what is there too is stored where people see it."""
    ordered = sorted(entries, key=lambda e: path_key(e.path))
    names = companions.by_name(e.path for e in ordered if e.kind is EntryKind.FILE)
    main_of = {part: main for part, main in names.companion_of.items() if part != main}
    for media, sidecar in names.sidecar.items():
        main_of.setdefault(sidecar, main_of.get(media, media))
    parts: dict[str, list[str]] = {}
    for part, main in main_of.items():
        parts.setdefault(main, []).append(part)
    ordered.sort(key=lambda e: (is_of_a_program(e.path), path_key(main_of.get(e.path, e.path)), e.path in main_of))
    return tuple(
        replace(
            _step(number, entry, index, limits, excluded),
            main=main_of.get(entry.path),
            parts=tuple(parts.get(entry.path, ())),
            stated=entry.stated,
        )
        for number, entry in enumerate(ordered)
    )


def _step(number: int, entry: Entry, index: Index, limits: Limits, excluded: re.Pattern[str] | None) -> CopyStep:
    step = CopyStep(number, entry.path, Action.COPY, entry.size_bytes, entry.mtime_ns, entry.changed_ns, entry.inode)
    if excluded is not None and excluded.search(entry.path.lower()):
        return replace(step, action=Action.LEAVE_OUT, reason="left out by the policy")
    if entry.error or entry.kind is not EntryKind.FILE:
        error = entry.error or Trouble(ErrorKind.SPECIAL, "not a file")
        return replace(step, action=Action.CANNOT, reason=str(error), error=error, met=entry.kind)
    step = _known(step, entry, index, natural_path(entry.path, limits.layout, limits.folder, None))
    if step.action in {Action.SKIP, Action.REPAIR}:
        return step
    if objection := limits.objection(entry.path, entry.size_bytes):
        return replace(step, action=Action.CANNOT, reason=objection)
    if entry.size_bytes in index.sizes:
        return replace(step, action=Action.COMPARE)
    return step


def _known(step: CopyStep, entry: Entry, index: Index, place: str) -> CopyStep:
    """What the backup's own record of this path makes of its step; `place` is where it goes in the backup.

    SKIP needs a whole copy that nothing is wrong with, and a file of which nothing has changed: not its size, date,
    change time or number, as far as the place has these. What arrived damaged is read again: it may read better now.
    """
    known = index.origins.get(entry.path)
    if known is None:
        return step
    backup_path, origin = known
    held = index.held.get(backup_path)
    if held is None or held.sha256 != origin.sha256 or entry.mtime_ns is None or entry.mtime_ns != origin.mtime_ns:
        return step
    if not held.whole:
        return replace(step, action=Action.REPAIR, backup_path=backup_path)
    if held.doubtful:
        return replace(step, backup_path=backup_path)
    if entry.size_bytes != held.size_bytes or not _unchanged(entry, origin):
        return step
    if is_better_at(place, backup_path, entry.path):
        return step
    if bad := index.bad.get(origin.sha256):
        return replace(step, action=Action.REPAIR, backup_path=bad[0])
    return replace(step, action=Action.SKIP, backup_path=backup_path)


def _unchanged(entry: Entry, origin: Origin) -> bool:
    """Whether the file is the one that was read then, as far as the place can tell without reading it."""
    if entry.changed_ns is None:
        return not _racy(entry.mtime_ns, origin.seen)
    same = entry.changed_ns == origin.changed_ns and entry.inode == origin.inode
    return same and entry.changed_ns < _moment_ns(origin.seen) - TICK_NS


def _racy(mtime_ns: int | None, seen: str) -> bool:
    return mtime_ns is None or mtime_ns > _moment_ns(seen) // 1_000_000_000 * 1_000_000_000 - RACY_NS


def _moment_ns(seen: str) -> int:
    when = datetime.fromisoformat(seen)
    return int(when.timestamp()) * 1_000_000_000 + when.microsecond * 1_000


def twins(steps: Iterable[CopyStep], rules: NameRules, layout: Layout, folder: str) -> list[tuple[str, str]]:
    """Pairs of files of the source whose names are one name at the destination; both will be kept, one with a mark."""
    seen: dict[str, str] = {}
    pairs = []
    for step in steps:
        if step.action in {Action.LEAVE_OUT, Action.CANNOT} or layout is not Layout.MIRROR:
            continue
        key = rules.key(escape_path(natural_path(step.path, layout, folder, None), rules))
        if key in seen:
            pairs.append((seen[key], step.path))
        else:
            seen[key] = step.path
    return pairs


def escaped(steps: Iterable[CopyStep], rules: NameRules) -> list[str]:
    """The files whose names the destination cannot hold as they are, as people may read them."""
    new = (step for step in steps if step.action in {Action.COPY, Action.COMPARE})
    return [display_path(step.path) for step in new if escape_path(step.path, rules) != step.path]
