"""The files of an audit as pictures, and what it can be held to."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from PIL import Image

from auditor.app import commands, grid, proof, temporary
from auditor.app import pictures as pictures_of
from auditor.app.commands import NoAnswer
from auditor.app.pictures import Pages
from auditor.errors import BadConfig
from auditor.model import FileVerdict
from auditor.report.chain import LinkState
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
    return [address.replace("&amp;", "&") for address in re.findall(r'<img data-src="([^"]+)"', page)]


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


def test_pages_of_a_long_table_are_those_of_one_reading(tmp_path: Path) -> None:
    """Names with line breaks and quotes, letters of several bytes, empty lines, other verdicts between."""
    table = tmp_path / "files.csv"
    lines, expected = ["verdict,path\n"], []
    for row in range(1, 400):
        kind = FileVerdict.PROVEN if row % 3 == 0 else FileVerdict.NOT_SAFE
        name = f'Łódź/{row}\n"b",.jpg' if row % 7 == 0 else f"ž{row}.jpg"
        lines.append(f'{kind},"{name.replace(chr(34), chr(34) * 2)}"\n' + "\n" * (row % 50 == 0))
        if kind == FileVerdict.NOT_SAFE:
            expected.append((row, name))
    table.write_bytes("".join(lines).encode())
    parts = [grid._read(table, 0, 0, FileVerdict.NOT_SAFE, first) for first in range(0, len(expected) + 48, 48)]
    assert [(file.row, file.path) for part in parts for file in part.files] == expected
    assert {part.total for part in parts} == {len(expected)}
    assert [len(part.files) for part in parts[:-2]] == [grid.SHOWN] * (len(parts) - 2)


def test_a_verdict_is_asked_once_for_all_pages_until_a_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def verdict(folder: Path) -> dict[str, object]:
        asked.append(folder)
        return {"verdict": "NOT SAFE"} if len(asked) < 3 else {"sentence": "It was changed."}

    monkeypatch.setattr("auditor.app.shown.verdict", verdict)
    (tmp_path / "files.csv").write_text("path\n")
    for _ in range(3):
        grid._told(tmp_path, grid._facts(tmp_path))
    assert len(asked) == 1
    facts = (tmp_path / "files.csv").stat()
    (tmp_path / "files.csv").write_text("htap\n")
    os.utime(tmp_path / "files.csv", ns=(facts.st_atime_ns, facts.st_mtime_ns))
    grid._told(tmp_path, grid._facts(tmp_path))
    assert len(asked) == 2
    (tmp_path / "audit.json").write_text("{}")
    for _ in range(2):  # a trouble is no answer for good
        with pytest.raises(NoAnswer, match="It was changed"):
            grid._told(tmp_path, grid._facts(tmp_path))
    assert len(asked) == 4


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


def test_it_is_the_copy_that_is_said_to_be_broken() -> None:
    line = {"path": "a.jpg", "status": "damaged", "verdict": "not_safe", "detail": "a.jpg: the end is missing"}
    assert grid._file(1, line).words == "in the backup, but broken there: the end is missing"
    assert grid._file(1, line | {"detail": ""}).words == "in the backup, but broken there"


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


@pytest.fixture
def later(running: App) -> Iterator[Path]:
    """The audit "later", made after "one", whose table is another one while the block lasts."""
    for copy in (running.top / "reports").iterdir():  # of other tests; it would be the audit before as well as "one"
        if copy.name != "one":
            shutil.rmtree(copy)
    auditor("audit", "phone", "disk", "--copy-by-hand", "-o", "reports/later", cwd=running.top)
    table = running.top / "reports" / "one" / "files.csv"
    before = table.read_bytes()
    table.write_bytes(before + b"x\n")
    yield running.top / "reports" / "later"
    table.write_bytes(before)
    shutil.rmtree(running.top / "reports" / "later")


def test_a_changed_audit_gives_no_verdict_in_any_list(running: App, later: Path) -> None:
    """`one` says something else than was written; `later` does not."""
    page = running.get("/history").text
    assert page.count("CHANGED: ") == 1
    assert re.search(r'CHANGED: <a href="/results/one">This report was changed', page)
    assert "NOT SAFE: " in page
    record = later / "audit.json"
    before = record.read_bytes()
    record.write_bytes(before.replace(b"NOT SAFE", b"SAFE"))
    try:
        last = running.get("/last").text
        assert "this report was changed after it was written" in last and "disk" in last
        said = auditor("history", "--in", "reports", cwd=running.top, COLUMNS="200").out
        assert said.count("this report was changed after it was written; audit again") == 2
    finally:
        record.write_bytes(before)


def test_an_old_verdict_leads_to_the_newer_one_and_offers_nothing_else(running: App, later: Path) -> None:
    shutil.copytree(later, running.top / "reports" / "old")
    assert "newer check" not in running.get("/results/later").text
    time.sleep(1.1)  # audits know to the second when they were made
    auditor("audit", "phone", "disk", "--copy-by-hand", "-o", "reports/newest", cwd=running.top)
    page = running.get("/results/old").text
    assert re.search(r'There is a newer check, of .*\. <a href="/results/newest">See it</a>', page)
    assert page.index("There is a newer check") < page.index("<h1")  # before what was so then
    assert re.findall(r"<button[^>]*>([^<]*)</button>", page) == ["Check again"]
    pictures_of_old = running.get("/results/old/files").text
    assert '<a href="/results/newest">See it</a>' in pictures_of_old
    assert re.findall(r"<button[^>]*>([^<]*)</button>", pictures_of_old)[0] == "Check again"
    assert "Back up what is missing" not in pictures_of_old
    assert "Back up what is missing" in running.get("/results/newest/files").text
    shutil.rmtree(running.top / "reports" / "newest")
    shutil.rmtree(running.top / "reports" / "old")


def test_the_last_check_can_be_made_again_from_the_start(running: App, later: Path) -> None:
    last = running.get("/last").text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', last))
    phone, disk = str(running.top / "phone"), str(running.top / "disk")
    assert fields == {"order": "audit", "phone": phone, "backup": disk, "by_hand": "yes"}  # as it was said
    assert "<button>Check again</button>" in last and f"Phone: {phone}; Backup: {disk}" in last
    for page in (last, running.get("/history").text, running.get("/results/later").text):
        assert '<span title="phone">phone</span>' in page and '<span title="disk">disk</span>' in page
    with (later / "files.csv").open("a") as table:
        table.write("x")
    assert "Check again" not in running.get("/last").text


def test_the_audits_before_are_read_for_the_proof_alone(running: App, later: Path) -> None:
    for page in (running.get("/results/later").text, running.get("/results/later/files").text):
        assert ">NOT SAFE<" in page or "not safe</h1>" in page
        assert "CHANGED" not in page
        assert "was changed" not in page
    proof = running.get("/results/later/proof").text
    assert "Every file of this report is as it was written." in proof
    assert re.search(r"one: It was changed after it was written\.\s*<ul><li>files\.csv: changed</li></ul>", proof)
    assert "There is no page to print and file: an audit before it was changed" in proof
    assert running.get("/results/later/certificate.html").status == 404


def test_the_command_that_leaves_them_out(running: App, later: Path) -> None:
    alone = auditor("report", "--check", "--alone", "--json", "reports/later", cwd=running.top)
    assert alone.code == 0
    assert "chain" not in json.loads(alone.out)
    assert auditor("report", "--check", "reports/later", cwd=running.top).code == 1
    refused = auditor("report", "--alone", "reports/later", cwd=running.top)
    assert refused.code == 2
    assert "--alone is for --check" in refused.err


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("unchanged", "Every file of it is as it was written."),
        ("touched", "It was changed after it was written."),
        ("not there", "of it and those before it nothing is known."),
    ],
)
def test_each_state_of_an_audit_before_is_a_sentence(state: str, sentence: str) -> None:
    assert set(proof._STATES) == set(LinkState)
    link = {"folder": None, "link": {"folder": "audit-1"}, "state": state, "touched": []}
    where, said, _ = proof._earlier(link)
    assert where == "audit-1"
    assert sentence in said


def test_why_there_is_no_page_to_print() -> None:
    assert proof._why_no_page({"verdict": "SAFE"}) == ""
    assert "this report was changed" in proof._why_no_page({"touched": [{}]})
    assert "a signature or time-stamp" in proof._why_no_page({"touched": [], "chain": [{"state": "not there"}]})


def test_a_report_opened_by_itself_leads_to_the_page_around_it(running: App) -> None:
    for name in ("one", "changed-%3F"):
        if name != "one":
            shutil.copytree(running.top / "reports" / "one", running.top / "reports" / "changed-?")
            with (running.top / "reports" / "changed-?" / "report.html").open("a") as page:
                page.write("SAFE")
        path = f"/results/{name}/report.html"
        for told in ({"sec_fetch_dest": "document", "sec_fetch_site": "none"}, {}):  # some browsers tell nothing
            alone = running.ask(path, cookie=running.cookie, **told)
            assert alone.status == 303
            assert alone.headers["location"] == f"/results/{name}"
        assert running.ask(path, cookie=running.cookie, sec_fetch_dest="iframe").status == 200
    around = running.get("/results/changed-%3F").text
    assert "CHANGED" in around
    assert "Choose phone and backup to check again</a>" in around  # by no word of its own: they may have been changed
    assert 'title="The report, changed after it was written" loading="lazy" sandbox=' in around


def test_pictures_lie_among_the_notes_of_the_app_and_go_with_it(tmp_path: Path) -> None:
    top = tmp_path / "state" / "app" / "temporary"
    (top / "of-one-that-was-killed").mkdir(parents=True)
    (top / "of-one-that-was-killed" / "1.webp").write_bytes(b"x")
    with app(tmp_path) as running:
        running.enter()
        assert not top.exists()
        (running.home / "audit-1").mkdir(parents=True)
        (running.home / "audit-1" / "audit.json").write_text("{}")
        assert running.get("/results/audit-1/certificate.html").status == 404
        assert [path.name for path in top.iterdir()] == ["CACHEDIR.TAG"]
    assert not top.exists()


def test_pictures_that_nobody_waits_for_are_made_no_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another page ends the work of the one before; what was made is kept, and the rest is made when it is wanted."""
    asked: list[tuple[str, ...]] = []
    ended: list[str] = []

    async def events(*words: str) -> AsyncIterator[dict[str, object]]:
        rows = words[words.index("--") + 2 :]
        asked.append(rows)
        try:
            (tmp_path / "made").write_bytes(b"picture")
            yield {"event": "picture", "row": rows[0], "file": str(tmp_path / "made")}
            await asyncio.sleep(60)
        finally:
            ended.append(rows[0])

    monkeypatch.setattr(commands, "events", events)
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path))

    async def walk() -> None:
        kept = Pages()
        assert await kept.picture(tmp_path, 1, [1, 2, 3], 320) == (b"picture", "")
        left = asyncio.create_task(kept.picture(tmp_path, 2, [1, 2, 3], 320))
        await asyncio.sleep(0)
        left.cancel()  # as where the browser goes to another page
        assert await kept.picture(tmp_path, 4, [4, 5], 320) == (b"picture", "")
        assert ended == ["1"]
        assert await kept.picture(tmp_path, 1, [1, 2, 3], 320) == (b"picture", "")
        assert await kept.picture(tmp_path, 2, [1, 2, 3], 320) == (b"picture", "")
        assert asked == [("1", "2", "3"), ("4", "5"), ("2", "3")]

    asyncio.run(asyncio.wait_for(walk(), 20))


def test_what_failed_is_said_to_a_whole_page_and_begun_anew_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser asks for a few pictures at a time; the next few do not start the same failure again."""
    begun = []

    async def events(*words: str) -> AsyncIterator[dict[str, object]]:
        begun.append(words)
        yield {"event": "failed", "sentence": "The phone is not there."}

    monkeypatch.setattr(commands, "events", events)
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path))

    async def walk() -> None:
        kept, rows = Pages(), range(48)
        for first in range(0, 48, 3):
            few = [kept.picture(tmp_path, row, rows, 320) for row in rows[first : first + 3]]
            assert await asyncio.gather(*few) == [(None, "The phone is not there.")] * 3
        assert len(begun) == 1
        monkeypatch.setattr("auditor.app.pictures._FAILED_S", 0.0)
        await kept.picture(tmp_path, 1, rows, 320)
        assert len(begun) == 2

    asyncio.run(asyncio.wait_for(walk(), 20))


def test_what_was_made_before_a_failure_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    async def events(*words: str) -> AsyncIterator[dict[str, object]]:
        rows = words[words.index("--") + 2 :]
        asked.append(rows)
        (tmp_path / "made").write_bytes(b"picture")
        yield {"event": "picture", "row": rows[0], "file": str(tmp_path / "made")}
        raise BadConfig("the config cannot be read.")

    monkeypatch.setattr(commands, "events", events)
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path))
    monkeypatch.setattr("auditor.app.pictures._FAILED_S", 0.0)

    async def walk() -> None:
        kept = Pages()
        assert await kept.picture(tmp_path, 2, [1, 2], 320) == (None, "the config cannot be read.")
        assert (await kept.picture(tmp_path, 2, [1, 2], 320))[0] == b"picture"
        assert asked == [("1", "2"), ("2",)]
        assert (await kept.picture(tmp_path, 1, [1, 2], 320))[0] == b"picture"
        assert len(asked) == 2

    asyncio.run(asyncio.wait_for(walk(), 20))


def test_an_enlarged_picture_does_not_wait_for_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def events(*words: str) -> AsyncIterator[dict[str, object]]:
        if str(pictures_of.SMALL) in words:
            await asyncio.sleep(60)
        (tmp_path / "made").write_bytes(b"large")
        yield {"event": "picture", "row": "1", "file": str(tmp_path / "made")}
        yield {"event": "result"}

    monkeypatch.setattr(commands, "events", events)
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path))

    async def walk() -> None:
        kept = Pages()
        small = asyncio.create_task(kept.picture(tmp_path, 1, [1, 2], pictures_of.SMALL))
        await asyncio.sleep(0.1)
        assert await kept.picture(tmp_path, 1, [1], pictures_of.LARGE) == (b"large", "")
        small.cancel()

    asyncio.run(asyncio.wait_for(walk(), 20))


def test_a_temporary_file_that_is_still_held_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a child that was killed may hold one for a moment."""
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path))

    def held(*of: object, **more: object) -> None:
        raise PermissionError(13, "another process uses it")

    with monkeypatch.context() as windows, temporary.folder() as made:
        (made / "1.webp").write_bytes(b"x")
        windows.setattr(os, "unlink", held)
    assert (made / "1.webp").exists()
    temporary.clear()
    assert not temporary.top().exists()
