"""What the app costs while nobody uses it: `python -m benchmarks.installation.app`, the median of several starts.

First answer: from the start of the process to the first page. The floor is Starlette and uvicorn with one route, in the
same run and turn about; beside them Flask, where it is installed. Memory is that of the server after ten pages.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from urllib.parse import urlsplit

import psutil

RUNS = 5
BUDGET_MB = 60
BUDGET_PAGE_KB = 100
BUDGET_FIRST = 2.7
"""Times the floor: 0.3 s on the machine on which Starlette alone answered after 0.11 s."""
_BARE = """
import socket, uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
s = socket.create_server(("127.0.0.1", 0)); print(f"http://127.0.0.1:{s.getsockname()[1]}/", flush=True)
app = Starlette(routes=[Route("/{p:path}", lambda r: PlainTextResponse("x"))])
uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off")).run(sockets=[s])
"""
_FLASK = """
from flask import Flask
from werkzeug.serving import make_server
app = Flask("x"); app.add_url_rule("/<path:p>", "x", lambda p: "x"); app.add_url_rule("/", "y", lambda: "x")
server = make_server("127.0.0.1", 0, app); print(f"http://127.0.0.1:{server.port}/", flush=True); server.serve_forever()
"""
STARTS = {
    "Starlette alone": ["-c", _BARE],
    "Flask alone": ["-c", _FLASK],
    "auditor app": ["-m", "auditor", "app", "--no-browser"],
}


def get(host: str, path: str, cookie: str = "") -> tuple[dict[str, str], bytes]:
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request("GET", path, headers={"cookie": cookie})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (path, answer.status)
    return {name.lower(): value for name, value in answer.getheaders()}, body


def once(words: list[str], compiled: str) -> tuple[float, float, float]:
    """Seconds to the first answer, MB of memory, kB of a first page with all that it loads."""
    with tempfile.TemporaryDirectory() as state:
        own = {"AUDITOR_STATE_DIR": state, "AUDITOR_CONFIG_DIR": state, "XDG_DOCUMENTS_DIR": state}
        own |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": compiled}  # as where it is installed
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *words], env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdout is not None
        try:
            link = urlsplit(process.stdout.readline().strip())
            headers, _ = get(link.netloc, f"{link.path}?{link.query}")
            first_s = time.perf_counter() - begun
            cookie = headers.get("set-cookie", "").split(";")[0]
            for _ in range(10):
                _, page = get(link.netloc, "/", cookie)
            loaded = {path.decode() for path in re.findall(rb'(?:src|href)="(/static/[^"]+)"', page)}
            size = len(page) + sum(len(get(link.netloc, path, cookie)[1]) for path in loaded)
            memory = psutil.Process(process.pid).memory_info().rss
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()
    return first_s, memory / 1e6, size / 1e3


def main() -> None:
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in STARTS}
    with tempfile.TemporaryDirectory() as compiled:
        for run in range(RUNS + 1):
            for name, words in STARTS.items():
                if name.startswith("Flask") and find_spec("flask") is None:
                    continue
                measured = once(words, compiled)
                if run:  # the first one writes bytecode
                    taken[name].append(measured)
    middle = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in taken.items() if rows
    }
    floor = middle["Starlette alone"][0]
    for name, (first_s, memory, size) in middle.items():
        print(f"{first_s:6.3f} s {first_s / floor:5.2f} times  {memory:5.1f} MB  {size:6.1f} kB  {name}")
    first_s, memory, size = middle["auditor app"]
    if memory > BUDGET_MB or size > BUDGET_PAGE_KB or first_s > BUDGET_FIRST * floor:
        sys.exit(f"over {BUDGET_MB} MB, {BUDGET_PAGE_KB} kB for a page, or {BUDGET_FIRST} times the floor")


if __name__ == "__main__":
    main()
