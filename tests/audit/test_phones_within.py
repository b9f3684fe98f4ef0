"""A phone or card that lies or is mounted beneath the folder that stands as the backup: nothing goes by it."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from auditor.audit import phones_within, roles
from auditor.places import phone_marks
from tests import media
from tests.commandline import call, whole
from tests.copier.runs import OLD_S, tree, write

TOLD = "media/EOS looks like a phone's storage or card (it has DCIM"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The phone's photos in folders of one's own, and a card with the same photos beneath another folder."""
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        write(Path(f"sorted/2023/IMG_{number}.jpg"), media.jpeg(number), OLD_S)
        write(Path(f"media/EOS/DCIM/100CANON/IMG_{number}.JPG"), media.jpeg(number), OLD_S)


def deletable(report: str) -> list[str]:
    with Path(report, "safe-to-delete.csv").open(encoding="utf-8-sig", newline="") as stream:
        return [row["path"] for row in csv.DictReader(stream)]


Run = tuple[pytest.MonkeyPatch, pytest.CaptureFixture[str]]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return monkeypatch, capsys


def test_nothing_goes_by_what_may_be_a_phone_beneath_the_backup(on: Run) -> None:
    code, out, _ = call(*on, "audit", "sorted", "media", "-o", "report")
    assert code == 0 and "\u2713 SAFE" in out and TOLD in out
    assert "so nothing goes by what lies there" in out and f"run `auditor audit {whole('media/EOS', 'sorted')}`" in out
    assert deletable("report") == []
    (within,) = json.loads(Path("report/audit.json").read_text("utf-8"))["provenance"]["maybe_phones_within"]
    assert (within["list"], within["folders"]) == ("backup-1.jsonl", ["EOS/DCIM/100CANON"])


def test_what_lies_beside_it_as_well_may_go_and_by_that_alone(on: Run) -> None:
    write(Path("media/photos/IMG_1.jpg"), media.jpeg(1), OLD_S)
    assert call(*on, "audit", "sorted", "media", "-o", "report")[0] == 0
    assert deletable("report") == ["2023/IMG_1.jpg"]
    os.remove("media/photos/IMG_1.jpg")  # noqa: PTH107
    call(*on, "clean", "report", "--apply")
    assert Path("sorted/2023/IMG_1.jpg").exists(), "it went by the copy that may be on the phone"


def test_who_says_that_it_is_a_copy_is_believed(on: Run) -> None:
    code, out, _ = call(*on, "audit", "sorted", "media", "--copy-by-hand", "-o", "report")
    assert code == 0 and TOLD not in out
    assert len(deletable("report")) == 2
    Path("media/EOS/Android").mkdir()  # what copies made by hand seldom have
    code, out, _ = call(*on, "audit", "sorted", "media", "--copy-by-hand", "-o", "again")
    assert code == 0 and f"run `auditor backup {whole('sorted', 'media')}`" in out
    assert deletable("again") == []


def test_a_backup_says_that_it_counts_what_lies_there(on: Run) -> None:
    code, _, err = call(*on, "backup", "sorted", "media", "-o", "report")
    assert code == 0 and TOLD in err and "what it holds counts as copied" in err
    code, out, _ = call(*on, "audit", "sorted", "media", "-o", "audited")
    assert code == 0 and TOLD not in out
    assert len(deletable("audited")) == 2, "it has a record of its own now"
    _, _, err = call(*on, "backup", "sorted", "media", "-o", "again")
    assert "counts as copied" not in err


def test_what_is_mounted_beneath_a_backup_is_none_of_it(on: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    card = Path("media/EOS").resolve()
    monkeypatch.setattr(phones_within, "mounted_beneath", lambda path: [card] if path in card.parents else [])
    before = tree(Path("media"))
    code, _, err = call(*on, "backup", "sorted", "media")
    assert code == 2 and "is mounted in the folder of the backup" in err
    assert tree(Path("media")) == before
    said = roles.Pair(
        roles.role_of_folder(Path("sorted"), "sorted"), roles.role_of_folder(Path("media"), "media"), True
    )
    assert phones_within.mounted(Path("media"), said) is None, "a copy made by hand"


def test_the_record_of_a_backup_says_nothing_of_a_card_mounted_in_it(on: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(*on, "backup", "sorted", "media", "--no-audit")[0] == 0
    card = Path("media/EOS").resolve()
    assert phone_marks.maybe_phone_around()(card) is None
    monkeypatch.setattr(
        phone_marks, "mounted_from", lambda path: ("vfat", "/dev/sdb1" if path.is_relative_to(card) else "/dev/sda1")
    )
    assert phone_marks.maybe_phone_around()(card / "DCIM") == card
