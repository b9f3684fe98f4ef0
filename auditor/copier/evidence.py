"""The source as a backup run saw it, as a list that the audit takes: what was read in it is not read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from auditor import companions, scan, workers
from auditor.copier.backup import Backed
from auditor.copier.jobs import Cause
from auditor.copier.plan import Action, CopyStep
from auditor.copier.publish import CopyResult, Outcome
from auditor.manifest.jsonl import Manifest, Writer
from auditor.manifest.rows import display_path, path_key
from auditor.model import Depth, ErrorKind, FileFacts, Header, Trouble
from auditor.places import Entry, Place
from auditor.reading import unread

_NOT_THE_SOURCE = {Cause.FULL, Cause.TOO_LARGE, Cause.TARGET, Cause.READ_ONLY}


def source_list(backed: Backed, path: Path, altered: Mapping[str, str]) -> Manifest:
    """Writes a manifest of the source: a row for everything the walk met.

    What is in the backup has the facts of its copy, which has the same bytes; what the destination did not take is
    read for its own; what the source did not give says so, and so does what it gave otherwise than it holds it
    (`altered`, with the reason).
    """
    assert backed.manifest is not None
    prepared = backed.prepared
    mark = prepared.marker.source(prepared.plan.source_id)
    steps = sorted(prepared.plan.steps, key=lambda step: path_key(step.path))
    unlisted = [s for s in steps if s.action is Action.CANNOT and scan.is_unlisted(_entry(s, s.error))]
    header = Header(
        schema=backed.manifest.header.schema,
        tool=backed.manifest.header.tool,
        place=prepared.source.spec,
        place_id=prepared.source.id,
        label=prepared.source.label,
        place_kind=prepared.source.kind,
        depth=backed.manifest.header.depth,
        started=prepared.started,
        columns=tuple(c for c in backed.manifest.header.columns if c != "origins"),
        device=prepared.source.device(),
        previous={"files": mark.files, "bytes": mark.bytes, "finished": mark.listed} if mark else None,
    )
    belong = companions.by_name(step.path for step in steps)
    writer = Writer.create(path, header)
    for row in _rows(backed, steps, altered):
        main, sidecar = belong.companion_of.get(row.path), belong.sidecar.get(row.path)
        writer.add(replace(row, companion_of=main, sidecar=sidecar))
    reasons = tuple(f"{display_path(step.path)}: {step.reason}" for step in unlisted)
    return writer.close(complete=not reasons, reasons=reasons[:20], now=datetime.now(UTC))


def _rows(backed: Backed, steps: list[CopyStep], altered: Mapping[str, str]) -> Iterator[FileFacts]:
    assert backed.manifest is not None
    stored = {row.path: row for row in backed.manifest.rows()}
    results = {result.step.number: result for result in backed.ending.results}
    read = _read_themselves(backed, [s for s in steps if _is_ours_to_read(s, results.get(s.number))])
    for step in steps:
        result = results.get(step.number)
        at = result.backup_path if result else step.backup_path if step.action is Action.SKIP else None
        if step.path in altered:
            trouble = Trouble(ErrorKind.UNREADABLE, altered[step.path])
            yield unread(backed.prepared.source, _entry(step, trouble), trouble)
        elif step.number in read:
            yield read[step.number]
        elif at is not None and at in stored:
            row = replace(stored[at], path=step.path, mtime_ns=step.mtime_ns, mtime_trusted=True, origins=())
            yield replace(row, read_at=_read_at(backed, stored[at], step, result))
        else:
            yield _unread(backed.prepared.source, step, result)


def _read_at(backed: Backed, row: FileFacts, step: CopyStep, result: CopyResult | None) -> str | None:
    """When the source's own bytes were read: in this run where it has a result, else when they were last copied or
    compared; None where nobody wrote that down. When the copy was read says nothing of them."""
    if result is not None:
        return backed.prepared.started
    source = backed.prepared.plan.source_id
    seen = [o.seen for o in row.origins if (o.source, o.path) == (source, step.path)]
    return f"{max(seen)[:19]}Z" if seen else None


def _is_ours_to_read(step: CopyStep, result: CopyResult | None) -> bool:
    """Whether the source may well give what the destination did not take."""
    if result is None:
        return step.action is Action.CANNOT and step.error is None
    return result.outcome is Outcome.FAILED and result.cause in _NOT_THE_SOURCE


def _read_themselves(backed: Backed, steps: list[CopyStep]) -> dict[int, FileFacts]:
    if not steps:
        return {}
    place = backed.prepared.source
    depth = backed.prepared.wishes.examine or Depth.HASH
    jobs = [
        workers.Job(
            scan.Task(place, Entry(s.path, size_bytes=s.size_bytes, mtime_ns=s.mtime_ns), depth, ("sha256",)),
            s.size_bytes or 0,
        )
        for s in steps
    ]
    found = workers.run(scan.read_file, jobs, workers=workers.default_jobs())
    return {
        step.number: _unread(place, step, None) if isinstance(facts, workers.Died) else facts
        for step, facts in zip(steps, found, strict=True)
    }


def _unread(place: Place, step: CopyStep, result: CopyResult | None) -> FileFacts:
    if step.action is Action.LEAVE_OUT:
        return unread(place, _entry(step, None), None)
    reason = (result.reason if result else step.reason) or "the run was stopped before it"
    error = step.error or Trouble(ErrorKind.UNREADABLE, reason)
    return unread(place, _entry(step, error), error)


def _entry(step: CopyStep, error: Trouble | None) -> Entry:
    return Entry(step.path, step.met, step.size_bytes, step.mtime_ns, error=error, stated=step.stated)
