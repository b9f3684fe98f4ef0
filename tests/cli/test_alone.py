"""`auditor` without a word says what it sees, and is done: exit code 0, whatever that is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from auditor import config
from auditor.cli import alone
from auditor.config import NamedPlace, Role
from auditor.model import Verdict
from auditor.places import candidates
from auditor.places.candidates import Around, Candidate, Presence, Sort
from tests.commandline import call
from tests.report.test_history import NOT_SAFE, PROVEN, audit

NOTHING = Around(lambda: (), lambda: (), lambda: (), lambda: (), lambda folders: {})


@pytest.fixture(autouse=True)
def no_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def seen(named: Sequence[NamedPlace]) -> tuple[Candidate, ...]:
        return candidates.candidates(named, NOTHING)

    monkeypatch.setattr(alone, "candidates", seen)
    monkeypatch.chdir(tmp_path)


def test_who_begins_is_told_how(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(monkeypatch, capsys)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "- No phone is seen. `auditor doctor` says what to do about it.",
        "  Next     auditor audit PHONE BACKUP, which changes nothing on either; `auditor demo` shows it",
        "  Help     auditor --help",
    ]


def test_the_last_audit_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    audit(tmp_path, "one", "2026-05-01T10:00:00Z", {"a.jpg": PROVEN})
    audit(tmp_path, "two", "2026-06-01T10:00:00Z", {"a.jpg": NOT_SAFE})
    code, out, _ = call(monkeypatch, capsys)
    assert code == 0
    assert "✗ 1 June 2026, anna in nas: NOT SAFE" in out.splitlines()
    code, out, _ = call(monkeypatch, capsys, "--json")
    record = json.loads(out)
    assert (code, record["last"]["verdict"], record["command"]) == (0, Verdict.NOT_SAFE, "")
    assert record["next"]["action"] is None


def test_a_last_audit_that_was_changed_gives_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = audit(tmp_path, "one", "2026-05-01T10:00:00Z", {"a.jpg": NOT_SAFE})
    record = made / "audit.json"
    record.write_text(record.read_text().replace("NOT SAFE", "SAFE"))
    code, out, _ = call(monkeypatch, capsys)
    assert (code, out.splitlines()[1]) == (
        0,
        "? 1 May 2026, anna in nas: this report was changed after it was written; audit again",
    )
    code, out, _ = call(monkeypatch, capsys, "--json")
    assert json.loads(out)["last"]["changed"] is True


ANNA, NAS = NamedPlace("anna", "adb:", Role.PHONE), NamedPlace("nas", "/mnt/nas", Role.BACKUP)


@pytest.mark.parametrize(
    ("places", "there", "verdict", "action", "arguments", "words"),
    [
        ((ANNA, NAS), {"anna", "nas"}, PROVEN, "audit", (), "auditor audit"),
        ((ANNA, NAS), {"anna", "nas"}, NOT_SAFE, "backup", ("anna", "nas"), "auditor backup anna nas, which copies"),
        ((ANNA, NAS), {"anna"}, PROVEN, "audit", (), "connect nas, then auditor audit"),
        ((ANNA,), {"anna"}, PROVEN, None, None, "auditor audit PHONE BACKUP again"),
        (
            (ANNA, NamedPlace("tom", "mtp:", Role.PHONE), NAS),
            {"anna", "tom", "nas"},
            PROVEN,
            "audit",
            ("anna",),
            "anna",
        ),
    ],
)
def test_the_next_step_is_that_of_what_is_there(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    places: tuple[NamedPlace, ...],
    there: set[str],
    verdict: str,
    action: str | None,
    arguments: tuple[str, ...] | None,
    words: str,
) -> None:
    def found(named: Sequence[NamedPlace]) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(
                one.spec,
                Sort.NAMED,
                one.name,
                Presence.THERE if one.name in there else Presence.ABSENT,
                one.name,
                one.role,
            )
            for one in named
        )

    lines = [f'[places.{one.name}]\nspec = "{one.spec}"\nrole = "{one.role.value}"' for one in places]
    config.path().write_text("\n".join(lines), "utf-8")
    monkeypatch.setattr(alone, "candidates", found)
    audit(tmp_path, "one", "2026-05-01T10:00:00Z", {"a.jpg": verdict})
    _, out, _ = call(monkeypatch, capsys, "--json")
    step = json.loads(out)["next"]
    assert (step["action"], step["arguments"] and tuple(step["arguments"])) == (action, arguments or step["arguments"])
    assert step["sentence"].startswith(words) or words in step["sentence"]
    _, out, _ = call(monkeypatch, capsys)
    assert f"  Next     {step['sentence']}" in out.splitlines()
