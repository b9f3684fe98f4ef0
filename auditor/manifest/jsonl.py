"""Manifests on disk: JSON Lines, append-only while written, closed by a footer, renamed into place when complete."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from auditor.disk import locks, small_files
from auditor.disk.folder import Folder
from auditor.errors import BadManifest, BadOutput, LeadsOut
from auditor.manifest.rows import (
    SCHEMA,
    canonical,
    footer_from,
    footer_row,
    from_row,
    header_from,
    header_row,
    of_today,
    to_row,
)
from auditor.model import FileFacts, Footer, Header
from auditor.paths import path_key

MAX_LINE_BYTES = 16 << 20
"""No row is longer; a longer line is not one of ours. DuckDB reads JSON objects up to this size."""

_HEADER_STARTS = (b'{"columns":["path",', b'{"row":"header"')

CUT_OFF = "was cut off, so what it lacks is unknown; make it again with `auditor scan`"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was checked: it ends with a footer whose digest is that of all before it."""

    path: Path
    header: Header
    footer: Footer

    def rows(self) -> Iterator[FileFacts]:
        """The rows, in path order, one at a time.

        Raises: BadManifest where the file is not the one that was checked, after the last row at the latest.
        """
        left, digest = self.footer.files, hashlib.sha256()
        try:
            with small_files.open_file(self.path) as stream:
                digest.update(stream.readline(MAX_LINE_BYTES))
                while left and (line := stream.readline(MAX_LINE_BYTES)):
                    digest.update(line)
                    left -= 1
                    row = _parse(line, self.path)
                    try:
                        facts = from_row(row)
                    except BadManifest as error:
                        at = f"{self.path}, line {self.footer.files - left + 1}"
                        raise BadManifest(f"{at}: {error}; make the list again") from error
                    yield of_today(facts, self.header.schema)
        except OSError as error:
            raise BadManifest(f"{self.path} cannot be read: {error.strerror}") from error
        if left:
            raise BadManifest(f"{self.path} was cut off while it was being read")
        if _sealed(digest, self.footer) != self.footer.digest:
            raise BadManifest(_changed(self.path))


def copy(manifest: Manifest, to: Path) -> Manifest:
    """The same list at `to`, in today's schema. What is there already is written over.

    Raises: BadManifest where a row cannot be read, or the list is not the one that was checked; BadOutput, OSError
    where it cannot be written.
    """
    if manifest.header.schema == SCHEMA:
        shutil.copyfile(manifest.path, to)
        copied = load(to)
        if copied.footer.digest != manifest.footer.digest:
            raise BadManifest(_changed(manifest.path))
        return copied
    to.unlink(missing_ok=True)
    writer = Writer.create(to, replace(manifest.header, schema=SCHEMA))
    try:
        for facts in manifest.rows():
            writer.add(facts)
    except BaseException:
        writer.abandon()
        raise
    footer = manifest.footer
    finished = datetime.fromisoformat(footer.finished)
    return writer.close(complete=footer.complete, reasons=footer.reasons, now=finished)


def _changed(path: Path) -> str:
    return f"{path} was changed, or another list took its place, while it was being used; run the same command again"


def looks_like_manifest(path: Path) -> bool:
    """Whether a file begins as one of our manifests does."""
    try:
        with small_files.open_file(path) as stream:
            if stream.read(2) != b'{"':
                return False
            first = stream.readline(MAX_LINE_BYTES)
            # One that was cut off in its first line is one too, so that it is said what happened to it.
            return b'"row":"header"' in first or (first.startswith(b'columns":["path",') and not first.endswith(b"\n"))
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return False


def load(path: Path) -> Manifest:
    """Opens a manifest and checks that it is whole and as it was written; the rows are not held in memory.

    Raises: BadManifest where it is none, was cut off, or was changed.
    """
    try:
        with small_files.open_file(path) as stream:
            first = _line(stream, path)
            if not first:
                raise BadManifest(f"{path} is empty, so it is not a manifest")
            header = header_from(_parse(first, path), path)
            start, last = _last_line(stream)
            if start < len(first) or not last.endswith(b"\n"):
                raise BadManifest(f"{path} {CUT_OFF}")
            row = _parse(last, path)
            if row.get("row") != "footer":
                raise BadManifest(f"{path} {CUT_OFF}")
            footer = footer_from(row, path)
            digest, lines = _digest_of(stream, start)
    except OSError as error:
        raise BadManifest(f"{path} cannot be read: {small_files.reason(error)}") from error
    if footer.digest != _sealed(digest, footer) or footer.files != lines - 1:
        raise BadManifest(
            f"{path} was changed after it was written (its digest does not match); make it again with `auditor scan`"
        )
    return Manifest(path, header, footer)


def _last_line(stream: IO[bytes]) -> tuple[int, bytes]:
    """Where the last line of a file begins, and that line; of an overlong one only its end."""
    size = stream.seek(0, os.SEEK_END)
    tail = b""
    while len(tail) < min(size, MAX_LINE_BYTES) and tail.count(b"\n", 0, -1) == 0:
        start = max(0, size - len(tail) - 65536)
        stream.seek(start)
        tail = stream.read(size - len(tail) - start) + tail
    begin = tail.rfind(b"\n", 0, -1) + 1
    return size - len(tail) + begin, tail[begin:]


def _digest_of(stream: IO[bytes], end: int) -> tuple[Any, int]:
    """The digest of a file's first `end` bytes, and how many lines they are."""
    digest, lines = hashlib.sha256(), 0
    stream.seek(0)
    while end and (chunk := stream.read(min(end, 1 << 20))):
        digest.update(chunk)
        lines += chunk.count(b"\n")
        end -= len(chunk)
    return digest, lines


def _line(stream: IO[bytes], path: Path) -> bytes:
    line = stream.readline(MAX_LINE_BYTES)
    if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
        raise BadManifest(f"{path} is not a manifest: it has a line of more than {MAX_LINE_BYTES >> 20} MiB")
    return line


def _parse(line: bytes, path: Path) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        why = CUT_OFF if line.startswith(b"{") else "is not a manifest: a line of it is not JSON"
        raise BadManifest(f"{path} {why}") from error
    if not isinstance(row, dict):
        raise BadManifest(f"{path} is not a manifest: a line of it is not a row")
    return row


def _sealed(lines: Any, footer: Footer) -> str:
    """The digest of the lines before the footer and of what the footer says besides."""
    digest = lines.copy()
    digest.update(canonical(footer_row(replace(footer, digest=""))).encode() + b"\n")
    return str(digest.hexdigest())


def partial_path(path: Path) -> Path:
    """Where a manifest is while it is being written."""
    return path.with_name(path.name + ".partial")


def _aside_path(path: Path) -> Path:
    """Where the rows of stopped runs wait until a run that takes them up has finished."""
    return path.with_name(path.name + ".partial.old")


def is_part_of(path: Path, out: Path) -> bool:
    """Whether `path` is the manifest `out` or something that is written on the way to it."""
    return path.parent == out.parent and (path.name == out.name or path.name.startswith(out.name + ".partial"))


@dataclass(slots=True)
class Writer:
    """Writes rows in path order to `NAME.partial`; `close` adds the footer and renames it into place.

    A run that is killed leaves the partial: see `take_up`. Nothing is ever written over, and no link is followed.
    """

    path: Path
    header: Header
    _folder: Folder
    _stream: IO[bytes]
    _digest: Any = field(default_factory=hashlib.sha256)
    _files: int = 0
    _bytes: int = 0

    @classmethod
    def create(cls, path: Path, header: Header, folder: Folder | None = None) -> Writer:
        """Begins a new manifest, in `folder` if that is open already (it stays the caller's).

        Raises: BadOutput where the file is there already, is being written by another run, or cannot be made, or where
        something lies at `NAME.partial` that is no unfinished manifest.
        """
        refuse_existing(path)
        try:
            if folder is None:
                path.parent.mkdir(parents=True, exist_ok=True)
            own = Folder.open(path.parent) if folder is None else folder.again()
            with contextlib.ExitStack() as on_failure:
                on_failure.callback(own.close)
                _discard(own, partial_path(path).name, path)
                stream = os.fdopen(own.create(partial_path(path).name), "wb")
                on_failure.callback(stream.close)
                _lock(stream, path)
                on_failure.pop_all()
        except OSError as error:
            raise _unwritable(path, error) from error
        writer = cls(path, header, own, stream)
        writer._line(header_row(header))
        return writer

    def add(self, facts: FileFacts) -> None:
        """Appends one row. The caller keeps the path order."""
        self._line(to_row(facts))
        self._files += 1
        self._bytes += facts.size_bytes or 0

    def close(self, *, complete: bool, reasons: tuple[str, ...] = (), now: datetime | None = None) -> Manifest:
        """Writes the footer, syncs, and gives the manifest its name.

        Raises: BadOutput where it cannot be written, or the name was taken meanwhile.
        """
        finished = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        footer = Footer(self._files, self._bytes, "", finished, complete, reasons)
        footer = replace(footer, digest=_sealed(self._digest, footer))
        try:
            self._stream.write(canonical(footer_row(footer)).encode() + b"\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            try:
                self._folder.publish(partial_path(self.path).name, self._folder, self.path.name)
            except FileExistsError as error:
                raise BadOutput(
                    f"{self.path} is there already; the new list stays at {partial_path(self.path)}"
                ) from error
            with contextlib.suppress(BadOutput):
                _discard(self._folder, _aside_path(self.path).name, self.path)
            self._folder.close()
        except OSError as error:
            raise _unwritable(self.path, error) from error
        return Manifest(self.path, self.header, footer)

    def flush(self) -> None:
        """Hands what was written so far to the system, so that a killed run can be taken up."""
        self._stream.flush()

    def abandon(self) -> None:
        """Leaves the partial as it is, for a later run to take up."""
        with contextlib.suppress(OSError):
            self._stream.close()
        self._folder.close()

    def discard(self) -> None:
        """Removes the partial: nothing in it is true."""
        with contextlib.suppress(OSError):
            self._stream.close()
        with contextlib.suppress(OSError):
            self._folder.remove(partial_path(self.path).name)
        self._folder.close()

    def _line(self, row: dict[str, Any]) -> None:
        line = canonical(row).encode() + b"\n"
        self._digest.update(line)
        try:
            self._stream.write(line)
        except OSError as error:
            raise _unwritable(self.path, error) from error


def refuse_existing(path: Path) -> None:
    """Raises: BadOutput where there is something at `path`."""
    if os.path.lexists(path):
        raise BadOutput(f"{path} is there already; nothing is written over. Choose another name with -o")


def _unwritable(path: Path, error: OSError) -> BadOutput:
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "make room there, and run the same command again" if is_full else "choose another place with -o"
    return BadOutput(f"{path} cannot be written: {error.strerror or error}; {remedy}")


def _lock(stream: IO[bytes], path: Path) -> None:
    """Keeps a second run away from the same partial; goes with the process. Windows refuses to rename open files."""
    if not locks.CAN_TELL:
        return
    try:
        locks.take(stream.fileno())
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):  # others: a file system without locks
            raise _busy(path) from error


def _busy(path: Path) -> BadOutput:
    return BadOutput(f"another run of auditor is writing {path}; wait for it, or choose another name")


@dataclass(frozen=True, slots=True)
class Left:
    """What stopped runs left of a manifest: a header, and rows in path order up to where a run was torn off."""

    path: Path
    header: Header

    def rows(self) -> Iterator[FileFacts]:
        """The rows that are whole."""
        for _, facts in self.lines():
            yield facts

    def lines(self) -> Iterator[tuple[bytes, FileFacts]]:
        """The rows that are whole, each with its line."""
        with contextlib.suppress(OSError, BadManifest), small_files.open_file(self.path) as stream:
            stream.readline(MAX_LINE_BYTES)
            while (line := stream.readline(MAX_LINE_BYTES)).endswith(b"\n"):
                yield line, of_today(from_row(_parse(line, self.path)), self.header.schema)


def stopped(path: Path) -> Left | None:
    """What a stopped run left of the manifest `path`; None where there is nothing to go on with. Changes nothing."""
    return _left(partial_path(path)) or _left(_aside_path(path))


def begun(path: Path) -> Header | None:
    """The header of the manifest `path`, finished or not; None where there is none. Changes nothing."""
    found = _left(path) or stopped(path)
    return found.header if found else None


def is_being_written(path: Path) -> bool:
    """Whether a run is writing the manifest `path` now."""
    try:
        with partial_path(path).open("rb") as stream:
            _lock(stream, path)
    except BadOutput:
        return True
    except OSError:
        return False
    return False


def take_up(path: Path) -> Left | None:
    """Puts the rows that stopped runs left of the manifest `path` aside, so that a new partial can take its place.

    Rows of several stopped runs become one list: of each path the newest row. Killed at any moment, it can be called
    again and loses nothing; `Writer.close` removes what was put aside. None where there is nothing to go on with.

    Raises: BadOutput where another run is writing that very manifest.
    """
    partial, aside = partial_path(path), _aside_path(path)
    new, old = _left(partial), _left(aside)
    if new is None:
        return old
    try:
        with Folder.open(path.parent) as folder:
            with os.fdopen(folder.open_file(partial.name), "rb") as held:
                _lock(held, path)
            if old is None or not _same_scan(old.header, new.header):
                _discard(folder, aside.name, path)
                folder.publish(partial.name, folder, aside.name)
            else:
                joined = partial.name + ".tmp"
                _discard(folder, joined, path)
                _join(folder.create(joined), new, old)
                folder.replace(joined, aside.name)
                folder.remove(partial.name)
    except OSError as error:
        raise _unwritable(path, error) from error
    return _left(aside)


def _discard(folder: Folder, name: str, path: Path) -> None:
    """Removes what a stopped run left of the manifest `path`, and nothing else.

    Raises: BadOutput where what lies there is no unfinished manifest of ours, or another run is writing it; OSError.
    """
    there = folder.there(name)
    if there is None:
        return
    where = folder.path / name
    ours = False
    with contextlib.suppress(OSError, LeadsOut), os.fdopen(folder.open_file(name), "rb") as stream:
        _lock(stream, path)
        if not os.path.samestat(os.fstat(stream.fileno()), folder.stat(name)):
            raise _busy(path)  # given its name by a run that finished between the two lines above
        first = stream.readline(MAX_LINE_BYTES)
        ours = _begins_as_ours(first, whole=first.endswith(b"\n") or bool(stream.read(1)))
    if not ours:
        raise BadOutput(
            f"{where} is there, and is no unfinished list of auditor; it stays as it is."
            " Move it away, or choose another name with -o"
        )
    folder.remove(name)


def _begins_as_ours(first: bytes, whole: bool) -> bool:
    """Whether a file's first line is a header of ours or, where it is not whole, as much of one as a killed run or a
    power cut (which leaves zeros) left."""
    if whole:
        return first.startswith(b"{") and b'"row":"header"' in first
    return not first.strip(b"\0") or any(first.startswith(s) or s.startswith(first) for s in _HEADER_STARTS)


def _join(to: int, new: Left, old: Left) -> None:
    """The rows of the newer run and, past its last one, those of the older, into an open file, which is closed."""
    with os.fdopen(to, "wb") as out:
        out.write(canonical(header_row(replace(new.header, started=old.header.started))).encode() + b"\n")
        last = b""
        for line, facts in new.lines():
            out.write(line)
            last = path_key(facts.path)
        for line, facts in old.lines():
            if path_key(facts.path) > last:
                out.write(line)
        out.flush()
        os.fsync(out.fileno())


def _same_scan(one: Header, other: Header) -> bool:
    def key(header: Header) -> tuple[object, ...]:
        return header.place_id, header.place, header.depth, header.digests, header.tool

    return key(one) == key(other)


def _left(path: Path) -> Left | None:
    try:
        with small_files.open_file(path, follow_link=False) as stream:
            line = stream.readline(MAX_LINE_BYTES)
        return Left(path, header_from(_parse(line, path), path)) if line.endswith(b"\n") else None
    except (OSError, BadManifest):
        return None
