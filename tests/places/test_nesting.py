"""Which place lies within which: folders, archives, exports, mounts, phones and remotes."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from auditor.places import Place
from auditor.places.adb import MEDIA_FOLDERS, SDCARD, AdbPlace
from auditor.places.adbclient import Client
from auditor.places.mtp import Mount, MtpPlace
from auditor.places.nesting import within
from auditor.places.rclone import RclonePlace
from auditor.places.rclone_remotes import leaves_of
from auditor.places.rcloneclient import Server
from auditor.places.spec import open_place


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with an export and an archive in it, one folder beside it, and a link to it."""
    for name in ("photos/2024", "photos/export", "photos-2", "other"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("photos/backup.zip", "photos/export/takeout-1-001.zip", "photos/export/takeout-1-002.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("a.jpg", b"a")
    (tmp_path / "link").symlink_to(tmp_path / "photos", target_is_directory=True)
    return tmp_path


@pytest.mark.parametrize(
    ("inner", "outer", "lies_in"),
    [
        ("photos/2024", "photos", True),
        ("photos", "photos", True),
        ("photos", "photos/2024", False),
        ("photos-2", "photos", False),
        ("link/2024", "photos", True),
        ("photos/2024", "link", True),
        ("photos/backup.zip", "photos", True),
        ("photos/backup.zip", "other", False),
        ("photos/backup.zip", "photos/backup.zip", True),
        ("photos", "photos/backup.zip", False),
        ("takeout:photos/export", "photos", True),
        ("takeout:photos/export", "photos/2024", False),
        ("photos/export/takeout-1-001.zip", "takeout:photos/export", True),
        ("takeout:photos/export", "takeout:photos/export/takeout-1-001.zip", False),
        ("takeout:photos/export/takeout-1-001.zip", "takeout:photos/export", True),
        ("photos/backup.zip", "takeout:photos/export", False),
        ("takeout:photos/2024", "photos/2024", True),
        ("photos/2024", "takeout:photos", True),
    ],
)
def test_what_lies_on_this_machine(
    tree: Path, monkeypatch: pytest.MonkeyPatch, inner: str, outer: str, lies_in: bool
) -> None:
    monkeypatch.chdir(tree)
    assert within(open_place(inner), open_place(outer)) is lies_in


def mounted(root: Path, name: str) -> Place:
    return MtpPlace(Mount(root, "fuse.jmtpfs", name), f"mtp:{root}")


def test_a_mount_s_folder_named_as_a_folder_is_the_mount(tree: Path) -> None:
    phone = mounted(tree / "photos", "Pixel 7")
    assert within(open_place(str(tree / "photos/2024")), phone) and within(phone, open_place(str(tree / "photos")))
    assert not within(open_place(str(tree / "other")), phone)


def on_phone(root: str, folders: tuple[str, ...] = (".",), serial: str = "0A1B2C") -> Place:
    return AdbPlace(Client("adb", "127.0.0.1:5555"), "adb:", root, folders, serial, "Pixel 7")


WHOLE = on_phone(SDCARD, MEDIA_FOLDERS)


@pytest.mark.parametrize(
    ("inner", "outer", "lies_in"),
    [
        (on_phone("/sdcard/DCIM/Camera"), WHOLE, True),
        (on_phone("/storage/emulated/0/DCIM"), WHOLE, True),
        (WHOLE, on_phone("/storage/self/primary"), True),
        (WHOLE, on_phone("/sdcard/DCIM"), False),
        (on_phone("/sdcard/Music"), WHOLE, False),
        (on_phone("/sdcard/DCIM2"), on_phone("/sdcard/DCIM"), False),
        (on_phone("/storage/1A2B-3C4D/DCIM"), WHOLE, False),
        (on_phone("/sdcard/DCIM", serial="other"), WHOLE, False),
    ],
)
def test_what_lies_on_a_phone(inner: Place, outer: Place, lies_in: bool) -> None:
    assert within(inner, outer) is lies_in


def test_a_phone_by_cable_and_as_a_mount_is_one_phone(tree: Path) -> None:
    assert within(mounted(tree / "photos", "Google Pixel 7 0A1B2C"), WHOLE)
    assert within(WHOLE, mounted(tree / "photos", "Google Pixel 7 0A1B2C"))
    assert not within(mounted(tree / "photos", "Google Pixel 7 999999"), WHOLE)
    assert not within(open_place(str(tree / "photos")), WHOLE) and not within(WHOLE, open_place(str(tree / "photos")))


def cloud(remote: str, service: str = "webdav", config: dict[str, dict[str, str]] | None = None) -> Place:
    server, behind = Server("127.0.0.1:1", "x"), leaves_of(remote, config or {}, {})
    return RclonePlace("rclone", remote, f"rclone:{remote}", service, (), False, False, server, behind)


@pytest.mark.parametrize(
    ("inner", "outer", "lies_in"),
    [
        ("cloud:Pictures/2024", "cloud:Pictures", True),
        ("cloud:Pictures/", "cloud:Pictures", True),
        ("cloud:Pictures", "cloud:", True),
        ("cloud:Pictures2", "cloud:Pictures", False),
        ("cloud:Pictures", "cloud:Pictures/2024", False),
        ("cloud2:Pictures", "cloud:Pictures", False),
    ],
)
def test_what_lies_in_a_remote(inner: str, outer: str, lies_in: bool) -> None:
    assert within(cloud(inner), cloud(outer)) is lies_in


def test_a_folder_named_to_rclone_is_that_folder(tree: Path) -> None:
    folder = open_place(str(tree / "photos"))
    assert within(cloud(f":local:{tree}/photos/2024", ""), folder) and within(folder, cloud(f"{tree}", "local"))
    assert not within(cloud("cloud:photos"), folder)


def test_a_remote_that_leads_to_a_folder_is_that_folder(tree: Path) -> None:
    folder = open_place(str(tree / "photos"))
    config = {
        "here": {"type": "alias", "remote": str(tree / "photos")},
        "beside": {"type": "alias", "remote": str(tree / "other")},
        "pool": {"type": "union", "upstreams": f"{tree}/other {tree}/photos"},
    }
    assert within(cloud("here:2024", "alias", config), folder) and within(folder, cloud("here:", "alias", config))
    assert not within(cloud("beside:", "alias", config), folder)
    assert within(cloud("pool:", "union", config), folder)  # a part of it is enough
