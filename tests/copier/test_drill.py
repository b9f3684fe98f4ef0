"""A restore that is tried: what comes back as it was stored, what does not, and the record of it."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from auditor.cli import app
from auditor.errors import AuditorError
from auditor.report import provenance
from tests import media
from tests.copier.runs import back_up


@pytest.fixture
def backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for n in range(12):
        path = tmp_path / f"phone/DCIM/Camera/IMG_{n:04d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(media.jpeg(seed=n))
        os.utime(path, (1_700_000_000 + n, 1_700_000_000 + n))
    back_up(tmp_path / "phone", tmp_path / "kept")
    return tmp_path / "kept"


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["drill", *(str(word) for word in words)])
    if isinstance(done.exception, AuditorError):
        return done.exception.exit_code, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "drill.json").read_text("utf-8"))
    return found


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "drill.csv").open(encoding="utf-8", newline="") as lines:
        return {row["path"]: row for row in csv.DictReader(lines)}


def test_a_sample_comes_back_and_says_how_much_it_says_of_the_whole(backup: Path, tmp_path: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in backup.rglob("*"))
    (tmp_path / "work").mkdir()
    code, said = run(backup, "--sample", 5, "--seed", 7, "--in", "work", "-o", "one")
    assert code == 0 and "✓ 5 files of 12, chosen at random, were restored and compared" in said, said
    assert "At most 4 of all 12 (33%) cannot be restored (95% confidence)." in said
    found = record(tmp_path / "one")
    assert (found["result"], found["files"], found["sample"], found["seed"]) == ("passed", 12, 5, 7)
    assert found["counts"] == {"restored": 5, "damaged": 0, "failed": 0}
    assert not list((tmp_path / "work").iterdir())  # what was restored is thrown away
    assert sorted((path, path.stat().st_mtime_ns) for path in backup.rglob("*")) == before
    assert provenance.check(tmp_path / "one") == []
    run(backup, "--sample", 5, "--seed", 7, "-o", "two")
    assert rows(tmp_path / "one") == rows(tmp_path / "two")  # the same seed, the same files
    for path, row in rows(tmp_path / "one").items():
        n = int(path[-8:-4])
        assert row["mtime"] == f"2023-11-14T22:13:{20 + n:02d}Z"
    said = CliRunner().invoke(app, ["report", "one", "--check"])
    assert said.exit_code == 0 and "✓ 5 files of 12" in said.output
    (tmp_path / "one/drill.csv").write_text("path\n", "utf-8")
    said = CliRunner().invoke(app, ["report", "one", "--check"])
    assert said.exit_code == 1 and "changed: drill.csv" in said.output
    assert [one.path for one in provenance.check(tmp_path / "one")] == ["drill.csv"]


def test_what_rotted_or_got_lost_fails_by_name(backup: Path, tmp_path: Path) -> None:
    stored = sorted(backup.rglob("IMG_*.jpg"))
    facts = stored[3].stat()
    data = bytearray(stored[3].read_bytes())
    data[len(data) // 2] ^= 1
    stored[3].write_bytes(data)
    os.utime(stored[3], ns=(facts.st_atime_ns, facts.st_mtime_ns))
    stored[5].unlink()
    code, said = run(backup, "-o", "bad")
    assert code == 1 and "✗ 2 of 12 files, chosen at random, could not be restored." in said, said
    found = rows(tmp_path / "bad")
    failed = {path for path, row in found.items() if row["result"] == "failed"}
    assert failed == {"DCIM/Camera/IMG_0003.jpg", "DCIM/Camera/IMG_0005.jpg"}
    assert all(found[path]["detail"] for path in failed) and record(tmp_path / "bad")["result"] == "failed"


def test_a_picture_that_was_damaged_when_it_was_stored_is_said_to_be(backup: Path, tmp_path: Path) -> None:
    whole = media.jpeg(seed=99)
    (tmp_path / "phone/DCIM/Camera/cut.jpg").write_bytes(whole[: len(whole) // 2])
    back_up(tmp_path / "phone", backup)
    code, said = run(backup, "-o", "cut")
    assert code == 0 and "1 was damaged already when stored." in said, said
    assert rows(tmp_path / "cut")["DCIM/Camera/cut.jpg"]["result"] == "damaged"


def test_what_lay_there_before_and_was_never_read_fails_nothing(backup: Path, tmp_path: Path) -> None:
    """A backup has no digest of it, so nothing that comes back could be compared."""
    for n in range(3):
        (tmp_path / "own/old").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"own/old/IMG_{n}.jpg").write_bytes(media.jpeg(seed=50 + n, size=(90 + n, 70)))
    back_up(tmp_path / "phone", tmp_path / "own")
    code, said = run(tmp_path / "own", "-o", "record")
    assert code == 0 and "✓ 12 files of 12, chosen at random, were restored and compared" in said, said
    assert "3 more files have no digest yet, and nothing is said of them: `auditor verify` reads them." in said
    found = record(tmp_path / "record")
    assert (found["result"], found["files"], found["no_digest"], found["sample"]) == ("passed", 12, 3, 12)
    assert CliRunner().invoke(app, ["verify", str(tmp_path / "own")]).exit_code == 0
    code, said = run(tmp_path / "own", "-o", "after")
    assert code == 0 and "✓ 15 files of 15" in said and "no digest" not in said, said


def test_what_is_no_backup_or_has_no_room_is_a_sentence(backup: Path, tmp_path: Path) -> None:
    assert run(tmp_path / "phone")[0] == 2
    assert run(backup, "--in", "nothing") == (
        2,
        "there is no folder nothing to restore to; make it, or name another one with --in",
    )
    (tmp_path / "there").mkdir()
    assert run(backup, "-o", "there")[0] == 2
    assert run(backup, "-o", "nothing/record") == (
        2,
        "there is no folder nothing to write the record into; make it, or choose another -o",
    )
    assert not list(tmp_path.glob("drill-*"))
