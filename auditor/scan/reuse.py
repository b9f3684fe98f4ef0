"""Rows of earlier lists of a place: a file that has not changed since it was read need not be read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from auditor.manifest.jsonl import Left, Manifest
from auditor.model import Depth, DigestOrigin, ErrorKind, FileFacts, Header
from auditor.paths import path_key
from auditor.places import Entry

RACY_NS = 3_000_000_000
"""A file changed so shortly before it was read may have changed again under the same date (FAT counts in 2 s)."""


class ReusableRows:
    """Rows of earlier lists, the best first, asked for in path order. `now` is when this list is begun.

    A file is unchanged where it is the same one (volume and inode) and nothing of it changed since (ctime, which no
    program can set). Only what a stopped scan itself left may rest on size and date where a place knows no such times:
    its list keeps the day on which it was begun.
    """

    def __init__(
        self,
        lists: Iterable[Iterator[FileFacts]],
        digests: tuple[str, ...],
        now: datetime,
        stopped: Iterable[Iterator[FileFacts]] = (),
    ) -> None:
        self._lists = [(RowsAhead(rows), False) for rows in stopped] + [(RowsAhead(rows), True) for rows in lists]
        self._digests = digests
        self._now_ns = int(now.timestamp() * 1_000_000_000)

    def facts(self, entry: Entry) -> FileFacts | None:
        """What was read of a file before, None where it must be read: it changed, or may have."""
        key = path_key(entry.path)
        for rows, is_strict in self._lists:
            row = rows.at(key)
            if row is not None and row.path == entry.path and self._holds(row, entry, is_strict):
                kept = {name: digest for name, digest in row.digests.items() if name in self._digests}
                # Which files belong together is a matter of today's listing.
                told = entry.digests if entry.digest_origin is DigestOrigin.COMPUTED else {}
                return replace(row, digests={**told, **kept}, sidecar=None, companion_of=None)
        return None

    def _holds(self, row: FileFacts, entry: Entry, is_strict: bool) -> bool:
        """Whether a row is still true of a file, as far as the file system tells."""
        if row.digest_origin is not DigestOrigin.READ or row.error_kind is ErrorKind.UNREADABLE:
            return False
        if row.mtime_ns is None or not row.mtime_trusted or row.read_at is None:
            return False
        if (row.size_bytes, row.mtime_ns) != (entry.size_bytes, entry.mtime_ns):
            return False
        if (row.file_id, row.changed_ns) != (entry.file_id, entry.changed_ns):
            return False
        if is_strict and (entry.file_id is None or entry.changed_ns is None):
            return False
        read_ns = int(datetime.fromisoformat(row.read_at).timestamp()) * 1_000_000_000
        # A row from the future was written by a clock that was wrong: what it calls earlier may be later.
        return max(row.mtime_ns, entry.changed_ns or 0) < read_ns - RACY_NS and read_ns <= self._now_ns


class RowsAhead:
    """Rows in path order, looked at one ahead."""

    def __init__(self, rows: Iterator[FileFacts]) -> None:
        self._rows = rows
        self._row = next(rows, None)

    def at(self, key: bytes) -> FileFacts | None:
        """The first row at or after a path; the paths asked for only ever grow."""
        while self._row is not None and path_key(self._row.path) < key:
            self._row = next(self._rows, None)
        return self._row


def usable(lists: Sequence[Manifest], header: Header) -> list[Iterator[FileFacts]]:
    """The rows of those finished lists that looked as deep as `header` asks, with the same readers."""
    return [
        known.rows()
        for known in lists
        if header.depth is not Depth.LIST
        and known.header.started <= header.started
        and known.header.schema == header.schema
        and known.header.tool == header.tool
        and known.header.depth.reaches(header.depth)
        and set(header.digests) <= set(known.header.digests)
    ]


def taken_up(left: Left | None, header: Header) -> list[Iterator[FileFacts]]:
    """The rows of a stopped scan, if it was the same scan, and its clock was not ahead of today's."""
    if left is None or header.depth is Depth.LIST:
        return []
    old = left.header
    if old.started > header.started or old.schema != header.schema:
        return []
    # A copied backup has the id of the first, so it must have been named the same too.
    same = (old.place_id, old.place, old.depth, old.digests, old.tool) == (
        header.place_id,
        header.place,
        header.depth,
        header.digests,
        header.tool,
    )
    return [left.rows()] if same else []
