"""What pages load. What is not ours is as its makers published it: htmx 4.0.1 and its extension for server-sent events
(0BSD)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from starlette.requests import Request

from auditor import data
from auditor.app import server

DIGESTS = {
    "htmx.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "hx-sse.min.js": "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_vendored_files_are_as_they_were_published(name: str) -> None:
    content = (data.folder("reports") / "app" / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == DIGESTS[name]


@pytest.mark.parametrize("name", server.STATIC)
def test_what_pages_load_is_what_it_is_by_any_registry(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some programs write into that of Windows that a script is text."""
    monkeypatch.setattr("mimetypes.guess_type", lambda *_, **__: ("text/plain", None))
    answer = server._static(Request({"type": "http", "path_params": {"name": name}}))
    expected = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}[Path(name).suffix]
    assert answer.headers["content-type"].split(";")[0] == expected
