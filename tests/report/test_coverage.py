"""The coverage plot counts every due file once, by month and by folder, and draws what it counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.database.connection import Database
from auditor.model import FileVerdict
from auditor.report import coverage
from tests.report import sample
from tests.report.test_report import Reader, written

PROOF = ("identical", "metadata_changed")
NAS = "Family NAS"


def plots(db: Database, backups: tuple[str, ...] = (NAS,)) -> tuple[coverage.Plot, coverage.Plot]:
    made = coverage.of(db, PROOF, backups)
    assert made is not None
    months, folders = sorted(made.plots, key=lambda plot: plot.name, reverse=True)
    return months, folders


def test_both_views_add_up_to_the_verdict() -> None:
    db = sample.database([f"Pictures/{n}/a.jpg" for n in range(20)])
    partition = sample.audit(db).partition
    for plot in plots(db):
        sums = {
            verdict: sum(amount.verdicts.get(verdict, 0) for amount in plot.amounts)
            for verdict in FileVerdict
            if verdict is not FileVerdict.NOT_DUE
        }
        assert sums == {name: getattr(partition, name) for name in sums}
        assert sum(amount.total for amount in plot.amounts) == partition.due
        assert sum(amount.held[NAS] for amount in plot.amounts) == 31
    months, folders = plots(db)
    assert sum(bar.amount.total for bar in months.bars) == partition.due
    assert len(folders.bars) == 12
    assert folders.others.startswith("11 other folders: 11 files, 11 not safe, 0 in Family NAS")


def test_what_only_the_date_of_the_file_places_is_counted(tmp_path: Path) -> None:
    db = sample.database(proven=30)
    db.con.execute("UPDATE files SET taken_at = '2026-01-05', mtime = '2026-04-05T00:00:00Z'")
    assert [plot.by_file for plot in plots(db)] == [0, 0]
    db.con.execute("UPDATE files SET taken_at = NULL WHERE id % 2 = 0 AND verdict <> 'not_due'")
    months, folders = plots(db)
    assert (months.by_file, folders.by_file) == (months.bars[-1].amount.total, 0)
    said = written(tmp_path, db).read_text("utf-8")
    assert f">{months.by_file} by the date of the file: that of the photo is not known.<" in said


def test_a_month_without_photos_is_a_gap_and_pieces_are_as_high_as_their_numbers() -> None:
    db = sample.database(proven=30)
    db.con.execute("UPDATE files SET taken_at = CASE WHEN id % 2 = 0 THEN '2026-01-05' ELSE '2026-04-05' END")
    months, _ = plots(db)
    assert [bar.amount.label for bar in months.bars] == ["January 2026", "February 2026", "March 2026", "April 2026"]
    assert [bar.pieces for bar in months.bars[1:3]] == [(), ()]
    for bar in months.bars:
        assert sum(piece.height for piece in bar.pieces) == pytest.approx(months.height * bar.amount.total / months.top)
        for piece in bar.pieces:
            assert piece.height == pytest.approx(months.height * bar.amount.verdicts[piece.kind] / months.top)
    assert months.bars[0].amount.words.startswith("January 2026: 19 files, ")


@pytest.mark.parametrize(
    ("stray", "first", "last"),
    [("1970-01-01T00:00:00", "before that", "April 2026"), ("2099-12-31T00:00:00", "January 2026", "after that")],
)
def test_a_clock_that_is_wrong_does_not_spread_the_months(stray: str, first: str, last: str) -> None:
    db = sample.database(proven=30)
    db.con.execute("UPDATE files SET taken_at = CASE WHEN id % 2 = 0 THEN '2026-01-05' ELSE '2026-04-05' END")
    db.con.execute("UPDATE files SET taken_at = ? WHERE path LIKE '%IMG_0009.JPG'", [stray])
    months, _ = plots(db)
    assert months.heading == "By month"
    assert (months.bars[0].amount.label, months.bars[-1].amount.label) == (first, last)
    assert len(months.bars) == 5


def test_many_years_are_years_and_no_date_is_said() -> None:
    db = sample.database(proven=30)
    db.con.execute("UPDATE files SET taken_at = (1996 + id % 30) || '-05-05'")
    db.con.execute("UPDATE files SET taken_at = '0000-00-00', mtime = NULL WHERE path LIKE '%IMG_0009.JPG'")
    months, _ = plots(db)
    assert months.heading == "By year"
    assert [bar.amount.label for bar in months.bars] == [*(str(year) for year in range(1996, 2026)), "no date"]
    assert sum(bar.amount.total for bar in months.bars) == sum(amount.total for amount in months.amounts) == 38


def test_few_files_are_no_plot(tmp_path: Path) -> None:
    db = sample.database(proven=0)
    assert coverage.of(db, PROOF, [NAS]) is None
    assert "How much is safe" not in written(tmp_path, db).read_text("utf-8")


def test_the_plot_says_its_numbers_in_words_and_in_a_table(tmp_path: Path) -> None:
    page = Reader(written(tmp_path, sample.database()).read_text("utf-8"))
    bars = [a for tag, a in page.elements if tag == "g" and a.get("class") == "bar"]
    labels = [str(a["aria-label"]) for a in bars]
    assert "June 2026: 6 files, 5 proven safe, 1 not safe, 5 in Family NAS" in labels
    assert "MonthFilesProven safeNot safeNot checkedLeft out on purposeIn Family NAS" in page.text
    assert "June 2026651005" in page.text
