"""Archives as places: the contract, and archives that lie, bite or break off."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from auditor.errors import BadPlace, ListingCut
from auditor.places import Entry, Place
from auditor.places.archive import open_archive
from auditor.places.spec import kind_of
from tests.places.contract import SEED_BYTES, PlaceContract


def zip_of(tree: Path, target: Path) -> Path:
    """A .zip of the tree, links kept as links, as Info-ZIP writes them."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(tree.rglob("*")):
            name = path.relative_to(tree).as_posix()
            if path.is_symlink():
                info = zipfile.ZipInfo(name)
                info.external_attr = 0o120777 << 16
                archive.writestr(info, str(path.readlink()))
            elif path.is_file():
                info = zipfile.ZipInfo(name)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, path.read_bytes())
            else:
                archive.writestr(zipfile.ZipInfo(name + "/"), b"")
    return target


def tar_of(tree: Path, target: Path, mode: str = "w") -> Path:
    """A tar of the tree."""
    with tarfile.open(target, mode, encoding="utf-8", errors="surrogateescape") as archive:  # type: ignore[call-overload]
        for path in sorted(tree.rglob("*")):
            archive.add(path, arcname="./" + path.relative_to(tree).as_posix(), recursive=False)
    return target


class TestZip(PlaceContract):
    cannot_hold = frozenset({"not_utf8"})

    def show(self, tree: Path) -> Place:
        return open_archive(str(zip_of(tree, tree.parent / f"{tree.name}.zip")))

    def gone(self, tmp_path: Path) -> Place:
        (tmp_path / "tree2").mkdir()
        place = self.show(tmp_path / "tree2")
        (tmp_path / "tree2.zip").unlink()
        return place


class TestTar(PlaceContract):
    suffix, mode = "tar", "w"

    def show(self, tree: Path) -> Place:
        return open_archive(str(tar_of(tree, tree.parent / f"{tree.name}.{self.suffix}", self.mode)))

    def gone(self, tmp_path: Path) -> Place:
        (tmp_path / "tree2").mkdir()
        place = self.show(tmp_path / "tree2")
        (tmp_path / f"tree2.{self.suffix}").unlink()
        return place

    def cut(self, tree: Path) -> Place:
        self.show(tree)
        packed = tree.parent / f"{tree.name}.{self.suffix}"
        os.truncate(packed, packed.stat().st_size * 2 // 3)
        return open_archive(str(packed))


class TestTgz(TestTar):
    suffix, mode = "tgz", "w:gz"


def rows(path: Path) -> dict[str, Entry]:
    return {entry.path: entry for entry in open_archive(str(path)).walk()}


def test_an_archive_is_known_by_its_content_and_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.jpg").write_bytes(b"a")
    packed = tar_of(tmp_path / "tree", tmp_path / "renamed", "w:gz")
    assert kind_of(str(packed))[0] == "archive"
    assert [e.path for e in open_archive(str(packed)).walk()] == ["a.jpg"]
    text = tmp_path / "notes.txt"
    text.write_text("no archive")
    with pytest.raises(BadPlace, match="neither a folder, an archive"):
        open_archive(str(text))


@pytest.mark.parametrize(
    ("name", "row", "says"),
    [
        ("../../outside.jpg", "%2E%2E/%2E%2E/outside.jpg", "`..`"),
        ("a/../../outside.jpg", "a/%2E%2E/%2E%2E/outside.jpg", "`..`"),
        ("/etc/passwd", "%2Fetc/passwd", "absolute"),
        ("C:/Windows/a.jpg", "C%3A/Windows/a.jpg", "absolute"),
        ("..\\outside.jpg", "%2E%2E\\outside.jpg", "`..`"),
    ],
)
@pytest.mark.parametrize("packing", ["zip", "tar"])
def test_a_name_that_leads_out_is_a_row_with_the_reason(
    tmp_path: Path, packing: str, name: str, row: str, says: str
) -> None:
    path = tmp_path / f"hostile.{packing}"
    if packing == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, b"x")
            archive.writestr("good.jpg", b"good")
    else:
        with tarfile.open(path, "w") as tar:
            for member, content in ((name, b"x"), ("good.jpg", b"good")):
                info = tarfile.TarInfo(member)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    found = rows(path)
    assert set(found) == {row, "good.jpg"}
    assert says in str(found[row].error) and not found["good.jpg"].error
    place = open_archive(str(path))
    for hostile in (row, name):
        with pytest.raises(OSError):
            place.open(hostile)
    with place.open("good.jpg") as stream:
        assert stream.read() == b"good"


def test_a_name_that_comes_twice_is_two_rows(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.jpg", b"first")
        archive.writestr("a.jpg#2", b"a real name")
        archive.writestr("a.jpg", b"second")
    place = open_archive(str(path))
    contents = {}
    for entry in place.walk():
        with place.open(entry.path) as stream:
            contents[entry.path] = stream.read()
    assert contents == {"a.jpg": b"first", "a.jpg#2": b"a real name", "a.jpg#3": b"second"}


def test_hard_links_in_a_tar_are_files_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "links.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("a.jpg")
        info.size = len(SEED_BYTES)
        tar.addfile(info, io.BytesIO(SEED_BYTES))
        for name, target in (("b.jpg", "a.jpg"), ("c.jpg", "/etc/passwd")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.LNKTYPE, target
            tar.addfile(link)
    found = rows(path)
    assert found["b.jpg"].size_bytes == len(SEED_BYTES) and not found["b.jpg"].error
    assert "hard link" in str(found["c.jpg"].error)
    with open_archive(str(path)).open("b.jpg") as stream:
        assert stream.read() == SEED_BYTES


def test_an_encrypted_member_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "locked.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", b"secret")
    data = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + flags] |= 1
    path.write_bytes(data)
    assert "password" in str(rows(path)["a.jpg"].error)


def test_a_bomb_is_a_row_and_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.jpg", "w") as member:
        for _ in range(300):
            member.write(bytes(1024 * 1024))
    assert "bomb" in str(rows(path)["bomb.jpg"].error)
    with pytest.raises(OSError, match="bomb"):
        open_archive(str(path)).open("bomb.jpg")


def test_a_wiped_photo_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "wiped.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("wiped.jpg", bytes(5_000_000))
    assert rows(path)["wiped.jpg"].error is None


def test_members_that_share_their_bytes_are_a_bomb(tmp_path: Path) -> None:
    path = tmp_path / "kernel.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", SEED_BYTES)
        archive.writestr("b.jpg", SEED_BYTES)
    data = bytearray(path.read_bytes())
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    struct.pack_into("<I", data, second + 42, 100)  # b's bytes now begin inside a's
    path.write_bytes(data)
    assert {name: "bomb" in str(entry.error) for name, entry in rows(path).items()} == {"a.jpg": True, "b.jpg": True}


def test_a_packed_tar_that_grows_without_end_is_cut_with_a_row(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tgz"
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo("bomb.jpg")
        info.size = 300 * 1024 * 1024
        tar.addfile(info, _Zeros(info.size))
    walk = open_archive(str(path)).walk()
    assert "bomb" in str(next(walk).error)
    with pytest.raises(ListingCut, match="unpacks to more"):
        next(walk)


class _Zeros(io.RawIOBase):
    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        size = min(size, self.left)
        self.left -= size
        return bytes(size)


def test_a_flipped_byte_is_an_error_of_the_one_member(tmp_path: Path) -> None:
    path = tmp_path / "flipped.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", SEED_BYTES)
        archive.writestr("b.jpg", b"b")
    data = bytearray(path.read_bytes())
    data[50_000] ^= 1
    path.write_bytes(data)
    place = open_archive(str(path))
    with pytest.raises(OSError, match="damaged"), place.open("a.jpg") as stream:
        stream.read()
    with place.open("b.jpg") as stream:
        assert stream.read() == b"b"


@pytest.mark.parametrize("keep", [0.2, 0.9, 0.999])
def test_a_cut_zip_is_no_place(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "cut.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", SEED_BYTES)
    os.truncate(path, int(path.stat().st_size * keep))
    with pytest.raises(BadPlace, match="cut short"):
        list(open_archive(str(path)).walk())


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_every_cut_of_a_tar_is_noticed(tmp_path: Path, mode: str) -> None:
    (tmp_path / "tree").mkdir()
    for n in range(3):
        (tmp_path / "tree" / f"{n}.jpg").write_bytes(SEED_BYTES[: 1000 + n])
    whole = tar_of(tmp_path / "tree", tmp_path / "whole.tar", mode).read_bytes()
    end = len(whole) - (9216 if mode == "w" else 0)  # only the last of the zero blocks of a plain tar may go
    cut = tmp_path / "cut.tar"
    for length in sorted(
        {1, 100, 511, 512, 513, 1024, 1500, 1536, 2048, 2559, 2560, 3000, end - 600, end - 100, end - 1}
    ):
        if 0 < length < end:
            cut.write_bytes(whole[:length])
            os.utime(cut, ns=(length, length))
            with pytest.raises((ListingCut, BadPlace)):
                list(open_archive(str(cut)).walk())


def test_real_tar_and_zip_are_read(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.jpg").write_bytes(SEED_BYTES)
    os.utime(tmp_path / "tree" / "a.jpg", ns=(1_600_000_000_123_456_789, 1_600_000_000_123_456_789))
    for command, name in ((["tar", "czf"], "x.tar.gz"), (["zip", "-q"], "x.zip")):
        try:
            subprocess.run([*command, str(tmp_path / name), "a.jpg"], cwd=tmp_path / "tree", check=True)
        except FileNotFoundError:
            continue
        found = rows(tmp_path / name)
        assert found["a.jpg"].mtime_ns == 1_600_000_000_000_000_000
        with open_archive(str(tmp_path / name)).open("a.jpg") as stream:
            assert stream.read() == SEED_BYTES
