"""A restore that is only tried: a sample of a backup is given back into a folder that is thrown away, and compared.

That a backup can be restored is a fact only where it was restored. Source: ISO/IEC 27001:2022, control A.8.13 (backups
are tested regularly); NDSA Levels of Digital Preservation 2.0 (fixity is checked, content can be given back).
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import auditor
from auditor.copier import restore
from auditor.copier.execute import RunOptions
from auditor.copier.plan import Action
from auditor.copier.publish import CopyResult, Outcome
from auditor.copier.restore import Original
from auditor.errors import BadPlace, Interrupted
from auditor.isolation import pool
from auditor.model import Depth, FileFacts, Soundness
from auditor.places import Entry
from auditor.places.folder import open_folder
from auditor.report import DRILL, DRILL_TABLE, provenance
from auditor.scan.one_file import Task, read_file, read_without_decoders
from auditor.scrub.sampling import CONFIDENCE, most_bad
from auditor.store.generations import Store
from auditor.words import counted, defuse, percent

COLUMNS = ("path", "result", "size_bytes", "mtime", "sha256", "detail")


class Result(StrEnum):
    """What became of a file of the sample. DAMAGED: it came back byte for byte, and is no sound picture."""

    RESTORED = "restored"
    DAMAGED = "damaged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Tried:
    """One file of the sample; `detail` says why, where it is not simply restored."""

    original: Original
    result: Result
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Drill:
    """A whole drill of a backup's folder. `files` is how many it says that it can give back, and `seed` chose among
    them; `no_digest` is how many more lie there that nobody read yet: nothing could be compared."""

    backup: str
    files: int
    no_digest: int
    seed: int
    started: str
    finished: str
    tried: tuple[Tried, ...]

    @property
    def passed(self) -> bool:
        """Whether every file of the sample came back as it was stored."""
        return all(one.result is not Result.FAILED for one in self.tried)

    @property
    def sentence(self) -> str:
        """What was found, and what it says of the files that were not tried."""
        failed = sum(one.result is Result.FAILED for one in self.tried)
        of = f"{counted(len(self.tried), 'file', 'files')} of {self.files:,}, chosen at random,"
        came = "was" if len(self.tried) == 1 else "were"
        found = (
            f"{of} {came} restored and compared, each byte for byte what was stored."
            if not failed
            else f"{failed:,} of {counted(len(self.tried), 'file', 'files')}, chosen at random, could not be restored."
        )
        if damaged := sum(one.result is Result.DAMAGED for one in self.tried):
            found += f" {counted(damaged, 'was', 'were')} damaged already when stored."
        if len(self.tried) < self.files:
            most = most_bad(self.files, len(self.tried), failed)
            said = f"At most {most:,} of all {self.files:,} ({percent(most / self.files)}) cannot be restored"
            found += f" {said} ({percent(CONFIDENCE)} confidence)."
        if self.no_digest:
            has, it = ("has", "it") if self.no_digest == 1 else ("have", "them")
            files = counted(self.no_digest, "more file", "more files")
            found += f" {files} {has} no digest yet, and nothing is said of {it}: `auditor verify` reads {it}."
        return found


def drill(
    store: Store, work: Path, most: int, seed: int, options: RunOptions, now: Callable[[], datetime], jobs: int = 1
) -> Drill:
    """Restores at most `most` files of a backup into `work`, an empty folder that is the caller's to throw away, and
    reads each again: its bytes, its date, and whether it is a sound picture. Only files that have a digest are chosen.

    Raises: BadPlace, BadManifest where the backup has nothing to give back or `work` has no room; Interrupted where it
    was stopped.
    """
    started = now()
    found = restore.originals(store)
    wanted = [one for one in found if one.sha256 is not None]
    if not wanted:
        unread = " that have a digest: `auditor verify` reads them"
        raise BadPlace(f"{store.root} holds no files{unread if found else ''}")
    chosen = sorted(random.Random(seed).sample(wanted, min(most, len(wanted))), key=lambda one: one.path)  # noqa: S311
    with restore.prepare(store, work, chosen, started) as job:
        if job.plan.refusals:
            raise BadPlace(" ".join(map(str, job.plan.refusals)))
        ending = restore.carry_out(job, options)
        cannot = {step.path: step.reason or "" for step in job.plan.of(Action.CANNOT)}
    if ending.gone or ending.stopped:
        raise Interrupted(f"stopped. {ending.gone or 'No record was written'}; what was restored is thrown away.")
    results = {result.step.path: result for result in ending.results}
    back = [one for one in chosen if one.path in results and results[one.path].outcome is not Outcome.FAILED]
    read = _looked_into(work, [results[one.path] for one in back], jobs)
    looked = {one.path: facts for one, facts in zip(back, read, strict=True)}
    tried = tuple(_tried(one, cannot.get(one.path), results.get(one.path), looked.get(one.path)) for one in chosen)
    no_digest = len(found) - len(wanted)
    return Drill(str(store.root), len(wanted), no_digest, seed, _stamp(started), _stamp(now()), tried)


def _looked_into(work: Path, results: Sequence[CopyResult], jobs: int) -> Iterator[FileFacts | None]:
    """Each restored file as it lies there now, read anew, without decoders where these died of it; None where that
    died too."""
    tasks = [
        pool.Job(Task(open_folder(str(work)), Entry(r.backup_path or r.step.path), Depth.DECODE, ("sha256",)), 1 << 20)
        for r in results
    ]
    for facts in pool.run(read_file, tasks, workers=jobs, fallback=read_without_decoders):
        yield None if isinstance(facts, pool.Died) else facts


def _tried(original: Original, cannot: str | None, result: CopyResult | None, now: FileFacts | None) -> Tried:
    if cannot is not None or result is None or result.outcome is Outcome.FAILED:
        why = cannot or (result.reason if result is not None else None)
        return Tried(original, Result.FAILED, why or "it was not restored")
    if result.step.reason:
        return Tried(original, Result.FAILED, result.step.reason)
    if now is None or now.sha256 != result.step.expected_sha256:
        return Tried(original, Result.FAILED, "what was restored is not what was stored")
    if now.soundness in (Soundness.DAMAGED, Soundness.SUSPICIOUS):
        said = now.damage[0].detail if now.damage else str(now.soundness)
        return Tried(original, Result.DAMAGED, f"as it was stored, and not sound: {said}")
    return Tried(original, Result.RESTORED, "its date could not be kept" if result.undated else "")


def write(found: Drill, folder: Path) -> None:
    """Writes the record of a drill into a new folder, sealed, whole or not at all. Raises: OSError."""
    partial = folder.with_name(f"{folder.name}.partial")
    partial.mkdir()
    record = {
        "drill": 1,
        "result": "passed" if found.passed else "failed",
        "sentence": found.sentence,
        "backup": found.backup,
        "files": found.files,
        "no_digest": found.no_digest,
        "sample": len(found.tried),
        "seed": found.seed,
        "counts": {result.value: sum(one.result is result for one in found.tried) for result in Result},
        "started": found.started,
        "finished": found.finished,
        "versions": {"auditor": auditor.__version__},
    }
    (partial / DRILL).write_text(json.dumps(record, indent=2) + "\n", "utf-8", newline="\n")
    with (partial / DRILL_TABLE).open("x", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(COLUMNS)
        for one in found.tried:
            its = one.original
            dated = None if its.mtime_ns is None else _stamp(datetime.fromtimestamp(its.mtime_ns / 1e9, UTC))
            cells = [its.path, one.result, its.row.size_bytes, dated, its.sha256, one.detail]
            table.writerow([defuse("" if cell is None else str(cell)) for cell in cells])
    provenance.seal(partial)
    partial.rename(folder)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
