"""The verdict of an audit made earlier, said again: when it is true, what it does not say, and what is to be done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.app import shown
from auditor.report import RECORD
from tests import media
from tests.commandline import call
from tests.copier.runs import write
from tests.report import sample
from tests.report.test_report import written
from tests.report.test_seals import run


def change(folder: Path, **changed: Any) -> None:
    told = json.loads((folder / RECORD).read_text("utf-8"))
    (folder / RECORD).write_text(json.dumps(told | changed), "utf-8")


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    return written(tmp_path, sample.database(), {}).parent


def test_it_says_what_the_audit_said_with_its_date_its_limits_and_what_may_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("phone/DCIM/IMG_1.jpg", "phone/DCIM/again.jpg", "disk/IMG_1.jpg"):
        write(tmp_path / name, media.jpeg(1), 1_700_000_001)
    write(tmp_path / "phone/notes.txt", b"of no backup", 1_700_000_001)
    monkeypatch.chdir(tmp_path)
    code, said = run("audit", "phone", "disk", "--copy-by-hand", "-o", "there")
    assert code == 0
    lines = said[said.index("✓ SAFE") :].splitlines()
    assert {"True", "Besides", "WARNING"} <= {line.split()[0] for line in lines} and "2 files may go" in said, said
    again = run("report", "there")[1]
    assert again.splitlines() == lines
    (tmp_path / "kept").mkdir()
    (tmp_path / "there").rename(tmp_path / "kept/there")
    moved = run("report", "kept/there")[1]
    assert f"`auditor clean {tmp_path / 'kept/there'}` shows which" in moved, "where it lies now"


def test_one_that_is_not_safe_says_its_sums_and_what_to_do(audit: Path) -> None:
    code, said = run("report", audit)
    assert code == 0 and "True on 15 June 2026" in said
    assert "31  proven safe" in said and "38  must be backed up" in said, said
    assert "Next     Delete nothing on the phone. " in said


def test_of_checks_that_are_not_known_here_it_is_said_that_they_found_something(audit: Path) -> None:
    told = json.loads((audit / RECORD).read_text("utf-8"))["rules"]
    # The sample has one of its own, which found four.
    change(audit, rules=[*told, {**told[0], "id": "a-rule-of-our-own", "state": "failed", "findings": 3}])
    code, said = run("report", audit)
    assert code == 0 and "7 findings of checks that are not known here: see findings.csv." in said, said


@pytest.mark.parametrize(
    "changed",
    [
        {"partition": {"due": 2, "proven": 1, "not_safe": 0, "not_checked": 0, "waived": 0}},
        {"partition": 7},
        {"rules": [{"id": "missing-from-backup"}]},
        {"provenance": "none"},
        {"verdict": "SAFE", "provenance": {"may_go": 7}},
        {"provenance": {"other_files": "many"}},
        {"provenance": {"words": 7}},
        {"caveats": 7},
    ],
)
def test_what_says_no_audit_is_a_sentence(audit: Path, changed: dict[str, Any]) -> None:
    change(audit, **changed)
    assert run("report", audit) == (2, f"{audit} is not the folder of an audit: its audit.json cannot be read")


@pytest.mark.parametrize(("old", "new"), [(b'"due": 38', b'"due": 39'), (b"{", b"[")], ids=["a digit", "no JSON"])
def test_a_record_that_was_changed_is_named_whatever_it_says_now(audit: Path, old: bytes, new: bytes) -> None:
    whole = (audit / RECORD).read_bytes()
    (audit / RECORD).write_bytes(whole.replace(old, new, 1))
    assert (audit / RECORD).read_bytes() != whole
    code, said = run("report", audit, "--check")
    assert code == 1 and "changed: audit.json" in said, said
    told = shown.verdict(audit)
    assert (told.get("verdict"), bool(told["touched"])) == (None, True)
    assert told["sentence"] == "This report was changed after it was written. Check again."


def test_a_program_that_wants_the_verdict_alone_is_told_what_to_do(
    audit: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = call(monkeypatch, capsys, "-q", "report", str(audit), "--json")
    assert code == 0 and json.loads(out)["next"]["sentence"].startswith("Delete nothing on the phone. "), out
    code, out, _ = call(monkeypatch, capsys, "-q", "report", str(audit))
    assert code == 0 and "Next" not in out, out


def test_a_quiet_safe_says_from_when_it_is(
    audit: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody may take the verdict of years ago for today's."""
    partition = {"due": 2, "proven": 2, "not_safe": 0, "not_checked": 0, "waived": 0}
    change(audit, verdict="SAFE", sentence="All 2 files are safely backed up.", partition=partition, rules=[])
    code, out, _ = call(monkeypatch, capsys, "-q", "report", str(audit))
    assert code == 0
    verdict, date = out.splitlines()[:2]
    assert verdict == "✓ SAFE: All 2 files are safely backed up."
    assert date.startswith("  True on 15 June 2026, "), out


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_the_date_that_an_earlier_build_wrote_among_the_caveats_is_said_once(
    audit: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], quiet: list[str]
) -> None:
    partition = {"due": 2, "proven": 2, "not_safe": 0, "not_checked": 0, "waived": 0}
    caveats = ["1 thing could be tidied up.", "True on 15 June 2026, 12:00. Photos taken since are not covered."]
    change(audit, verdict="SAFE", sentence="All.", partition=partition, rules=[], caveats=caveats)
    out = call(monkeypatch, capsys, *quiet, "report", str(audit))[1]
    assert out.count("True on") == 1 and caveats[1] not in out, out
    assert json.loads(call(monkeypatch, capsys, "report", str(audit), "--json")[1])["caveats"] == caveats[:1]


def test_of_files_that_only_checks_of_ones_own_found_it_is_said_where_the_reason_stands(audit: Path) -> None:
    told = json.loads((audit / RECORD).read_text("utf-8"))["rules"]
    found = {"state": "failed", "findings": 3, "verdict": "not_safe", "severity": "error"}
    change(audit, rules=[{**told[0], "id": "a-rule-of-our-own", **found}])
    said = run("report", audit)[1]
    assert "No check says why" not in said
    assert "What was found, by checks that are not known here, is in findings.csv, a sentence each." in said, said
    change(audit, rules=[])
    assert "No check says why these files are not proven" in run("report", audit)[1]
