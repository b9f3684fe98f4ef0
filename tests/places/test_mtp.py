"""Phones and cameras that are mounted as folders."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest

from auditor.errors import BadPlace, ListingCut
from auditor.places import Place, Power, mtp, phone_id
from auditor.places.folder import FolderPlace
from auditor.places.mtp import Mount, MtpPlace, advice, mounts, open_mtp
from auditor.places.spec import kind_of, open_place
from tests.places.contract import SEED_BYTES, PlaceContract


class TestMtp(PlaceContract):
    def show(self, tree: Path) -> Place:
        return MtpPlace(Mount(tree, "gvfs mtp", tree.name), "mtp:")

    def gone(self, tmp_path: Path) -> Place:
        return self.show(tmp_path / "nowhere")

    def size(self, content: bytes) -> int | None:
        return len(content) or None

    def test_an_empty_place_lists_nothing(self, tree: Path) -> None:
        with pytest.raises(ListingCut, match="unlock the phone"):
            list(self.show(tree).walk())

    def cut(self, tree: Path) -> Place:
        empty = tree.parent / "empty"
        empty.mkdir()
        return self.show(empty)


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desktop with a runtime folder and no phone."""
    (tmp_path / "gvfs").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def plug(surroundings: Path, name: str = "mtp:host=Google_Pixel_7_0A1B") -> Path:
    folder = surroundings / "gvfs" / name / "Internal shared storage" / "DCIM"
    folder.mkdir(parents=True)
    (folder / "IMG_1.jpg").write_bytes(SEED_BYTES)
    return folder.parents[1]


def test_the_phone_that_is_mounted_is_found(surroundings: Path) -> None:
    root = plug(surroundings)
    (surroundings / "gvfs" / "smb-share:server=nas,share=x").mkdir()
    place = open_mtp("")
    assert place.root == root and place.label == "Google Pixel 7 0A1B"
    assert [e.path for e in place.walk()] == ["Internal shared storage/DCIM/IMG_1.jpg"]
    assert Power.MTIME not in place.powers and Power.ONE_READER in place.powers
    device = place.device()
    assert device and device.is_phone


def test_one_of_several_is_named(surroundings: Path) -> None:
    plug(surroundings)
    plug(surroundings, "gphoto2:host=Canon_EOS")
    with pytest.raises(BadPlace, match="several phones"):
        open_mtp("")
    assert open_mtp("canon").label == "Canon EOS"
    with pytest.raises(BadPlace, match="no phone called nokia"):
        open_mtp("nokia")


def test_a_folder_of_a_mounted_phone_is_no_plain_folder(surroundings: Path) -> None:
    camera = plug(surroundings) / "Internal shared storage" / "DCIM"
    assert kind_of(str(camera))[0] == "mtp"
    place = open_place(str(camera))
    assert place.kind == "mtp" and [e.path for e in place.walk()] == ["IMG_1.jpg"]
    assert [e.mtime_ns for e in place.walk()] == [None]
    assert kind_of(str(surroundings))[0] == "folder"


@pytest.mark.parametrize(
    ("line", "maker"),
    [
        ("jmtpfs /mnt/my\\040phone fuse.jmtpfs rw,nosuid 0 0", "fuse.jmtpfs"),
        ("ifuse /mnt/my\\040phone fuse.ifuse rw 0 0", "fuse.ifuse"),
        ("DeviceFs(Pixel) /mnt/my\\040phone fuse.DeviceFs(Pixel) rw 0 0", "fuse.DeviceFs(Pixel)"),
        ("simple-mtpfs /mnt/my\\040phone fuse.simple-mtpfs rw 0 0", "fuse.simple-mtpfs"),
        ("mtpfs /mnt/my\\040phone fuse.mtpfs rw 0 0", "fuse.mtpfs"),
        ("adbfs /mnt/my\\040phone fuse.adbfs rw 0 0", "fuse.adbfs"),
        ("/dev/sda1 /mnt/my\\040phone ext4 rw 0 0", None),
    ],
)
def test_mounts_of_fuse_are_known(surroundings: Path, line: str, maker: str | None) -> None:
    table = surroundings / "mounts"
    table.write_text(f"proc /proc proc rw 0 0\n{line}\n")
    expected = (Mount(Path("/mnt/my phone"), maker, "my phone"),) if maker else ()
    assert mounts(table=table) == expected


def test_a_mount_may_have_any_letters(surroundings: Path) -> None:
    table = surroundings / "mounts"
    table.write_text("jmtpfs /mnt/T\u00e9l\u00e9phone\\040\u7535\u8bdd fuse.jmtpfs rw 0 0\n", "utf-8")
    assert [mount.root for mount in mounts(table=table)] == [Path("/mnt/T\u00e9l\u00e9phone \u7535\u8bdd")]


def test_only_a_serial_number_in_the_mounts_name_tells_phones_apart(surroundings: Path) -> None:
    """gvfs writes the USB port into the folder's name with its signs in hexadecimal."""
    plug(surroundings, "mtp:host=%5Busb%3A001%2C005%5D")
    assert open_mtp("").label == "[usb:001,005]" and not open_mtp("").tells_serial
    told = MtpPlace(Mount(surroundings, "gvfs mtp", "Google Pixel 6 1A061FDEE0072K"), "mtp:")
    assert told.tells_serial and told.phone == phone_id("1A061FDEE0072K"), "as adb knows it"
    for maker, name in (("gvfs gphoto2", "Google Pixel 7"), ("fuse.jmtpfs", "1A061FDEE0072K")):
        assert not MtpPlace(Mount(surroundings, maker, name), "mtp:").tells_serial


def test_a_size_of_32_bits_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "long.mp4").open("wb") as file:
        file.truncate(0xFFFFFFFF)  # a sparse file
    (entry,) = MtpPlace(Mount(tmp_path, "gvfs mtp", "x"), "mtp:").walk()
    assert entry.size_bytes is None


def test_a_stream_that_ends_early_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jpg").write_bytes(SEED_BYTES)
    real = FolderPlace.open

    def cut_after_opening(self: FolderPlace, path: str) -> BinaryIO:
        stream = real(self, path)
        monkeypatch.setattr(mtp.os, "fstat", lambda _: type("Facts", (), {"st_size": len(SEED_BYTES) + 1})())
        return stream

    monkeypatch.setattr(FolderPlace, "open", cut_after_opening)
    place = MtpPlace(Mount(tmp_path, "gvfs mtp", "x"), "mtp:")
    with pytest.raises(OSError, match="check the cable"), place.open("a.jpg") as stream:
        stream.read()


@pytest.mark.parametrize(("platform", "says"), [("win32", "drive letter"), ("darwin", "macOS"), ("linux", "jmtpfs")])
def test_where_there_is_no_folder_the_ways_that_work_are_said(platform: str, says: str) -> None:
    assert says in advice(platform) and "adb:" in advice(platform) and "script" in advice(platform)
