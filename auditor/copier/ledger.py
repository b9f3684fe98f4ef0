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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from auditor import __version__
from auditor.disk import durable, locks
from auditor.disk import marker as markers
from auditor.disk.marker import OWN_FOLDER, Marker, SourceMark
from auditor.errors import BadManifest, BadOutput, BadPlace
from auditor.manifest.jsonl import Manifest, Writer, load, partial_path
from auditor.manifest.rows import SCHEMA, canonical, from_row, path_key, to_row
from auditor.model import Depth, FileFacts, Header
from auditor.reporting.text import typed

_BY_DATE = re.compile(r"(?:\d{4}/\d\d|undated)/")
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
class Ledger:
    """The `.auditor/` folder of the backup in `root`."""

    root: Path

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
        return self.folder / "quarantine"

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
        for folder in (self.manifests, self.journals):
            durable.make_folders(folder)
        marker = self.recovered() or Marker(str(uuid.uuid4()), utc(now), layout)
        self.put(marker)
        return marker

    def recovered(self) -> Marker | None:
        """The marker of a backup that has lost it, from its last sound generation; None where there is none."""
        found = self._sound()
        if found is None:
            return None
        number, last = found
        dated = sum(_BY_DATE.match(row.path) is not None for row in last.rows())
        layout = "by-date" if dated * 2 > last.footer.files else "mirror"
        return Marker(last.header.place_id, last.header.started, layout, number, file_sha256(last.path))

    def put(self, marker: Marker) -> None:
        """Replaces the marker, whole or not at all."""
        durable.write_whole(self.folder / markers.NAME, marker.text())

    def marks(self) -> set[str]:
        """The marks of the runs whose temporary files may still lie in the backup."""
        try:
            return set((self.journals / "unfinished").read_text("ascii", "replace").split())
        except OSError:
            return set()

    def put_marks(self, marks: set[str]) -> None:
        """Writes down whose temporary files may lie in the backup, durably: before the first of them is made."""
        if marks != self.marks():
            durable.write_whole(self.journals / "unfinished", "".join(f"{m}\n" for m in sorted(marks)).encode())

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
        if found := self._sound():
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
        found = self._sound()
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
        found = self._sound()
        for number, path in sorted(self.generations_there(), reverse=True):
            if found is not None and number <= found[0]:
                return
            with contextlib.suppress(OSError):
                yield from _rows_in(path.read_bytes())

    def rolled_back(self, known: Remembered | None) -> list[Generation]:
        """The generation that a machine remembers, where the backup does not come up to it any more."""
        marker = self.marker()
        if marker is None and any(self.generations_there()):
            return [Generation(0, self.folder / "place.toml", "it is missing; `auditor backup` makes it again")]
        if marker is None or known is None or known.id != marker.id or marker.generation >= known.generation:
            return []
        path = self.manifests / f"{known.generation:06d}.jsonl"
        told = "this computer saw the backup with it; an older state of the backup was put back"
        return [Generation(known.generation, path, told)]

    def _sound(self) -> tuple[int, Manifest] | None:
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
        """Writes the next generation (`rows` in path order) and names it in the marker, durably and in that order."""
        marker = self.marker()
        if marker is None:
            raise BadOutput(f"{self.folder / 'place.toml'} is missing; `auditor backup` makes it again")
        number, path = max(self.generations_there(), default=(0, None))
        previous: dict[str, Any] | None = None
        if path is not None:
            previous = {"generation": path.name, "sha256": file_sha256(path)}
            with contextlib.suppress(BadManifest):  # one that was edited is still the one before
                footer = load(path).footer
                previous |= {"files": footer.files, "bytes": footer.bytes, "finished": footer.finished}
        header = Header(
            schema=SCHEMA,
            tool=f"auditor {__version__}",
            place=spec,
            place_id=marker.id,
            label=label,
            place_kind="folder",
            depth=depth,
            started=started,
            columns=(*columns, *(() if "origins" in columns else ("origins",))),
            previous=previous,
            sources={s.id: s.label for s in (marker.sources if sources is None else sources)},
        )
        fresh = self.manifests / f"{number + 1:06d}.jsonl"
        with contextlib.suppress(FileNotFoundError):
            partial_path(fresh).unlink()  # a run that was killed while it wrote this very one
        writer = Writer.create(fresh, header)
        try:
            for row in rows:
                writer.add(row)
            manifest = writer.close(complete=complete, reasons=reasons, now=now)
        except BaseException:  # a disk that is full: half a list is of no use, and takes room
            with contextlib.suppress(OSError, BadOutput):
                writer.abandon()
            with contextlib.suppress(OSError):
                partial_path(fresh).unlink()
            raise
        durable.sync_folder(self.manifests)
        self.put(
            replace(
                marker,
                generation=number + 1,
                generation_sha256=file_sha256(fresh),
                sources=marker.sources if sources is None else sources,
            )
        )
        return manifest

    def generations_there(self) -> Iterator[tuple[int, Path]]:
        """The number and file of each generation that lies there, right or wrong, in any order."""
        with contextlib.suppress(FileNotFoundError):
            for path in self.manifests.iterdir():
                if name := _GENERATION.fullmatch(path.name):
                    yield int(name[1]), path


@dataclass(slots=True)
class Journal:
    """Rows of files that are safe, appended durably as a run goes on. A row once written is true."""

    path: Path
    _fd: int = field(default=-1)

    @classmethod
    def begin(cls, ledger: Ledger, now: datetime) -> Journal:
        """A new journal; the file is made with its first row."""
        return cls(ledger.journals / f"{now.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.jsonl")

    def add(self, rows: Iterable[FileFacts]) -> None:
        """Returns when the rows are on the device."""
        data = "".join(canonical(to_row(row)) + "\n" for row in rows).encode()
        if not data:
            return
        if self._fd < 0:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._fd = os.open(self.path, flags, 0o666)
            durable.sync_folder(self.path.parent)
        durable.write_all(self._fd, data)
        durable.sync_file(self._fd)

    def close(self) -> None:
        """Closes the file, if there is one."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def left_rows(ledger: Ledger) -> list[FileFacts]:
    """The rows that killed runs had written down, oldest first; a torn last line is passed over."""
    rows: list[FileFacts] = []
    for path in left_journals(ledger):
        rows += _rows_in(path.read_bytes())
    return rows


def _rows_in(data: bytes) -> Iterator[FileFacts]:
    for line in data.split(b"\n"):
        with contextlib.suppress(ValueError, BadManifest, RecursionError):
            row = json.loads(line)
            if isinstance(row, dict) and "row" not in row:
                yield from_row(row)


def left_journals(ledger: Ledger) -> list[Path]:
    """The journals whose rows are in no generation yet, oldest first."""
    return sorted(ledger.journals.glob("*.jsonl"))


@contextlib.contextmanager
def locked(ledger: Ledger) -> Iterator[None]:
    """Keeps other runs away from this backup; the lock goes with the process, however it ends.

    Raises: BadPlace where another run holds it.
    """
    fd = os.open(ledger.folder / "lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            locks.take(fd)
        except OSError as error:
            raise BadPlace(f"another run of auditor is working on {ledger.root}; wait until it has finished") from error
        yield
    finally:
        os.close(fd)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a small file of ours."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sorted_rows(rows: Mapping[str, FileFacts]) -> Iterator[FileFacts]:
    """Rows by path, in the order of a manifest."""
    for path in sorted(rows, key=path_key):
        yield rows[path]


def utc(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(when: datetime) -> str:
    """RFC 3339 in UTC to the microsecond: two runs are never at the same time."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
