"""Of which month a photo is: the same in the report's plot and in what `clean` would free; which dates are one."""

from __future__ import annotations

import duckdb
import pytest

from auditor.database import page
from auditor.database.connection import Database
from auditor.dates import HOUR_NS, is_as_listed, month_of

CASES = (
    ("2016-05-03T18:02:00", "2017-07-14T02:40:00Z", "2016-05"),  # copying sets the file's date
    (None, "2017-07-14T02:40:00Z", "2017-07"),
    ("0000-00-00T00:00:00", "2017-07-14T02:40:00Z", "2017-07"),  # a camera without a clock
    ("2016-13-03T18:02:00", None, None),
    (None, None, None),
)


@pytest.mark.parametrize(("taken_at", "mtime", "month"), CASES)
def test_the_month_of_a_photo_goes_by_the_day_it_was_taken(
    taken_at: str | None, mtime: str | None, month: str | None
) -> None:
    assert month_of(taken_at, mtime) == month


def test_the_plot_of_the_report_has_the_same_months() -> None:
    db = Database(duckdb.connect(), frozenset())
    db.put(
        "files",
        dict.fromkeys(("path", "taken_at", "mtime", "verdict"), "VARCHAR"),
        [(f"{n}.jpg", taken_at, mtime, "proven") for n, (taken_at, mtime, _) in enumerate(CASES)],
    )
    found = {one.name: one.count for one in page.covered(db, page.Axis.MONTH)}
    assert found == {"2016-05": 1, "2017-07": 2, None: 2}


DATE = 1_700_000_000_000_000_000


@pytest.mark.parametrize(
    ("listed", "now", "may_shift", "is_same"),
    [
        (DATE, DATE, False, True),
        (None, DATE, False, True),
        (DATE, None, True, False),
        (DATE, DATE + HOUR_NS, True, True),
        (DATE, DATE - 26 * HOUR_NS, True, True),
        (DATE, DATE + HOUR_NS, False, False),
        (DATE, DATE + 27 * HOUR_NS, True, False),
        (DATE, DATE + 2_000_000_000, True, False),
        (DATE, DATE + HOUR_NS + 1, True, False),
    ],
)
def test_a_zone_shifts_dates_by_whole_hours(
    listed: int | None, now: int | None, may_shift: bool, is_same: bool
) -> None:
    assert is_as_listed(listed, now, may_shift=may_shift) == is_same
