"""Remotes of rclone, with real servers on loopback: the contract, digests without a download, and what goes wrong."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.errors import BadPlace, ListingCut
from auditor.manifest.jsonl import load
from auditor.model import Depth, DigestOrigin, ErrorKind
from auditor.places import EntryKind, Place, Power
from auditor.places import rcloneclient as client
from auditor.places.rclone import RclonePlace, open_rclone
from auditor.readers import digests
from auditor.scan.run import scan
from tests.doubles.rclone_server import newest_rclone, obscured, remote, served, version
from tests.places.contract import SEED_BYTES, PlaceContract

RCLONE = newest_rclone()
pytestmark = pytest.mark.skipif(RCLONE is None, reason="rclone is not installed")

CONTROL = frozenset({"newline", "carriage", "not_utf8"})  # rclone writes these with letters of its own


@pytest.fixture(autouse=True)
def _surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    assert RCLONE
    monkeypatch.setenv("RCLONE", RCLONE)
    monkeypatch.setenv("RCLONE_CONFIG", str(tmp_path / "none.conf"))
    client.end_servers()  # the one server of a process knows the remotes of the environment it began in
    yield
    client.end_servers()


class Remote(PlaceContract):
    cannot_hold = CONTROL
    holds_links = False

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        self.tmp_path, self.patch = tmp_path, monkeypatch
        with contextlib.ExitStack() as stack:
            self.stack = stack
            yield

    def gone(self, tmp_path: Path) -> Place:
        (tmp_path / "tree2").mkdir()
        place = self.show(tmp_path / "tree2")
        (tmp_path / "tree2").rmdir()
        return place


class TestLocal(Remote):
    """rclone's own view of a folder, by an alias."""

    knows_targets = False

    def show(self, tree: Path) -> Place:
        name = f"ALIAS{tree.name.upper()}"
        self.patch.setenv(f"RCLONE_CONFIG_{name}_TYPE", "alias")
        self.patch.setenv(f"RCLONE_CONFIG_{name}_REMOTE", str(tree))
        client.end_servers()
        return open_rclone(f"{name.lower()}:")


class Served(Remote):
    protocol = ""

    def show(self, tree: Path) -> Place:
        assert RCLONE
        name = f"{self.protocol}{tree.name}"
        if f"RCLONE_CONFIG_{name.upper()}_TYPE" not in os.environ:
            port = self.stack.enter_context(served(RCLONE, self.protocol, tree))
            for key, value in remote(RCLONE, self.protocol, port, name).items():
                self.patch.setenv(key, value)
            client.end_servers()
        return open_rclone(f"{name}:")

    def gone(self, tmp_path: Path) -> Place:
        (tmp_path / "tree2").mkdir()
        place = self.show(tmp_path / "tree2")
        return open_rclone(f"{place.spec.removeprefix('rclone:')}nowhere")


class TestWebdav(Served):
    protocol = "webdav"
    # WebDAV clients before 1.73.2 ask for `/./12:30:00.jpg` where the first folder's name holds a colon, and are told
    # that there is no such folder: a listing that says so, not one that leaves it out.
    cannot_hold = CONTROL | {"long"} | ({"colon"} if version(RCLONE) < (1, 73, 2) else set())


@pytest.mark.slow
class TestSftp(Served):
    protocol = "sftp"


@pytest.mark.slow
class TestCrypt(Remote):
    """Encrypted names and contents: no digests at all."""

    cannot_hold = CONTROL | {"long"}

    def show(self, tree: Path) -> Place:
        assert RCLONE
        hidden = self.tmp_path / f"hidden-{tree.name}"
        hidden.mkdir(exist_ok=True)
        name = f"SECRET{tree.name.upper()}"
        if not list(hidden.iterdir()):
            self.patch.setenv(f"RCLONE_CONFIG_{name}_TYPE", "crypt")
            self.patch.setenv(f"RCLONE_CONFIG_{name}_REMOTE", str(hidden))
            self.patch.setenv(f"RCLONE_CONFIG_{name}_PASSWORD", obscured(RCLONE, "sunflower"))
            client.end_servers()
            subprocess.run([RCLONE, "copy", "-q", str(tree), f"{name.lower()}:"], check=False, capture_output=True)
        return open_rclone(f"{name.lower()}:")

    def gone(self, tmp_path: Path) -> Place:
        (tmp_path / "tree2").mkdir()
        place = self.show(tmp_path / "tree2")
        (tmp_path / "hidden-tree2").rmdir()
        return place


@pytest.fixture
def alias(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the remote `photos:`."""
    tree = tmp_path / "tree"
    (tree / "a").mkdir(parents=True)
    monkeypatch.setenv("RCLONE_CONFIG_PHOTOS_TYPE", "alias")
    monkeypatch.setenv("RCLONE_CONFIG_PHOTOS_REMOTE", str(tree))
    return tree


def test_the_remote_says_what_it_can(alias: Path) -> None:
    place = open_rclone("photos:a")
    assert place.label == "a" and open_rclone("photos:").label == "photos"
    assert place.digests == ("sha256", "sha1", "md5", "quickxor", "dropbox")
    assert Power.MTIME in place.powers
    device = place.device()
    assert device and device.storage_total_bytes and device.storage_free_bytes


@pytest.mark.parametrize("name", ["quickxor", "dropbox"])
def test_our_digests_of_clouds_are_those_of_rclone(alias: Path, name: str) -> None:
    contents = {
        f"a/{size}.bin": (SEED_BYTES * 30)[:size] for size in (0, 1, 19, 20, 21, 160, 65536, 4 << 20, 9_000_001)
    }
    for path, content in contents.items():
        (alias / path).write_bytes(content)
    place = open_rclone("photos:")
    told = dict(place.digests_of(list(place.walk()), name))
    assert told == {path: digests.digests([content], (name,))[name] for path, content in contents.items()}


def test_a_cloud_is_proved_without_a_download(alias: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (alias / "a/x.jpg").write_bytes(SEED_BYTES)
    place = open_rclone("photos:")

    def refuse(*_: object) -> None:
        raise AssertionError("a file was downloaded")

    monkeypatch.setattr(RclonePlace, "open", refuse)
    manifest = scan(place, tmp_path / "m.jsonl", depth=Depth.HASH, jobs=1)
    (facts,) = load(manifest.path).rows()
    assert facts.sha256 == hashlib.sha256(SEED_BYTES).hexdigest()
    assert facts.digest_origin is DigestOrigin.COMPUTED and facts.read_at is None


def test_a_cloud_without_digests_is_downloaded_at_depth_decode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert RCLONE
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "x.jpg").write_bytes(SEED_BYTES)
    with served(RCLONE, "webdav", tree) as port:
        for key, value in remote(RCLONE, "webdav", port, "dav").items():
            monkeypatch.setenv(key, value)
        place = open_rclone("dav:")
        assert place.digests == ()
        listed = scan(place, tmp_path / "hash.jsonl", depth=Depth.HASH, jobs=1)
        (unread,) = load(listed.path).rows()
        assert not unread.digests and unread.size_bytes == len(SEED_BYTES)
        read = scan(place, tmp_path / "decode.jsonl", depth=Depth.DECODE, jobs=1)
        (facts,) = load(read.path).rows()
    assert facts.sha256 == hashlib.sha256(SEED_BYTES).hexdigest()
    assert facts.digest_origin is DigestOrigin.READ and facts.mtime_ns is None  # WebDAV keeps no dates of files


@pytest.mark.skipif(version(RCLONE) < (1, 65), reason="rclone 1.65 or newer, which serves S3, is not installed")
def test_s3_states_md5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert RCLONE
    bucket = tmp_path / "store" / "bucket" / "DCIM"
    bucket.mkdir(parents=True)
    (bucket / "IMG_1.jpg").write_bytes(SEED_BYTES)
    with served(RCLONE, "s3", tmp_path / "store") as port:
        for key, value in remote(RCLONE, "s3", port, "s3").items():
            monkeypatch.setenv(key, value)
        place = open_rclone("s3:bucket")
        (entry,) = place.walk()
        assert entry.digests == {"md5": hashlib.md5(SEED_BYTES).hexdigest()}
        with place.open(entry.path) as stream:
            assert stream.read() == SEED_BYTES


def test_combined_and_chunked_remotes(alias: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert RCLONE
    (tmp_path / "chunks").mkdir()
    (alias / "a/x.jpg").write_bytes(SEED_BYTES)
    for key, value in {
        "CHUNKED_TYPE": "chunker",
        "CHUNKED_REMOTE": str(tmp_path / "chunks"),
        "CHUNKED_CHUNK_SIZE": "100k",
        "CHUNKED_HASH_TYPE": "md5",
        "BOTH_TYPE": "combine",
        "BOTH_UPSTREAMS": f"one={alias} two=chunked:",
    }.items():
        monkeypatch.setenv(f"RCLONE_CONFIG_{key}", value)
    subprocess.run([RCLONE, "copy", "-q", str(alias), "chunked:"], check=True)
    assert len(list((tmp_path / "chunks/a").iterdir())) > 3
    place = open_rclone("both:")
    entries = {entry.path: entry for entry in place.walk()}
    assert set(entries) == {"one/a/x.jpg", "two/a/x.jpg"}
    for path in entries:
        with place.open(path) as stream:
            assert stream.read() == SEED_BYTES


def test_a_folder_that_cannot_be_listed_is_unknown_and_the_rest_is_there(
    alias: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (alias / "a/x.jpg").write_bytes(SEED_BYTES)
    monkeypatch.setenv("RCLONE_CONFIG_BOTH_TYPE", "combine")
    monkeypatch.setenv("RCLONE_CONFIG_BOTH_UPSTREAMS", f"here={alias} 12:30={tmp_path / 'nowhere'}")
    place = open_rclone("both:")
    met = {entry.path: (entry.kind, entry.error and str(entry.error)) for entry in place.walk()}
    assert met == {
        "here/a/x.jpg": (EntryKind.FILE, None),
        "12:30": (EntryKind.FOLDER, "folder: directory not found"),
    }
    manifest = scan(place, tmp_path / "m.jsonl", depth=Depth.HASH, jobs=1)
    assert not manifest.footer.complete and "12:30" in manifest.footer.reasons[0]


CUT = b'[\n{"Path":"a.jpg","Name":"a.jpg","Size":1,"ModTime":"2020-01-01T00:00:00Z","IsDir":false},'
LOST = b'{"level":"error","msg":"error listing: directory not found","object":""}\n'


@pytest.mark.parametrize(
    ("output", "errors", "code", "paths", "says"),
    [
        (CUT, LOST, 3, ["a.jpg"], "could not list"),  # it was there when the listing began
        (b"[\n", LOST, 3, [], "there is no"),
        (CUT, b"", 0, ["a.jpg"], "cut off"),
        (CUT[:40], b"", 0, [], "cut off"),
        (b"", b"2026/01/01 10:00:00 Failed to lsjson: connection reset\n", 1, [], "could not list.*connection reset"),
    ],
)
def test_a_listing_that_breaks_off_is_no_list_and_no_missing_place(
    alias: Path, monkeypatch: pytest.MonkeyPatch, output: bytes, errors: bytes, code: int, paths: list[str], says: str
) -> None:
    place = open_rclone("photos:")
    monkeypatch.setattr(
        "auditor.places.rclone.run", lambda *_, **__: subprocess.CompletedProcess([], code, output, errors)
    )
    found = []
    with pytest.raises(BadPlace if says == "there is no" else ListingCut, match=says):
        found.extend(entry.path for entry in place.walk())
    assert found == paths


def test_a_server_that_ends_while_a_file_is_read_is_an_error_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert RCLONE
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "big.mp4").write_bytes(SEED_BYTES * 200)
    monkeypatch.setenv("RCLONE_RETRIES", "1")
    monkeypatch.setenv("RCLONE_LOW_LEVEL_RETRIES", "1")
    with served(RCLONE, "webdav", tree) as port:
        for key, value in remote(RCLONE, "webdav", port, "dav").items():
            monkeypatch.setenv(key, value)
        place = open_rclone("dav:")
        stream = place.open("big.mp4")
        assert stream.read(1000) == SEED_BYTES[:1000]
    with pytest.raises(OSError, match="remote"), stream:
        stream.read()
    with pytest.raises(ListingCut, match="could not list"):
        list(place.walk())


def test_two_files_of_one_name_are_two_rows(alias: Path) -> None:
    place = open_rclone("photos:")
    seen: dict[str, int] = {}
    item = {"Path": "a.jpg", "Size": 1, "ModTime": "2020-01-01T00:00:00Z"}
    first, second = place._entry(dict(item), seen), place._entry(dict(item), seen)
    assert (first.path, second.path) == ("a.jpg", "a.jpg#2")
    assert second.stated and second.stated.notes == ("same_name_twice",)


def test_a_shared_album_is_no_copy(alias: Path) -> None:
    import dataclasses

    place = dataclasses.replace(open_rclone("photos:"), service="google photos")
    item = {"Size": 1, "ModTime": "2020-01-01T00:00:00Z"}
    assert place._entry({"Path": "shared-album/x/a.jpg", **item}, {}).error_kind is ErrorKind.SHARED
    assert place._entry({"Path": "media/by-month/a.jpg", **item}, {}).error is None


@pytest.mark.parametrize(
    ("words", "says"),
    [("photos", "names no remote"), ("nosuch:x", "there is no nosuch:x"), ("photos:nowhere", "there is no")],
)
def test_what_is_not_there_is_said(alias: Path, words: str, says: str) -> None:
    with pytest.raises(BadPlace, match=says):
        list(open_rclone(words).walk())


def test_without_rclone_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RCLONE")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(BadPlace, match="pip install"):
        open_rclone("photos:")


def test_the_rclone_installed_beside_python_is_used_before_the_system_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RCLONE")
    for folder in ("venv", "system"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rclone").write_text("#!/bin/sh\n")
        (tmp_path / folder / "rclone").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "system"))
    monkeypatch.setattr("sys.executable", str(tmp_path / "venv/python"))
    assert client.find_rclone() == str(tmp_path / "venv/rclone")
    (tmp_path / "venv/rclone").unlink()
    assert client.find_rclone() == str(tmp_path / "system/rclone")


def test_the_password_is_not_shown(alias: Path) -> None:
    place = open_rclone("photos:")
    assert place.serving.password not in repr(place)


def test_links_that_rclone_leaves_out_have_a_row(alias: Path, tmp_path: Path) -> None:
    (alias / "a/folder").symlink_to(tmp_path, target_is_directory=True)
    (alias / "a/2023.05").symlink_to(tmp_path, target_is_directory=True)
    (alias / "a/x.jpg").symlink_to(tmp_path / "outside.jpg")
    met = {entry.path: (entry.kind, entry.error and str(entry.error)) for entry in open_rclone("photos:").walk()}
    assert met == {
        "a/folder": (EntryKind.LINK, "a link to a folder outside, which is not followed"),
        "a/2023.05": (EntryKind.LINK, "a link to a folder outside, which is not followed"),
        "a/x.jpg": (EntryKind.LINK, "a link to a file outside, which is not followed"),
    }
