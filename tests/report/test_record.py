"""audit.json: each of its fields is documented."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.audit import record, run
from auditor.report import RECORD
from tests import media
from tests.commandline import call
from tests.copier.runs import write

PAGE = (Path(__file__).parents[2] / "docs/automation.md").read_text("utf-8").partition("\n## audit.json\n")[2]
DOCUMENTED = set(re.findall(r"`([a-z_0-9]+)`", PAGE))
NAMES_OF_PLACES = set(re.findall(r"\b[A-Z]{4,}\b", PAGE))


def fields(told: Any) -> Iterator[str]:
    """The names of all fields, at whatever depth."""
    if isinstance(told, dict):
        for name, value in told.items():
            yield name
            yield from fields(value)
    for one in told if isinstance(told, list) else ():
        yield from fields(one)


def test_each_field_of_an_audit_is_documented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of one with a history, doubts and a redacted report."""
    for number in range(3):
        write(tmp_path / f"phone/DCIM/IMG_{number}.jpg", media.jpeg(number), 1_700_000_001 + number)
        write(tmp_path / f"copy/DCIM/IMG_{number}.jpg", media.jpeg(number), 1_700_000_001 + number)
    monkeypatch.chdir(tmp_path)
    call(monkeypatch, capsys, "audit", "phone", "copy", "-o", "first", "--no-thumbnails")
    call(monkeypatch, capsys, "audit", "phone", "copy", "-o", "second", "--by", "Anna", "--redact", "out")
    found: set[str] = set()
    for name in ("first", "second", "out"):
        found |= set(fields(json.loads((tmp_path / name / RECORD).read_text("utf-8"))))
    assert {"place_ids", "arguments", "may_go", "maybe_exchanged", "previous", "redacted_from", "seal"} <= found
    turns = {"worse", "better", "left_unproven", "came_unproven", "came_proven", "left_proven"}
    assert found - DOCUMENTED - NAMES_OF_PLACES - turns == set()


def test_each_field_that_is_there_at_times_is_documented_too() -> None:
    """By the code that writes them."""
    for module, function in ((record, "of_run"), (record, "_maybe_within"), (record, "not_looked_at"), (run, "run")):
        tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
        body = next(one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == function)
        keys = [key for one in ast.walk(body) if isinstance(one, ast.Dict) for key in one.keys]
        names = {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
        assert names - DOCUMENTED == set(), function
