"""The tables of an audit as a spreadsheet, read back by openpyxl."""

from __future__ import annotations

import csv
import errno
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.escape import unescape
from typer.testing import CliRunner

from auditor.cli import app
from auditor.disk.folder import Folder
from auditor.errors import BadOutput
from auditor.report import FILES, FINDINGS, RECORD, SAFE_TO_DELETE, spreadsheet
from tests import media
from tests.copier.runs import write
from tests.report import sample
from tests.report.test_report import written


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    db = sample.database([*sample.HOSTILE_NAMES, "_x0041_.jpg", "x" * 40_000 + ".jpg", "http://a.b/c.jpg"])
    (tmp_path / "audit").mkdir()
    return written(tmp_path / "audit", db).parent


def record(audit: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((audit / RECORD).read_text("utf-8"))
    return found


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def said(value: object) -> str:
    """A cell in the words of the table."""
    return value.isoformat() if isinstance(value, datetime) else "" if value is None else unescape(str(value))


def test_every_table_is_a_sheet_with_the_same_words_and_none_of_them_acts(audit: Path, tmp_path: Path) -> None:
    spreadsheet.write(audit, record(audit), tmp_path / "audit.xlsx")
    book = openpyxl.load_workbook(tmp_path / "audit.xlsx")
    assert book.sheetnames == ["Verdict", "Files", "Findings", "Safe to delete"]
    for name, file in (("Files", FILES), ("Findings", FINDINGS), ("Safe to delete", SAFE_TO_DELETE)):
        sheet, (head, *rows) = book[name], table(audit / file)
        shown = [[said(cell.value) for cell in row] for row in sheet.iter_rows()]
        assert shown[0] == head
        for ours, theirs in zip(shown[1:], rows, strict=True):
            for column, mine, cell in zip(head, ours, theirs, strict=True):
                wanted = cell[: spreadsheet.MOST_TEXT - 1]
                if column in spreadsheet.DATES:
                    wanted = wanted[:19]
                assert mine[: spreadsheet.MOST_TEXT - 1] == wanted
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref.startswith("A1:")
        kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
        assert kinds <= {"s", "n", "d", "inlineStr"} and not any(row.hyperlink for row in sheet["A"])
    files = book["Files"]
    columns = [cell.value for cell in files[1]]
    sizes = [row[columns.index("size_bytes")].data_type for row in files.iter_rows(min_row=2)]
    dates = [row[columns.index("taken_at")] for row in files.iter_rows(min_row=2)]
    assert "s" not in sizes and any(isinstance(cell.value, datetime) for cell in dates)
    verdict = {row[0].value: row[1].value for row in book["Verdict"].iter_rows()}
    told = record(audit)
    assert verdict["verdict"] == told["verdict"] and verdict["sentence"] == told["sentence"]
    assert verdict["due"] == told["partition"]["due"]


def test_a_table_longer_than_a_sheet_goes_on_in_the_next(audit: Path, tmp_path: Path) -> None:
    spreadsheet.write(audit, record(audit), tmp_path / "audit.xlsx", most_rows=21)
    book = openpyxl.load_workbook(tmp_path / "audit.xlsx")
    sheets = [name for name in book.sheetnames if name.startswith("Files")]
    assert sheets[:3] == ["Files", "Files 2", "Files 3"]
    paths = [row[0] for name in sheets for row in book[name].iter_rows(min_row=2, values_only=True)]
    assert len(paths) == len(table(audit / FILES)) - 1 and {book[name].max_row for name in sheets[:2]} == {21}


def test_the_command_writes_it_over_nothing_and_of_nothing_that_was_changed(audit: Path, tmp_path: Path) -> None:
    target = tmp_path / "audit.xlsx"
    words = ["report", str(audit), "--xlsx", str(target)]
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 0 and f"Tables   {target}" in found.output
    before = target.read_bytes()
    with pytest.raises(BadOutput, match="is there already"):
        app(words, standalone_mode=False)
    assert target.read_bytes() == before
    target.unlink()
    (audit / FILES).write_text((audit / FILES).read_text("utf-8").replace("missing", "identical"), "utf-8")
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 1 and "changed: files.csv" in found.output and not target.exists()


def test_an_audit_writes_it_at_once_or_says_before_that_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "phone/DCIM/Camera/IMG_1.jpg", media.jpeg(1), 1_700_000_001)
    write(tmp_path / "disk/IMG_1.jpg", media.jpeg(1), 1_700_000_001)
    monkeypatch.chdir(tmp_path)
    words = ["audit", "phone", "disk", "--copy-by-hand"]
    for name, said in (("nowhere/a.xlsx", "is no folder"), ("phone/a.xlsx", "would lie inside"), ("a/a.xlsx", "is no")):
        done = CliRunner().invoke(app, [*words, "-o", "a", "--xlsx", name])
        assert isinstance(done.exception, BadOutput)
        assert said in str(done.exception)
        assert not (tmp_path / "a").exists()
    assert CliRunner().invoke(app, [*words, "-o", "a", "--xlsx", "a.xlsx"]).exit_code == 0
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames[0] == "Verdict"
    done = CliRunner().invoke(app, [*words, "-o", "b", "--xlsx", "a.xlsx"])
    assert "is there already" in str(done.exception)


def test_a_full_disk_is_told_in_words(audit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Folder, name: str, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", name)

    monkeypatch.setattr(Folder, "write_new", full)
    with pytest.raises(BadOutput, match=r"x\.xlsx cannot be written: No space left on device$"):
        spreadsheet.write(audit, record(audit), tmp_path / "x.xlsx")
