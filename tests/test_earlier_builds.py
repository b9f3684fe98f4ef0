"""What earlier builds of 0.1.0 wrote (`golden/0.1.0`): every command takes it, or refuses it with a sentence."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.commandline import call

KEPT = Path(__file__).parent / "golden/0.1.0"
OLD_S = 1_700_000_001
"""The date of every photo there; no version control keeps it."""

Call = tuple[pytest.MonkeyPatch, pytest.CaptureFixture[str]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """A copy of all of it in the current folder, dated as it was; plans and journals name it where it lies now."""
    shutil.copytree(KEPT, tmp_path, dirs_exist_ok=True)
    for path in tmp_path.rglob("*.jpg"):
        os.utime(path, (OLD_S, OLD_S))
    for pattern in ("duplicates/plan.csv", "cleaned/.auditor/journal/*.journal"):
        for path in tmp_path.glob(pattern):
            path.write_text(path.read_text("utf-8").replace("/golden/", f"{tmp_path.as_posix()}/"), "utf-8")
    monkeypatch.chdir(tmp_path)
    return monkeypatch, capsys


def test_a_backup_is_verified(here: Call) -> None:
    code, out, err = call(*here, "verify", "backup")
    assert code == 0, out + err
    assert "✓ 4 files were read, and are as they were stored." in out


def test_a_backup_is_gone_on_with(here: Call) -> None:
    """The phone lies elsewhere now, so it is another source; its content is known all the same."""
    code, out, err = call(*here, "backup", "phone", "backup", "-o", "report")
    assert code == 0, out + err
    assert "SAFE: All 5 files are safely backed up." in out and "0  copied" in err
    assert len(list(Path("backup").rglob("*.jpg"))) == 4


def test_a_backup_that_was_stopped_is_gone_on_with(here: Call) -> None:
    """Its rows are in a journal only."""
    code, out, err = call(*here, "backup", "phone", "stopped", "-o", "report")
    assert code == 0, out + err
    assert "SAFE: All 5 files are safely backed up." in out and "0  copied" in err


def test_a_backup_is_restored(here: Call) -> None:
    code, out, err = call(*here, "restore", "backup", "again")
    assert code == 0, out + err
    for path in Path("phone").rglob("*.jpg"):
        assert (Path("again") / path.relative_to("phone")).read_bytes() == path.read_bytes()


def test_lists_are_audited_and_exported(here: Call) -> None:
    code, out, err = call(*here, "audit", "phone.jsonl", "backup/.auditor/manifests/000002.jsonl", "-o", "report")
    assert code == 0, out + err
    assert "SAFE: All 5 files are safely backed up." in out
    assert "Lists made before were compared; nothing was read in this run. The oldest is of 2026-11-26." in out
    code, out, err = call(*here, "manifest", "check", "phone.jsonl")
    assert code == 0, out + err
    code, out, err = call(*here, "manifest", "export", "phone.jsonl", "--to", "sha256sum", "-o", "sums.txt")
    assert code == 0 and "5 files\n" in err


def test_an_audit_is_checked_and_read(here: Call) -> None:
    code, out, err = call(*here, "report", "audit", "--check")
    assert code == 0, out + err
    assert "SAFE: All 5 files" in out
    assert out.count("True on 26 November 2026") == 1, out
    code, out, err = call(*here, "audit", "audit/source.jsonl", "audit/backup-1.jsonl", "-o", "report")
    assert code == 0, out + err


def test_nothing_goes_by_an_audit_of_a_place_that_is_elsewhere_now(here: Call) -> None:
    code, out, err = call(*here, "clean", "audit", "--apply")
    assert code in (0, 2) and "is not there as it was at the audit" in out + err, out + err
    assert len(list(Path("phone").rglob("*.jpg"))) == 5


def test_a_plan_is_carried_out_and_undone(here: Call) -> None:
    code, out, err = call(*here, "clean", "duplicates", "--apply")
    assert code == 0 and "1 file went into quarantine" in out, out + err
    (journal,) = Path("phone/.auditor/journal").iterdir()
    code, out, err = call(*here, "undo", str(journal))
    assert code == 0, out + err
    assert len([p for p in Path("phone").rglob("*.jpg") if ".auditor" not in p.parts]) == 5


def test_a_clean_up_is_undone(here: Call) -> None:
    (journal,) = Path("cleaned/.auditor/journal").iterdir()
    code, out, err = call(*here, "undo", str(journal))
    assert code == 0, out + err
    assert Path("cleaned/DCIM/Camera/IMG_0.jpg").exists()


def test_what_was_cleaned_is_deleted_for_good(here: Call) -> None:
    (journal,) = Path("cleaned/.auditor/journal").iterdir()
    code, out, err = call(*here, "clean", "--purge", str(journal), "--older-than", "0d")
    assert code == 0 and "1 file was deleted for good" in out, out + err
    assert not list(Path("cleaned/.auditor/quarantine").rglob("*.jpg"))
