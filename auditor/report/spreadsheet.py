"""An audit's tables as one spreadsheet: a sheet each, with filters, frozen heads, numbers and real dates.

Everything is written as text, number or date, never as a formula or a link, whatever a file is called. Rows stream: a
million need no more memory than a thousand.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from auditor.disk.folder import Folder
from auditor.errors import BadOutput
from auditor.report import FILES, FINDINGS, SAFE_TO_DELETE

SHEETS = {"Files": FILES, "Findings": FINDINGS, "Safe to delete": SAFE_TO_DELETE}
"""The name of each sheet and the table of the audit's folder that it shows. The first sheet is the verdict."""

NUMBERS = frozenset(("size_bytes", "copies"))
DATES = frozenset(("taken_at", "mtime", "read_at"))
WIDTHS = {"path": 60, "detail": 60, "message": 80, "backup_path": 60, "evidence": 40, "sha256": 20, "status": 18}
MOST_ROWS = 1_048_576
"""Rows of a sheet, its head included. Source: Microsoft, Excel specifications and limits."""
MOST_TEXT = 32_767
"""Characters of a cell, from the same source."""
_CHUNK = 20_000


def write(folder: Path, record: Mapping[str, Any], path: Path, most_rows: int = MOST_ROWS) -> None:
    """Writes the tables of an audit's folder; `record` is what its audit.json holds. A table of more than `most_rows`
    goes on in a further sheet. The words are those of the tables, which is also how a name that would act is shown.

    Raises: BadOutput where the file is there already or cannot be written.
    """
    try:
        with Folder.open(path.parent) as target, tempfile.TemporaryDirectory() as work:
            if target.there(path.name) is not None:
                raise BadOutput(f"{path} is there already; nothing is written over. Name another file with --xlsx")
            whole = Path(work) / "tables.xlsx"
            with xlsxwriter.Workbook(whole, {"constant_memory": True}) as book:
                _Sheets(book, most_rows).write(folder, record)
            target.write_new(path.name, whole.read_bytes())
    except (OSError, xlsxwriter.exceptions.XlsxWriterException) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise BadOutput(f"{path} cannot be written: {reason}") from error


class _Sheets:
    """The sheets of one workbook, in their order."""

    def __init__(self, book: xlsxwriter.Workbook, most_rows: int) -> None:
        self.book = book
        self.most_rows = most_rows
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": False})
        self.date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.number = book.add_format({"num_format": "#,##0"})

    def write(self, folder: Path, record: Mapping[str, Any]) -> None:
        self._verdict(record)
        for title, name in SHEETS.items():
            self._table(title, folder / name)

    def _verdict(self, record: Mapping[str, Any]) -> None:
        sheet = self.book.add_worksheet("Verdict")
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 90)
        proof = record["provenance"]
        lines = [("verdict", record["verdict"]), ("sentence", record["sentence"]), *record["partition"].items()]
        lines += [("audit", proof.get("audit_id")), ("started", proof.get("started")), ("source", proof.get("source"))]
        lines += [("backup", backup) for backup in proof.get("backups", ())]
        lines += [("policy", record["policy"]["id"]), ("program", f"auditor {proof['versions']['auditor']}")]
        for row, (name, value) in enumerate(lines):
            sheet.write_string(row, 0, str(name).replace("_", " "), self.head)
            if isinstance(value, int):
                sheet.write_number(row, 1, value, self.number)
            else:
                sheet.write_string(row, 1, _cut(str(value or "")))

    def _table(self, title: str, table: Path) -> None:
        sheet, at, nth = None, 0, 1
        columns: list[str] = []
        for columns, row in _rows(table):
            if sheet is None or at >= self.most_rows:
                self._close(sheet, at, columns)
                sheet, at = self._open(title if nth == 1 else f"{title} {nth}", columns), 1
                nth += 1
            for column, (name, text) in enumerate(zip(columns, row, strict=True)):
                self._cell(sheet, at, column, name, text)
            at += 1
        if sheet is None:
            columns = list(pd.read_csv(table, nrows=0).columns)
            sheet, at = self._open(title, columns), 1
        self._close(sheet, at, columns)

    def _open(self, title: str, columns: list[str]) -> Any:
        sheet = self.book.add_worksheet(title)
        for column, name in enumerate(columns):
            sheet.set_column(column, column, WIDTHS.get(name, 20 if name in DATES else 14))
            sheet.write_string(0, column, name, self.head)
        sheet.freeze_panes(1, 0)
        return sheet

    @staticmethod
    def _close(sheet: Any, rows: int, columns: list[str]) -> None:
        if sheet is not None:
            sheet.autofilter(0, 0, max(rows - 1, 1), len(columns) - 1)

    def _cell(self, sheet: Any, row: int, column: int, name: str, text: str) -> None:
        if not text:
            return
        if name in NUMBERS and text.isdecimal():
            sheet.write_number(row, column, int(text), self.number)
        elif name in DATES and (moment := _moment(text)) is not None:
            sheet.write_datetime(row, column, moment, self.date)
        else:
            sheet.write_string(row, column, _cut(text))


def _rows(table: Path) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    for frame in pd.read_csv(table, dtype=str, keep_default_na=False, na_filter=False, chunksize=_CHUNK):
        columns = list(frame.columns)
        yield from ((columns, row) for row in frame.itertuples(index=False, name=None))


def _moment(text: str) -> datetime | None:
    """A date as a spreadsheet can hold it, without zone and from 1900 on; None for all others, which stay words."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return moment if moment.year > 1900 else None


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"
