"""Scans: a row for everything, each byte read once, the same rows however the work was cut."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from auditor.errors import AuditorError, BadOutput, BadPlace
from auditor.manifest.jsonl import Manifest, load, partial_path
from auditor.model import Depth, Device, DigestOrigin, FileFacts, Kind, Soundness, Tier
from auditor.places import Entry, EntryKind, Place, Power, Whereabouts
from auditor.places.folder import open_folder
from auditor.scan import cache, one_file, reuse
from auditor.scan import run as scanning
from auditor.scan.one_file import Task, read_file, read_without_decoders
from auditor.scan.run import Progress, scan
from tests import media

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
OLD = 1_600_000_000


def make(root: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
        os.utime(root / path, (OLD, OLD))
    return root


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "just_before" not in request.node.name:
        monkeypatch.setattr(reuse, "RACY_NS", 0)


def aged(root: Path) -> None:
    """Lets the clock's second pass: dates of readings are whole seconds."""
    time.sleep(max(0.0, 1.1 - (time.time() - max(p.lstat().st_ctime for p in root.rglob("*")))))


def listed(
    root: Path | Place, out: Path, depth: Depth = Depth.HASH, *, jobs: int = 1, use_cache: bool = False, **more: object
) -> Manifest:
    place = open_folder(str(root)) if isinstance(root, Path) else root
    out.unlink(missing_ok=True)
    return scan(place, out, depth=depth, jobs=jobs, use_cache=use_cache, **more)  # type: ignore[arg-type]


def rows(manifest: Manifest) -> dict[str, FileFacts]:
    found = {facts.path: facts for facts in load(manifest.path).rows()}
    assert len(found) == manifest.footer.files
    return found


def timeless(manifest: Manifest) -> list[FileFacts]:
    return [replace(facts, read_at=None) for facts in manifest.rows()]


PHONE = {
    "DCIM/IMG_1.jpg": media.jpeg(1),
    "DCIM/IMG_2.JPG": media.jpeg(2),
    "DCIM/IMG_2.xmp": b"<x:xmpmeta/>",
    "DCIM/IMG_3.heic": media.jpeg(3),
    "DCIM/cut.jpg": media.jpeg(4)[:-2000],
    "DCIM/empty.jpg": b"",
    "DCIM/zero.jpg": bytes(10_000),
    "DCIM/page.jpg": b"<html><body>Sign in</body></html>",
    "DCIM/no extension": media.jpeg(5),
    "a.png": media.png(6),
    "Notes/\u0444.txt": b"text",
    ".hidden/.nomedia": b"",
}


def test_every_file_has_a_row_with_its_facts(tmp_path: Path) -> None:
    make(tmp_path / "phone", PHONE)
    manifest = listed(tmp_path / "phone", tmp_path / "m.jsonl", Depth.DECODE, jobs=2)
    found = rows(manifest)
    assert list(found) == sorted(PHONE, key=lambda path: path.encode())
    for path, content in PHONE.items():
        facts = found[path]
        assert facts.sha256 == hashlib.sha256(content).hexdigest()
        assert facts.head_sha256 == hashlib.sha256(content[:65536]).hexdigest()
        assert (facts.size_bytes, facts.mtime_ns, facts.mtime_trusted) == (len(content), OLD * 10**9, True)
        assert facts.digest_origin is DigestOrigin.READ and facts.read_at and Tier.HASH in facts.checked
    assert found["DCIM/no extension"].kind is Kind.PHOTO and found["DCIM/no extension"].format == "jpeg"
    assert found["DCIM/IMG_1.jpg"].soundness is Soundness.SOUND and found["DCIM/IMG_1.jpg"].phash
    assert found["DCIM/IMG_2.JPG"].sidecar == "DCIM/IMG_2.xmp"
    for name in ("cut", "empty", "zero", "page"):
        assert found[f"DCIM/{name}.jpg"].soundness is Soundness.DAMAGED, name
        assert found[f"DCIM/{name}.jpg"].kind is Kind.PHOTO
    assert found["Notes/\u0444.txt"].kind is Kind.OTHER
    assert (manifest.footer.files, manifest.footer.complete) == (len(PHONE), True)
    assert manifest.footer.bytes == sum(map(len, PHONE.values()))
    device = manifest.header.device
    assert device is not None and device.storage_total_bytes


@pytest.mark.parametrize("depth", Depth)
def test_rows_are_the_same_with_any_number_of_workers(tmp_path: Path, depth: Depth) -> None:
    make(tmp_path / "phone", PHONE)
    one, two, four = (
        timeless(listed(tmp_path / "phone", tmp_path / f"{jobs}.jsonl", depth, jobs=jobs)) for jobs in (1, 2, 4)
    )
    assert one == two == four


@dataclass(frozen=True, slots=True)
class Counting:
    """A folder that writes down each opening and each read, from whatever process."""

    inner: Place
    log: Path

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def open(self, path: str) -> BinaryIO:
        with self.log.open("a") as log:
            log.write(f"open {path}\n")
        return _CountingStream(self.inner.open(path), path, self.log)  # type: ignore[return-value]


class _CountingStream:
    def __init__(self, inner: BinaryIO, path: str, log: Path) -> None:
        self.inner, self.path, self.log = inner, path, log

    def read(self, size: int = -1) -> bytes:
        data = self.inner.read(size)
        with self.log.open("a") as log:
            log.write(f"read {self.path} {len(data)}\n")
        return data

    def fileno(self) -> int:
        return self.inner.fileno()

    def __enter__(self) -> _CountingStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.inner.close()


def test_each_byte_is_read_once(tmp_path: Path) -> None:
    make(tmp_path / "phone", PHONE)
    place = Counting(open_folder(str(tmp_path / "phone")), tmp_path / "log")
    listed(place, tmp_path / "m.jsonl", Depth.DECODE, jobs=2, extra_digests=("md5", "quickxor"))
    log = (tmp_path / "log").read_text().splitlines()
    for path, content in PHONE.items():
        assert log.count(f"open {path}") == 1
        read = [int(line.rpartition(" ")[2]) for line in log if line.startswith(f"read {path} ")]
        assert sum(read) == len(content) and len(read) <= 3


def test_a_list_without_reading_opens_nothing(tmp_path: Path) -> None:
    make(tmp_path / "phone", PHONE)
    place = Counting(open_folder(str(tmp_path / "phone")), tmp_path / "log")
    found = rows(listed(place, tmp_path / "m.jsonl", Depth.LIST))
    assert not (tmp_path / "log").exists()
    assert found["DCIM/IMG_1.jpg"].size_bytes and found["DCIM/IMG_1.jpg"].sha256 is None
    assert found["DCIM/IMG_1.jpg"].kind is Kind.PHOTO


@posix
def test_what_cannot_be_read_has_a_row_too(tmp_path: Path) -> None:
    root = make(tmp_path / "phone", {"a.jpg": media.jpeg(1), "gone.jpg": b"x", "folder/x": b""})
    os.mkfifo(root / "fifo.jpg")
    (root / "out.jpg").symlink_to(tmp_path / "other.jpg")
    (root / "in.jpg").symlink_to("a.jpg")
    (root / "out").symlink_to(tmp_path)

    class Vanishing(Counting):
        def open(self, path: str) -> BinaryIO:
            (root / "gone.jpg").unlink(missing_ok=True)
            return self.inner.open(path)

    found = {
        entry.path: read_file(Task(Vanishing(open_folder(str(root)), tmp_path), entry, Depth.DECODE, ("sha256",)))
        for entry in open_folder(str(root)).walk()
        if entry.kind is EntryKind.FILE
    }
    assert str(found["gone.jpg"].error) == "No such file or directory"
    assert (found["gone.jpg"].kind, found["gone.jpg"].soundness) == (Kind.PHOTO, Soundness.NOT_CHECKED)
    manifest = listed(root, tmp_path / "m.jsonl")
    said = {
        path: (facts.kind, facts.soundness, facts.error and str(facts.error)) for path, facts in rows(manifest).items()
    }
    unchecked = Soundness.NOT_CHECKED
    assert said["out.jpg"] == (Kind.PHOTO, unchecked, "a link that leads nowhere")
    assert said["out"] == (Kind.OTHER, None, "a link to a folder outside, which is not followed")
    assert said["in.jpg"] == (Kind.OTHER, None, "a link to what is listed by itself")
    assert said["fifo.jpg"] == (Kind.OTHER, None, "a FIFO, not a file")
    assert manifest.footer.complete


@posix
def test_a_folder_that_cannot_be_listed_makes_the_list_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path / "phone", {"a.jpg": b"x", "b/c.jpg": b"y"})
    real = os.scandir

    def failing(of: object) -> object:
        if isinstance(of, int) and str(Path(f"/proc/self/fd/{of}").readlink()).endswith("/b"):
            raise PermissionError(13, "Permission denied")
        return real(of)  # type: ignore[call-overload]

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    monkeypatch.setattr(os, "supports_fd", {*os.supports_fd, failing})
    monkeypatch.setattr(os, "scandir", failing)
    manifest = listed(root, tmp_path / "m.jsonl", Depth.LIST)
    assert not manifest.footer.complete
    assert manifest.footer.reasons == ("b: folder: Permission denied",)
    assert str(rows(manifest)["b"].error) == "folder: Permission denied"


@dataclass(frozen=True, slots=True)
class Odd(Whereabouts):
    """A place of one file whose stream misbehaves as `how` says."""

    how: str
    content: bytes = b"0123456789" * 1000
    label = id = spec = kind = "odd"
    powers = frozenset({Power.MTIME})

    def device(self) -> Device | None:
        return None

    def walk(self) -> Iterator[Entry]:
        yield Entry("a.jpg", size_bytes=len(self.content), mtime_ns=1)

    def open(self, path: str) -> BinaryIO:
        if self.how == "cannot open":
            raise OSError(5, "Input/output error")
        if self.how == "no place":
            raise BadPlace("the phone is gone")
        if self.how == "bug":
            raise KeyError("x")
        return OddStream(self)  # type: ignore[return-value]


class OddStream:
    def __init__(self, odd: Odd) -> None:
        self.odd, self.position = odd, 0

    def read(self, size: int = -1) -> bytes:
        if self.odd.how == "fails midway" and self.position >= 4000:
            raise OSError(5, "Input/output error")
        step = {"short reads": 7, "fails midway": 1000}.get(self.odd.how, 10**9)
        data = self.odd.content[self.position : self.position + min(size, step)]
        self.position += len(data)
        return data

    def __enter__(self) -> OddStream:
        return self

    def __exit__(self, *_: object) -> None:
        pass


ODD = {
    "": None,
    "short reads": None,
    "fails midway": "Input/output error",
    "cannot open": "Input/output error",
    "no place": "the phone is gone",
    "bug": "KeyError: 'x'",
}


@pytest.mark.parametrize("mapped_above", [256 << 20, 5000])
@pytest.mark.parametrize("how", ODD)
def test_streams_that_are_no_files(how: str, mapped_above: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_file, "MAPPED_ABOVE_BYTES", mapped_above)
    monkeypatch.setattr(one_file, "CHUNK_BYTES", 3000)
    place = Odd(how)
    facts = read_file(Task(place, next(place.walk()), Depth.HASH, ("sha256", "quickxor")))
    assert (facts.error and str(facts.error)) == ODD[how]
    if ODD[how] is None:
        assert facts.sha256 == hashlib.sha256(place.content).hexdigest() and facts.size_bytes == 10_000


class Lying:
    """A stream of a real file that changes while it is being read, or whose size is not what is read of it."""

    def __init__(self, path: Path, how: str) -> None:
        self.inner, self.path, self.how, self.left = path.open("rb", buffering=0), path, how, 10**9

    def read(self, size: int = -1) -> bytes:
        if self.how == "ends early":
            size = min(size, max(0, 6000 - self.inner.tell()))
        data = self.inner.read(size)
        if self.how == "grows":
            with self.path.open("ab") as more:
                more.write(b"more")
        if self.how == "shrinks" and self.path.stat().st_size > 100:
            os.truncate(self.path, 100)
        if self.how == "touched":
            os.utime(self.path, ns=(time.time_ns(), time.time_ns()))
        if self.how == "changes once" and not self.path.with_name("done").exists():
            self.path.with_name("done").touch()
            self.path.write_bytes(b"other" * 2000)
        return data

    def fileno(self) -> int:
        return self.inner.fileno()

    def __enter__(self) -> Lying:
        return self

    def __exit__(self, *_: object) -> None:
        self.inner.close()


LIES = {
    "grows": "it changed while it was being read",
    "touched": "it changed while it was being read",
    "ends early": "only 6,000 of 10,000 bytes could be read",
    "shrinks": None,  # after the first reading it stays as it is
    "changes once": None,
}


@pytest.mark.parametrize("mapped_above", [256 << 20, 5000])
@pytest.mark.parametrize("how", LIES)
def test_files_that_change_or_lie(tmp_path: Path, how: str, mapped_above: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_file, "MAPPED_ABOVE_BYTES", mapped_above)
    monkeypatch.setattr(one_file, "CHUNK_BYTES", 3000)
    file = tmp_path / "a.bin"
    file.write_bytes(b"0123456789" * 1000)

    class Liar(Odd):
        def open(self, path: str) -> BinaryIO:
            return Lying(file, how)  # type: ignore[return-value]

    place = Liar(how)
    facts = read_file(Task(place, Entry("a.bin", size_bytes=10_000), Depth.HASH, ("sha256",)))
    if how == "shrinks" and mapped_above == 5000:
        # A mapping of what is no longer there: said, or the second reading finds it settled; never a wrong digest.
        assert facts.error or facts.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        return
    assert (facts.error and str(facts.error)) == LIES[how]
    if LIES[how] is None:
        assert facts.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        assert facts.size_bytes == file.stat().st_size
    else:
        assert facts.sha256 is None and facts.size_bytes == 10_000


def test_large_files_are_mapped_and_give_the_same_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "phone", PHONE)
    place = open_folder(str(tmp_path / "phone"))
    entries = [e for e in place.walk() if e.kind is EntryKind.FILE]

    def all_rows() -> list[FileFacts]:
        tasks = [Task(place, e, Depth.DECODE, ("sha256", "md5", "quickxor", "dropbox")) for e in entries]
        return [replace(read_file(task), read_at=None) for task in tasks]

    held = all_rows()
    monkeypatch.setattr(one_file, "MAPPED_ABOVE_BYTES", 100)
    monkeypatch.setattr(one_file, "CHUNK_BYTES", 1000)
    assert all_rows() == held


def test_a_file_that_decoders_die_of_keeps_its_digest(tmp_path: Path) -> None:
    root = make(tmp_path / "phone", {"a.jpg": media.jpeg(1)})
    place = open_folder(str(root))
    task = Task(place, next(place.walk()), Depth.DECODE, ("sha256",))
    facts = read_without_decoders(task, "the decoder died (SIGSEGV)")
    assert facts.sha256 == hashlib.sha256(PHONE["DCIM/IMG_1.jpg"]).hexdigest()
    assert (facts.kind, facts.format, facts.soundness) == (Kind.PHOTO, "jpeg", Soundness.NOT_CHECKED)
    assert str(facts.error) == "the decoder died (SIGSEGV)"


# The cache


def test_unchanged_files_are_not_read_again(tmp_path: Path) -> None:
    root = make(tmp_path / "phone", PHONE)
    aged(root)
    first = listed(root, tmp_path / "1.jsonl", Depth.DECODE, clock=lambda: datetime(2020, 1, 1, tzinfo=UTC))
    place = Counting(open_folder(str(root)), tmp_path / "log")
    seen: list[Progress] = []
    second = listed(place, tmp_path / "2.jsonl", Depth.DECODE, use_cache=True, on_progress=seen.append)
    assert not (tmp_path / "log").exists()
    assert list(first.rows()) == list(second.rows())  # their read_at too
    assert (seen[-1].files, seen[-1].cached, seen[-1].bytes) == (len(PHONE), len(PHONE), second.footer.bytes)
    assert first.header.previous is None
    assert second.header.previous == {
        "files": len(PHONE),
        "bytes": first.footer.bytes,
        "finished": "2020-01-01T00:00:00Z",
    }
    listed(place, tmp_path / "3.jsonl", Depth.DECODE, use_cache=False)
    assert (tmp_path / "log").read_text().count("open ") == len(PHONE)


CHANGES = {
    "content": lambda path: path.write_bytes(b"new"),
    "content under the old date": lambda path: (path.write_bytes(media.jpeg(9)), os.utime(path, (OLD, OLD))),
    "content of the same size under the old date": lambda path: (
        path.write_bytes(path.read_bytes()[::-1]),
        os.utime(path, (OLD, OLD)),
    ),
    "another file of the same size and date put in its place": lambda path: (
        path.with_name("new").write_bytes(path.read_bytes()[::-1]),
        os.utime(path.with_name("new"), (OLD, OLD)),
        path.with_name("new").replace(path),
    ),
    "date": lambda path: os.utime(path, (OLD + 1, OLD + 1)),
}


@posix
@pytest.mark.parametrize("case", CHANGES)
def test_a_changed_file_is_read_again(tmp_path: Path, case: str) -> None:
    root = make(tmp_path / "phone", {"a.jpg": media.jpeg(1), "b.jpg": media.jpeg(2), "c.jpg": media.jpeg(3)})
    aged(root)
    listed(root, tmp_path / "1.jsonl")
    CHANGES[case](root / "b.jpg")
    place = Counting(open_folder(str(root)), tmp_path / "log")
    found = rows(listed(place, tmp_path / "2.jsonl", use_cache=True))
    assert (tmp_path / "log").read_text().count("open ") == 1
    assert found["b.jpg"].sha256 == hashlib.sha256((root / "b.jpg").read_bytes()).hexdigest()


def test_a_file_written_just_before_it_was_read_is_read_again(tmp_path: Path) -> None:
    root = make(tmp_path / "phone", {"a.jpg": media.jpeg(1)})
    os.utime(root / "a.jpg")
    listed(root, tmp_path / "1.jsonl")
    place = Counting(open_folder(str(root)), tmp_path / "log")
    listed(place, tmp_path / "2.jsonl", use_cache=True)
    assert (tmp_path / "log").exists()


REFUSED = {
    "less deep": ({"depth": Depth.HASH}, {"depth": Depth.DECODE}),
    "no digest": ({}, {"extra_digests": ("md5",)}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_list_that_knows_less_is_not_used(tmp_path: Path, case: str) -> None:
    root = make(tmp_path / "phone", {"a.jpg": media.jpeg(1)})
    aged(root)
    before, after = REFUSED[case]
    listed(root, tmp_path / "1.jsonl", **before)  # type: ignore[arg-type]
    place = Counting(open_folder(str(root)), tmp_path / "log")
    listed(place, tmp_path / "2.jsonl", use_cache=True, **after)  # type: ignore[arg-type]
    assert (tmp_path / "log").exists()


def test_a_list_of_another_version_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(tmp_path / "phone", {"a.jpg": media.jpeg(1)})
    aged(root)
    with monkeypatch.context() as older:
        older.setattr(scanning, "TOOL", "auditor 0.0.0")
        listed(root, tmp_path / "1.jsonl")
    place = Counting(open_folder(str(root)), tmp_path / "log")
    listed(place, tmp_path / "2.jsonl", use_cache=True)
    assert (tmp_path / "log").exists()


def test_a_deeper_list_is_used_and_outlives_a_plain_one(tmp_path: Path) -> None:
    root = make(tmp_path / "phone", {"a.jpg": media.jpeg(1)})
    aged(root)
    listed(root, tmp_path / "1.jsonl", Depth.DECODE, extra_digests=("md5",))
    listed(root, tmp_path / "2.jsonl", Depth.LIST)
    place = Counting(open_folder(str(root)), tmp_path / "log")
    found = rows(listed(place, tmp_path / "3.jsonl", Depth.DECODE, use_cache=True))
    assert not (tmp_path / "log").exists()
    assert set(found["a.jpg"].digests) == {"sha256"}


def test_a_copied_backup_does_not_borrow_the_rows_of_the_first(tmp_path: Path) -> None:
    """A copy has the same `.auditor/place.toml`; a byte that rotted in it must be seen."""
    root = make(tmp_path / "one", {"a.jpg": media.jpeg(1), ".auditor/place.toml": b'id = "backup"\n'})
    aged(root)
    listed(root, tmp_path / "1.jsonl")
    shutil.copytree(root, tmp_path / "two")
    content = bytearray((root / "a.jpg").read_bytes())
    content[100] ^= 1
    (tmp_path / "two/a.jpg").write_bytes(content)
    os.utime(tmp_path / "two/a.jpg", (OLD, OLD))
    aged(tmp_path / "two")
    found = rows(listed(tmp_path / "two", tmp_path / "2.jsonl", use_cache=True))
    assert found["a.jpg"].sha256 == hashlib.sha256(content).hexdigest()


def test_a_cut_or_broken_cache_costs_only_time(tmp_path: Path, own_cache: Path) -> None:
    root = make(tmp_path / "phone", {"a.jpg": media.jpeg(1)})
    aged(root)
    listed(root, tmp_path / "1.jsonl")
    (kept,) = (own_cache / "lists").iterdir()
    kept.write_bytes(kept.read_bytes()[:-5])
    assert cache.find(cache.key(open_folder(str(root)))) == []
    found = listed(root, tmp_path / "2.jsonl", use_cache=True)
    assert rows(found)["a.jpg"].sha256


def test_companions_are_those_of_todays_listing(tmp_path: Path) -> None:
    root = make(tmp_path / "phone", {"IMG_1.jpg": media.jpeg(1), "IMG_1.xmp": b"<x/>"})
    aged(root)
    assert rows(listed(root, tmp_path / "1.jsonl"))["IMG_1.jpg"].sidecar == "IMG_1.xmp"
    (root / "IMG_1.xmp").unlink()
    assert rows(listed(root, tmp_path / "2.jsonl", use_cache=True))["IMG_1.jpg"].sidecar is None


# Stopped and begun again


class Stop(Exception):
    pass


def stop_after(files: int) -> object:
    def told(now: Progress) -> None:
        if now.files >= files:
            raise Stop

    return told


def test_a_stopped_scan_goes_on(tmp_path: Path) -> None:
    root = make(tmp_path / "phone", {f"{n:02}.jpg": media.jpeg(n, (64, 48)) for n in range(30)})
    aged(root)
    whole = timeless(listed(root, tmp_path / "whole.jsonl"))
    out = tmp_path / "m.jsonl"
    place = Counting(open_folder(str(root)), tmp_path / "log")
    begun = datetime(2020, 1, 1, tzinfo=UTC)
    for files in (10, 3):  # the second is stopped before it is as far as the first
        with pytest.raises(Stop):
            listed(place, out, on_progress=stop_after(files), clock=lambda: begun)
        assert partial_path(out).exists() and not out.exists()
    (tmp_path / "log").unlink()
    manifest = listed(place, out)
    assert timeless(manifest) == whole
    assert (tmp_path / "log").read_text().count("open ") == 20
    assert manifest.header.started == "2020-01-01T00:00:00Z"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["log", "m.jsonl", "phone", "whole.jsonl"]


def test_what_changed_since_a_scan_was_stopped_is_seen(tmp_path: Path) -> None:
    root = make(tmp_path / "phone", {f"{n}.jpg": media.jpeg(n, (64, 48)) for n in range(6)})
    aged(root)
    out = tmp_path / "m.jsonl"
    with pytest.raises(Stop):
        listed(root, out, on_progress=stop_after(5))
    (root / "0.jpg").write_bytes(b"changed")
    (root / "1.jpg").unlink()
    make(root, {"00 new.jpg": media.jpeg(7, (64, 48))})
    place = Counting(open_folder(str(root)), tmp_path / "log")
    assert timeless(listed(place, out)) == timeless(listed(root, tmp_path / "whole.jsonl"))
    assert (tmp_path / "log").read_text().count("open ") == 3


KILLED = """
import sys, time
from pathlib import Path
from auditor import scan as scanning, workers
from auditor.model import Depth
from auditor.places.folder import open_folder
scanning.FLUSH_BYTES = 1
scanning.scan(open_folder(sys.argv[1]), Path(sys.argv[2]), depth=Depth.HASH, jobs=2, use_cache=False,
    on_progress=lambda now: time.sleep(0.004))
"""


@posix
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_and_begun_again_it_gives_the_same_rows(tmp_path: Path, seed: int) -> None:
    root = make(tmp_path / "phone", {f"{n:03}.jpg": media.jpeg(n % 5, (64, 48)) + b"%d" % n for n in range(200)})
    aged(root)
    whole = timeless(listed(root, tmp_path / "whole.jsonl"))
    out = tmp_path / "m.jsonl"
    chance = random.Random(seed)
    repository = Path(__file__).parents[2]
    for _ in range(3):
        run = subprocess.Popen([sys.executable, "-c", KILLED, str(root), str(out)], cwd=repository)
        time.sleep(chance.uniform(0.6, 1.6))
        run.send_signal(chance.choice([signal.SIGKILL, signal.SIGINT, signal.SIGTERM]))
        run.wait()
    if out.exists():  # it was faster than the signals
        assert timeless(load(out)) == whole
        out.unlink()
    assert timeless(listed(root, out, jobs=2)) == whole
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.jsonl", "phone", "whole.jsonl"]


# Output


def test_an_output_that_is_there_stops_before_the_work(tmp_path: Path) -> None:
    root = make(tmp_path / "phone", {"a.jpg": b"x"})
    (tmp_path / "m.jsonl").write_text("mine")
    place = Counting(open_folder(str(root)), tmp_path / "log")
    with pytest.raises(BadOutput):
        scan(place, tmp_path / "m.jsonl", depth=Depth.HASH)  # type: ignore[arg-type]
    assert (tmp_path / "m.jsonl").read_text() == "mine" and not (tmp_path / "log").exists()


def test_an_output_inside_the_place_is_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(tmp_path / "phone", {"a.jpg": b"x", "lists/old.jsonl": b"y", "lists/m.jsonl.backup": b"z"})
    out = root / "lists/m.jsonl"
    with pytest.raises(Stop):
        listed(root, out, on_progress=stop_after(1))
    monkeypatch.chdir(root / "lists")
    manifest = scan(open_folder(".."), Path("m.jsonl"), depth=Depth.HASH, use_cache=False)
    assert set(rows(manifest)) == {"a.jpg", "lists/old.jsonl", "lists/m.jsonl.backup"}


def test_an_unknown_digest_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(AuditorError, match="there is no digest md6"):
        listed(make(tmp_path / "phone", {"a": b""}), tmp_path / "m.jsonl", extra_digests=("md6",))


def test_dates_that_no_calendar_has_are_not_known(tmp_path: Path) -> None:
    class Far(Odd):
        def walk(self) -> Iterator[Entry]:
            yield Entry("a.jpg", size_bytes=10_000, mtime_ns=10**21)

    assert rows(listed(Far(""), tmp_path / "m.jsonl", Depth.LIST))["a.jpg"].mtime_ns is None
