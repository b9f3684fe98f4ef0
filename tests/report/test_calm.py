"""Whatever an audit found, its page stays short, readable by everybody, and acts on nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from markupsafe import Markup

from auditor.report import html
from auditor.report.thumbnails import Shown
from tests import browser, media
from tests.browser import Page
from tests.copier.runs import write
from tests.report import hostile, sample
from tests.report.test_report import webp, written
from tests.report.test_seals import run

pytestmark = pytest.mark.skipif(not browser.USABLE, reason=browser.MISSING)
AXE = Path(os.environ.get("AXE_JS", Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"))
SCREENS = {1280: (800, 4), 390: (844, 8)}
"""Height of a screen by its width, and how many of them any audit fits, folded as it opens."""
MISSING_FILES = 295
"""More than are shown at once of anything."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    names = [f"DCIM/Camera/IMG_{n:04d}.JPG" for n in range(80)]
    pictures = {("", name): Shown(webp()) for name in names}
    home = tmp_path_factory.mktemp("real")
    for nth in range(MISSING_FILES):
        folder = home / "phone" / "DCIM" / f"Camera {nth % 7}"
        write(folder / f"IMG_{nth:04d}.JPG", media.jpeg(nth, (96, 72)), 1_700_000_001 + 90_001 * nth)
    (home / "nas").mkdir()
    audit = ("audit", home / "phone", home / "nas", "--no-thumbnails", "-o", home / "whole", "--redact", home / "out")
    assert run(*audit)[0] == 1
    return {
        "no pictures": home / "whole" / "report.html",
        "redacted": home / "out" / "report.html",
        "hostile": hostile.written(tmp_path_factory.mktemp("hostile")),
        "usual": written(tmp_path_factory.mktemp("usual"), sample.database(names, proven=300), pictures),
    }


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    with browser.browser() as page:
        yield page


@pytest.mark.parametrize("width", SCREENS)
@pytest.mark.parametrize("which", ["hostile", "usual", "no pictures", "redacted"])
def test_any_audit_fits_a_few_screens(chromium: Page, reports: dict[str, Path], which: str, width: int) -> None:
    height, most = SCREENS[width]
    chromium.size(width, height)
    chromium.trouble.clear()
    chromium.open(reports[which])
    assert chromium.ask("document.documentElement.scrollHeight") <= most * height
    assert chromium.ask("document.documentElement.scrollWidth") <= width
    assert chromium.trouble == []


def test_a_table_that_nobody_asked_for_shows_its_first_rows_and_then_all_of_them(
    chromium: Page, reports: dict[str, Path]
) -> None:
    chromium.size(1280, 800)
    chromium.open(reports["no pictures"])
    rows = "document.querySelectorAll('#missing-from-backup tbody tr').length"
    more = "document.querySelector('#missing-from-backup .more-rows')"
    assert chromium.ask(rows) == 12
    assert chromium.ask(f"{more}.textContent") == "Show more"
    chromium.ask(f"{more}.click()")
    assert chromium.ask(rows) == 100
    assert chromium.ask("document.activeElement.closest('tbody') !== null")
    status = "document.querySelector('#missing-from-backup [role=status]').textContent"
    assert chromium.ask(status) == f"1 to 100 of {MISSING_FILES}"
    assert not chromium.ask(f"{more}.checkVisibility()")
    chromium.open(reports["no pictures"], chromium.ask("location.hash"))
    assert chromium.ask(rows) == 100
    assert chromium.trouble == []


@pytest.mark.parametrize("width", [390, 320])
def test_every_tab_is_on_the_screen(chromium: Page, reports: dict[str, Path], width: int) -> None:
    chromium.size(width, 844)
    chromium.open(reports["hostile"])
    ends = chromium.ask("[...document.querySelectorAll('[role=tab]')].map(e => e.getBoundingClientRect().right)")
    assert len(ends) > 3 and max(ends) <= width


def test_a_short_option_is_in_one_piece_and_a_long_path_is_not(chromium: Page, reports: dict[str, Path]) -> None:
    chromium.size(390, 844)
    chromium.open(reports["usual"])
    words = [f"{'x ' * n}`--apply` `auditor audit /media/anna/{'long-name/' * 9}`" for n in range(0, 60, 3)]
    shown = str(Markup().join(Markup("<p class='small'>{}</p>").format(html._code(one)) for one in words))
    chromium.ask(f"document.getElementById('verdict').innerHTML = {json.dumps(shown)}")
    pieces = chromium.ask("[...document.querySelectorAll('#verdict code')].map(e => e.getClientRects().length)")
    assert set(pieces[::2]) == {1} and min(pieces[1::2]) > 1
    assert chromium.ask("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_nothing_is_wider_than_the_screen_with_all_open(chromium: Page, reports: dict[str, Path], width: int) -> None:
    chromium.size(width, 844)
    chromium.open(reports["hostile"])
    chromium.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert chromium.ask("document.documentElement.scrollWidth") <= width


@pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not installed (npm install axe-core, or AXE_JS=its axe.min.js)"
)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (320, True)])
def test_axe_finds_no_violation(chromium: Page, reports: dict[str, Path], width: int, dark: bool) -> None:
    chromium.size(width, 844, dark)
    chromium.open(reports["hostile"])
    chromium.ask("document.querySelectorAll('.part, .besides').forEach(d => d.open = true)")
    chromium.ask("document.querySelector('.kind.error, .kind.warning').open = true")
    chromium.ask("document.querySelector('.enlarge').click()")
    chromium.ask(AXE.read_text("utf-8") + "; 0")
    found = chromium.ask(
        "axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html).join(' ')))"
    )
    assert found == []
