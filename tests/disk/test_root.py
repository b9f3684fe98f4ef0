"""The door to a root: what lies at the path must be the folder that was opened, on the disk it was opened on."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from auditor.disk.marker import Marker
from auditor.disk.root import Root, made
from auditor.errors import BadManifest, BadPlace, LeadsOut, RootGone, RootReplaced

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="open folders cannot be moved there")


def backup(path: Path, id_: str) -> Root:
    root = made(path)
    root.name_it(Marker(id_, "2026-01-01T00:00:00Z", "mirror"))
    return root


def test_a_folder_that_is_moved_away_is_gone(tmp_path: Path) -> None:
    with made(tmp_path / "a" / "b") as root:
        root.check()
        (tmp_path / "a" / "b").rename(tmp_path / "c")
        with pytest.raises(RootGone):
            root.check()
        (tmp_path / "a" / "b").mkdir()  # an empty mount point
        with pytest.raises(RootGone):
            root.check()
        shutil.rmtree(tmp_path / "a" / "b")
        (tmp_path / "c").rename(tmp_path / "a" / "b")
        root.check()


def test_a_disk_beneath_that_is_gone_or_another_one_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there: dict[Path, str | None] = {Path("/x"): "A", Path("/y"): None}
    monkeypatch.setattr("auditor.disk.root.volumes_beneath", lambda path: there)
    with made(tmp_path / "root") as door:
        found: list[dict[Path, str | None]] = [{}, {Path("/new"): "C"}, {Path("/y"): "D"}]
        for fine in found:
            there = {Path("/x"): "A", Path("/y"): None, **fine}
            door.check()
        for wrong in ({Path("/x"): "A"}, {Path("/x"): "B", Path("/y"): None}):
            there = wrong
            for ask in (door.check, lambda: Root.again(door.known)):
                with pytest.raises(RootGone, match=r"the disk at /[xy] is gone, or another one"):
                    ask()


def test_another_backup_at_the_path_is_not_written_to(tmp_path: Path) -> None:
    backup(tmp_path / "other", "two").close()
    with backup(tmp_path / "disk", "one") as root:
        (tmp_path / "disk").rename(tmp_path / "away")
        (tmp_path / "other").rename(tmp_path / "disk")
        with pytest.raises(RootReplaced, match="another backup lies at"):
            root.check()
        with pytest.raises(RootReplaced):
            root.name_it(Marker("one", "2026-01-01T00:00:00Z", "mirror", generation=7))
        os.close(root.create("x"))  # without a look it goes to the folder that is held, never to the other
        assert not (tmp_path / "disk" / "x").exists()
        with pytest.raises(RootReplaced):
            Root.again(root.known)


def test_the_same_disk_on_its_return_is_opened_again_with_its_lock(tmp_path: Path) -> None:
    with backup(tmp_path / "disk", "one") as root:
        root.lock(".auditor/lock")
        shutil.copytree(tmp_path / "disk", tmp_path / "back")  # another device number, the same marker
        (tmp_path / "disk").rename(tmp_path / "away")
        (tmp_path / "back").rename(tmp_path / "disk")
        root.check()
        os.close(root.create("x"))
        assert (tmp_path / "disk" / "x").exists()
        with Root.open(tmp_path / "disk") as second, pytest.raises(BadPlace, match="another run"):
            second.lock(".auditor/lock")


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "a//x", "."])
def test_a_path_that_leads_out_is_none(path: str, tmp_path: Path) -> None:
    with made(tmp_path / "root") as root, pytest.raises(BadManifest, match="no path inside"):
        root.create(path)
    assert [p.name for p in tmp_path.iterdir()] == ["root"]


def test_nothing_is_done_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "theirs").write_bytes(b"precious")
    with made(tmp_path / "root") as root:
        (tmp_path / "root" / "sub").symlink_to(outside)
        os.close(root.create("mine"))
        for act in (
            lambda: root.create("sub/x"),
            lambda: root.publish("mine", "sub/x"),
            lambda: root.publish("sub/theirs", "x"),
            lambda: root.remove("sub/theirs"),
            lambda: root.set_date("sub/theirs", 0),
            lambda: root.lock("sub/lock"),
            lambda: root.sync_folder("sub"),
        ):
            with pytest.raises(LeadsOut, match="is a link"):
                act()
    assert [p.name for p in outside.iterdir()] == ["theirs"]


def test_a_root_behind_a_dangling_link_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(LeadsOut):
        made(tmp_path / "link" / "new")
    assert not (tmp_path / "nowhere").exists()
