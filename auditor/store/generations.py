"""What a backup knows of itself, in `.auditor/`: its id, whose files it holds, and its manifests in generations.

Each generation is a whole manifest of the backup and names the digest of the one before; `place.toml` names the last.
So a generation that was removed or edited is noticed. Nothing here is payload.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from auditor import __version__
from auditor.dates import utc
from auditor.disk import durable, small_files
from auditor.disk import marker as markers
from auditor.disk.folder import Folder, beneath
from auditor.disk.marker import OWN_FOLDER, Marker, SourceMark
from auditor.disk.root import Root
from auditor.errors import BadManifest, BadOutput, BadPlace, LeadsOut, RootGone
from auditor.manifest.jsonl import Manifest, Writer, load, partial_path
from auditor.manifest.rows import SCHEMA, canonical, from_row, of_today, to_row
from auditor.model import Depth, FileFacts, Header
from auditor.words import typed

_BY_DATE = re.compile(r"(?:\d{4}/\d\d|undated)/")
MANIFESTS = f"{OWN_FOLDER}/manifests"
JOURNALS = f"{OWN_FOLDER}/journal"
QUARANTINE = f"{OWN_FOLDER}/quarantine"
JOURNAL_FORMAT = "auditor backup journal 1"
KEPT = ("origins", "fixity", "stored_sha256", "edited")
"""The columns that a backup's own manifests have, and no others."""

HEAD = json.dumps({"format": JOURNAL_FORMAT}).encode()[:-1]
MOST_BYTES = 4 << 30
_GENERATION = re.compile(r"(\d{6})\.jsonl")


@dataclass(frozen=True, slots=True)
class Generation:
    """One manifest of the chain; `trouble` says why it cannot be trusted, None if it can."""

    number: int
    path: Path
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """The backup that a machine last saw at a path: its id, and the number of its last generation then."""

    id: str
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Store:
    """The `.auditor/` folder of the backup in `root`.

    `opened` is the door through which it is written; None where it is only read.
    """

    root: Path
    opened: Root | None = field(default=None, compare=False, repr=False)

    @property
    def door(self) -> Root:
        """Raises: BadPlace where the backup was opened for reading only."""
        if self.opened is None:
            raise BadPlace(f"{self.root} was opened for reading only; nothing is written to it")
        return self.opened

    @property
    def folder(self) -> Path:
        """`.auditor/` itself."""
        return self.root / OWN_FOLDER

    @property
    def manifests(self) -> Path:
        """Where the generations lie."""
        return self.folder / "manifests"

    @property
    def journals(self) -> Path:
        """Where a run writes down what is safe, until it is in a generation."""
        return self.folder / "journal"

    @property
    def quarantine(self) -> Path:
        """Where bad files are put aside."""
        return self.root / QUARANTINE

    def marker(self) -> Marker | None:
        """Which backup this is; None where no backup was made here yet.

        Raises: BadPlace where the marker is there and cannot be read.
        """
        marker = markers.read(self.root)
        if marker is not None and not marker.layout:
            raise BadPlace(f"{self.folder / markers.NAME} does not say how the backup is laid out; put it back")
        return marker

    def create(self, layout: str, now: datetime) -> Marker:
        """Makes the folder and its marker, durably; gives the marker that is there if one is."""
        if known := self.marker():
            return known
        for folder in (MANIFESTS, JOURNALS):
            with self.door.folder(folder, make=True):
                pass
        marker = self.recovered() or Marker(str(uuid.uuid4()), utc(now), layout)
        self.put(marker)
        return marker

    def recovered(self) -> Marker | None:
        """The marker of a backup that has lost it, from its last sound generation; None where there is none."""
        found = self.sound()
        if found is None:
            return None
        number, last = found
        dated = sum(_BY_DATE.match(row.path) is not None for row in last.rows())
        layout = "by-date" if dated * 2 > last.footer.files else "mirror"
        return Marker(last.header.place_id, last.header.started, layout, number, file_sha256(last.path))

    def put(self, marker: Marker) -> None:
        """Replaces the marker, whole or not at all. Raises: RootGone, RootReplaced where it is another's folder."""
        self.door.name_it(marker)

    def marks(self) -> set[str]:
        """The marks of the runs whose temporary files may still lie in the backup."""
        try:
            with Folder.open(self.root) as top, beneath(top, tuple(JOURNALS.split("/"))) as folder:
                return set(folder.read("unfinished", MOST_BYTES).decode("ascii", "replace").split())
        except (OSError, LeadsOut):
            return set()

    def put_marks(self, marks: set[str]) -> None:
        """Writes down whose temporary files may lie in the backup, durably: before the first of them is made."""
        if marks != self.marks():
            self.door.check()
            with self.door.folder(JOURNALS, make=True) as folder:
                folder.write_whole("unfinished", "".join(f"{m}\n" for m in sorted(marks)).encode())

    def generations(self) -> list[Generation]:
        """The whole chain, oldest first, each checked against the next; the missing ones too.

        Reads every generation once: use it in `verify`, not before each copy.
        """
        found = dict(self.generations_there())
        marker = self.marker()
        last = max([*found, marker.generation if marker else 0])
        chain: list[Generation] = []
        named = marker.generation_sha256 if marker and marker.generation == last else None
        for number in range(last, 0, -1):
            path = self.manifests / f"{number:06d}.jsonl"
            if number not in found:
                chain.append(Generation(number, path, "it is missing"))
                named = None
                continue
            trouble, before = None, None
            try:
                before = (load(path).header.previous or {}).get("sha256")
            except BadManifest:
                trouble = "it was changed or cut off after it was written; put the right one back if you have a copy"
            if trouble is None and named is not None and file_sha256(path) != named:
                trouble = "it is not the one that the next one names; it was edited or exchanged"
            chain.append(Generation(number, path, trouble))
            named = before
        return chain[::-1]

    def latest(self) -> Manifest | None:
        """The newest generation that is as it was written; None where there never was one.

        Raises: BadManifest where there were some, and none of them is right.
        """
        if found := self.sound():
            return found[1]
        marker = self.marker()
        if (marker is None or not marker.generation) and not any(self.generations_there()):
            return None
        raise BadManifest(
            f"none of the manifests in {self.manifests} is as it was written; put one back if you have a copy, or make"
            f" a new one with `auditor verify {typed(str(self.root))} --init`"
        )

    def last_troubles(self) -> list[str]:
        """Why the last generation, and each one before it down to a sound one, is not taken: a sentence for each."""
        marker = self.marker()
        found = self.sound()
        there = dict(self.generations_there())
        last = max([*there, marker.generation if marker else 0])
        sound = found[0] if found else 0
        missing, changed = "is missing", "was changed after it was written"
        return [
            f"The backup's manifest {number:06d}.jsonl {changed if number in there else missing}."
            for number in range(last, sound, -1)
        ]

    def salvaged(self) -> Iterator[FileFacts]:
        """The rows of generations after the last sound one, as far as their lines can be read. Not to be believed: what
        they say of a file is true where the file has the bytes that they name."""
        found = self.sound()
        for number, path in sorted(self.generations_there(), reverse=True):
            if found is not None and number <= found[0]:
                return
            with contextlib.suppress(OSError):
                yield from _rows_in(small_files.read(path, MOST_BYTES))

    def rolled_back(self, known: Remembered | None) -> list[Generation]:
        """The generation that a machine remembers, where the backup does not come up to it any more."""
        marker = self.marker()
        if marker is None and any(self.generations_there()):
            return [Generation(0, self.folder / markers.NAME, "it is missing; `auditor backup` makes it again")]
        if marker is None or known is None or known.id != marker.id or marker.generation >= known.generation:
            return []
        path = self.manifests / f"{known.generation:06d}.jsonl"
        told = "this computer saw the backup with it; an older state of the backup was put back"
        return [Generation(known.generation, path, told)]

    def sound(self) -> tuple[int, Manifest] | None:
        """The newest generation that is as it was written, with its number; None where none is."""
        marker = self.marker()
        for number, path in sorted(self.generations_there(), reverse=True):
            named = marker is not None and marker.generation == number and marker.generation_sha256
            with contextlib.suppress(BadManifest, OSError):
                if not named or file_sha256(path) == named:
                    return number, load(path)
        return None

    def add_generation(
        self,
        rows: Iterable[FileFacts],
        *,
        columns: tuple[str, ...],
        depth: Depth,
        label: str,
        spec: str,
        started: str,
        now: datetime,
        complete: bool = True,
        reasons: tuple[str, ...] = (),
        sources: tuple[SourceMark, ...] | None = None,
    ) -> Manifest:
        """Writes the next generation (`rows` in path order) and names it in the marker, durably and in that order.

        Where the one before is not the one that the marker names, sources have answered nothing: that one told which of
        their answers were not what had arrived.
        """
        self.door.check()
        marker = self.door.marker()
        if marker is None:
            raise RootGone(f"{self.folder / markers.NAME} is missing; `auditor backup` makes it again")
        number, path = max(self.generations_there(), default=(0, None))
        previous: dict[str, Any] | None = None
        is_lost = number < marker.generation
        if path is not None:
            previous = {"generation": path.name, "sha256": file_sha256(path)}
            is_lost |= number == marker.generation and previous["sha256"] != marker.generation_sha256
            try:
                footer = load(path).footer
                previous |= {"files": footer.files, "bytes": footer.bytes, "finished": footer.finished}
            except BadManifest:  # one that was edited is still the one before
                is_lost = True
        marker = replace(marker, sources=marker.sources if sources is None else sources)
        if is_lost:
            marker = marker.unanswered()
        header = Header(
            schema=SCHEMA,
            tool=f"auditor {__version__}",
            place=spec,
            place_id=marker.id,
            label=label,
            place_kind="folder",
            depth=depth,
            started=started,
            columns=tuple(dict.fromkeys((*columns, *KEPT))),
            previous=previous,
            sources={s.id: s.label for s in marker.sources},
        )
        fresh = self.manifests / f"{number + 1:06d}.jsonl"
        with self.door.folder(MANIFESTS, make=True) as folder:
            writer = Writer.create(fresh, header, folder)  # a partial is of a run that was killed while it wrote this
            try:
                for row in rows:
                    writer.add(row)
                manifest = writer.close(complete=complete, reasons=reasons, now=now)
            except BaseException:  # a disk that is full: half a list is of no use, and takes room
                with contextlib.suppress(OSError, BadOutput):
                    writer.abandon()
                with contextlib.suppress(OSError):
                    folder.remove(partial_path(fresh).name)
                raise
            folder.sync()
        self.put(replace(marker, generation=number + 1, generation_sha256=file_sha256(fresh)))
        return manifest

    def generations_there(self) -> Iterator[tuple[int, Path]]:
        """The number and file of each generation that lies there, right or wrong, in any order.

        Raises: LeadsOut where they lie behind a link.
        """
        for name in _names(self.root, MANIFESTS):
            if number := _GENERATION.fullmatch(name):
                yield int(number[1]), self.manifests / name


@dataclass(slots=True)
class Journal:
    """Rows of files that are safe, appended durably as a run goes on. A row once written is true.

    Its first line says that it is one, and after which generation it was begun: a later generation holds its rows.
    """

    door: Root
    name: str
    after: int
    _torn: bool = False

    @classmethod
    def begin(cls, store: Store, turn: int, mark: str) -> Journal:
        """A new journal of the backup's so-many-th run; the file is made with its first row. By their names
        journals are in the order of the runs, whatever the clocks say, and after those of earlier versions."""
        marker = store.marker()
        return cls(store.door, f"{JOURNALS}/turn-{turn:09d}-{mark}.jsonl", marker.generation if marker else 0)

    def add(self, rows: Iterable[FileFacts]) -> None:
        """Returns when the rows are on the device. It is opened anew each time: its disk may have been away.

        Raises: OSError, RootGone, RootReplaced where they are not written.
        """
        data = "".join(canonical(to_row(row)) + "\n" for row in rows).encode()
        if not data:
            return
        self.door.check()
        try:
            fd = self.door.open_file(self.name, os.O_WRONLY | os.O_APPEND)
            data = b"\n" + data if self._torn else data
        except FileNotFoundError:
            fd = self.door.create(self.name)
            self.door.sync_folder(JOURNALS)
        try:
            if os.fstat(fd).st_size == 0:  # it is new, or a full disk did not take its first rows
                head = {"format": JOURNAL_FORMAT, "schema": SCHEMA, "after": self.after}
                data = json.dumps(head).encode() + b"\n" + data.removeprefix(b"\n")
            self._torn = True
            durable.append(fd, data)
        finally:
            with contextlib.suppress(OSError):
                os.close(fd)
        self._torn = False


@dataclass(frozen=True, slots=True)
class LeftJournal:
    """The journal of a backup that did not come to its end, with its rows; a torn last line is passed over.

    `after` is the generation it was begun after, None where an older version wrote it and did not say.
    """

    name: str
    after: int | None
    rows: tuple[FileFacts, ...]


def left_journals(store: Store) -> list[LeftJournal]:
    """The journals that backups left, oldest first. A file that is none of ours is passed over.

    Raises: LeadsOut where they lie behind a link.
    """
    names = sorted(name for name in _names(store.root, JOURNALS) if markers.JOURNAL_NAME.fullmatch(name))
    found = []
    if names:
        with Folder.open(store.root) as top, beneath(top, tuple(JOURNALS.split("/"))) as folder:
            for name in names:
                with contextlib.suppress(OSError, LeadsOut):
                    if (journal := _parsed(name, folder.read(name, MOST_BYTES))) is not None:
                        found.append(journal)
    return found


def _parsed(name: str, data: bytes) -> LeftJournal | None:
    after, known = None, HEAD.startswith(data[: len(HEAD)])
    with contextlib.suppress(ValueError, RecursionError, KeyError, TypeError):
        first = json.loads(data.partition(b"\n")[0])
        if first["format"] == JOURNAL_FORMAT:
            known, after = True, int(first["after"])
    rows = tuple(_rows_in(data))
    return LeftJournal(name, after, rows) if known or rows else None


def left_rows(store: Store) -> list[FileFacts]:
    """The rows that killed runs had written down and no generation holds yet, oldest first.

    A journal that says of none after which generation it was begun is by its date older or younger than the last one.
    """
    journals = left_journals(store)
    found = store.sound() if journals else None
    if found is None:
        return [row for journal in journals for row in journal.rows]
    number, last = found
    finished = re.sub("[-:Z]", "", last.footer.finished)
    return [
        row
        for journal in journals
        if (journal.after >= number if journal.after is not None else journal.name >= finished)
        for row in journal.rows
    ]


def _rows_in(data: bytes) -> Iterator[FileFacts]:
    """The rows of a journal or of a list that is cut short, in today's meaning; lines that are none are passed over.

    Journals did not name their schema before the third.
    """
    schema = 2
    for line in data.split(b"\n"):
        with contextlib.suppress(ValueError, BadManifest, RecursionError):
            row = json.loads(line)
            if isinstance(row, dict) and "path" in row:
                yield of_today(from_row(row), schema)
            elif isinstance(row, dict) and isinstance(row.get("schema"), int):  # a header, or a journal's first line
                schema = row["schema"]


def _names(root: Path, folder: str) -> list[str]:
    """What lies in a folder of ours, nothing where it is not there. Raises: LeadsOut where it lies behind a link."""
    try:
        with Folder.open(root) as top, beneath(top, tuple(folder.split("/"))) as found:
            return found.names()
    except FileNotFoundError:
        return []


@contextlib.contextmanager
def locked(store: Store) -> Iterator[Store]:
    """The place, opened for this run alone to be changed; the lock goes with the process, however it ends.

    Raises: BadPlace where another run holds it; OSError where nothing can be written there.
    """
    with Root.open(store.root) as door:
        door.lock(f"{OWN_FOLDER}/lock")
        yield replace(store, opened=door)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file of ours. Raises: OSError where it cannot be read, or what lies there is none (a FIFO)."""
    digest = hashlib.sha256()
    with small_files.open_file(path) as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def moment(when: datetime) -> str:
    """RFC 3339 in UTC to the microsecond: two runs are never at the same time."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
