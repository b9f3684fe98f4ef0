"""The source as a backup run saw it, as a list that the audit takes: what was read in it is not read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from auditor.copier.backup import BackupResult
from auditor.copier.messages import Cause
from auditor.copier.plan import Action, CopyStep
from auditor.copier.publish import CopyResult, Outcome
from auditor.isolation import pool
from auditor.manifest.jsonl import Manifest, Writer
from auditor.model import Depth, ErrorKind, FileFacts, Header, Trouble
from auditor.paths import display_path, path_key
from auditor.places import Entry, Place, Power
from auditor.places.recorded import recorded_name
from auditor.scan import companions
from auditor.scan import run as scan
from auditor.scan.one_file import read_without_decoders, unread, with_stated
from auditor.store.generations import KEPT

ARRIVED_DAMAGED = Trouble(
    ErrorKind.DOUBTED, "it arrived damaged, and only another run can tell whether it is so in the source"
)
"""Said of a source's file that was damaged when it came through something that may spoil it the same way twice."""

TARGET_CAUSES = {Cause.FULL, Cause.TOO_LARGE, Cause.TARGET, Cause.READ_ONLY}
"""Failures that are not the source's."""

HARMLESS = {
    *(ErrorKind.UNSUPPORTED, ErrorKind.SPECIAL, ErrorKind.TRASHED, ErrorKind.SHARED, ErrorKind.ALIAS),
    *(ErrorKind.TEMPORARY, ErrorKind.LINK_TO_FILE),
}
"""What is no file that a backup should hold."""


def source_list(backed: BackupResult, path: Path, altered: Mapping[str, str]) -> Manifest:
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
        place=recorded_name(prepared.source),
        place_id=prepared.source.id,
        label=prepared.source.label,
        place_kind=prepared.source.kind,
        depth=backed.manifest.header.depth,
        started=prepared.started,
        columns=tuple(c for c in backed.manifest.header.columns if c not in KEPT),
        device=prepared.source.device(),
        behind=getattr(prepared.source, "services", None),
        previous={"files": mark.files, "bytes": mark.bytes, "finished": mark.listed} if mark else None,
    )
    belong = companions.by_name(step.path for step in steps)
    writer = Writer.create(path, header)
    for step, row in zip(steps, _rows(backed, steps, altered), strict=True):
        main, sidecar = belong.companion_of.get(row.path), belong.sidecar.get(row.path)
        writer.add(with_stated(replace(row, companion_of=main, sidecar=sidecar), _entry(step, None)))
    reasons = tuple(f"{display_path(step.path)}: {step.reason}" for step in unlisted)
    return writer.close(complete=not reasons, reasons=reasons[:20], now=datetime.now(UTC))


def without(altered: Mapping[str, str], listed: Manifest, source: Place, path: Path) -> Manifest:
    """Writes a list of the source once more, in which what it gave otherwise than it holds it (`altered`, with the
    reason) is not known."""
    writer = Writer.create(path, listed.header)
    for row in listed.rows():
        if row.path in altered:
            known = Entry(row.path, size_bytes=row.size_bytes, mtime_ns=row.mtime_ns)
            other = _altered(source, known, altered[row.path])
            row = replace(other, companion_of=row.companion_of, sidecar=row.sidecar)
        writer.add(row)
    footer = listed.footer
    return writer.close(complete=footer.complete, reasons=footer.reasons, now=datetime.fromisoformat(footer.finished))


def _rows(backed: BackupResult, steps: list[CopyStep], altered: Mapping[str, str]) -> Iterator[FileFacts]:
    assert backed.manifest is not None
    stored = {row.path: row for row in backed.manifest.rows()}
    results = {result.step.number: result for result in backed.ending.results}
    at = {s.number: path for s in steps if (path := _copy_of(s, results.get(s.number))) in stored and path is not None}
    ours = [s for s in steps if s.number not in at and _is_ours_to_read(s, results.get(s.number))]
    ours += [s for s in steps if s.number in at and not _speaks_for(stored[at[s.number]], s)]
    read = _read_themselves(backed, ours)
    doubted = {result.backup_path for result in backed.arrived_damaged}
    for step in steps:
        result = results.get(step.number)
        path = at.get(step.number)
        if step.path in altered:
            yield _altered(backed.prepared.source, _entry(step, None), altered[step.path])
        elif step.number in read:
            yield read[step.number]
        elif path is not None:
            row = _as_source(backed.prepared.source, stored[path], step, _read_at(backed, step, result))
            yield _doubted(row) if path in doubted else row
        else:
            yield _unread(backed.prepared.source, step, result)


def _altered(source: Place, entry: Entry, reason: str) -> FileFacts:
    """The row of a file that arrived otherwise than the source holds it."""
    return unread(source, entry, Trouble(ErrorKind.UNREADABLE, reason))


def _copy_of(step: CopyStep, result: CopyResult | None) -> str | None:
    """Where the backup has what was read of this file: in this run, or in an earlier one that nothing contradicts."""
    if result is not None:
        return result.backup_path
    return step.backup_path if step.action is Action.SKIP else None


def _speaks_for(row: FileFacts, step: CopyStep) -> bool:
    """Whether a copy's facts are those of the source's file too: it has the bytes that were stored, and what readers
    make of them depends on the name as well (a `.nomedia` and a wiped photo are the same bytes)."""
    as_stored = row.fixity is None and not row.edited and row.sha256 is not None
    return as_stored and _ending(row.path) == _ending(step.path)


def _ending(path: str) -> str:
    return path.rpartition("/")[2].lower().rpartition(".")[2]


def _as_source(source: Place, row: FileFacts, step: CopyStep, read_at: str | None) -> FileFacts:
    """The facts of a copy as those of the file that it was made of: what is of the copy alone is left out."""
    return replace(
        row,
        path=step.path,
        mtime_ns=step.mtime_ns,
        mtime_trusted=Power.MTIME in source.powers,
        read_at=read_at,
        origins=(),
        fixity=None,
        stored_sha256=None,
        edited=False,
        file_id=None,
        changed_ns=None,
    )


def _read_at(backed: BackupResult, step: CopyStep, result: CopyResult | None) -> str | None:
    """When the source's own bytes were read: in this run where it has a result, else when they were last copied or
    compared, and never in this run, whatever the clocks said; None where nobody wrote that down."""
    if result is not None:
        return backed.prepared.started
    known = backed.prepared.index.origins.get(step.path)
    return min(f"{known[1].seen[:19]}Z", backed.prepared.before) if known else None


def _doubted(row: FileFacts) -> FileFacts:
    """What came damaged through a mount or a cable may have been spoilt on the way, and the same way twice."""
    return replace(row, error=ARRIVED_DAMAGED)


def _is_ours_to_read(step: CopyStep, result: CopyResult | None) -> bool:
    """Whether the source may well give what the destination did not take."""
    if result is None:
        return step.action is Action.CANNOT and step.error is None
    return result.outcome is Outcome.FAILED and result.cause in TARGET_CAUSES


def _read_themselves(backed: BackupResult, steps: list[CopyStep]) -> dict[int, FileFacts]:
    """The rows of files of the source that are read now; of another one than was listed, or than was read when it was
    copied, none is."""
    if not steps:
        return {}
    opened = {result.step.number: result.step for result in backed.ending.results}
    place = backed.prepared.source
    depth = backed.prepared.asked.examine or Depth.HASH
    jobs = [
        pool.Job(
            scan.Task(place, _entry(s, None), depth, ("sha256",), opened.get(s.number, s)),
            s.size_bytes or 0,
        )
        for s in steps
    ]
    found = pool.run(scan.read_file, jobs, workers=pool.default_jobs(), fallback=read_without_decoders)
    return {
        step.number: _died(place, step, facts) if isinstance(facts, pool.Died) else facts
        for step, facts in zip(steps, found, strict=True)
    }


def _died(place: Place, step: CopyStep, died: pool.Died) -> FileFacts:
    error = Trouble(ErrorKind.UNREADABLE, died.reason)
    return unread(place, _entry(step, error), error)


def _unread(place: Place, step: CopyStep, result: CopyResult | None) -> FileFacts:
    if step.action is Action.LEAVE_OUT:
        return unread(place, _entry(step, None), None)
    reason = (result.reason if result else step.reason) or "the run was stopped before it"
    error = step.error or Trouble(ErrorKind.UNREADABLE, reason)
    return unread(place, _entry(step, error), error)


def _entry(step: CopyStep, error: Trouble | None) -> Entry:
    return Entry(step.path, step.met, step.size_bytes, step.mtime_ns, error=error, stated=step.stated)
