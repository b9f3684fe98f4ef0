"""The scrub: a backup is read again and laid beside what was written down when it was made."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from auditor.copier import edits
from auditor.copier.backup import DIGESTS_ONLY, listed, read_files
from auditor.copier.execute import Progress, Ways
from auditor.copier.holdings import Change, Held, Holdings, known_columns, same_date, unread_row
from auditor.copier.jobs import Failed, WasRead
from auditor.copier.ledger import Generation, Ledger, left_journals, moment, utc
from auditor.copier.sampling import CONFIDENCE, most_bad
from auditor.disk.durable import ColdRead
from auditor.disk.volume import volume_of
from auditor.errors import BadManifest
from auditor.manifest import foreign
from auditor.manifest.jsonl import Manifest, load, looks_like_manifest
from auditor.manifest.rows import path_key
from auditor.model import Depth, ErrorKind, FileFacts, Origin, Trouble
from auditor.places import Entry, EntryKind


class Fate(StrEnum):
    """What became of one file since it was last read."""

    UNCHANGED = "unchanged"
    ROTTED = "rotted"  # other bytes under the same date: nobody meant that
    SPOILT = "spoilt"  # another date, and empty or damaged now: nobody meant that either
    EDITED = "edited"  # other bytes and another date
    LOST = "lost"
    NEW = "new"  # it is in no manifest yet
    UNREADABLE = "unreadable"
    NOT_READ = "not_read"  # not chosen this time


WAS_READ = (Fate.UNCHANGED, Fate.ROTTED, Fate.SPOILT, Fate.EDITED)
"""The fates that only reading a known file can tell."""

BAD = (Fate.ROTTED, Fate.SPOILT, Fate.LOST)
"""What must not be passed over."""


@dataclass(frozen=True, slots=True)
class Found:
    """One file's fate. `stored` the SHA-256 it should have, None for new files; `detail` in words."""

    path: str
    fate: Fate
    stored: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which files are read: all, or the longest unread up to a number, a share (0 to 1), an age, a time."""

    number: int | None = None
    share: float | None = None
    older_than: timedelta | None = None
    budget_s: float | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing limits it."""
        return self == Choice()


@dataclass(frozen=True, slots=True)
class Verified:
    """A finished scrub. `found` holds every file but the unchanged and not chosen ones; `counts` all by fate.

    `from_device` and `untold`: reads known to come from the device, and those where that could not be told.
    `statement` says what the sample says of all files, None where all were read. `chain` are the generations that are
    missing or were changed.
    """

    counts: Counter[Fate]
    found: tuple[Found, ...]
    from_device: int
    untold: int
    oldest_read: str | None
    statement: str | None
    chain: tuple[Generation, ...]
    manifest: Manifest | None


def verify(
    ledger: Ledger,
    choice: Choice,
    ways: Ways,
    now: Callable[[], datetime],
    seed: int = 0,
) -> Verified:
    """Reads a backup, or the part of it that was chosen, against its last generation, and writes the next one.

    Files whose size or date is not what was written down are always read. Raises: BadManifest, BadPlace.
    """
    started = now()
    chain = tuple(generation for generation in ledger.generations() if generation.trouble)
    holdings = Holdings.read(ledger, "")
    entries = listed(ledger, write=True)
    scrub = _Scrub(holdings, choice, ways, started, seed)
    scrub.run(ledger, entries)
    manifest = holdings.last
    if holdings.changed:
        last = holdings.last.header if holdings.last else None
        manifest = ledger.add_generation(
            holdings.rows(),
            columns=tuple(dict.fromkeys((*known_columns(last), *DIGESTS_ONLY, "soundness", "damage", "notes"))),
            depth=last.depth if last else Depth.HASH,
            label=ledger.root.name,
            spec=str(ledger.root),
            started=utc(started),
            now=now(),
        )
        for journal in left_journals(ledger):
            journal.unlink()
    return scrub.result(chain, manifest)


class _Scrub:
    """The state of one scrub: what is still to be read, and what was found."""

    def __init__(self, holdings: Holdings, choice: Choice, ways: Ways, started: datetime, seed: int) -> None:
        self._holdings, self._choice, self._ways = holdings, choice, ways
        self._started, self._seed = started, seed
        self._found: list[Found] = []
        self._counts: Counter[Fate] = Counter()
        self._cold: Counter[ColdRead] = Counter()
        self._chosen_at_random = 0
        self._rotted_at_random = 0
        self._population = 0
        self._edits: list[tuple[Entry, WasRead, Held]] = []
        self._first_read = 0  # listed before, and read now for the first time

    def run(self, ledger: Ledger, entries: Iterable[Entry]) -> None:
        """Reads what is to be read and corrects the rows."""
        held_before = dict(self._holdings.held)
        here = {e.path: e for e in entries if e.kind is EntryKind.FILE and not e.error}
        for entry in entries:
            if entry.error and entry.kind in {EntryKind.FILE, EntryKind.FOLDER}:
                self._note(Found(entry.path, Fate.UNREADABLE, detail=str(entry.error)))
        blind = tuple(e.path + "/" for e in entries if e.kind is EntryKind.FOLDER)
        unlisted = {e.path for e in entries if e.error}
        for path, held in held_before.items():
            if path not in here and path not in unlisted and not (blind and path.startswith(blind)):
                self._note(Found(path, Fate.LOST, held.sha256))
                self._holdings.lost(path)
        new = [e for path, e in here.items() if path not in held_before]
        known = [e for path, e in here.items() if path in held_before]
        suspects = [e for e in known if not _as_written(e, held_before[e.path])]
        chosen = self._chosen([e for e in known if _as_written(e, held_before[e.path])])
        fresh = new if self._choice.everything else []
        # A file that was never read can have rotted, and nobody could tell.
        self._population = sum(held_before[e.path].sha256 is not None for e in known) - len(suspects)
        self._read(ledger, (*suspects, *chosen, *fresh), held_before, {e.path for e in chosen})
        for entry in new:
            self._note(Found(entry.path, Fate.NEW))
            if entry.path not in self._holdings.held:
                self._holdings.add(unread_row(entry.path, entry.size_bytes, entry.mtime_ns))
        read = sum(self._counts[f] for f in WAS_READ)
        failed = sum(found.fate is Fate.UNREADABLE and found.path in here for found in self._found)
        self._counts[Fate.NOT_READ] = len(known) - read - failed - self._first_read

    def result(self, chain: tuple[Generation, ...], manifest: Manifest | None) -> Verified:
        """What was found, for people."""
        reads = [h.read_at for h in self._holdings.held.values() if h.sha256 and not h.lost]
        return Verified(
            counts=self._counts,
            found=tuple(sorted(self._found, key=lambda f: (list(Fate).index(f.fate), path_key(f.path)))),
            from_device=self._cold[ColdRead.DEVICE],
            untold=self._cold[ColdRead.UNKNOWN] + self._cold[ColdRead.CACHE],
            oldest_read=min(reads, default=None) or None,
            statement=self._statement(),
            chain=chain,
            manifest=manifest,
        )

    def _chosen(self, entries: list[Entry]) -> list[Entry]:
        """The longest unread first; those unread equally long in random order, the same for the same seed."""
        held = self._holdings.held
        random.Random(self._seed).shuffle(entries)  # noqa: S311 (a sample, no secret)
        entries.sort(key=lambda e: held[e.path].read_at)
        if self._choice.older_than is not None:
            limit = utc(self._started - self._choice.older_than)
            entries = [e for e in entries if held[e.path].read_at < limit]
        number = self._choice.number
        if self._choice.share is not None:
            number = -(-len(entries) * round(self._choice.share * 1_000_000) // 1_000_000)
        return entries if number is None else entries[:number]

    def _read(self, ledger: Ledger, entries: tuple[Entry, ...], before: dict[str, Held], chosen: set[str]) -> None:
        until = None if self._choice.budget_s is None else time.monotonic() + self._choice.budget_s

        def stop() -> bool:
            return self._ways.stop() or (until is not None and time.monotonic() >= until)

        total_bytes = sum(e.size_bytes or 0 for e in entries)
        files = done_bytes = failed = 0
        for answer in read_files(ledger.root, entries, volume_of(ledger.root), replace(self._ways, stop=stop)):
            entry = entries[answer.number]
            failed += isinstance(answer, Failed)
            files, done_bytes = files + 1, done_bytes + (entry.size_bytes or 0)
            self._answer(entry, answer, before.get(entry.path), entry.path in chosen)
            self._ways.on_progress(Progress(files, len(entries), done_bytes, total_bytes, entry.path, failed))
        self._look_into_edits(ledger.root)

    def _look_into_edits(self, root: Path) -> None:
        looked = edits.look(root, [(entry, held) for entry, _, held in self._edits])
        for entry, answer, held in self._edits:
            path = entry.path
            if path in looked.untold:  # its row stays as it is: the next run looks again
                self._note(Found(path, Fate.UNREADABLE, held.sha256, looked.untold[path]))
                continue
            spoilt = looked.spoilt.get(path)
            self._holdings.found(
                path, answer.size_bytes, answer.mtime_ns, answer.sha256, utc(self._started), spoilt=spoilt
            )
            detail = spoilt or f"stored {held.sha256}, read {answer.sha256}"
            self._note(Found(path, Fate.SPOILT if spoilt else Fate.EDITED, held.sha256, detail))

    def _answer(self, entry: Entry, answer: WasRead | Failed, held: Held | None, at_random: bool) -> None:
        if isinstance(answer, Failed):
            self._note(Found(entry.path, Fate.UNREADABLE, held.sha256 if held else None, answer.reason))
            return
        self._cold[answer.cold] += 1
        change = held.change(answer.mtime_ns, answer.sha256) if held else Change.NONE
        if held is not None and change is Change.EDIT:
            self._edits.append((entry, answer, held))
            return
        self._holdings.found(entry.path, answer.size_bytes, answer.mtime_ns, answer.sha256, utc(self._started))
        if held is None:
            return
        if held.sha256 is None:  # nothing says what it was before
            self._first_read += 1
            self._note(Found(entry.path, Fate.NEW, None, "read for the first time"))
            return
        rotted = change is Change.ROT
        self._chosen_at_random += at_random
        self._rotted_at_random += at_random and rotted
        detail = f"stored {held.sha256}, read {answer.sha256}" if rotted else ""
        self._note(Found(entry.path, Fate.ROTTED if rotted else Fate.UNCHANGED, held.sha256, detail))

    def _note(self, found: Found) -> None:
        self._counts[found.fate] += 1
        if found.fate is not Fate.UNCHANGED:
            self._found.append(found)

    def _statement(self) -> str | None:
        read, of = self._chosen_at_random, self._population
        if not read or read >= of:
            return None
        most = most_bad(of, read, self._rotted_at_random)
        return (
            f"{read:,} of {of:,} files were read, those unread the longest: {self._rotted_at_random:,} rotted."
            f" If the others are like them, at most {most:,} of all ({most / of:.2%}) are rotted"
            f" ({CONFIDENCE:.0%} confidence)."
        )


def verify_against(root: Path, manifest: Path, choice: Choice, ways: Ways, now: Callable[[], datetime]) -> Verified:
    """`verify` with a manifest made elsewhere, ours or another tool's; nothing is written.

    Raises: BadManifest.
    """
    ledger = Ledger(root)
    holdings = Holdings("", None)
    if looks_like_manifest(manifest):
        rows: Iterable[FileFacts] = load(manifest).rows()
    else:
        rows = foreign.read(manifest).rows
    for row in rows:
        if not row.sha256:
            raise BadManifest(f"{manifest} holds no SHA-256 of {row.path}; make one with `auditor scan --depth hash`")
        holdings.index(row)
    scrub = _Scrub(holdings, choice, ways, now(), 0)
    entries = [e for e in listed(ledger, write=False) if not manifest.samefile(root / e.path)]
    scrub.run(ledger, entries)
    return scrub.result((), None)


def _as_written(entry: Entry, held: Held) -> bool:
    if held.sha256 is None:
        return True
    now, then = entry.mtime_ns, held.mtime_ns
    agree = now is None or then is None or same_date(now, then)
    return entry.size_bytes == held.size_bytes and agree and held.whole


def first_generation(ledger: Ledger, ways: Ways, now: Callable[[], datetime]) -> Manifest:
    """Makes the first generation of a folder that this tool did not make, or a new one where the last is gone.

    Every file is read; what is there now is what later runs compare with. Earlier generations stay where they are.
    """
    started = now()
    marker = ledger.marker()
    assert marker is not None
    if marker.generation:
        kept = max((g.number for g in ledger.generations() if g.trouble is None), default=0)
        ledger.put(replace(marker, generation=kept, generation_sha256=""))
    holdings = Holdings(marker.id, None)
    entries = tuple(e for e in listed(ledger, write=True) if e.kind is EntryKind.FILE)
    total = sum(e.size_bytes or 0 for e in entries)
    files = read_bytes = failed = 0
    for answer in read_files(ledger.root, entries, volume_of(ledger.root), ways):
        entry = entries[answer.number]
        files, read_bytes = files + 1, read_bytes + (entry.size_bytes or 0)
        failed += isinstance(answer, Failed)
        ways.on_progress(Progress(files, len(entries), read_bytes, total, entry.path, failed))
        if isinstance(answer, Failed):
            row = unread_row(entry.path, entry.size_bytes, entry.mtime_ns)
            holdings.add(replace(row, error=Trouble(ErrorKind.UNREADABLE, answer.reason)))
            continue
        holdings.found(entry.path, answer.size_bytes, answer.mtime_ns, answer.sha256, utc(started))
        here = Origin(marker.id, entry.path, answer.sha256, answer.mtime_ns, moment(started))
        holdings.add_origin(entry.path, here)
    manifest = ledger.add_generation(
        holdings.rows(),
        columns=DIGESTS_ONLY,
        depth=Depth.HASH,
        label=ledger.root.name,
        spec=str(ledger.root),
        started=utc(started),
        now=now(),
        complete=not failed,
        reasons=(f"{failed} files could not be read",) if failed else (),
    )
    for journal in left_journals(ledger):
        journal.unlink()
    return manifest


def has_generation(root: Path) -> bool:
    """Whether `verify` has anything to compare with."""
    marker = Ledger(root).marker()
    return marker is not None and marker.generation > 0
