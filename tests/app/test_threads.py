"""A disk that hangs keeps nobody else waiting: none is touched where all requests are answered, threads are enough."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.app import commands
from auditor.app.access import Keys
from auditor.app.server import Presence, built
from tests.app.running import App

PATHS = [
    "/",
    "/folders",
    "/restore",
    "/jobs/x",
    "/jobs/20260101T000000000000-00000000",
    "/jobs/20260101T000000000000-00000000/events",
    "/results/audit-1",
    "/results/audit-1/choices",
    "/results/audit-1/files",
    "/results/audit-1/proof",
    "/results/audit-1/certificate.html",
    "/results/audit-1/pictures/1",
    "/results/audit-1/report.html",
    "/elsewhere",
    "/settings",
    "/about",
    "/alive",
    "/nothing",
]
_touched: list[str] = []
_loop: list[int] = []
"""The thread in which all are answered, while a test looks at it."""


def _heard(event: str, arguments: Any) -> None:
    is_disk = event == "open" or (event.startswith("os.") and event != "os.kill")
    of_a_process = bool(arguments) and (isinstance(arguments[0], int) or arguments[0] == os.devnull)  # its pipes
    if is_disk and not of_a_process and _loop == [threading.get_ident()]:
        _touched.append(f"{event} {arguments}")


sys.addaudithook(_heard)


@pytest.fixture
def looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("AUDITOR_CONFIG_DIR", str(tmp_path / "settings"))
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "config.toml").write_text(f"reports = {str(tmp_path / 'reports')!r}\n")
    (tmp_path / "settings" / "config.toml").chmod(0o600)
    (tmp_path / "reports" / "audit-1").mkdir(parents=True)
    (tmp_path / "reports" / "audit-1" / "audit.json").write_text("{}")
    (tmp_path / "reports" / "audit-1" / "report.html").write_text("x")
    (tmp_path / "reports" / "audit-1" / "files.csv").write_text("path,verdict\na.jpg,not_safe\n")
    stat = os.stat

    def told(*of: Any, **more: Any) -> os.stat_result:
        _heard("os.stat", of)
        return stat(*of, **more)

    monkeypatch.setattr(os, "stat", told)
    yield
    _loop.clear()
    _touched.clear()


async def answered(path: str) -> int:
    keys = Keys()
    app = built(keys, 1, Presence())
    cookie = f"auditor-1={keys.cookie}".encode()
    headers = [(b"host", b"127.0.0.1:1"), (b"cookie", cookie), (b"sec-fetch-dest", b"iframe")]
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "scheme": "http",
        "server": ("127.0.0.1", 1),
        "http_version": "1.1",
    }
    asked, said = [{"type": "http.request", "body": b"", "more_body": False}], []

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        said.append(message)

    await app(scope, receive, send)
    return int(said[0]["status"])


@pytest.mark.parametrize("path", PATHS)
def test_no_disk_is_touched_by_the_thread_that_answers_all(looked_at: None, path: str) -> None:
    async def once() -> None:
        await answered(path)  # what is imported and compiled for the first answer
        _loop.append(threading.get_ident())
        try:
            assert await answered(path) in (200, 204, 404)
        finally:
            _loop.clear()

    asyncio.run(asyncio.wait_for(once(), 60))
    assert _touched == []


def test_what_was_asked_ends_with_the_server(looked_at: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "argv", lambda *words: [sys.executable, "-c", "import time; time.sleep(600)"])
    answered = threading.Event()

    def end() -> None:
        while not answered.wait(0.1):  # it may not have been started yet
            commands.end()

    threading.Thread(target=end, daemon=True).start()
    begun = time.monotonic()
    with pytest.raises(commands.NoAnswer, match="ended without an answer"):
        try:
            commands.ask("places")
        finally:
            answered.set()
    assert time.monotonic() - begun < 30


def test_fifty_requests_for_a_disk_that_hangs_keep_neither_pages_nor_the_process(
    looked_at: None, tmp_path: Path
) -> None:
    script = (
        "import sys, threading; from auditor.app import start;"
        "start.restore = lambda request: threading.Event().wait();"
        "sys.argv = ['auditor', 'app', '--no-browser']; from auditor.__main__ import main; main()"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        running = App(process.stdout.readline().strip(), tmp_path, process, os.environ)
        running.enter()
        hanging = [http.client.HTTPConnection(running.host) for _ in range(50)]
        for one in hanging:
            one.request("GET", "/restore", headers={"cookie": running.cookie})
        for path in ("/static/app.js", "/about", "/alive"):
            assert running.get(path).status in (200, 204)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()
