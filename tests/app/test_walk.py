"""The whole walk in a real browser: choose, check, back up, tidy, free the phone, and undo."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest
from playwright.sync_api import Route

from auditor.app import jobs
from tests import browser, media
from tests.app.running import App, app, start
from tests.browser import MISSING, USABLE, Page
from tests.commandline import auditor

AXE = Path(os.environ.get("AXE_JS", Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"))
HOSTILE = "<script>alert(1)</script> & 'x\" ‮"
pytestmark = pytest.mark.skipif(not USABLE, reason=MISSING)


def write(path: Path, content: bytes, mtime: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (mtime, mtime))


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A phone with five photos, one of them twice; and an empty disk."""
    phone, disk = tmp_path / "Anna's phone", tmp_path / "disk"
    for number in range(5):
        write(phone / f"DCIM/Camera/IMG_{number}.jpg", media.jpeg(number), 1_700_000_001 + number)
    write(phone / "Pictures/IMG_4 copy.jpg", media.jpeg(4), 1_700_000_101)
    disk.mkdir()
    return phone, disk


@pytest.fixture
def running(tmp_path: Path) -> Iterator[App]:
    with app(tmp_path) as one:
        yield one


@pytest.fixture
def page() -> Iterator[Page]:
    with browser.browser() as one:
        yield one


def enter(page: Page, running: App) -> str:
    page.tab.goto(running.link)
    page.tab.wait_for_url(f"http://{running.host}/")
    return f"http://{running.host}"


def press(page: Page, words: str, by_key: bool) -> None:
    """A button, by mouse, or by the keyboard from the top of the page."""
    button = page.tab.get_by_role("button", name=words)
    if not by_key:
        button.click()
        return
    button.click(trial=True)  # waits until it can be used
    page.tab.evaluate("document.activeElement.blur()")
    for _ in range(80):
        page.key("Tab")
        if (
            words in page.ask("document.activeElement.textContent")
            and page.ask("document.activeElement.tagName") == "BUTTON"
        ):
            page.key("Enter")
            return
    pytest.fail(f"the keyboard does not reach {words}")


def sure(page: Page, host: str) -> None:
    """No error in the console, and no request that leaves the machine."""
    refused = "Failed to load resource: the server responded with a status of 4"  # as it was to be
    assert [told for told in page.trouble if not told.startswith((f"a request to {host}/", refused))] == []


@pytest.mark.parametrize("by_key", [False, True], ids=["by mouse", "by keyboard"])
def test_the_whole_walk(running: App, page: Page, places: tuple[Path, Path], by_key: bool) -> None:
    phone, disk = places
    tab, at = page.tab, enter(page, running)
    tab.get_by_text("No phone is seen.").wait_for()
    tab.get_by_text("Not chosen yet. Choose it below.").wait_for()
    tab.get_by_role("link", name="a folder of the phone…").click()
    tab.get_by_label("Path").fill(str(phone))
    tab.get_by_role("button", name="Open").click()
    tab.get_by_role("link", name="Use this folder").click()
    tab.get_by_role("link", name="a folder of a backup…").click()
    tab.get_by_label("Path").fill(str(disk))
    tab.get_by_role("button", name="Open").click()
    tab.get_by_label("New folder in").fill("photos")
    tab.get_by_role("button", name="Use it").click()

    press(page, "Back up to photos, then check", by_key)  # there is no backup yet to check
    tab.wait_for_url("**/results/**")
    assert "SAFE All 6 files are safely backed up." in tab.inner_text("h1")
    write(phone / "DCIM/Camera/IMG_9.jpg", media.jpeg(9), 1_700_000_900)
    press(page, "Check again", by_key)
    tab.get_by_role("heading", name="NOT SAFE 1 of 7 files is not safely backed up.").wait_for()
    tab.frame_locator("iframe").get_by_text("IMG_9.jpg").first.wait_for(state="attached")
    tab.get_by_text("Delete nothing on the phone.", exact=True).wait_for()  # the frame's words name a command
    tab.frame_locator("iframe").locator(".verdict .next").wait_for(state="hidden")
    assert not tab.frame_locator("iframe").locator(".verdict h1").is_visible()  # it is said once
    tab.get_by_text("Photos taken since are not covered.").wait_for()
    tab.get_by_role("link", name="Look at the 1 file that is not safe").click()
    tab.get_by_role("heading", name="1 file is not safe").wait_for()
    tab.wait_for_load_state("load")  # before, the link leads to the picture itself
    tab.get_by_role("link", name="Enlarge IMG_9.jpg").press("Enter")
    large = tab.get_by_role("dialog").locator("img")
    while large.evaluate("img => img.naturalWidth") != media.SIZE[0]:
        tab.wait_for_timeout(100)
    assert "IMG_9.jpg" in tab.inner_text("dialog")
    page.key("Escape")
    tab.locator("dialog").wait_for(state="hidden")
    press(page, "Back up what is missing to photos", by_key)
    tab.get_by_role("heading", name="SAFE All 7 files are safely backed up.").wait_for()
    assert (disk / "photos/DCIM/Camera/IMG_9.jpg").exists()

    tab.goto(f"{at}/?{urlencode({'phone': str(phone), 'backup': str(disk / 'photos')})}")
    tab.get_by_text("More", exact=True).click()
    press(page, "Look for duplicates on Anna's phone", by_key)
    tab.wait_for_url("**/results/**")
    inside = tab.frame_locator("iframe")
    inside.get_by_role("button", name="Accept the 1 suggestion").click()
    inside.get_by_text("nothing is deleted, and “Undo” puts it back.").wait_for()
    assert inside.get_by_text("Open the file").count() == 2
    assert not any(link.is_visible() for link in inside.get_by_text("Open the file").all())
    tab.get_by_text("Your choices are kept. Nothing goes before you say so.").wait_for()
    tab.reload()
    inside.get_by_text("1 of 1 group decided").wait_for()
    press(page, "Look at what would go…", by_key)
    tab.get_by_text("1 file would go").wait_for()
    press(page, "Move 1 file to the quarantine", by_key)
    press(page, "Undo: put everything back", by_key)
    tab.get_by_text("1 file put back.").wait_for()
    assert len(list(phone.rglob("*.jpg"))) == 7

    tab.goto(f"{at}/history")
    tab.get_by_role("link", name="All 7 files are safely backed up.").first.click()
    press(page, "Check again", by_key)  # the last backup read only what it copied
    tab.get_by_text("7 files (").wait_for()
    tab.get_by_label("Keep the newest").fill("0")
    press(page, "Free the phone…", by_key)
    press(page, "Move 7 files to the quarantine", by_key)
    tab.get_by_role("button", name="Undo: put everything back").wait_for()
    assert [path for path in phone.rglob("*.jpg") if ".auditor" not in path.parts] == []
    tab.get_by_text("Empty the quarantine").click()
    tab.get_by_label("Type the word delete").fill("yes")
    press(page, "Delete for good", by_key)
    tab.get_by_text("Type the word delete first.").wait_for()
    press(page, "Undo: put everything back", by_key)
    tab.get_by_text("7 files put back.").wait_for()
    assert len([path for path in phone.rglob("*.jpg") if ".auditor" not in path.parts]) == 7
    tab.go_back()
    tab.goto(f"{at}/history")
    tab.get_by_role("link", name="What may go from Anna's phone").first.click()
    press(page, "Move 7 files to the quarantine", by_key)
    tab.get_by_text("Empty the quarantine").click()
    tab.get_by_label("Type the word delete").fill("delete")
    press(page, "Delete for good", by_key)
    tab.get_by_text("7 files deleted for good.").wait_for()
    assert list(phone.rglob("*.jpg")) == []
    assert len(list((disk / "photos").rglob("*.jpg"))) >= 6
    tab.goto(f"{at}/history")
    assert tab.get_by_role("row").count() >= 8
    sure(page, at)


def test_roles_are_said_and_can_be_swapped(running: App, page: Page, places: tuple[Path, Path]) -> None:
    phone, disk = places
    at = enter(page, running)
    page.tab.goto(f"{at}/?{urlencode({'phone': str(disk), 'backup': str(phone)})}")
    page.tab.get_by_role("link", name="Swap phone and backup").click()
    said = page.tab.inner_text("dl.roles")
    assert re.search(r"Phone\s+Anna's phone .*\s+Backup\s+disk ", said)
    sure(page, at)


def test_what_the_settings_name_is_there(running: App, page: Page, places: tuple[Path, Path]) -> None:
    phone, disk = places
    at = enter(page, running)
    for name, spec, role in (("anna", phone, "phone"), ("nas", disk, "backup")):
        page.tab.goto(f"{at}/settings")
        page.tab.get_by_role("textbox", name="Name").fill(name)
        page.tab.get_by_role("textbox", name="Is").fill(str(spec))
        page.tab.locator("select[name=role]").select_option(role)
        page.tab.get_by_role("button", name="Give it that name").click()
        page.tab.get_by_role("button", name=f"Forget {name}").wait_for()
    page.tab.goto(at)
    page.tab.get_by_text("As your settings name them.").wait_for()
    page.tab.get_by_role("button", name="Check now").wait_for()
    page.tab.goto(f"{at}/settings")
    page.tab.get_by_role("button", name="Forget nas").click()
    page.tab.get_by_role("button", name="Forget nas").wait_for(state="detached")
    sure(page, at)


def test_a_job_outlives_page_and_server(tmp_path: Path, page: Page) -> None:
    """The page is closed and the server killed in the middle; a new start finds the job, and it ends."""
    phone, disk = tmp_path / "phone", tmp_path / "disk"
    for number in range(60):
        write(phone / f"DCIM/Camera/IMG_{number}.jpg", media.jpeg(number, (1600, 1200)), 1_700_000_001 + number)
    disk.mkdir()
    with app(tmp_path) as first:
        at = enter(page, first)
        page.tab.goto(f"{at}/?{urlencode({'phone': str(phone), 'backup': str(disk / 'photos')})}")
        page.tab.get_by_role("button", name="Back up to photos, then check").click()
        page.tab.wait_for_url("**/jobs/**")
        page.tab.reload()
        page.tab.get_by_role("button", name="Stop").wait_for()
        path = page.tab.url.removeprefix(at)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        page.tab.get_by_text("Auditor has ended. Start it again").wait_for()
        with start(first.environment) as second:
            assert second.stdout is not None
            first.link = second.stdout.readline().strip()
            at = enter(page, first)
            page.tab.goto(at + path)
            page.tab.get_by_role("heading", name="SAFE All 60 files are safely backed up.").wait_for()


def test_two_tabs_and_stop(running: App, page: Page, tmp_path: Path) -> None:
    phone = tmp_path / "phone"
    for number in range(60):
        write(phone / f"DCIM/Camera/IMG_{number}.jpg", media.jpeg(number, (1600, 1200)), 1_700_000_001 + number)
    shutil.copytree(phone, tmp_path / "disk")
    at = enter(page, running)
    page.tab.goto(f"{at}/?{urlencode({'phone': str(phone), 'backup': str(tmp_path / 'disk')})}")
    page.tab.get_by_role("button", name="Check now").click()
    page.tab.wait_for_url("**/jobs/**")
    other = page.beside()
    other.goto(at)
    other.get_by_role("link", name="Checking phone against disk").click()
    other.get_by_role("button", name="Stop").click()
    for tab in (page.tab, other):
        tab.get_by_role("button", name="Go on").wait_for()
    other.get_by_role("button", name="Go on").click()
    other.wait_for_url("**/results/**")


def test_hostile_names_stay_text(running: App, page: Page, tmp_path: Path) -> None:
    name = HOSTILE.replace("/", "_")
    write(tmp_path / name / "DCIM/Camera/<img src=x onerror=alert(1)>.jpg", media.jpeg(1), 1_700_000_001)
    (tmp_path / "disk").mkdir()
    at = enter(page, running)
    page.tab.on("dialog", lambda dialog: page.trouble.append(dialog.message))
    page.tab.goto(f"{at}/folders?{urlencode({'for': 'phone', 'at': str(tmp_path)})}")
    page.tab.get_by_role("link", name="<script>").click()
    page.tab.get_by_role("link", name="Use this folder").click()
    page.tab.goto(f"{page.tab.url}&{urlencode({'backup': str(tmp_path / 'disk')})}")
    page.tab.get_by_role("button", name="Check now").click()
    page.tab.get_by_role("heading", name="NOT SAFE 1 of 1 file is not safely backed up.").wait_for()
    assert page.tab.frame_locator("iframe").locator("img[onerror]").count() == 0
    page.tab.goto(f"{at}/history")
    assert "‮" not in page.tab.inner_text("main")
    sure(page, at)


def test_a_report_is_nobody_here(running: App, page: Page, tmp_path: Path) -> None:
    """A page among the reports that is not what we wrote reaches nothing: no cookie, no request, no parent."""
    elsewhere = socket.create_server(("127.0.0.1", 0))
    elsewhere.setblocking(False)
    port = elsewhere.getsockname()[1]
    folder = running.home / "audit-evil"
    folder.mkdir(parents=True)
    (folder / "audit.json").write_text("{}")
    (folder / "report.html").write_text(
        "<p id=p>before</p><script>try { parent.document.title = 'evil' } catch (e) { p.textContent = 'no parent' }\n"
        "fetch('/settings').then(r => p.textContent += r.status).catch(e => p.textContent += ', no answer')\n"
        "try { top.location = 'http://127.0.0.1:9999/away' } catch (e) { p.textContent += ', no way out' }\n"
        "try { document.cookie } catch (e) { p.textContent += ', no cookie' }\n"
        "new Image().src = 'http://127.0.0.1:9999/beacon'</script>"
    )
    (folder / "report.html").write_text((folder / "report.html").read_text().replace("9999", str(port)))
    at = enter(page, running)
    page.tab.goto(f"{at}/results/audit-evil/report.html")
    assert page.tab.url == f"{at}/results/audit-evil", "opened by itself it leads to the page around it"
    assert "NOT KNOWN" in page.tab.inner_text("h1")
    page.tab.get_by_text("Look at it as it is now").click()
    inside = page.tab.frame_locator("iframe")
    inside.get_by_text("no answer").wait_for()
    assert "no cookie" in inside.locator("#p").inner_text()
    assert page.tab.url == f"{at}/results/audit-evil"
    assert page.tab.title() != "evil"
    with pytest.raises(BlockingIOError):
        elsewhere.accept()
    page.tab.goto(f"{at}/results/audit-evil/../../settings/config.toml")
    assert "reports" not in page.tab.inner_text("main")
    elsewhere.close()


def test_a_phone_that_comes_is_seen_and_the_keyboard_keeps_its_place(page: Page, tmp_path: Path) -> None:
    """A phone comes while the page is open; what has the focus keeps it, and the keyboard reaches every link."""
    mounted = tmp_path / "run" / "gvfs"
    mounted.mkdir(parents=True)
    (tmp_path / "disk").mkdir()
    with app(tmp_path, XDG_RUNTIME_DIR=str(tmp_path / "run")) as running:
        words = ("config", "add", "--role", "backup", "--", "disk", str(tmp_path / "disk"))
        auditor(*words, cwd=tmp_path, AUDITOR_CONFIG_DIR=running.environment["AUDITOR_CONFIG_DIR"])
        tab = page.tab
        tab.clock.install()
        at = enter(page, running)
        tab.get_by_text("No phone is seen. Connect it, unlock it, and answer what it asks").wait_for()
        link = tab.get_by_role("link", name=re.compile("This is the phone ?: disk"))
        link.focus()
        link.evaluate("link => link.before = true")
        (mounted / "mtp:host=Google_Pixel_7_1A2B" / "Internal shared storage" / "DCIM").mkdir(parents=True)
        tab.clock.fast_forward(20_000)
        phone = tab.get_by_role("link", name=re.compile("This is the phone ?: .*Pixel"))
        phone.wait_for()
        assert page.ask("document.activeElement.before && document.activeElement.textContent") == link.text_content()
        tab.get_by_text("No phone is seen.").wait_for(state="detached")
        links = tab.locator("a:visible")
        tab.evaluate("document.activeElement.blur()")
        reached = set()
        for _ in range(3 * links.count()):
            page.key("Tab")
            if href := page.ask("document.activeElement.href ?? ''"):
                reached.add(href)
        assert reached >= set(links.evaluate_all("links => links.map(link => link.href)"))
        shutil.rmtree(mounted / "mtp:host=Google_Pixel_7_1A2B")
        tab.clock.fast_forward(20_000)
        tab.get_by_text("No phone is seen.").wait_for()
        (mounted / "mtp:host=Google_Pixel_7_1A2B" / "Internal shared storage" / "DCIM").mkdir(parents=True)
        tab.get_by_role("button", name="Look again now").click()
        phone.press("Enter")
        tab.get_by_role("definition").filter(has_text="Pixel").wait_for()
        sure(page, at)


def test_a_page_of_pictures_leaves_lines_for_clicks(running: App, page: Page, tmp_path: Path) -> None:
    """Of the many pictures of a page never more than three are asked for at a time."""
    for number in range(30):
        write(tmp_path / f"phone/DCIM/IMG_{number}.jpg", media.jpeg(number), 1_700_000_001 + number)
    (tmp_path / "disk").mkdir()
    (tmp_path / "reports").mkdir(exist_ok=True)
    auditor("audit", "phone", "disk", "--copy-by-hand", "-o", "reports/one", cwd=tmp_path)
    at, tab = enter(page, running), page.tab
    open_now, most, held = 0, 0, []

    def hold(route: Route) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        held.append(route)

    tab.route("**/pictures/**", hold)
    tab.goto(f"{at}/results/one/files")
    for _ in range(4):
        while len(held) < 3:
            tab.wait_for_timeout(50)
        tab.wait_for_timeout(300)  # time enough for a fourth
        assert open_now <= 3
        for route in held[:]:
            held.remove(route)
            open_now -= 1
            route.fulfill(body=(tmp_path / "phone/DCIM/IMG_1.jpg").read_bytes(), content_type="image/jpeg")
    assert most == 3
    tab.get_by_role("link", name="Back to the verdict").click()  # while pictures are asked for
    tab.wait_for_url("**/results/one")


def test_in_the_frame_buttons_stand_for_commands(running: App, page: Page, places: tuple[Path, Path]) -> None:
    """Every command in the report for which the page around it has a button is named by that button."""
    phone, disk = places
    at, tab = enter(page, running), page.tab
    (running.home).mkdir(exist_ok=True)
    auditor("backup", str(phone), str(disk), "-o", str(running.home / "zero"), cwd=running.top)
    write(phone / "DCIM/Camera/IMG_9.jpg", media.jpeg(9), 1_700_000_900)
    write(disk / "DCIM/Camera/IMG_1.jpg", media.jpeg(1)[:-300], 1_700_000_002)
    auditor("audit", str(phone), str(disk), "-o", str(running.home / "one"), cwd=running.top)
    tab.goto(f"{at}/results/one")
    inside = tab.frame_locator("iframe")
    said = "“Back up what is missing to disk”"
    inside.locator(".kind b").filter(has_text=said).first.wait_for(state="attached")
    shown = inside.locator("main p:not([hidden]) code").all_text_contents()
    assert "Press “Back up what is missing to disk”" in (inside.locator("main").text_content() or "")
    commands = ("auditor backup /", "auditor audit /", "auditor verify /")
    assert [words for words in shown if words.startswith(commands)] == []
    time.sleep(1.1)  # rows know when they were read to the second
    auditor("backup", str(phone), str(disk), "-o", str(running.home / "two"), cwd=running.top)
    tab.goto(f"{at}/results/two")
    tab.get_by_role("button", name="Free the phone…").wait_for()
    inside.locator(".verdict .go").wait_for(state="hidden")
    assert "stay, as they were not read and opened in this audit" in inside.locator(".verdict .stays").inner_text()
    sure(page, at)


@pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not installed (npm install axe-core, or AXE_JS=its axe.min.js)"
)
def test_every_screen_is_accessible_and_fits(
    running: App, page: Page, places: tuple[Path, Path], tmp_path: Path
) -> None:
    """Light and dark, at three widths: every page, and what a page becomes while it works, has ended, or asks."""
    phone, disk = places
    shutil.copytree(phone / "DCIM", disk / "DCIM")
    write(phone / "DCIM/Camera/IMG_9.jpg", media.jpeg(9), 1_700_000_900)
    at, tab = enter(page, running), page.tab
    tab.add_init_script(path=AXE)
    both = urlencode({"phone": str(phone), "backup": str(disk)})
    tab.goto(f"{at}/?{both}")
    tab.get_by_role("button", name="Check now").click()
    tab.wait_for_url("**/results/**")
    verdict = tab.url
    for path in ("/", f"/?{both}"):
        tab.goto(at + path)
        tab.locator("ul.places").wait_for()
        accessible(page, path)
    others = (f"/folders?for=backup&{both}", f"/restore?backup={disk}", "/history", "/settings", "/about", "/nothing")
    for path in others:
        tab.goto(at + path)
        accessible(page, path)
    for path in ("", "/files", "/proof"):
        tab.goto(verdict + path)
        accessible(page, path or "the verdict")
    tab.goto(f"{verdict}/files")
    tab.wait_for_load_state("load")
    tab.locator("a.picture").first.click()
    tab.get_by_role("dialog").wait_for()
    accessible(page, "an enlarged picture")
    tab.goto(f"{at}/?{urlencode({'phone': str(phone), 'backup': str(disk / 'photos')})}")
    tab.get_by_role("button", name="Back up to photos, then check").click()
    tab.get_by_role("heading", name="SAFE All 7 files").wait_for()
    tab.get_by_role("button", name="Free the phone…").wait_for()
    accessible(page, "SAFE, with what may go")
    tab.get_by_label("Keep the newest").fill("0")
    tab.get_by_role("button", name="Free the phone…").click()
    tab.get_by_text("7 files would go").wait_for()
    accessible(page, "a look at what would go")
    tab.get_by_role("button", name="Move 7 files to the quarantine").click()
    tab.get_by_role("button", name="Undo: put everything back").wait_for()
    tab.get_by_text("Empty the quarantine").click()
    accessible(page, "ended, with the undo")
    with at_work(running, "Reading the phone") as job:
        tab.goto(f"{at}/jobs/{job}")
        tab.get_by_role("button", name="Stopping…", disabled=True).wait_for()
        accessible(page, "at work")
    sure(page, at)


@contextmanager
def at_work(running: App, phase: str) -> Iterator[str]:
    """A job that goes on while the block lasts; its id."""
    argv = ["-c", "import time; time.sleep(600)"]
    process = subprocess.Popen([sys.executable, *argv])
    while psutil.Process(process.pid).cmdline()[1:] != argv:  # for a moment after its start it has none
        time.sleep(0.01)
    job = "20260101T000000000000-00000000"
    folder = Path(running.environment["AUDITOR_STATE_DIR"]) / "app" / "jobs" / job
    folder.mkdir(parents=True)
    about = {"words": ["audit"], "title": "It", "started": "2026-01-01T00:00:00Z", "pid": process.pid, "argv": argv}
    events = [
        {"event": "phase", "title": "Looking"},
        {"event": "phase", "title": phase},
        {"event": "progress", "done": 3, "total": 9, "failed": 1, "current": "long-name-" * 20, "seconds": 2},
        {"event": "note", "text": "A note."},
        {"event": "stopping"},
    ]
    (folder / jobs.EVENTS).write_text("".join(json.dumps(event) + "\n" for event in events))
    (folder / jobs.ABOUT).write_text(json.dumps(about))
    try:
        yield job
    finally:
        process.kill()
        process.wait()


def accessible(page: Page, what: str) -> None:
    """The page has no violations as axe sees them, and is no wider than the window, light and dark."""
    for width in (1280, 390, 320):
        for dark in (False, True):
            page.size(width, 800, dark)
            found = page.ask(
                "axe.run({iframes: false}).then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html))"
            )
            assert found == [], (what, width, dark)
            assert page.ask("document.documentElement.scrollWidth") <= width, (what, width)
            if shots := os.environ.get("AUDITOR_SCREENS"):
                page.screenshot(Path(shots) / f"{re.sub(r'[^a-z]+', '-', what)[:30]}-{width}{'-dark' * dark}.png")
