"""The files of an audit as pictures, and what it can be held to."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from auditor.app import grid
from tests import media
from tests.app.running import App, app
from tests.commandline import auditor

LACKING = 60
"""More than one page shows."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    top = tmp_path_factory.mktemp("app")
    (top / "phone").mkdir()
    (top / "disk").mkdir()
    for number in range(LACKING):
        (top / "phone" / f"IMG_{number:02}.jpg").write_bytes(media.jpeg(number, (64, 48), exif=media.exif()))
    (top / "phone" / "none.jpg").write_bytes(b"no picture")
    shutil.copy(top / "phone" / "IMG_07.jpg", top / "disk")
    (top / "reports").mkdir()
    auditor("audit", "phone", "disk", "--copy-by-hand", "-o", "reports/one", cwd=top)
    with app(top) as one:
        one.enter()
        yield one


def pictures(page: str) -> list[str]:
    return [address.replace("&amp;", "&") for address in re.findall(r'<img src="([^"]+)"', page)]


def test_what_is_not_safe_a_page_at_a_time(running: App) -> None:
    first = running.get("/results/one/files")
    assert (
        f"<h1>{LACKING - 1} files are not safe</h1>" in first.text
        or f"<h1>{LACKING} files are not safe</h1>" in first.text
    )
    assert len(pictures(first.text)) == 48
    assert "IMG_07.jpg" not in first.text
    assert "1 to 48 of" in first.text
    second = running.get("/results/one/files?of=not_safe&from=48")
    assert not {*pictures(first.text)} & {*pictures(second.text)}
    assert "Those before" in second.text
    assert "Those after" not in second.text


def test_a_picture_is_made_bare_and_small(running: App) -> None:
    address = pictures(running.get("/results/one/files").text)[3]
    answer = running.ask_bytes(address)
    assert b"EXIF" not in answer
    with Image.open(io.BytesIO(answer)) as picture:
        assert picture.format == "WEBP"
        assert picture.size == (64, 48)


@pytest.mark.parametrize(
    "path",
    [
        "/results/one/pictures/8?of=not_safe&from=0",  # IMG_07 is safe: no page shows it
        "/results/one/pictures/999?of=not_safe&from=0",
        "/results/one/pictures/60?of=not_safe&from=0",  # on the next page
        "/results/one/pictures/1?of=proven&from=0",
        "/results/one/pictures/1?of=not_safe&from=x",
        "/results/one/pictures/-1",
        "/results/one/pictures/..%2f..%2fphone%2fIMG_00.jpg",
        "/results/two/pictures/1",
        "/results/one/files?of=proven",
        "/results/one/files?from=%C2%B2",
        "/results/two/files",
        "/results/two/proof",
        "/results/two/certificate.html",
    ],
)
def test_what_no_page_shows_is_not_given(running: App, path: str) -> None:
    assert running.get(path).status == 404


def test_of_what_is_no_picture_none_is_shown(running: App) -> None:
    page = running.get("/results/one/files?of=not_checked").text + running.get("/results/one/files?from=48").text
    row = re.search(r'href="([^"]+)&amp;large=1" aria-label="Enlarge none.jpg"', page)
    if row is not None:
        assert running.get(row[1].replace("&amp;", "&")).status == 404


def test_a_file_with_too_few_copies_is_not_said_to_be_in_the_backup() -> None:
    line = {"path": "a.jpg", "status": "identical", "verdict": "not_safe", "detail": "a.jpg has 1 of 2 copies."}
    assert grid._file(1, line).words == "has 1 of 2 copies."
    assert grid._file(1, line | {"detail": ""}).words == "in the backup with exactly the same content"


def test_why_there_are_no_pictures(running: App) -> None:
    shutil.copytree(running.top / "reports" / "one", running.top / "reports" / "moved")
    (running.top / "phone").rename(running.top / "elsewhere")
    try:
        answer = running.get(pictures(running.get("/results/moved/files").text)[0])
        assert answer.status == 404
        assert "cannot be shown: what was audited is not on this computer now" in answer.text
        assert "<" not in answer.text
    finally:
        (running.top / "elsewhere").rename(running.top / "phone")


def test_a_table_that_is_none_is_no_failure_of_the_app(running: App, tmp_path: Path) -> None:
    folder = running.top / "reports" / "torn"
    shutil.copytree(running.top / "reports" / "one", folder)
    for content in (
        b"",
        b"path,verdict\n",
        b"\xff\xfe\x00",
        b'path,verdict,size_bytes\n"a,not_safe,\xc2\xb2\n',
        b"x" * 200_000,
    ):
        (folder / "files.csv").write_bytes(content)
        answer = running.get("/results/torn/files")
        assert answer.status == 404
        assert "This report was changed after it was written." in answer.text


def test_the_proof_says_what_it_is_held_to(running: App) -> None:
    page = running.get("/results/one/proof").text
    assert "Every file of this report is as it was written." in page
    assert "SHA-256 of source.jsonl" in page
    answer = running.get("/results/one/certificate.html")
    assert answer.status == 200
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert "attachment" in answer.headers["content-disposition"]


def test_the_proof_of_a_report_that_was_changed(running: App) -> None:
    folder = running.top / "reports" / "changed"
    shutil.copytree(running.top / "reports" / "one", folder)
    with (folder / "files.csv").open("a") as table:
        table.write("x\n")
    page = running.get("/results/changed/proof").text
    assert "This report was changed after it was written." in page
    assert "files.csv" in page
    assert "Number" not in page
    assert running.get("/results/changed/certificate.html").status == 404
