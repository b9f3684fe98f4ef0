"""What is not ours is as its makers published it: htmx 4.0.1 and its extension for server-sent events (0BSD)."""

from __future__ import annotations

import hashlib

import pytest

from auditor import data

DIGESTS = {
    "htmx.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "hx-sse.min.js": "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_vendored_files_are_as_they_were_published(name: str) -> None:
    content = (data.folder("reports") / "app" / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == DIGESTS[name]
