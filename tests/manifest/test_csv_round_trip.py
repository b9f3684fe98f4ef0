"""Tables that a spreadsheet opens: nothing in them runs, and what we read back is what was written."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.disk.foreign_names import row_path
from auditor.duplicates import tables as duplicates
from auditor.duplicates.planning import Action, PlanRow
from auditor.manifest.interop.tabular import read_csv, write_csv
from auditor.model import FileFacts
from auditor.pictures.verify import Relation
from auditor.words import defuse, visible

SHA = "a" * 64

PIECES = st.sampled_from(
    (
        *(
            "=",
            "+",
            "-",
            "@",
            "＝",
            "＋",
            "－",
            "＠",
            "'",
            '"',
            ";",
            ";=",
            '; "=',
            ",=",
            "\t",
            "\r",
            "\n",
            "\x1b",
            "\x9b",
        ),
        *("\u202e", "\\", "\\x41", "\\\\x41", "\udcff", "\0", "a", " ", "é", "<U+001B>", "cmd|' /C calc'!A0", ".jpg"),
    )
)
NAMES = st.lists(PIECES, min_size=1, max_size=6).map("".join)


def _runs(cell: str) -> bool:
    """Whether a spreadsheet would act on a cell, wherever it splits it."""
    begins = tuple("=+-@＝＋－＠\t\r\n\0")
    return cell.startswith(begins) or any(part.lstrip(' "').startswith(begins) for part in cell.split(";")[1:])


@settings(max_examples=400, deadline=None)
@given(NAMES)
def test_an_exported_name_never_runs_and_is_read_back_exactly(name: str) -> None:
    path = name.strip("/.") or "x"
    content = b"".join(write_csv([FileFacts(path=path, size_bytes=5, digests={"sha256": SHA})]))
    _, row = list(csv.reader(io.StringIO(content.decode(), newline="")))
    if path[0] not in "=+-@＝＋－＠'":
        assert not _runs(row[0]), ascii(row[0])
    else:
        assert row[0].startswith("'") and not any(map(_runs, row[0].split(";")[1:]))
    assert visible(row[0]) == row[0], "everything in it shows"
    facts = read_csv(Path("x.csv"), content).rows
    if row_path(path) == (path, None):  # else its row quotes it: it must never be used as a path
        assert [(f.path, f.size_bytes, f.digests) for f in facts] == [(path, 5, {"sha256": SHA})]


@pytest.mark.parametrize("digest", ["=cmd()", "a;=1", "x" * 64, "", "a\nb", "\x1b[31m", "-1"])
def test_what_is_no_digest_is_in_no_table(digest: str) -> None:
    content = b"".join(write_csv([FileFacts(path="a.jpg", digests={"sha256": digest})]))
    assert content.splitlines()[1] == b"a.jpg,,,,,,,"
    table = f'path,sha256\na.jpg,"{digest}"\n'.encode()
    assert [facts.digests for facts in read_csv(Path("x.csv"), table).rows] == [{}]


@settings(max_examples=200, deadline=None)
@given(NAMES)
def test_a_cell_that_is_defused_never_runs_and_shows(text: str) -> None:
    cell = defuse(text)
    assert not _runs(cell), "it begins with an apostrophe, which is text"
    assert visible(cell) == cell


@settings(max_examples=100, deadline=None)
@given(name=NAMES, kept=NAMES)
def test_a_plan_holds_exact_names_or_none(tmp_path_factory: pytest.TempPathFactory, name: str, kept: str) -> None:
    """A removal whose name a table cannot hold is in no plan; every other one is read back letter by letter."""
    path = tmp_path_factory.mktemp("plan") / "plan.csv"
    row = PlanRow(Action.REMOVE, "/p", name, SHA, 5, "/p", kept, SHA, Relation.SAME_BYTES, "=reason", "")
    duplicates.write_plan([row], path)
    with path.open(encoding="utf-8", newline="") as stream:
        written = list(csv.DictReader(stream))
    if row.in_no_table is not None:
        assert not written
    else:
        assert (written[0]["path"], written[0]["kept_path"], written[0]["reason"]) == (name, kept, "'=reason")
