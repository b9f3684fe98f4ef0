"""A list, and files that were written since on the same disk: what is listed may be no more than these."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

import pytest

from auditor import data as shipped
from tests import media
from tests.commandline import call


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A phone and a copy of it, and a policy that wants two copies."""
    monkeypatch.chdir(tmp_path)
    for name in ("phone", "copy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_bytes(media.jpeg(seed=1))
        os.utime(tmp_path / name / "a.jpg", (1_700_000_000,) * 2)
    family = (shipped.folder("rules") / "policies/family.toml").read_text("utf-8")
    own = re.sub(r"(?m)^min_copies.*", "min_copies = 2", family).replace('"family"', '"two"', 1)
    (tmp_path / "two.toml").write_text(own, "utf-8")
    return tmp_path


def rewritten(folder: str, into: str) -> None:
    """The folder under another name, its file written anew some seconds later."""
    time.sleep(2.1)
    content = Path(folder, "a.jpg").read_bytes()
    Path(folder, "new").write_bytes(content)
    os.utime(Path(folder, "new"), (1_700_000_000,) * 2)
    Path(folder, "new").rename(Path(folder, "a.jpg"))
    Path(folder).rename(into)


Run = tuple[pytest.MonkeyPatch, pytest.CaptureFixture[str]]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return monkeypatch, capsys


def audited(on: Run, *words: str) -> tuple[str, str]:
    code, *said = call(*on, "audit", *words, "-o", f"out-{time.time_ns()}", "--no-thumbnails")
    assert code in (0, 1, 3), said
    (out,) = sorted(Path().glob("out-*"))[-1:]
    record = json.loads((out / "audit.json").read_text("utf-8"))
    return record["verdict"], " ".join(record["caveats"])


def test_a_list_of_a_backup_that_was_written_anew_is_no_further_copy(here: Path, on: Run) -> None:
    assert call(*on, "scan", "copy", "-o", "list.jsonl")[0] == 0
    rewritten("copy", "elsewhere")
    verdict, caveats = audited(on, "phone", "elsewhere", "list.jsonl", "--policy", "two.toml")
    assert verdict == "NOT SAFE" and "written since on the same disk" in caveats


def test_a_list_beside_a_backup_that_was_there_before_is_a_copy(here: Path, on: Run) -> None:
    (here / "third").mkdir()
    (here / "third/a.jpg").write_bytes(media.jpeg(seed=1))
    assert call(*on, "scan", "copy", "-o", "list.jsonl")[0] == 0
    assert audited(on, "phone", "third", "list.jsonl", "--policy", "two.toml")[0] == "SAFE"


def test_a_list_of_the_phone_is_no_copy_of_what_it_became(here: Path, on: Run) -> None:
    assert call(*on, "scan", "phone", "-o", "list.jsonl")[0] == 0
    rewritten("phone", "moved")
    assert audited(on, "moved", "list.jsonl")[0] == "CANNOT SAY"
