"""Manifests on disk: JSON Lines, append-only while written, closed by a footer, renamed into place when complete."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from auditor.errors import BadManifest, BadOutput
from auditor.manifest.rows import canonical, footer_from, footer_row, from_row, header_from, header_row, to_row
from auditor.model import FileFacts, Footer, Header

MAX_LINE_BYTES = 1 << 20
"""No row is longer; a longer line is not one of ours."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was checked: it ends with a footer whose digest is that of the lines before it."""

    path: Path
    header: Header
    footer: Footer

    def rows(self) -> Iterator[FileFacts]:
        """The rows, in path order, one at a time."""
        with self.path.open("rb") as stream:
            stream.readline()
            for line in stream:
                row = _parse(line, self.path)
                if "row" not in row:
                    yield from_row(row)


def looks_like_manifest(path: Path) -> bool:
    """Whether a file begins as one of our manifests does."""
    try:
        with path.open("rb") as stream:
            start = stream.read(4096).split(b"\n", 1)[0]
    except OSError:
        return False
    return start.startswith(b"{") and b'"row":"header"' in start and b'"schema"' in start


def load(path: Path) -> Manifest:
    """Opens a manifest and checks that it is whole and as it was written; the rows are not held in memory.

    Raises: BadManifest where it is none, was cut off, or was changed.
    """
    digest = hashlib.sha256()
    previous = first = b""
    lines = 0
    try:
        with path.open("rb") as stream:
            while line := stream.readline(MAX_LINE_BYTES):
                if lines:
                    digest.update(previous)
                else:
                    first = line
                previous = line
                lines += 1
    except OSError as error:
        raise BadManifest(f"{path} cannot be read: {error.strerror}") from error
    if not lines:
        raise BadManifest(f"{path} is empty, so it is not a manifest")
    try:
        header = header_from(_parse(first, path))
        if not previous.endswith(b"\n") or lines < 2:
            raise BadManifest("it was cut off; make it again with `auditor scan`")
        footer = footer_from(_parse(previous, path))
    except BadManifest as error:
        raise BadManifest(f"{path}: {error}") from error
    if footer.digest != digest.hexdigest() or footer.files != lines - 2:
        raise BadManifest(
            f"{path} was changed after it was written (its digest does not match); make it again with `auditor scan`"
        )
    return Manifest(path, header, footer)


def _parse(line: bytes, path: Path) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadManifest(f"{path} is not a manifest, or was cut off: a line of it is not JSON") from error
    if not isinstance(row, dict):
        raise BadManifest(f"{path} is not a manifest: a line of it is not a row")
    return row


def partial_path(path: Path) -> Path:
    """Where a manifest is while it is being written."""
    return path.with_name(path.name + ".partial")


@dataclass(slots=True)
class Writer:
    """Writes rows in path order to `NAME.partial`; `close` adds the footer and renames it into place.

    A partial left by a killed run is taken up by `resume`. Nothing is ever written over.
    """

    path: Path
    header: Header
    _stream: IO[bytes]
    _digest: Any = field(default_factory=hashlib.sha256)
    _files: int = 0
    _bytes: int = 0

    @classmethod
    def create(cls, path: Path, header: Header) -> Writer:
        """Begins a new manifest.

        Raises: BadOutput where the file is there already or cannot be made.
        """
        if path.exists():
            raise BadOutput(f"{path} is there already; nothing is written over. Choose another name with -o")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stream = partial_path(path).open("wb")
        except OSError as error:
            raise BadOutput(f"{path} cannot be written: {error.strerror}") from error
        writer = cls(path, header, stream)
        writer._line(header_row(header))
        return writer

    @classmethod
    def resume(cls, path: Path, kept: list[bytes], header: Header) -> Writer:
        """Goes on with the lines kept of a partial; the header stays the one of the first run."""
        partial = partial_path(path)
        fresh = partial.with_name(partial.name + ".tmp")
        writer = cls(path, header, fresh.open("wb"))
        writer._line(header_row(header))
        for line in kept:
            writer._raw(line)
            row = json.loads(line)
            writer._files += 1
            writer._bytes += row.get("size_bytes") or 0
        writer._stream.flush()
        os.fsync(writer._stream.fileno())
        writer._stream.close()
        fresh.replace(partial)
        writer._stream = partial.open("ab")
        return writer

    def add(self, facts: FileFacts) -> None:
        """Appends one row. The caller keeps the path order."""
        self._line(to_row(facts))
        self._files += 1
        self._bytes += facts.size_bytes or 0

    def close(self, *, complete: bool, reasons: tuple[str, ...] = (), now: datetime | None = None) -> Manifest:
        """Writes the footer, syncs, and gives the manifest its name."""
        finished = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
        footer = Footer(self._files, self._bytes, self._digest.hexdigest(), finished, complete, reasons)
        self._stream.write(canonical(footer_row(footer)).encode() + b"\n")
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        if self.path.exists():
            raise BadOutput(f"{self.path} is there already; the new list stays at {partial_path(self.path)}")
        partial_path(self.path).rename(self.path)
        return Manifest(self.path, self.header, footer)

    def flush(self) -> None:
        """Hands what was written so far to the system, so that a killed run can be taken up."""
        self._stream.flush()

    def abandon(self) -> None:
        """Leaves the partial as it is, for a later run to take up."""
        self._stream.close()

    def _line(self, row: dict[str, Any]) -> None:
        self._raw(canonical(row).encode() + b"\n")

    def _raw(self, line: bytes) -> None:
        self._digest.update(line)
        self._stream.write(line)


def read_partial(path: Path) -> tuple[Header, list[bytes]] | None:
    """The header and the whole rows that a killed run left; None where there is nothing to go on with."""
    try:
        lines = partial_path(path).read_bytes().split(b"\n")[:-1]  # what follows the last newline was torn
        header = header_from(_parse(lines[0], path))
    except (OSError, BadManifest, IndexError):
        return None
    kept = []
    for line in lines[1:]:
        try:
            row = json.loads(line)
        except ValueError:
            break
        if not isinstance(row, dict) or "path" not in row:
            break
        kept.append(line + b"\n")
    return header, kept
