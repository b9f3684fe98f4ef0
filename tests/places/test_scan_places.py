"""Scans of places that are no folder: bytes that stay on the phone, and listings that break off."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pytest

from auditor.errors import ListingCut
from auditor.manifest.jsonl import load
from auditor.model import Depth, Device, DigestOrigin, ErrorKind, FileFacts
from auditor.places import Entry, Power, Whereabouts
from auditor.places.archive import open_archive
from auditor.scan.run import scan
from tests.places.test_archive import tar_of


@dataclass(frozen=True, slots=True)
class Teller(Whereabouts):
    """A place of files in memory that states digests; `computes` as a phone does, else as a cloud does."""

    files: tuple[tuple[str, bytes], ...]
    computes: bool
    opened: Path
    native: tuple[str, ...] = ("sha256", "md5")
    breaks: bool = False
    label = "teller"
    id = "teller:1"
    spec = "teller:"
    kind = "adb"

    @property
    def powers(self) -> frozenset[Power]:
        return frozenset({Power.DIGESTS, Power.MTIME} | ({Power.COMPUTES} if self.computes else set()))

    def device(self) -> Device | None:
        return None

    def walk(self) -> Iterator[Entry]:
        for path, content in self.files:
            digests = {} if self.computes else {"md5": hashlib.md5(content).hexdigest()}
            stated = FileFacts(path, notes=("hidden_from_apps: x",)) if path.startswith("hidden") else None
            yield Entry(
                path,
                size_bytes=len(content),
                mtime_ns=1,
                digests=digests,
                digest_origin=DigestOrigin.COMPUTED,
                stated=stated,
            )
        if self.breaks:
            raise ListingCut("the cable was pulled")

    def open(self, path: str) -> BinaryIO:
        with self.opened.open("a") as log:
            log.write(path + "\n")
        target = self.opened.with_name("content")
        target.write_bytes(dict(self.files)[path])
        return target.open("rb")

    def native_digests(self) -> tuple[str, ...]:
        return self.native

    def digests_of(self, entries: Sequence[Entry], name: str) -> Iterator[tuple[str, str]]:
        for entry in entries:
            if not entry.path.startswith("unreadable"):
                yield entry.path, hashlib.new(name, dict(self.files)[entry.path]).hexdigest()


FILES = (("a.jpg", b"a"), ("b.mp4", b"b"), ("hidden.jpg", b"h"), ("unknown", b"x"), ("unreadable.jpg", b"u"))


def rows(teller: Teller, tmp_path: Path, extra: tuple[str, ...] = ()) -> dict[str, FileFacts]:
    manifest = scan(teller, tmp_path / "m.jsonl", depth=Depth.HASH, jobs=1, use_cache=False, extra_digests=extra)
    return {facts.path: facts for facts in load(manifest.path).rows()}


@pytest.fixture(autouse=True)
def _no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_phone_digests_its_pictures_itself(tmp_path: Path) -> None:
    log = tmp_path / "opened"
    found = rows(Teller(FILES, True, log), tmp_path, ("md5",))
    assert log.read_text().splitlines() == ["unknown"]
    assert list(found) == [path for path, _ in FILES]
    assert found["a.jpg"].sha256 == hashlib.sha256(b"a").hexdigest()
    assert found["a.jpg"].digests["md5"] == hashlib.md5(b"a").hexdigest()
    assert found["a.jpg"].digest_origin is DigestOrigin.READ and found["a.jpg"].read_at
    assert found["unknown"].sha256 == hashlib.sha256(b"x").hexdigest()
    assert found["hidden.jpg"].notes == ("hidden_from_apps: x",)
    assert found["unreadable.jpg"].error_kind is ErrorKind.UNREADABLE and not found["unreadable.jpg"].digests


def test_a_digest_that_the_phone_cannot_make_is_made_from_its_bytes(tmp_path: Path) -> None:
    log = tmp_path / "opened"
    found = rows(Teller(FILES[:2], True, log), tmp_path, ("quickxor",))
    assert set(found["a.jpg"].digests) == {"sha256", "quickxor"}
    assert log.read_text().splitlines() == ["a.jpg", "b.mp4"]


def test_a_cloud_repeats_its_digests_and_nothing_is_downloaded(tmp_path: Path) -> None:
    log = tmp_path / "opened"
    teller = Teller(FILES[:2], False, log, native=("md5",))
    found = rows(teller, tmp_path)
    assert not log.exists()
    assert found["a.jpg"].digests == {"md5": hashlib.md5(b"a").hexdigest()}
    assert found["a.jpg"].digest_origin is DigestOrigin.COMPUTED and found["a.jpg"].read_at is None
    assert load(tmp_path / "m.jsonl").header.digests == ("md5",)


def test_a_listing_that_breaks_off_is_not_complete_and_keeps_its_rows(tmp_path: Path) -> None:
    teller = Teller(FILES[:2], True, tmp_path / "opened", breaks=True)
    manifest = scan(teller, tmp_path / "m.jsonl", depth=Depth.HASH, jobs=1, use_cache=False)
    assert not manifest.footer.complete and manifest.footer.reasons == ("the cable was pulled",)
    assert manifest.footer.files == 2


def test_a_cut_archive_is_scanned_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    for name in "abc":
        (tmp_path / "tree" / f"{name}.jpg").write_bytes(name.encode() * 2000)
    archive = tar_of(tmp_path / "tree", tmp_path / "x.tar")
    os.truncate(archive, 6000)
    manifest = scan(open_archive(str(archive)), tmp_path / "m.jsonl", depth=Depth.HASH, jobs=1, use_cache=False)
    assert not manifest.footer.complete and "x.tar" in manifest.footer.reasons[0]
    assert "a.jpg" in {facts.path for facts in manifest.rows()}
