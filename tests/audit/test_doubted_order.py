"""A backup that may be the phone itself licenses no deletion: the order may be wrong, and the phone would keep all."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import pytest

from tests import media
from tests.commandline import call, whole
from tests.copier.runs import OLD_S, tree, write

DAY = 86_400


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def camera(folder: str, *numbers: int) -> None:
    """A camera's folder, with one photo taken each day."""
    for number in numbers:
        write(Path(folder, f"DCIM/Camera/IMG_{number}.jpg"), media.jpeg(number), OLD_S + number * DAY)


def deletable(report: str) -> list[dict[str, str]]:
    with Path(report, "safe-to-delete.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("within", ["", "/DCIM", "/DCIM/Camera"])
def test_nothing_goes_by_a_backup_that_may_be_the_phone(
    within: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("nas", 1, 2, 3)
    camera("phone", 1, 2, 3, 4)
    inside = " lies in phone, which" * bool(within)
    told = f"phone{within}{inside} looks like a phone's storage or card (it has DCIM), and may be the phone itself"
    before = tree(Path("nas"))
    code, out, _ = call(monkeypatch, capsys, "audit", f"nas{within}", f"phone{within}", "-o", "report")
    assert code == 0 and "\u2713 SAFE" in out and told in out
    assert deletable("report") == []
    for words in (("clean", "report"), ("clean", "report", "--apply")):
        code, out, _ = call(monkeypatch, capsys, *words)
        assert code == 0 and f"Nothing goes by a backup that may be the phone itself: {told}" in out, out
        assert f"If phone{within} is the phone, run `auditor audit {whole(f'phone{within}', f'nas{within}')}`." in out
        assert "not read again" not in out and "No file was read" not in out
    assert tree(Path("nas")) == before


def test_what_to_run_if_it_is_the_wrong_order_is_said_once_with_the_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("nas", 1, 2, 3, 5)
    camera("phone", 1, 2, 3, 9)
    code, out, err = call(monkeypatch, capsys, "audit", "nas", "phone", "-o", "report")
    assert code == 1 and "NOT SAFE" in out
    command = f"`auditor audit {whole('phone', 'nas')}`"
    assert command in err, "before the work"
    assert (
        out.count(command) == 1 and f"Next     Delete nothing on the phone. If phone is the phone, run {command}" in out
    )


def test_what_another_backup_holds_may_go_by_that_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera("mine", 1, 2)
    camera("other", 1, 2, 3)
    shutil.copytree("mine/DCIM/Camera", "disk")
    assert call(monkeypatch, capsys, "audit", "mine", "other", "disk", "-o", "report")[0] == 0
    assert [row["backups"] for row in deletable("report")] == ["disk", "disk"]
    (doubted,) = json.loads(Path("report/audit.json").read_text("utf-8"))["provenance"]["maybe_exchanged"]
    assert (doubted["label"], doubted["list"]) == ("other", "backup-1.jsonl")
    assert "may be the phone itself" in doubted["why"] and doubted["remedy"].startswith(
        "If other is the phone, run `auditor"
    )
    os.remove("disk/IMG_1.jpg")  # noqa: PTH107
    code, out, _ = call(monkeypatch, capsys, "clean", "report", "--apply")
    assert code == 1, out
    assert Path("mine/DCIM/Camera/IMG_1.jpg").exists(), "it went by the copy that may be on the phone"
    assert not Path("mine/DCIM/Camera/IMG_2.jpg").exists() and "may be the phone itself" in out
