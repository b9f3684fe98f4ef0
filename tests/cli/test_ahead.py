"""How long a run will take is said before it: as the same work took before, else by a rate that is called a guess."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from auditor.cli import ahead
from auditor.places import pace
from auditor.scan.run import Progress
from tests import media
from tests.commandline import call
from tests.copier.runs import write

SAID = re.compile(
    r"^(Reading|Copying to|Restoring to|To copy) .*about \d+ (second|minute|hour)s?, as fast as last time$", re.M
)


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        write(tmp_path / f"phone/DCIM/Camera/IMG_{number}.jpg", media.jpeg(number), 1_700_000_001 + number)
        write(tmp_path / f"photos/IMG_{number}.jpg", media.jpeg(number), 1_700_000_001 + number)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pace, "LEAST_S", 0.0)
    monkeypatch.setattr(ahead, "SAID_FROM_S", 0.0)


@pytest.mark.parametrize(
    ("line", "again", "phases"),
    [
        ("scan phone -o a", "scan phone -o b --no-cache", ["Reading"]),
        ("duplicates photos -o a", "duplicates photos -o b --no-cache", ["Reading"]),
        ("audit phone photos --copy-by-hand -o a", "audit phone photos --copy-by-hand -o b", ["Reading", "Reading"]),
        ("verify photos --init", "verify photos", []),
        ("verify photos", "verify photos", ["Reading"]),
        ("backup phone disk --no-audit", "backup phone disk --no-audit", ["To copy"]),
        ("restore disk back", "restore disk back2", []),
    ],
)
def test_the_second_run_says_how_long_it_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, again: str, phases: list[str]
) -> None:
    if line == "verify photos":
        call(monkeypatch, capsys, "verify", "photos", "--init")
    if line.startswith("restore"):
        call(monkeypatch, capsys, "backup", "phone", "disk", "--no-audit")
    assert not SAID.search(call(monkeypatch, capsys, *line.split())[2])
    if line.startswith("backup"):
        for number in range(4, 7):
            write(Path(f"phone/DCIM/Camera/IMG_{number}.jpg"), media.jpeg(number), 1_700_000_001 + number)
    code, _, said = call(monkeypatch, capsys, *again.split())
    assert code == 0
    found = list(SAID.finditer(said))
    assert [one[1] for one in found] == phases
    assert all(said.index(one[0]) == one.start() for one in found)


def test_what_was_known_already_is_no_measure(capsys: pytest.CaptureFixture[str]) -> None:
    for cached, is_said in ((1, False), (0, False), (0, True)):
        listen = ahead.timed(lambda now: None, "Reading nas", "decode", "nas", "folder", is_most=True)
        for files in (0, 1, 2):
            listen(Progress(files, 2, files * 1000, 2000, "", 0, min(cached, files)))
        assert ("at most about 10 seconds, as fast as last time\n" in capsys.readouterr().err) == is_said


def test_what_is_soon_over_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "SAID_FROM_S", 30.0)
    pace.remember("decode", "nas", 100_000, 1.0)
    assert ahead.expected("decode", "nas", "folder", 1, 2_800_000) is None
    assert str(ahead.expected("decode", "nas", "folder", 1, 23_900_000)) == "about 4 minutes, as fast as last time"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("adb", "about 33 minutes at 30 MB/s, which is a guess for a phone by cable"),
        ("rclone", "about 3 hours at 5.0 MB/s, which is a guess for a cloud"),
        ("folder", "about 17 minutes at 60 MB/s, which is a guess for a disk"),
    ],
)
def test_before_a_first_run_the_time_is_guessed_and_called_so(
    monkeypatch: pytest.MonkeyPatch, kind: str, words: str
) -> None:
    monkeypatch.setattr(ahead, "SAID_FROM_S", 30.0)
    assert str(ahead.expected("copy", "new", kind, 1, 60_000_000_000)) == words
    pace.remember("copy", "new", 100_000_000, 1.0)
    assert "guess" not in str(ahead.expected("copy", "new", kind, 1, 60_000_000_000))


@pytest.mark.parametrize("depth", ["list", "hash", "deep"])
def test_what_bytes_are_no_measure_of_is_not_guessed(depth: str) -> None:
    assert ahead.expected(depth, "new", "folder", 1, 60_000_000_000) is None


@pytest.mark.parametrize("line", ["backup phone disk", "restore photos back"])
def test_a_plan_says_time_and_room(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    call(monkeypatch, capsys, "verify", "photos", "--init")
    code, said, _ = call(monkeypatch, capsys, *line.split(), "-n")
    assert code == 0
    ahead = r"^To copy +3 files, .* free on \w+; about .* at 60 MB/s, which is a guess for a disk$"
    assert re.search(ahead, said, re.M)
    told = json.loads(call(monkeypatch, capsys, *line.split(), "-n", "--json")[1])
    assert told["free_bytes"] > 0 and told["seconds"] == 0


def test_a_state_that_cannot_be_kept_stops_no_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = Path(os.environ["AUDITOR_STATE_DIR"])
    shutil.rmtree(state)
    state.write_text("no folder")
    for name in "ab":
        code, _, said = call(monkeypatch, capsys, "scan", "phone", "-o", name, "--no-cache")
        assert code == 0 and not SAID.search(said)
