"""A service that repeats what its uploader claimed, as Nextcloud does: the stored file may have rotted since."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from auditor.manifest.jsonl import load
from auditor.model import Depth, DigestOrigin
from auditor.places.rclone import open_rclone
from auditor.places.rcloneclient import end_servers
from auditor.scan.run import scan
from tests.doubles.rclone_server import newest_rclone

RCLONE = newest_rclone()
UPLOADED, STORED = b"what was uploaded", b"what is left of it"

_HEAD = '<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">'
_TOP = """<d:response><d:href>/remote.php/dav/files/anna/</d:href><d:propstat><d:prop>
<d:resourcetype><d:collection/></d:resourcetype></d:prop>
<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"""
_PHOTO = """<d:response><d:href>/remote.php/dav/files/anna/a.jpg</d:href><d:propstat><d:prop><d:resourcetype/>
<d:getlastmodified>Mon, 15 Jun 2026 10:00:00 GMT</d:getlastmodified>
<d:getcontentlength>{size}</d:getcontentlength>
<oc:checksums><oc:checksum>SHA1:{sha1}</oc:checksum></oc:checksums></d:prop>
<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"""


class _Nextcloud(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PROPFIND(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        photo = _PHOTO.format(size=len(STORED), sha1=hashlib.sha1(UPLOADED).hexdigest())
        top = "" if self.path.endswith(".jpg") else _TOP
        self._say(207, f"{_HEAD}{top}{photo}</d:multistatus>".encode())

    def do_GET(self) -> None:
        self._say(200, STORED)

    def _say(self, code: int, content: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words: object) -> None:
        """Says nothing."""


@pytest.fixture
def nextcloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    assert RCLONE
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Nextcloud)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = {
        "TYPE": "webdav",
        "VENDOR": "nextcloud",
        "URL": f"http://127.0.0.1:{server.server_port}/remote.php/dav/files/anna",
    }
    for key, value in settings.items():
        monkeypatch.setenv(f"RCLONE_CONFIG_NC_{key}", value)
    monkeypatch.setenv("RCLONE", RCLONE)
    end_servers()  # one that an earlier test started does not know this remote
    yield "nc:"
    end_servers()
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(RCLONE is None, reason="rclone is not installed")
def test_a_nextcloud_only_repeats_what_was_claimed(nextcloud: str, tmp_path: Path) -> None:
    place = open_rclone(nextcloud)
    assert not place.is_off_site  # it is on this machine
    (facts,) = load(scan(place, tmp_path / "listed.jsonl", depth=Depth.HASH, use_cache=False).path).rows()
    assert (facts.digests, facts.digest_origin) == (
        {"sha1": hashlib.sha1(UPLOADED).hexdigest()},
        DigestOrigin.CLAIMED,
    )
    (facts,) = load(scan(place, tmp_path / "read.jsonl", jobs=1, use_cache=False).path).rows()
    assert (facts.digests, facts.digest_origin) == ({"sha256": hashlib.sha256(STORED).hexdigest()}, DigestOrigin.READ)
