"""Which places are told, with made-up surroundings; and that nothing waits for what hangs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.config import NamedPlace, Role
from auditor.disk import volume
from auditor.errors import BadPlace
from auditor.places import candidates as module
from auditor.places.adbclient import Seen
from auditor.places.candidates import Around, Candidate, Mounted, Presence, Sort, candidates, remember_use
from auditor.places.mtp import Mount

STICK = Path("/media/anna/STICK")


def missing() -> tuple[str, ...]:
    raise BadPlace("rclone is not installed")


EMPTY = Around(lambda: (), lambda: (), lambda: (), missing, lambda folders: {})


def with_room(folders: Sequence[Path]) -> dict[Path, tuple[int, int] | Presence]:
    return {folder: (64, 12) if folder == STICK else Presence.ABSENT for folder in folders}


FULL = Around(
    lambda: (Seen("R58M", "device", "Pixel 7"), Seen("X1", "unauthorized")),
    lambda: (Mount(Path("/run/gvfs/mtp"), "gvfs", "Google Pixel 7 R58M"),),
    lambda: (Mounted(STICK, Sort.DISK), Mounted(Path("/mnt/nas"), Sort.SHARE)),
    lambda: ("onedrive:",),
    lambda folders: {**with_room(folders), Path("/mnt/nas"): Presence.SILENT, Path("/mnt/parts"): (9, 3)},
)


def test_where_nothing_is_there_is_nothing() -> None:
    assert candidates((), EMPTY) == ()


def test_what_is_there_is_told_once_with_its_room() -> None:
    assert [(one.spec, one.sort, one.presence, one.free_bytes) for one in candidates((), FULL)] == [
        ("adb:R58M", Sort.PHONE, Presence.THERE, None),
        ("adb:X1", Sort.PHONE, Presence.NOT_READY, None),
        ("mtp:Google Pixel 7 R58M", Sort.PHONE, Presence.THERE, None),
        (str(STICK), Sort.DISK, Presence.THERE, 12),
        ("/mnt/nas", Sort.SHARE, Presence.SILENT, None),
        ("rclone:onedrive:", Sort.REMOTE, Presence.NOT_ASKED, None),
    ]


NAMED = {
    "whichever phone": (NamedPlace("anna", "adb:", Role.PHONE), Presence.THERE, Sort.PHONE),
    "a folder of the phone": (NamedPlace("anna", "adb:R58M/sdcard/DCIM", Role.PHONE), Presence.THERE, Sort.PHONE),
    "another phone": (NamedPlace("tom", "adb:R99", Role.PHONE), Presence.ABSENT, Sort.PHONE),
    "the stick": (NamedPlace("stick", str(STICK), Role.BACKUP), Presence.THERE, Sort.DISK),
    "a folder that is not there": (NamedPlace("old", "/mnt/old", Role.BACKUP), Presence.ABSENT, Sort.NAMED),
    "a folder of a remote": (
        NamedPlace("cloud", "rclone:onedrive:Pictures", Role.BACKUP),
        Presence.NOT_ASKED,
        Sort.REMOTE,
    ),
    "a remote that rclone does not know": (NamedPlace("b", "rclone:box:", Role.BACKUP), Presence.ABSENT, Sort.NAMED),
    "an export": (NamedPlace("g", "takeout:/mnt/parts", Role.BACKUP), Presence.THERE, Sort.NAMED),
}


@pytest.mark.parametrize(("place", "presence", "sort"), NAMED.values(), ids=NAMED)
def test_a_place_of_the_user_is_told_whether_it_is_there_or_not(
    place: NamedPlace, presence: Presence, sort: Sort
) -> None:
    found = {one.name: one for one in candidates((place,), FULL)}[place.name]
    assert (found.presence, found.sort, found.role) == (presence, sort, place.role)
    assert [one.spec for one in candidates((place,), FULL)].count(place.spec) == 1


def test_it_is_told_when_a_place_was_used() -> None:
    remember_use(str(STICK), Role.BACKUP, datetime(2026, 6, 15, 18, tzinfo=UTC), held=False)
    used = {one.spec: (one.used, one.used_as) for one in candidates((), FULL)}
    assert used[str(STICK)] == ("2026-06-15T18:00:00Z", Role.BACKUP)
    assert used["/mnt/nas"] == (None, None)


def test_what_was_worked_with_and_is_gone_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "nas"
    now = datetime(2026, 6, 15, 18, tzinfo=UTC)
    assert module.gone(folder) is None  # never used
    folder.mkdir()
    remember_use(str(folder), Role.BACKUP, now, held=False)
    assert module.gone(folder) is None  # as empty as it was
    remember_use(str(folder), Role.BACKUP, now, held=True)
    assert module.gone(folder) == "held files before, and is empty now"
    remember_use(str(folder), Role.BACKUP, now, held=False)  # an audit of the empty mount point
    assert module.gone(folder) == "held files before, and is empty now"
    assert module.gone(folder / "photos") == f"lies in {folder}, which held files before, and is empty now"
    (folder / "a.jpg").touch()
    assert module.gone(folder) is None
    folder.rename(tmp_path / "away")
    assert module.gone(folder) == "was there before, and is not there now"
    assert module.gone(folder / "photos") == f"lies in {folder}, which held files before, and is not there now"
    if os.name == "posix":
        folder.symlink_to(tmp_path / "not mounted")
        assert module.gone(folder) == "held files before, and is not there now"


def test_a_note_that_is_none_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    for note in (3, {}, {"as": "king", "used": "x"}):
        monkeypatch.setattr(module.own_notes, "recall", lambda name, note=note: {str(STICK): note})
        assert all(one.used is None for one in candidates((), FULL))


def test_room_is_told_of_what_is_there(tmp_path: Path) -> None:
    found = module.rooms([tmp_path, tmp_path / "nowhere"])
    assert found[tmp_path / "nowhere"] is Presence.ABSENT
    room = found[tmp_path]
    assert isinstance(room, tuple)
    assert 0 < room[1] <= room[0]


def test_nothing_waits_for_a_mount_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK", "import time; time.sleep(60)")
    monkeypatch.setattr(module, "ANSWER_S", 0.5)
    began = time.monotonic()
    assert set(module.rooms([tmp_path / str(number) for number in range(4)]).values()) == {Presence.SILENT}
    assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands for the programs")
def test_nothing_waits_for_programs_that_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("adb", "rclone"):
        (tmp_path / name).write_text("#!/bin/sh\nexec sleep 60\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("RCLONE", str(tmp_path / "rclone"))
    monkeypatch.setattr(module, "PROGRAM_S", 0.5)
    around = module.Around(phones=tuple, disks=tuple, rooms=lambda folders: {})
    began = time.monotonic()
    assert candidates((), around) == ()
    assert time.monotonic() - began < 20


def test_the_systems_own_disks_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {str(one.point) for one in module.disks()}
    assert not found & {"/", "/boot", "/proc", "/sys", "/dev"}


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="this file system has no such table")
def test_disks_and_shares_are_told_by_the_table_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    table = [
        ("/dev/sda1", "/", "ext4"),
        ("/dev/sdb1", str(STICK), "exfat"),
        ("//nas/photos", "/home/anna/nas", "cifs"),
        ("jmtpfs", "/media/phone", "fuse.jmtpfs"),
        ("tmpfs", "/run", "tmpfs"),
    ]
    lines = [volume.Mounted(point, kind, device) for device, point, kind in table]
    monkeypatch.setattr(volume, "mounted", lambda: lines)
    assert module.disks() == (Mounted(STICK, Sort.DISK), Mounted(Path("/home/anna/nas"), Sort.SHARE))


def test_a_candidate_without_a_name_has_no_role() -> None:
    found = candidates((), replace(FULL, devices=lambda: (_ for _ in ()).throw(BadPlace("no adb"))))
    assert {(one.name, one.role) for one in found} == {(None, None)}
    assert isinstance(found[0], Candidate)
    assert found[0].spec.startswith("mtp:")
