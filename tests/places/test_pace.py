"""How long work will take is said from what the same work took before, and from nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from auditor.places import pace


def test_expects_what_the_same_work_took_the_last_time() -> None:
    pace.remember("decode", "nas", 1_000, 100.0)
    assert pace.expected_s("decode", "nas", 2_500) == 250
    pace.remember("decode", "nas", 1_000, 50.0)
    assert pace.expected_s("decode", "nas", 2_500) == 125


def test_knows_nothing_of_other_work_and_other_places() -> None:
    pace.remember("decode", "nas", 1_000, 100.0)
    assert pace.expected_s("verify", "nas", 1_000) is None
    assert pace.expected_s("decode", "phone", 1_000) is None


@pytest.mark.parametrize(("amount", "seconds"), [(1_000, 4.9), (0, 100.0)])
def test_what_was_over_at_once_says_nothing(amount: float, seconds: float) -> None:
    pace.remember("decode", "nas", amount, seconds)
    assert pace.expected_s("decode", "nas", 1_000) is None


@pytest.mark.parametrize(
    "note", ["true", "0.0", "-3.5", "NaN", "Infinity", "1e-320", '"fast"', "[]", "null", "{}", f"1{400 * '0'}"]
)
def test_a_note_that_somebody_else_wrote_is_none(note: str) -> None:
    table = Path(os.environ["AUDITOR_STATE_DIR"]) / "pace.json"
    table.write_text(f'{{"decode nas": {note}}}', "utf-8")
    assert pace.expected_s("decode", "nas", 1_000_000_000) is None
    pace.remember("decode", "nas", 1_000, 100.0)
    assert pace.expected_s("decode", "nas", 1_000) == 100


@pytest.mark.parametrize("text", ["", "{", "[1]", json.dumps({"decode nas": {}})[:-1], "\0"])
def test_a_table_that_is_none_stops_nothing(text: str) -> None:
    (Path(os.environ["AUDITOR_STATE_DIR"]) / "pace.json").write_text(text, "utf-8")
    assert pace.expected_s("decode", "nas", 1_000) is None


def test_a_folder_in_its_place_stops_nothing() -> None:
    (Path(os.environ["AUDITOR_STATE_DIR"]) / "pace.json").mkdir()
    pace.remember("decode", "nas", 1_000, 100.0)
    assert pace.expected_s("decode", "nas", 1_000) is None
