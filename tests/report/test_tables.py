from __future__ import annotations

import csv
import json
import re
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.report import tables
from tests.report import sample


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_files_csv_has_every_row_of_the_source_and_the_columns_of_the_contract(tmp_path: Path) -> None:
    db = sample.database()
    assert tables.write_files(db, tmp_path / "files.csv") == 40
    text = (tmp_path / "files.csv").read_bytes()
    assert b"\r" not in text
    assert text.startswith(b"path,status,verdict,detail,backup,backup_path,copies,size_bytes,taken_at,sha256\n")
    rows = rows_of(tmp_path / "files.csv")
    assert [row["path"] for row in rows] == [
        path for (path,) in db.con.execute("SELECT path FROM files ORDER BY id").fetchall()
    ]
    unknown = next(row for row in rows if row["path"].endswith("IMG_1200.MOV"))
    assert (unknown["sha256"], unknown["taken_at"], unknown["copies"]) == ("", "", "0"), (
        "unknown is empty, a count whole"
    )


@pytest.mark.parametrize("write", [tables.write_files, tables.write_findings, tables.write_safe_to_delete])
def test_an_empty_table_has_its_header(tmp_path: Path, write: object) -> None:
    db = sample.database(proven=0)
    db.con.execute("DELETE FROM files")
    db.con.execute("DELETE FROM findings")
    assert write(db, tmp_path / "t.csv") == 0  # type: ignore[operator]
    assert (tmp_path / "t.csv").read_text().count("\n") == 1


@pytest.mark.parametrize("storage", ["python", "pyarrow"])
def test_hostile_names_are_neither_formulas_nor_acts(tmp_path: Path, storage: str) -> None:
    if storage == "pyarrow":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed: pandas keeps text the other way")
    db = sample.database(sample.HOSTILE_NAMES)
    with pd.option_context("mode.string_storage", storage):
        tables.write_files(db, tmp_path / "files.csv")
        tables.write_findings(db, tmp_path / "findings.csv")
    for name in ("files.csv", "findings.csv"):
        for row in rows_of(tmp_path / name):
            for column, cell in row.items():
                assert not re.match("[=+\\-@\t\r\n\x00＝＋－＠]", cell), (name, column, cell)
                assert not re.search('; *"*[=+\\-@＝＋－＠]', cell), (name, column, cell)
                assert not [
                    c for c in cell if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in "\u202e\u200b"
                ]
    paths = {row["path"] for row in rows_of(tmp_path / "files.csv")}
    for shown in ("'=1+1.jpg", "'<U+0009>=1+1.jpg", "annex<U+202E>gpj.exe", "two<U+000A>lines.jpg", "\\xff-latin1.jpg",
                  "👨‍👩‍👧 می‌خواهم.jpg", "photo;'=1+1.jpg", "日本語 é ü.jpg"):  # fmt: skip
        assert shown in paths


def test_evidence_in_the_csv_is_json_with_the_same_value(tmp_path: Path) -> None:
    db = sample.database()
    evidence = {"other": "annex\u202egpj;=1+1\x1b[0m\U000e0041.exe", "n": 3}
    db.con.execute("UPDATE findings SET evidence = ?", [json.dumps(evidence, ensure_ascii=False)])
    tables.write_findings(db, tmp_path / "findings.csv")
    cells = [row["evidence"] for row in rows_of(tmp_path / "findings.csv")]
    assert all(json.loads(cell) == evidence for cell in cells)
    assert not any("\u202e" in cell or ";=" in cell for cell in cells)


def test_findings_are_worst_first(tmp_path: Path) -> None:
    tables.write_findings(sample.database(), tmp_path / "findings.csv")
    severities = [row["severity"] for row in rows_of(tmp_path / "findings.csv")]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert set(severities) == {"error", "warning", "info"}


def test_the_jsonl_is_exact(tmp_path: Path) -> None:
    db = sample.database(sample.HOSTILE_NAMES)
    tables.write_findings_jsonl(db, tmp_path / "f.jsonl")
    lines = (tmp_path / "f.jsonl").read_bytes().splitlines()
    found = [json.loads(line) for line in lines]
    assert len(found) == db.con.execute("SELECT count(*) FROM findings").fetchone()[0]  # type: ignore[index]
    assert set(sample.HOSTILE_NAMES) <= {finding["path"] for finding in found}
    waived = [finding for finding in found if "waiver" in finding]
    assert [finding["waiver"]["by"] for finding in waived] == ["Anna"]
    assert all(isinstance(finding["evidence"], dict) for finding in found)


@given(st.text())
def test_a_defused_cell_is_tame_whatever_the_text(text: str) -> None:
    cell = tables.defuse(text)
    assert not re.match("[=+\\-@]", cell)
    assert "\x1b" not in cell
    assert "\n" not in cell
    assert "\u202e" not in cell
    assert cell.encode("utf-8") == cell.encode("utf-8", "surrogatepass")


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N"])))
def test_a_harmless_cell_stays_as_it_is(text: str) -> None:
    assert tables.defuse(text) == text
