"""A copy that lies only in what may be a program's own folder: it counts, and nothing goes by it."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from tests import media
from tests.commandline import call
from tests.copier.runs import OLD_S, write

TOLD = "in a folder that may be a program's own"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        write(Path(f"phone/DCIM/IMG_{number}.jpg"), media.jpeg(number), OLD_S)
    write(Path("nas/.xtrash/files/IMG_1.jpg"), media.jpeg(1), OLD_S)
    write(Path("nas/2023/IMG_2.jpg"), media.jpeg(2), OLD_S)


Run = tuple[pytest.MonkeyPatch, pytest.CaptureFixture[str]]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return monkeypatch, capsys


def deletable(report: str) -> list[str]:
    with Path(report, "safe-to-delete.csv").open(encoding="utf-8-sig", newline="") as stream:
        return [row["path"] for row in csv.DictReader(stream)]


def test_it_is_told_and_licenses_nothing(on: Run) -> None:
    code, out, _ = call(*on, "audit", "phone", "nas", "-o", "report")
    assert code == 0 and f"1 file has its only copy {TOLD} (.xtrash), which" in out
    assert deletable("report") == ["DCIM/IMG_2.jpg"]


def test_several_such_folders_are_named(on: Run) -> None:
    """Somebody who reads of one rescues that one alone."""
    Path("nas/.xtrash/files/IMG_1.jpg").unlink()
    for number, name in enumerate((".@__thumb", ".cache/a", ".cache/b", ".immich", "lost+found"), 10):
        write(Path(f"phone/DCIM/IMG_{number}.jpg"), media.jpeg(number), OLD_S)
        write(Path(f"nas/2023/{name}/IMG_{number}.jpg"), media.jpeg(number), OLD_S)
    write(Path("nas/2023/IMG_1.jpg"), media.jpeg(1), OLD_S)
    _, out, _ = call(*on, "audit", "phone", "nas", "-o", "report")
    assert "5 files have their only copies in folders that may be a program's own (2023/.cache, 2023/.@__thumb," in out
    assert " 2023/.immich and 1 more), which may empty them:" in out


def test_a_hidden_folder_deeper_down_licenses_nothing_either(on: Run) -> None:
    Path("nas/.xtrash/files").rename("nas/2023/.old")
    code, out, _ = call(*on, "audit", "phone", "nas", "-o", "report")
    assert code == 0 and f"1 file has its only copy {TOLD} (2023/.old)" in out
    assert deletable("report") == ["DCIM/IMG_2.jpg"]


def test_a_folder_of_the_phone_below_another_one_is_the_phones(on: Run) -> None:
    Path("phone/DCIM").rename("phone/.hidden")
    Path("nas/.xtrash/files").rename("nas/.hidden")
    Path("nas/2023/IMG_2.jpg").rename("nas/.hidden/IMG_2.jpg")
    Path("nas/.hidden").rename("nas/2023/.hidden")
    code, out, _ = call(*on, "audit", "phone", "nas", "-o", "report")
    assert code == 0 and TOLD not in out
    assert deletable("report") == [".hidden/IMG_1.jpg", ".hidden/IMG_2.jpg"]
    call(*on, "clean", "report", "--apply")
    assert list(Path("phone/.hidden").iterdir()) == []


def test_a_copy_beside_it_licenses_and_by_that_alone(on: Run) -> None:
    write(Path("nas/album/other.jpg"), media.jpeg(1), OLD_S)
    code, out, _ = call(*on, "audit", "phone", "nas", "-o", "report")
    assert code == 0 and TOLD not in out
    assert deletable("report") == ["DCIM/IMG_1.jpg", "DCIM/IMG_2.jpg"]
    os.remove("nas/album/other.jpg")  # noqa: PTH107
    call(*on, "clean", "report", "--apply")
    assert [one.name for one in Path("phone/DCIM").iterdir()] == ["IMG_1.jpg"]


def test_where_the_phone_has_the_folder_too_it_is_a_copy(on: Run) -> None:
    Path("phone/.hidden").mkdir()
    Path("nas/.hidden").mkdir()
    for folder in ("phone", "nas"):
        write(Path(folder, ".hidden/a.jpg"), media.jpeg(3), OLD_S)
    write(Path("nas/2023/IMG_1.jpg"), media.jpeg(1), OLD_S)
    code, out, _ = call(*on, "audit", "phone", "nas", "-o", "report")
    assert code == 0 and TOLD not in out
    assert ".hidden/a.jpg" in deletable("report")


@pytest.mark.parametrize(
    "copy",
    ["2023/.nfs000000000123456700000001", ".fuse_hidden0000000100000001", ".pending-1718000000-IMG_1.jpg"]
    + [f"{name}/IMG_1.jpg" for name in ("Zuletzt gelöscht", "Supprimés récemment", "Papierkorb", "Deleted Items")],
)
def test_what_goes_by_itself_is_no_copy(copy: str, on: Run) -> None:
    write(Path("nas", copy), media.jpeg(1), OLD_S)
    Path("nas/.xtrash/files/IMG_1.jpg").unlink()
    code, _, _ = call(*on, "audit", "phone", "nas", "-o", "report")
    assert code == 1 and deletable("report") == ["DCIM/IMG_2.jpg"]


@pytest.mark.parametrize("name", ["Zuletzt gelöscht", "Papierkorb", "Recycle Bin"])
def test_a_persons_folder_of_such_a_name_is_due_and_is_copied_in_its_place(name: str, on: Run) -> None:
    write(Path("phone", name, "b.jpg"), media.jpeg(7), OLD_S)
    write(Path("nas/2023/IMG_1.jpg"), media.jpeg(1), OLD_S)
    assert call(*on, "audit", "phone", "nas", "-o", "before")[0] == 1
    write(Path("nas", name, "b.jpg"), media.jpeg(7), OLD_S)
    assert call(*on, "audit", "phone", "nas", "-o", "after")[0] == 0


@pytest.mark.parametrize("folder", ["lost+found", "LOST.DIR", "2023/FOUND.000"])
def test_what_a_check_of_the_disk_found_licenses_nothing(folder: str, on: Run) -> None:
    Path("nas/.xtrash/files").rename("nas/found")
    Path("nas/found").rename(Path("nas", folder))
    code, out, _ = call(*on, "audit", "phone", "nas", "-o", "report")
    assert code == 0 and f"({folder})" in out
    assert deletable("report") == ["DCIM/IMG_2.jpg"]
