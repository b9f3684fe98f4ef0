"""One open folder: nothing is replaced, nothing is followed, and what was opened stays what is worked on."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from auditor.disk import durable
from auditor.disk.folder import Folder
from auditor.errors import LeadsOut

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@pytest.fixture(params=["rename", "link", "look-then-rename"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the ways to publish, as file systems allow them."""
    if request.param != "rename":
        monkeypatch.setattr(durable, "_rename_exclusively", lambda *names: False)
    if request.param == "look-then-rename":

        def no_links(*names: object, **folders: object) -> None:
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(durable.os, "link", no_links)
    return str(request.param)


@pytest.fixture(params=["open folders", "paths"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A folder as POSIX opens it, and as Windows makes us do."""
    if request.param == "paths":
        monkeypatch.setattr("auditor.disk.folder.HAS_FOLDER_CALLS", False)
    return Folder.open(tmp_path)


def test_publish_names_a_file_and_replaces_none(way: str, folder: Folder) -> None:
    (folder.path / "1").write_bytes(b"first")
    (folder.path / "2").write_bytes(b"second")
    final = folder.path / "final"
    folder.publish("1", folder, "final")
    assert final.read_bytes() == b"first" and not (folder.path / "1").exists()
    with pytest.raises(FileExistsError):
        folder.publish("2", folder, "final")
    assert final.read_bytes() == b"first" and (folder.path / "2").read_bytes() == b"second"
    if sys.platform != "win32":
        final.unlink()
        final.symlink_to(folder.path / "nowhere")
        with pytest.raises(FileExistsError):
            folder.publish("2", folder, "final")


def test_create_takes_nothing_over(folder: Folder) -> None:
    (folder.path / "there").write_bytes(b"x")
    with pytest.raises(FileExistsError):
        folder.create("there")


@needs_links
def test_no_link_is_followed(folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "theirs").write_bytes(b"precious")
    os.utime(outside / "theirs", (1, 1))
    (folder.path / "inner").symlink_to(outside)
    (folder.path / "file").symlink_to(outside / "theirs")
    (folder.path / "nowhere").symlink_to(outside / "new")
    with pytest.raises(LeadsOut):
        folder.inner("inner")
    with pytest.raises(LeadsOut):
        folder.open_file("file", os.O_RDWR)
    for name in ("file", "nowhere"):
        with pytest.raises(FileExistsError):
            folder.create(name)
    folder.set_date("file", 10**18) if folder.fd is not None else None
    folder.write_whole("file", b"ours")
    folder.remove("nowhere")
    assert (outside / "theirs").read_bytes() == b"precious"
    assert (outside / "theirs").stat().st_mtime == 1
    assert [path.name for path in outside.iterdir()] == ["theirs"]


@needs_links
def test_what_is_no_file_is_refused_and_not_waited_for(folder: Folder) -> None:
    os.mkfifo(folder.path / "fifo")
    with pytest.raises(OSError, match="not a regular file"):
        folder.read("fifo", 10)
    (folder.path / "long").write_bytes(b"x" * 11)
    with pytest.raises(OSError, match="too long"):
        folder.read("long", 10)


@needs_links
def test_a_folder_that_is_swapped_while_it_is_open_stays_the_one_that_was_opened(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    with Folder.open(tmp_path / "a") as top, top.inner("b") as inner:
        (tmp_path / "a" / "b").rename(tmp_path / "a" / "was-b")
        (tmp_path / "a" / "b").symlink_to(tmp_path / "elsewhere")
        os.close(inner.create("new"))
    assert (tmp_path / "a" / "was-b" / "new").exists()
    assert not any((tmp_path / "elsewhere").iterdir())
