"""Nobody gets in but the browser that was handed the link."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.app import access
from auditor.app.access import Keys
from tests.app.running import App, app, start

PAGES = (
    "/",
    "/places",
    "/last",
    "/folders",
    "/history",
    "/settings",
    "/about",
    "/jobs/x",
    "/results/x",
    "/static/app.js",
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with app(tmp_path_factory.mktemp("app")) as one:
        one.enter()
        yield one


@pytest.mark.parametrize("path", PAGES)
def test_no_page_without_the_cookie(running: App, path: str) -> None:
    assert running.ask(path).status == 403
    assert running.ask(path, cookie="auditor-1=guess").status == 403


def test_the_link_goes_once(running: App) -> None:
    assert running.ask(running.link.removeprefix(f"http://{running.host}")).status == 403
    assert running.ask("/enter?link=guess").status == 403
    assert running.ask("/enter").status == 403


def test_a_link_is_good_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(access.time, "monotonic", lambda: now[0])
    keys = Keys()
    early, late = keys.new_link(), keys.new_link()
    now[0] += access.LINK_S - 1
    assert keys.use(early)
    now[0] += 2
    assert not keys.use(late)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "localhost", "[::1]"])
def test_another_name_of_this_machine_is_refused(running: App, host: str) -> None:
    """DNS rebinding: a page of another site, whose name leads here."""
    assert running.ask("/", host=host, cookie=running.cookie).status == 400


@pytest.mark.parametrize("path", ["/jobs", "/settings", "/jobs/x/stop", "/results/x/choices"])
@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": None},
        {"x_auditor_token": "guess"},
        {"x_auditor_token": None},
        {"cookie": "auditor-1=guess"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
    ids=str,
)
def test_nothing_is_done_for_another_page(running: App, path: str, changed: dict[str, str | None]) -> None:
    headers = {name: value for name, value in (running.of_a_page() | changed).items() if value is not None}
    assert running.ask(path, "POST", "order=audit", **headers).status == 403


def test_a_page_of_another_site_sees_nothing(running: App) -> None:
    assert running.ask("/", cookie=running.cookie, sec_fetch_site="cross-site").status == 403


def test_what_every_answer_says_to_the_browser(running: App) -> None:
    folder = running.home / "audit-x"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "audit.json").write_text("no JSON")
    for path in (*PAGES, "/enter", "/nothing", "/results/audit-x"):
        headers = running.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


def test_the_cookie_is_for_this_server_alone(running: App) -> None:
    with start(running.environment) as second:
        assert second.stdout is not None
        answer = running.ask(second.stdout.readline().strip().removeprefix(f"http://{running.host}"))
    said = answer.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=strict" in said
    assert said.startswith(f"auditor-{running.host.split(':')[1]}=")
    assert running.token not in running.get("/").text  # who has the cookie alone may change nothing


def test_only_this_machine_reaches_it(running: App) -> None:
    asked = f"import psutil; print([c.laddr.ip for c in psutil.Process({running.process.pid}).net_connections()])"
    listening = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert set(re.findall(r"[\d.:]+", listening.stdout)) == {"127.0.0.1"}


def test_two_starts_share_one_server(running: App) -> None:
    with start(running.environment) as second:
        assert second.stdout is not None
        link = second.stdout.readline().strip()
        assert second.wait(30) == 0
    assert link.startswith(f"http://{running.host}/enter?link=")
    assert running.ask(link.removeprefix(f"http://{running.host}")).status == 200


def test_only_the_user_can_ask_for_a_link(running: App) -> None:
    folder = running.top / "state" / "app"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "server.json").stat().st_mode) == 0o600
    assert running.ask("/links", "POST", x_auditor_asking="guess").status == 403
    assert running.ask("/links", "POST").status == 403
    known = json.loads((folder / "server.json").read_text())
    assert running.ask("/links", "POST", x_auditor_asking=known["asking"]).status == 200


def test_a_double_click_that_fails_says_why_in_the_browser(tmp_path: Path) -> None:
    """There is no terminal that could say it."""
    seen, browser = tmp_path / "seen.html", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\ncp "${{1#file://}}" {seen}\n')
    browser.chmod(0o755)
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "config.toml").write_text("what is <this>\n")
    code = "from auditor import cli; from auditor.app import run; run.show_failure.__defaults__ = (0.2,); cli.main()"
    environment = {
        "AUDITOR_STATE_DIR": str(tmp_path / "state"),
        "AUDITOR_CONFIG_DIR": str(tmp_path / "settings"),
        "BROWSER": str(browser),
        "HOME": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "-c", code, "app"], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "config.toml" in ended.stderr
    assert "config.toml" in seen.read_text("utf-8")
    assert list(tmp_path.glob("auditor-*.html")) == []


def test_the_link_is_handed_over_in_a_file_of_the_user_alone(tmp_path: Path) -> None:
    """BROWSER is what opens pages here: it writes down what it was given, and what that holds."""
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$(stat -c %a "${{1#file://}}") $1" > {seen}\n')
    browser.chmod(0o755)
    state, settings = tmp_path / "state", tmp_path / "settings"
    settings.mkdir()
    (settings / "config.toml").write_text(f"reports = {str(tmp_path / 'reports')!r}\n")
    (settings / "config.toml").chmod(0o600)
    code = (
        "import os, signal, threading; from auditor.app import run, server;"
        "server.IDLE_S, server._LOOKS_EVERY_S = 1.0, 0.2; print(run.run(print, browser=True))"
    )
    environment = {
        "AUDITOR_STATE_DIR": str(state),
        "AUDITOR_CONFIG_DIR": str(settings),
        "BROWSER": str(browser),
        "HOME": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    mode, given = seen.read_text().split()
    assert given.startswith((tmp_path / "auditor-").as_uri())  # never the link itself: all users see command lines
    assert mode == "600"
    assert ended.stdout.strip() == "True"
    assert list(tmp_path.glob("auditor-*.html")) == []  # it ended by itself, and cleared up
