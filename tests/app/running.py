"""A real `auditor app`, as a process, and requests to it as a browser or somebody else would make them."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Answer:
    """`text` is the body; names of `headers` are in small letters."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class App:
    """One that runs. `link` goes once; `home` is where reports go. `top` is a folder for phones and backups."""

    link: str
    top: Path
    process: subprocess.Popen[str]
    environment: Mapping[str, str]
    cookie: str = ""
    token: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.link).netloc

    @property
    def home(self) -> Path:
        return self.top / "reports"

    def ask(self, path: str, method: str = "GET", body: str = "", **headers: str) -> Answer:
        """A request, with nothing but what is given; `_` in a header's name stands for `-`."""
        connection = http.client.HTTPConnection(self.host, timeout=120)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, path, skip_host="host" in named)
        for name, value in named.items():
            connection.putheader(name, value)
        if body:
            connection.putheader("content-length", str(len(body.encode())))
        connection.endheaders(body.encode() or None)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)

    def enter(self) -> None:
        """Goes in as the browser does."""
        answer = self.ask(self.link.removeprefix(f"http://{self.host}"))
        assert answer.status == 200, answer
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        self.token = re.search(r'data-token="([^"]+)"', answer.text)[1]  # type: ignore[index]

    def ask_bytes(self, path: str) -> bytes:
        """What is no text."""
        connection = http.client.HTTPConnection(self.host, timeout=120)
        connection.request("GET", path, headers={"cookie": self.cookie})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status == 200, content
        return content

    def get(self, path: str) -> Answer:
        return self.ask(path, cookie=self.cookie)

    def post(self, path: str, **fields: str) -> Answer:
        """A button's request, as a page of the app makes it."""
        return self.ask(path, "POST", urlencode(fields), **self.of_a_page())

    def of_a_page(self) -> dict[str, str]:
        return {"cookie": self.cookie, "origin": f"http://{self.host}", "x_auditor_token": self.token}


@contextmanager
def app(top: Path, *options: str, **environment: str) -> Iterator[App]:
    """Starts one with a state and settings of its own beneath `top`; ended with the block."""
    settings = top / "settings"
    settings.mkdir(exist_ok=True)
    (settings / "config.toml").write_text(f"reports = {str(top / 'reports')!r}\n")
    (settings / "config.toml").chmod(0o600)
    own = {"AUDITOR_CONFIG_DIR": str(settings), "AUDITOR_STATE_DIR": str(top / "state")}
    with start(os.environ | own | environment, *options) as process:
        assert process.stdout is not None
        yield App(process.stdout.readline().strip(), top, process, os.environ | own | environment)


@contextmanager
def start(environment: Mapping[str, str], *options: str) -> Iterator[subprocess.Popen[str]]:
    """`auditor app --no-browser`; ended by Ctrl-C with the block."""
    words = [sys.executable, "-m", "auditor", "app", "--no-browser", *options]
    process = subprocess.Popen(words, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert "Traceback" not in said, said
