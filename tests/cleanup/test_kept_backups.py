"""Nothing is ever removed from a backup that this program keeps: not by a folder around it, not by one within it."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from auditor.cleanup import phone
from auditor.cleanup import undo as undoing
from auditor.cli import app
from auditor.disk import marker
from auditor.errors import BadPlan
from tests import media

OLD = 1_500_000_000


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.output


def photo(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(media.jpeg(seed))
    os.utime(path, (OLD, OLD))


def keep(backup: Path) -> None:
    (backup / ".auditor").mkdir()
    (backup / ".auditor/place.toml").write_text('id = "one"\ncreated = "2026-01-01T00:00:00Z"\nlayout = "mirror"\n')


def planned(folder: Path) -> set[tuple[str, str]]:
    with (folder / "plan.csv").open(encoding="utf-8", newline="") as lines:
        return {(row["action"], row["path"]) for row in csv.DictReader(lines)}


def free(of: Path, other: Path, out: Path) -> list[str]:
    """What an audit of two folders with the same photos says may be deleted."""
    code, said = run("audit", of, other, "-o", out, "--jobs", 1, "--no-thumbnails")
    assert code == 0, said
    with (out / "safe-to-delete.csv").open(encoding="utf-8", newline="") as lines:
        return sorted(row["path"] for row in csv.DictReader(lines))


def test_a_part_of_a_kept_backup_is_not_freed(tmp_path: Path) -> None:
    backup, other = tmp_path / "disk/bk", tmp_path / "other"
    for seed in range(2):
        photo(backup / f"DCIM/IMG_{seed}.jpg", seed)
        photo(other / f"IMG_{seed}.jpg", seed)
    out = tmp_path / "before"
    assert free(backup / "DCIM", other, out) == ["IMG_0.jpg", "IMG_1.jpg"]
    keep(backup)
    with pytest.raises(BadPlan, match="a backup that auditor keeps"):  # of an audit that was made before
        phone.freeing(out, None, datetime.now(UTC))
    assert free(backup / "DCIM", other, tmp_path / "after") == []
    assert "nothing is offered for deletion" in (tmp_path / "after/report.html").read_text("utf-8")
    assert len(list(backup.rglob("*.jpg"))) == 2


def test_of_a_folder_around_a_kept_backup_only_the_rest_is_freed(tmp_path: Path) -> None:
    photo(tmp_path / "disk/bk/DCIM/IMG_0.jpg", 0)
    photo(tmp_path / "disk/DCIM/IMG_1.jpg", 1)
    for seed in range(2):
        photo(tmp_path / f"other/IMG_{seed}.jpg", seed)
    keep(tmp_path / "disk/bk")
    assert free(tmp_path / "disk", tmp_path / "other", tmp_path / "out") == ["DCIM/IMG_1.jpg"]


@pytest.mark.parametrize("searched", ["disk", "disk/bk", "disk/bk/DCIM"])
def test_duplicates_in_a_kept_backup_stay_however_it_is_reached(tmp_path: Path, searched: str) -> None:
    photo(tmp_path / "disk/bk/DCIM/Camera/IMG_20200101_120000.jpg", 0)
    photo(tmp_path / "disk/bk/DCIM/again.jpg", 0)
    photo(tmp_path / "disk/DCIM/Camera/IMG_20200101_120000.jpg", 0)
    keep(tmp_path / "disk/bk")
    code, said = run("duplicates", tmp_path / searched, "-o", tmp_path / "out", "--jobs", 1, "--no-thumbnails")
    assert code == 0, said
    going = {path for action, path in planned(tmp_path / "out") if action == "remove"}
    assert going == ({"DCIM/Camera/IMG_20200101_120000.jpg"} if searched == "disk" else set())
    why = "bk is a backup that auditor keeps: nothing in it is changed."
    assert said.count(why) == 1 and (tmp_path / "out/duplicates.html").read_text("utf-8").count(why)


def test_what_was_moved_out_of_a_backup_once_is_not_deleted(tmp_path: Path) -> None:
    photo(tmp_path / "bk/DCIM/a.jpg", 0)
    photo(tmp_path / "other/a.jpg", 0)
    found = free(tmp_path / "bk/DCIM", tmp_path / "other", tmp_path / "out")
    assert found == ["a.jpg"] and run("clean", tmp_path / "out", "--apply")[0] == 0
    (journal,) = (tmp_path / "bk/DCIM/.auditor/journal").iterdir()
    keep(tmp_path / "bk")
    (one,) = undoing.purge(journal, timedelta(0))
    assert one.refused and "a backup that auditor keeps" in one.refused
    (back,) = undoing.undo(journal)
    assert back.refused is None and (tmp_path / "bk/DCIM/a.jpg").exists()


def test_each_folder_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_in = tmp_path / "bk"
    keep_in.mkdir()
    keep(keep_in)
    asked: list[Path] = []
    ask: Callable[[Path], bool] = marker.is_kept
    monkeypatch.setattr(marker, "is_kept", lambda folder: asked.append(folder) or ask(folder))
    around = marker.kept_around()
    for number in range(3):
        assert around(keep_in / f"DCIM/{number}") == keep_in
    assert around(tmp_path) is None
    assert len(asked) == len(set(asked))
