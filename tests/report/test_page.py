"""report.html in a real browser, opened from the disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.report.thumbnails import Shown
from tests import browser
from tests.browser import Page
from tests.report import sample
from tests.report.test_report import webp, written

pytestmark = pytest.mark.skipif(not browser.USABLE, reason=browser.MISSING)
AXE = Path(os.environ.get("AXE_JS", Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"))
SECTION = "#missing-from-backup"
NAMES = f"[...document.querySelectorAll('{SECTION} .name')].map(e => e.textContent)"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [
        *sample.HOSTILE_NAMES,
        *(f"DCIM/{n % 3}/IMG_{n:04d}.{'MOV' if n % 10 == 0 else 'JPG'}" for n in range(300)),
    ]
    db = sample.database(names)
    db.con.execute("UPDATE files SET taken_at = '2025-12-24T18:00:00' WHERE path LIKE '%IMG_001_.JPG'")
    pictures = {("", name): Shown(webp()) for name in names}
    pictures["Family NAS", "Photos/2026/IMG_0003.JPG"] = Shown(webp(), "the upper 61% can be seen")
    return written(tmp_path_factory.mktemp("report"), db, pictures)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    with browser.browser() as page:
        yield page


@pytest.fixture
def page(chromium: Page, report: Path) -> Page:
    chromium.size(1200, 900)
    chromium.open(report)
    chromium.trouble.clear()
    chromium.open(report)
    return chromium


def as_table(page: Page) -> None:
    page.ask(f"document.querySelector('{SECTION} .as-table').click()")


def typed(page: Page, words: str) -> None:
    page.ask(
        f"(() => {{ const i = document.querySelector('{SECTION} input'); i.value = {words!r};"
        " i.dispatchEvent(new Event('input')); })()"
    )


def test_nothing_is_blocked_nothing_fails_and_nothing_acts(page: Page) -> None:
    assert page.trouble == []
    assert page.ask("getComputedStyle(document.querySelector('.verdict')).borderRadius") == "12px"
    assert page.ask("document.querySelectorAll('img').length > 10")
    assert page.ask("[...document.images].every(i => i.src.startsWith('data:image/webp') && i.naturalWidth === 8)")
    assert page.ask("document.querySelectorAll('script:not([type])').length") == 1


def test_the_security_policy_stops_what_is_not_ours(page: Page) -> None:
    page.ask("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))")
    page.ask("document.body.append(Object.assign(document.createElement('img'), {src: 'file:///etc/x.png'}))")
    assert page.ask("window.ran") is None
    assert any("Content Security Policy" in text for text in page.trouble)


def test_what_is_not_safe_is_seen_as_pictures_first(page: Page) -> None:
    assert page.ask(f"{NAMES}.length") == 12
    assert page.ask(f"document.querySelector('{SECTION} [role=status]').textContent") == "1 to 12 of 332"
    assert page.ask(f"getComputedStyle(document.querySelector('{SECTION} tbody')).display") == "grid"
    as_table(page)
    assert page.ask(f"getComputedStyle(document.querySelector('{SECTION} tbody')).display") == "table-row-group"


def test_pages_of_a_hundred_rows(page: Page) -> None:
    as_table(page)
    assert page.ask(f"{NAMES}.length") == 100
    assert page.ask(f"document.querySelector('{SECTION} [role=status]').textContent") == "1 to 100 of 332"
    for _ in range(3):
        page.ask(f"document.querySelector('{SECTION} button.on').click()")
    assert page.ask(f"{NAMES}.length") == 32
    assert page.ask("location.hash").endswith("?page=4&view=table")


@pytest.mark.parametrize(
    ("words", "number"),
    [("img_001", 10), ("kind:video", 31), ("after:2025-12 before:2026-01", 9), ("folder:DCIM/1/ kind:video", 10),
     ("-img_ -dcim", 28), ('"two<U+000A>lines"', 1), ("img_0123 -nope", 1), ("<script>", 1), ("\\xff", 1), ("nope", 0)],
)  # fmt: skip
def test_the_filter(page: Page, words: str, number: int) -> None:
    as_table(page)
    typed(page, words)
    assert page.ask(f"{NAMES}.length") == number


def test_sorting_says_so_and_puts_the_unknown_last(page: Page) -> None:
    as_table(page)
    button = f"document.querySelector('{SECTION} th[data-sort=%s] button').click()"
    page.ask(button % "size")
    page.ask(button % "size")
    sizes = page.ask(f"[...document.querySelectorAll('{SECTION} td.number')].map(e => e.textContent)")
    numbers = [float(size.split()[0].replace(",", "")) for size in sizes]
    assert numbers == sorted(numbers, reverse=True)
    assert page.ask(f"document.querySelector('{SECTION} th[data-sort=size]').getAttribute('aria-sort')") == "descending"
    page.ask(button % "taken")
    first = page.ask(f"[...document.querySelectorAll('{SECTION} td.taken')].slice(0, 13).map(e => e.textContent)")
    assert first[:12] == sorted(first[:12])
    assert (first[0], first[-1]) == ("2025-12-24 18:00", "2026-05-03 16:02 (file)")


def test_a_filtered_view_can_be_sent_to_somebody(page: Page, report: Path) -> None:
    typed(page, "kind:video img_01")
    page.ask(f"document.querySelector('{SECTION} th[data-sort=size] button').click()")
    fragment, names = page.ask("location.hash"), page.ask(NAMES)
    page.open(report, fragment)
    assert page.ask(NAMES) == names
    assert len(names) == 10


def look_up(page: Page, words: str) -> list[str]:
    page.ask("document.querySelector('#every-file input').focus()")
    page.ask(
        f"(() => {{ const i = document.querySelector('#every-file input'); i.value = {words!r};"
        " i.dispatchEvent(new Event('input')); })()"
    )
    found: list[str] = page.ask(
        "[...document.querySelectorAll('.answers li')].map(e => e.innerText.replace(/\\s+/g, ' '))"
    )
    return found


def test_one_search_says_of_every_file_whether_it_is_safe_and_where_its_copy_lies(page: Page) -> None:
    assert look_up(page, "camera img_0007") == [
        "✓ proven safe DCIM/Camera/IMG_0007.JPG in the backup with exactly the same content:"
        " in Family NAS as Photos/2026/IMG_0007.JPG"
    ]
    assert look_up(page, "101APPLE/img_1100")[0].startswith("✗ not safe DCIM/101APPLE/IMG_1100.JPG in none of the")
    assert look_up(page, "manual.pdf")[0].startswith("needs no backup Download/manual.pdf")
    assert len(look_up(page, "img")) == 30
    assert "files, the first 30 are shown" in page.ask(
        "document.querySelector('#every-file [role=status]').textContent"
    )
    assert look_up(page, "nowhere to be found") == []
    assert look_up(page, "<img src=x")[0].split()[3] == "<img"
    assert page.trouble == []


def test_a_picture_is_enlarged_and_the_arrow_keys_go_on(page: Page) -> None:
    page.ask(f"document.querySelector('{SECTION} .enlarge').focus()")
    page.key("Enter")
    assert page.ask("document.getElementById('large').open")
    first = page.ask("document.querySelector('#large b').textContent")
    page.key("ArrowRight")
    second = page.ask("document.querySelector('#large b').textContent")
    assert first != second
    page.key("ArrowLeft")
    assert page.ask("document.querySelector('#large b').textContent") == first
    page.key("ArrowRight")
    page.key("Escape")
    assert not page.ask("document.getElementById('large').open")
    assert page.ask("document.activeElement.className") == "enlarge"
    assert page.ask("document.activeElement.closest('tr').querySelector('.name').textContent") == second


def test_tabs_and_the_plot_go_by_arrow_keys(page: Page) -> None:
    page.ask("document.querySelector('#safety [role=tab]').focus()")
    page.key("ArrowRight")
    assert page.ask("document.activeElement.getAttribute('aria-selected')") == "true"
    shown = page.ask(
        "[...document.querySelectorAll('#safety [role=tabpanel]')].filter(e => e.offsetParent).map(e => e.id)"
    )
    assert shown == [page.ask("document.activeElement.getAttribute('aria-controls')")]
    page.key("End")
    page.key("ArrowRight")
    assert page.ask("document.activeElement.id") == page.ask("document.querySelector('#safety [role=tab]').id")
    page.ask("document.querySelector('#by-month .bar').focus()")
    page.key("End")
    said = page.ask("document.querySelector('#by-month .reading').textContent")
    assert said == page.ask("document.activeElement.getAttribute('aria-label')")
    assert "in Family NAS" in said


def test_a_link_opens_what_it_leads_to(page: Page, report: Path) -> None:
    page.open(report, "#unreadable-file")
    assert page.ask("document.getElementById('unreadable-file').offsetParent !== null")
    page.open(report, "#location-removed")
    assert page.ask("document.getElementById('location-removed').open")
    assert page.ask("document.getElementById('location-removed').closest('.part').open")


def test_a_button_around_the_report_takes_the_place_of_one_command_alone(
    page: Page, report: Path, tmp_path: Path
) -> None:
    both = '<p class="next"><code>auditor backup a b</code>, or <code>auditor audit a b</code></p>'
    text = re.sub(r'<p class="next">.*?</p>', both, report.read_text("utf-8"), flags=re.DOTALL)
    (tmp_path / "report.html").write_text(text, "utf-8")
    (tmp_path / "around.html").write_text(
        "<iframe src=report.html></iframe><script>const frame = document.querySelector('iframe');"
        "const told = {auditor: 'around', instead: '', buttons: {'auditor audit a b': 'Check again'}};"
        "frame.onload = () => frame.contentWindow.postMessage(told, '*')</script>"
    )
    page.open(tmp_path / "around.html")
    said = page.tab.frame_locator("iframe").locator("p.next")
    said.locator("b").wait_for()
    assert said.inner_text() == "auditor backup a b Copy, or “Check again”"


@pytest.mark.parametrize("width", [320, 390, 700, 1280])
def test_no_sideways_scroll(page: Page, report: Path, width: int) -> None:
    page.size(width, 844)
    page.open(report)
    page.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.ask("document.documentElement.scrollWidth <= innerWidth")


def test_all_by_keyboard(page: Page) -> None:
    page.key("Tab")
    assert page.ask("document.activeElement.className") == "skip"
    page.ask(f"document.querySelector('{SECTION} th[data-sort=size] button').focus()")
    page.key("Enter")
    assert page.ask(f"document.querySelector('{SECTION} th[data-sort=size]').getAttribute('aria-sort')") == "ascending"
    page.ask("document.activeElement.blur()")
    page.key("j")
    assert page.ask("document.activeElement.className") == "group"
    assert page.ask("document.activeElement.closest('details').open")


def test_printing_shows_two_hundred_rows_opens_all_and_puts_it_back(page: Page) -> None:
    page.ask("dispatchEvent(new Event('beforeprint'))")
    assert page.ask(f"{NAMES}.length") == 200
    assert page.ask("[...document.querySelectorAll('details')].every(d => d.open)")
    assert page.ask(f"!document.querySelector('{SECTION} .plain-only').hidden")
    page.ask("dispatchEvent(new Event('afterprint'))")
    assert page.ask(f"{NAMES}.length") == 12
    assert not page.ask("[...document.querySelectorAll('details')].every(d => d.open)")


@pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not installed (npm install axe-core, or AXE_JS=its axe.min.js)"
)
@pytest.mark.parametrize(("width", "dark"), [(w, dark) for w in (1280, 390, 320) for dark in (False, True)])
def test_axe_finds_no_violation(page: Page, report: Path, width: int, dark: bool) -> None:
    page.size(width, 844, dark)
    page.open(report)
    page.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.ask(AXE.read_text("utf-8") + "; 0")
    found = page.ask(
        "axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html).join(' ')))"
    )
    assert found == []
