"""The last step of a copy: the final name, the row, the journal. Nothing is replaced; what is written down is true."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from auditor.copier.holdings import Holdings
from auditor.copier.jobs import Arrived, Cause, Checked
from auditor.copier.layout import Namer
from auditor.copier.ledger import Journal, Ledger
from auditor.copier.plan import Action, CopyStep
from auditor.disk import durable
from auditor.disk.durable import ColdRead
from auditor.disk.names import parts_inside
from auditor.errors import BadPlace
from auditor.model import DigestOrigin, ErrorKind, FileFacts, Origin, Soundness, Tier, Trouble
from auditor.readers.sniff import kind_by_name


class Outcome(StrEnum):
    """What became of one file of the source."""

    COPIED = "copied"
    REPAIRED = "repaired"  # the backup's bad copy was put aside, a good one took its place
    HELD = "held"  # the same content was in the backup already; nothing was written
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What became of one step. `row` is the file's row in the backup (COPIED, REPAIRED).

    `cold` says where its re-read came from; `reason` and `cause` why it failed; `damaged` what the readers find wrong
    with it, in the source as in the copy; `notes` what was given up.
    """

    step: CopyStep
    outcome: Outcome
    backup_path: str | None = None
    row: FileFacts | None = None
    cold: ColdRead | None = None
    reason: str | None = None
    cause: Cause | None = None
    damaged: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Publisher:
    """Publishes checked files into the backup in `root`. `seen` is the run's own time, for the origins.

    `holdings` and `journal` None (restore): every file is put where it belongs, whatever is there already under
    another name, and nothing is written down.
    """

    root: Path
    source_id: str
    seen: str
    namer: Namer
    holdings: Holdings | None
    journal: Journal | None
    aside: Path  # where bad files are put

    def publish(self, checked: Iterable[tuple[CopyStep, Checked]]) -> list[CopyResult]:
        """Gives each file its name, then makes the names durable, then writes them down. One result each.

        Raises: OSError where the folders or the journal cannot be made durable (the destination is gone).
        """
        results: list[CopyResult] = []
        folders: set[Path] = set()
        journalled: list[FileFacts] = []
        for step, check in checked:
            arrived = check.arrived
            path = self.holdings.by_content.get(arrived.sha256) if self.holdings else None
            try:
                if path is not None:
                    _remove(arrived.temp)
                    results.append(self.hold(step, path, arrived.sha256, arrived.mtime_ns))
                    journalled.append(self._origin_row(path, step, arrived.sha256, arrived.mtime_ns))
                    continue
                result = self._place(step, check, folders)
            except (OSError, BadPlace) as error:
                _remove(arrived.temp)
                said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                reason = f"it could not be given its name: {said}"
                results.append(CopyResult(step, Outcome.FAILED, reason=reason, cause=Cause.TARGET))
                continue
            assert result.row is not None
            if self.holdings is not None:
                self.holdings.add(result.row)
            journalled.append(result.row)
            results.append(result)
        for folder in folders:
            durable.sync_folder(folder)
        if self.journal is not None:
            self.journal.add(journalled)
        return results

    def hold(self, step: CopyStep, path: str, sha256: str, mtime_ns: int | None) -> CopyResult:
        """Notes that the backup has this content already, under `path`."""
        assert self.holdings is not None
        self.holdings.add_origin(path, Origin(self.source_id, step.path, sha256, mtime_ns, self.seen))
        self.namer.remember(step.path, path)
        return CopyResult(step, Outcome.HELD, path)

    def note_held(self, held: Iterable[tuple[CopyStep, str, str, int | None]]) -> list[CopyResult]:
        """`hold` for several files, written down: step, path in the backup, SHA-256, date in the source."""
        results, rows = [], []
        for step, path, sha256, mtime_ns in held:
            results.append(self.hold(step, path, sha256, mtime_ns))
            rows.append(self._origin_row(path, step, sha256, mtime_ns))
        if self.journal is not None:
            self.journal.add(rows)
        return results

    def _place(self, step: CopyStep, check: Checked, folders: set[Path]) -> CopyResult:
        arrived = check.arrived
        repairs = self._repairable(step, arrived)
        if repairs is not None and self.holdings is not None:
            path, outcome = repairs, Outcome.REPAIRED
            origins = tuple(o for o in self.holdings.origins_at(path) if o.sha256 == arrived.sha256)
            self._put_aside(path)
        else:
            path = self.namer.place(step.path, arrived.sha256, check.facts or step.stated, step.main, step.parts)
            outcome, origins = Outcome.COPIED, ()
        final = self._inside(path, folders)
        durable.publish(arrived.temp, final)
        folders.add(final.parent)
        mtime_ns = final.stat().st_mtime_ns
        fresh = Origin(self.source_id, step.path, arrived.sha256, arrived.mtime_ns, self.seen)
        origins = (*(o for o in origins if (o.source, o.path) != (fresh.source, fresh.path)), fresh)
        notes: tuple[str, ...] = ()
        if not arrived.dated and arrived.mtime_ns is not None:
            notes = ("the destination could not keep its date; the manifest has it",)
        row = _row(path, arrived, check, mtime_ns, self.seen, step.stated, origins, notes)
        damaged = None
        if row.soundness in {Soundness.DAMAGED, Soundness.SUSPICIOUS}:
            damaged = "; ".join(d.detail for d in row.damage) or row.soundness.value
        return CopyResult(step, outcome, path, row, check.cold, damaged=damaged, notes=notes)

    def _repairable(self, step: CopyStep, arrived: Arrived) -> str | None:
        if step.action is not Action.REPAIR or step.backup_path is None or self.holdings is None:
            return None
        held = self.holdings.held.get(step.backup_path)
        return step.backup_path if held and not held.whole and held.sha256 == arrived.sha256 else None

    def _put_aside(self, path: str) -> None:
        bad = self.root.joinpath(*parts_inside(path))
        if not os.path.lexists(bad):
            return
        place = self.aside.joinpath(*parts_inside(path))
        durable.make_folders(place.parent)
        durable.publish(bad, place)
        durable.sync_folder(place.parent)

    def _inside(self, path: str, folders: set[Path]) -> Path:
        """The final path, its folder made, and really below the root (no link leads it out)."""
        final = self.root.joinpath(*parts_inside(path))
        if final.parent in folders:
            return final
        durable.make_folders_inside(self.root, final.parent)
        return final

    def _origin_row(self, path: str, step: CopyStep, sha256: str, mtime_ns: int | None) -> FileFacts:
        """A journal line that adds an origin to a row that stays as it is: it has no digests of its own."""
        return FileFacts(path=path, origins=(Origin(self.source_id, step.path, sha256, mtime_ns, self.seen),))


def _row(
    path: str,
    arrived: Arrived,
    check: Checked,
    mtime_ns: int,
    read_at: str,
    stated: FileFacts | None,
    origins: tuple[Origin, ...],
    notes: tuple[str, ...],
) -> FileFacts:
    facts = check.facts
    if facts is None:
        died = check.examine_error
        return FileFacts(
            path=path,
            size_bytes=arrived.size_bytes,
            mtime_ns=mtime_ns,
            mtime_trusted=arrived.dated,
            read_at=read_at,
            digest_origin=DigestOrigin.READ,
            digests={"sha256": arrived.sha256},
            kind=kind_by_name(path),
            checked=(Tier.HASH,),
            soundness=Soundness.NOT_CHECKED if died else None,
            error=Trouble(ErrorKind.UNDECODABLE, died) if died else None,
            origins=origins,
            notes=notes,
        )
    return replace(
        facts,
        path=path,
        size_bytes=arrived.size_bytes,
        mtime_ns=mtime_ns,
        mtime_trusted=arrived.dated,
        read_at=facts.read_at or read_at,
        digest_origin=DigestOrigin.READ,
        digests={**facts.digests, "sha256": arrived.sha256},
        taken_at=facts.taken_at or (stated.taken_at if stated else None),
        taken_offset=facts.taken_offset or (stated.taken_offset if stated else None),
        origins=origins,
        notes=(*facts.notes, *notes),
    )


def _remove(temp: Path) -> None:
    with contextlib.suppress(OSError):
        temp.unlink()


def clean_temps(ledger: Ledger, paths: Iterable[str]) -> int:
    """Removes what killed runs left of files half copied: names of our own form only. Returns how many."""
    count = 0
    for path in paths:
        if durable.TEMP_NAME.fullmatch(path.rpartition("/")[2]):
            with contextlib.suppress(OSError):
                ledger.root.joinpath(*parts_inside(path)).unlink()
                count += 1
    return count
