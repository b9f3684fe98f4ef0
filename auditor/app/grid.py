"""The files of an audit that are not safe, or of which that is not known, as pictures: a page of them at a time."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from auditor.app import later, pages, pictures, results, sentences, shown
from auditor.app.commands import NoAnswer
from auditor.model import FileVerdict, Status
from auditor.words import STATUSES, VERDICTS

SHOWN = 48
"""So many files are on a page."""
KINDS = (FileVerdict.NOT_SAFE, FileVerdict.NOT_CHECKED)
"""Which files are shown."""
_TABLE, _VERDICT = "files.csv", "verdict"
_CHANGED = "The table of this report was changed after it was written. Check again."


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the phone: the `row` of the audit's list that it is, from 1, and what became of it in words."""

    row: int
    path: str
    words: str
    taken: str
    size_bytes: int | None

    @property
    def name(self) -> str:
        """Its name, without the folder."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder that it is in."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the files of a kind: those from `first` on, and how many there are in all."""

    kind: FileVerdict
    first: int
    files: Sequence[_File]
    total: int


@dataclass(frozen=True, slots=True)
class _Index:
    """Where a table has the files of a kind: the names of its columns, how many files there are, and of each page of
    them the byte at which its first record begins, with that record's row."""

    columns: tuple[str, ...]
    total: int
    pages: tuple[tuple[int, int], ...]


def files(request: Request) -> Response:
    """GET /results/NAME/files?of=KIND&from=N: a page of pictures, each with what became of it."""
    if (folder := results.find(request.path_params["name"])) is None:
        return pages.trouble("That report is not there any more.")
    if (part := _part(folder, request)) is None:
        return pages.trouble("There is no such page.")
    try:
        told = _told(folder, _facts(folder))
    except NoAnswer as error:
        return pages.trouble(str(error))
    if part.total != told["partition"][part.kind]:
        return pages.trouble(_CHANGED)
    since = later.than(folder, told)
    return pages.page(
        "files",
        since=since,
        name=folder.name,
        kind=part.kind,
        words=VERDICTS[part.kind],
        part=part,
        before=max(0, part.first - SHOWN) if part.first else None,
        after=part.first + SHOWN if part.first + SHOWN < part.total else None,
        steps=shown.check_again(told) if since else shown.steps(told),
    )


async def picture(request: Request) -> Response:
    """GET /results/NAME/pictures/ROW?of=KIND&from=N: the small picture of a file of that page; `large` as alone."""
    row = request.path_params["row"]
    folder, rows = await run_in_threadpool(_shown, request)
    if folder is None or row not in rows:
        return PlainTextResponse("There is no such picture.", 404)
    is_large = bool(request.query_params.get("large"))
    kept: pictures.Pages = request.app.state.pictures
    wanted, side = ([row], pictures.LARGE) if is_large else (rows, pictures.SMALL)
    making = asyncio.ensure_future(kept.picture(folder, row, wanted, side))
    left = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((making, left), return_when=asyncio.FIRST_COMPLETED)
        made, said = making.result() if making.done() else (None, "")
    finally:
        making.cancel()
        left.cancel()
    if made is None:
        return PlainTextResponse(sentences.said(said), 404)
    return Response(made, media_type="image/webp")


@lru_cache(maxsize=4)
def _told(folder: Path, facts: tuple[tuple[str, int, int, int], ...]) -> dict[str, Any]:
    """The verdict of an audit whose files have these `facts`: held against its seal once, not for each page of files.

    Raises: NoAnswer where it is as nobody wrote it, or that cannot be told now.
    """
    told = shown.verdict(folder)
    if told.get("verdict") is None:
        raise NoAnswer(told["sentence"])
    return told


def _facts(folder: Path) -> tuple[tuple[str, int, int, int], ...]:
    """What changes when a file of the folder does: name, size, time of its content and of its inode in ns."""
    facts = [(file.name, file.stat(follow_symlinks=False)) for file in os.scandir(folder)]
    return tuple(sorted((name, its.st_size, its.st_mtime_ns, its.st_ctime_ns) for name, its in facts))


async def _left(request: Request) -> None:
    """Ends when the browser does not want an answer any more: it shows another page."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _shown(request: Request) -> tuple[Path | None, Sequence[int]]:
    """The audit, None where there is none, and the rows that the address's page shows."""
    folder = results.find(request.path_params["name"])
    part = None if folder is None else _part(folder, request)
    return folder, [file.row for file in part.files] if part else []


def _part(folder: Path, request: Request) -> _Part | None:
    """The files that the address asks for; None where it asks for what there cannot be."""
    of, first = request.query_params.get("of", FileVerdict.NOT_SAFE.value), request.query_params.get("from", "0")
    table = results.file_of(folder, _TABLE)
    if table is None or of not in KINDS or not first.isascii() or not first.isdigit() or len(first) > 12:
        return None
    facts = table.stat()
    return _read(table, facts.st_mtime_ns, facts.st_size, FileVerdict(of), int(first))


@lru_cache(maxsize=16)
def _read(table: Path, mtime_ns: int, size_bytes: int, of: FileVerdict, start: int) -> _Part:
    """A part of the table, which is read once for all pictures of a page as long as its date and size stay."""
    index, number = _index(table, mtime_ns, size_bytes, of), start // SHOWN
    found: list[_File] = []
    if number < len(index.pages):
        offset, first_row = index.pages[number]
        with contextlib.suppress(UnicodeDecodeError, csv.Error), table.open("rb") as stream:
            for row, (_, record) in enumerate(_records(stream, offset), first_row):
                line = dict(zip(index.columns, record, strict=False))
                if line.get(_VERDICT) == of:
                    found.append(_file(row, line))
                if len(found) == SHOWN:
                    break
    return _Part(of, number * SHOWN, found, index.total)


@lru_cache(maxsize=4)
def _index(table: Path, mtime_ns: int, size_bytes: int, of: FileVerdict) -> _Index:
    """Where the files of a kind stand. A table with a million rows is read whole for its first page alone."""
    columns: list[str] = []
    total, starts = 0, []
    with contextlib.suppress(UnicodeDecodeError, csv.Error), table.open("rb") as stream:
        records = _records(stream, 0)
        _, columns = next(records, (0, columns))
        verdict = columns.index(_VERDICT) if _VERDICT in columns else len(columns)
        for row, (offset, record) in enumerate(records, 1):  # a table that was changed may end early
            if record[verdict : verdict + 1] != [of]:
                continue
            if total % SHOWN == 0:
                starts.append((offset, row))
            total += 1
    return _Index(tuple(columns), total, tuple(starts))


def _records(stream: BinaryIO, offset: int) -> Iterator[tuple[int, list[str]]]:
    """The records of a table from that byte on, each with the byte at which it begins. Empty lines are none.

    Raises: UnicodeDecodeError and csv.Error where it is no such table.
    """
    stream.seek(offset)
    reader = csv.reader(line.decode() for line in iter(stream.readline, b""))
    while (record := next(reader, None)) is not None:
        if record:
            yield offset, record
        offset = stream.tell()


def _file(row: int, line: dict[str, str]) -> _File:
    size = line.get("size_bytes") or ""
    status = line.get("status") or ""
    words = STATUSES[Status(status)] if status in Status.__members__.values() else ""
    path = line.get("path") or ""
    told = (line.get("detail") or "").removeprefix(path).lstrip(" :") or words  # the path stands beside it
    if status == Status.DAMAGED and told != words:  # else it would be the picture beside it that is broken
        told = f"{words}: {told}"
    return _File(row, path, told, line.get("taken_at") or "", int(size) if size.isascii() and size.isdigit() else None)
