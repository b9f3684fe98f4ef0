"""Nobody gets in but the browser that was handed the link."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.app import access, run
from auditor.app.access import Keys
from auditor.cli.work import in_browser
from tests.app.running import App, app, start

PAGES = (
    "/",
    "/places",
    "/last",
    "/folders",
    "/history",
    "/elsewhere",
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


_TO_END = 'for i in $(seq 100); do [ -e "$page" ] || exit 0; sleep 0.1; done; touch "$0.late"'
"""The end of a browser that returns when it ends: here when the page is gone, or it was waited for."""


def failed(top: Path, *options: str, fault: str = "") -> subprocess.CompletedProcess[str]:
    """`auditor app` that cannot be started and has no terminal. The browser leaves what it was shown in `seen.html`."""
    browser = top / "browser"
    browser.write_text(
        f'#!/bin/sh\nexec >/dev/null 2>&1\npage="${{1#file://}}"\ncp "$page" {top}/seen.html\n{_TO_END}\n'
    )
    browser.chmod(0o755)
    (top / "settings").mkdir()
    (top / "settings" / "config.toml").write_text("what is <this>\n")
    shown = f"from auditor import cli; from auditor.app import run; run.show_failure.__defaults__ = (2,); {fault}"
    environment = {
        "AUDITOR_STATE_DIR": str(top / "state"),
        "AUDITOR_CONFIG_DIR": str(top / "settings"),
        "BROWSER": str(browser),
        "HOME": str(top),
    }
    return subprocess.run(
        [sys.executable, "-c", f"{shown}\ncli.main()", "app", *options],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_double_click_that_fails_says_why_in_the_browser(tmp_path: Path) -> None:
    """There is no terminal that could say it."""
    ended = failed(tmp_path)
    assert ended.returncode == 2
    assert "config.toml" in ended.stderr
    assert "config.toml" in (tmp_path / "seen.html").read_text("utf-8")
    assert list(tmp_path.glob("auditor-*.html")) == []
    assert not (tmp_path / "browser.late").exists()


def test_a_fault_of_the_program_is_shown_too(tmp_path: Path) -> None:
    ended = failed(tmp_path, fault="run.run = lambda *_, **__: 1 // 0")
    assert ended.returncode == 2 and "ZeroDivisionError" in ended.stderr
    assert "auditor itself failed (ZeroDivisionError" in (tmp_path / "seen.html").read_text("utf-8")


def test_a_program_that_reads_why_it_fails_sees_no_browser(tmp_path: Path) -> None:
    ended = failed(tmp_path, "--json")
    assert "config.toml" in ended.stdout
    assert not (tmp_path / "seen.html").exists()


@pytest.mark.parametrize("variable", [None, "DISPLAY", "WAYLAND_DISPLAY", "BROWSER"])
def test_where_nobody_has_a_screen_none_is_waited_for(variable: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, stream, None)
    for one in in_browser._SCREENS:
        monkeypatch.delenv(one, raising=False)
    if variable:
        monkeypatch.setenv(variable, ":0")
    assert in_browser._is_double_click() is bool(variable)


def test_a_page_that_no_browser_opens_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "_page", lambda: tmp_path / "failed.html")
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    began = time.monotonic()
    run.show_failure("x", 60)
    assert time.monotonic() - began < 30
    assert not (tmp_path / "failed.html").exists()


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
