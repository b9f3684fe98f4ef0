"""report.html on paper: printed to PDF by Chromium and read back by pdftotext."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from auditor.judge import rules
from auditor.report.thumbnails import Shown
from tests import browser
from tests.report import hostile, sample
from tests.report.test_report import webp, written

pytestmark = [
    pytest.mark.skipif(not browser.USABLE, reason=browser.MISSING),
    pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed (poppler-utils)"),
]


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """The text of each page, and the headings of the report as they are printed."""
    names = [*sample.HOSTILE_NAMES, *(f"DCIM/{n % 3}/IMG_{n:04d}.JPG" for n in range(150))]
    folder = tmp_path_factory.mktemp("paper")
    report = written(folder, sample.database(names, proven=90), {("", name): Shown(webp()) for name in names})
    with browser.browser() as page:
        page.size(1280, 800)
        page.open(report)
        page.pdf(folder / "report.pdf")
        page.tab.emulate_media(media="print")
        page.ask("dispatchEvent(new Event('beforeprint'))")
        headings = page.ask("[...document.querySelectorAll('h1, h2, h3, h4')].map(e => e.innerText)")
    text = subprocess.run(["pdftotext", "-layout", folder / "report.pdf", "-"], capture_output=True, check=True)
    return text.stdout.decode().split("\f")[:-1], [" ".join(one.split()) for one in headings if one.strip()]


def printed(report: Path) -> list[str]:
    """The text of each page of a report."""
    with browser.browser() as page:
        page.open(report)
        page.pdf(report.with_suffix(".pdf"))
    made = subprocess.run(["pdftotext", "-layout", report.with_suffix(".pdf"), "-"], capture_output=True, check=True)
    return made.stdout.decode().split("\f")[:-1]


def test_on_the_first_page_no_theme_is_split_and_the_proof_stands_apart(tmp_path: Path) -> None:
    with browser.browser() as page:
        page.size(720, 1000)  # about what of A4 is printed on
        page.open(hostile.written(tmp_path))
        page.tab.emulate_media(media="print")
        themes = page.ask("[...document.querySelectorAll('.found > div')].map(e => e.getClientRects().length)")
        assert len(themes) > 3 and set(themes) == {1}
        ends = page.ask("document.querySelector('.found').getBoundingClientRect().bottom")
        assert page.ask("document.querySelector('.found + h2').getBoundingClientRect().top") - ends >= 16


def lines(page: str) -> list[str]:
    """What is on a page without its foot."""
    found = [" ".join(line.split()) for line in page.splitlines() if line.strip()]
    return [line for line in found if not re.fullmatch(r"(Photo backup audit )?\d+ of \d+|Photo backup audit", line)]


def test_the_first_page_says_verdict_sums_findings_and_proof(paper: tuple[list[str], list[str]]) -> None:
    first = " ".join(lines(paper[0][0]))
    for said in (
        "183 of 276 files are not safely backed up.", "must be backed up", "What to do: Delete nothing",
        "What was found", "1 Not safe: 183", "182 Missing from backup", "1 Damaged in backup", "1 Unreadable file",
        "Location removed", "Same picture", "Proof in short", "Audit", "family, version 1", "audit.json, SHA-256",
    ):  # fmt: skip
        assert said in first, said
    assert "How much is safe" not in first


@pytest.mark.parametrize(("caveats", "backups"), [(6, 1), (30, 12)], ids=["much was found", "much is to be said"])
def test_however_much_was_found_the_first_page_has_all_in_short(tmp_path: Path, caveats: int, backups: int) -> None:
    """What has no room there stands on the second page."""
    pages = [" ".join(lines(page)) for page in printed(hostile.written(tmp_path, caveats, backups))[:2]]
    for said in (
        "33 of 96 files are not safely backed up.", "must be backed up", "What to do: Delete nothing",
        "Of the backup number 4 a list", f"{caveats - 5} more of what limits this verdict: on the next page.",
        "Since the last audit", "What was found", "1 Not safe: 33", "Not in the backup", "5 Good to know: 680",
        "Proof in short", "audit.json, SHA-256",
    ):  # fmt: skip
        assert said in pages[0], said
    for rule in rules.load():
        assert rule.name in pages[0], rule.id
    assert ("9 more, under “For the office”" in pages[0]) == (backups > 3), pages[0]
    assert "What else limits this verdict" in pages[1]
    for number in range(5, caveats):
        assert f"Of the backup number {number} a list" in pages[1]


def test_every_page_has_its_number(paper: tuple[list[str], list[str]]) -> None:
    for number, page in enumerate(paper[0], 1):
        assert f"{number} of {len(paper[0])}" in page


def test_no_heading_and_no_head_of_a_table_stands_alone_at_the_foot(paper: tuple[list[str], list[str]]) -> None:
    pages, headings = paper
    for number, page in enumerate(pages[:-1], 1):
        last = lines(page)[-1]
        assert not [one for one in headings if one == last or (len(last) > 9 and one.endswith(last))], (number, last)
        assert not re.match(r"(Picture )?File (Date|Size|Backup|Taken|SHA)", last), (number, last)
        assert not last.startswith("Result Check"), number


def test_a_table_has_its_whole_head_on_every_page(paper: tuple[list[str], list[str]]) -> None:
    listing = [page for page in paper[0] if len(re.findall(r"IMG_\d{4}\.JPG", page)) > 5]
    assert len(listing) > 3
    for page in listing:
        assert re.search(r"Picture\s+File\s+Date\s+Size\s+Why", page), page[:300]


def test_nothing_is_printed_that_only_a_screen_can_do(paper: tuple[list[str], list[str]]) -> None:
    text = "\n".join(paper[0])
    for said in ("next page", "Filter", "The keys", "Point at a bar", "Sort by", "previous", "More words"):
        assert said not in text, said


def test_the_office_has_all_of_it(paper: tuple[list[str], list[str]]) -> None:
    text = " ".join("\n".join(paper[0]).split())
    for said in (
        "✓ PASSED",
        "– NOT APPLICABLE",
        "? NOT RUN",
        "Files of this audit",
        "Signature",
        "Not proven",
        "blurred",
    ):
        assert said in text, said


def test_small_sections_fill_a_page(tmp_path: Path) -> None:
    """The only row of a table, and a reason in one of its cells, hold nothing that follows them on their page."""
    names = [f"DCIM/IMG_{number}.JPG" for number in range(5)]
    text = printed(written(tmp_path, sample.database(names), {("", name): Shown(webp()) for name in names}))
    pages = [lines(page) for page in text]
    office = next(number for number, page in enumerate(pages) if any("For the office" in line for line in page))
    assert [len(page) for page in pages[1 : office - 1] if len(page) < 20] == []
    assert re.search(r"where its copy lies; SHA-256 \w+", " ".join(pages[office - 1]))
