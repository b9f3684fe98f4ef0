"""The plot of the last audits: the same numbers as `auditor history` says, on the page of a report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor import report as reporting
from auditor.report import history, trend
from tests import browser
from tests.commandline import call
from tests.report import sample
from tests.report.test_history import NOT_SAFE, PROVEN, audit
from tests.report.test_page import AXE
from tests.report.test_report import ZONE, Reader


def before(home: Path, unsafe: list[int]) -> None:
    """Audits of the sample's phone, a month each, of which so many files of twenty were not safe."""
    for nth, number in enumerate(unsafe):
        files = {f"{n:02d}.jpg": NOT_SAFE if n < number else PROVEN for n in range(20)}
        when = f"{2025 + (4 + nth) // 12}-{(4 + nth) % 12 + 1:02d}-03T10:00:00Z"
        audit(home, f"audit-{nth:02d}", when, files)


def written(home: Path) -> Path:
    """The sample's report, the latest of the audits there."""
    ids = {"source": ["folder:anna"], "backups": [["folder:nas"]]}
    db = sample.database()
    found = sample.audit(db)
    found = replace(found, provenance={**found.provenance, "place_ids": ids})
    lists = [home / "phone.jsonl", home / "nas.jsonl"]
    for path in lists:
        path.write_text("", "utf-8")
    return reporting.write(found, db, sample.RULES, sample.POLICY, home / "audit-99", lists, zone=ZONE, homes=(home,))


def test_the_page_shows_the_last_twelve_with_the_numbers_of_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before(tmp_path, [9, 9, 9, 7, 0, 0, 3, 20, 20, 5, 5, 2, 2])
    page = Reader(written(tmp_path).read_text("utf-8"))
    said = [str(a["aria-label"]) for tag, a in page.elements if tag == "g" and str(a.get("class")).startswith("bar")][
        :12
    ]
    assert said[0] == "3 July 2025, 12:00 (UTC+2), NOT SAFE: 9 of 20 not safe; nothing changed"
    assert said[2] == "3 September 2025, 12:00 (UTC+2), SAFE: 20 of 20 proven safe; 7 better"
    assert said[-1].startswith(
        "15 June 2026, 12:00 (UTC+2), NOT SAFE: 5 of 38 not safe, 1 not checked, 1 left out on purpose; "
    )
    _, out, _ = call(monkeypatch, capsys, "history", "--in", str(tmp_path))
    listed = [line for line in out.splitlines() if ": " in line]
    assert [line.split(": ", 1)[1] for line in listed] == [words.split(": ", 1)[1] for words in reversed(said)]
    assert "The last 12 audits of this phone" in page.text
    assert "3 July 2025, 12:00 (UTC+2)NOT SAFE2090nothing changednas" in page.text


def test_a_bar_is_as_high_as_its_number(tmp_path: Path) -> None:
    before(tmp_path, [8, 0, 2])
    made = trend.of(history.found([tmp_path])[::-1], ZONE)
    assert made is not None
    assert [sum(piece.height for piece in bar.pieces) for bar in made.bars] == pytest.approx(
        [made.height, 0, made.height / 4]
    )
    assert [bar.tick for bar in made.bars] == ["3 May", "3 Jun", "3 Jul"]


def test_one_audit_is_no_plot(tmp_path: Path) -> None:
    assert "audits of this phone" not in written(tmp_path).read_text("utf-8")


@pytest.mark.skipif(not browser.USABLE, reason=browser.MISSING)
def test_the_numbers_are_said_on_focus_and_nobody_is_left_out(tmp_path: Path) -> None:
    before(tmp_path, [9, 9, 7, 0, 0, 3, 20, 20, 5, 5, 2, 2])
    report = written(tmp_path)
    with browser.browser() as page:
        for width, is_dark in ((1280, False), (390, True), (320, False)):
            page.size(width, 900, is_dark)
            page.open(report)
            page.ask("document.querySelector('#history .bar').focus()")
            page.key("ArrowRight")
            assert "7 of 20 not safe" in page.ask("document.querySelector('#history .reading').textContent")
            assert page.ask("document.documentElement.scrollWidth <= innerWidth")
            if AXE.exists():
                page.ask(f"(() => {{ {AXE.read_text('utf-8')} }})()")
                found = page.ask("axe.run('#history').then(r => r.violations.map(v => [v.id, v.nodes[0].html]))")
                assert found == []
            page.screenshot(tmp_path / f"{width}.png")
        assert page.trouble == []
