"""What other programs read: one object with --json, of every command; JSON Lines with --events, whole in any case."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from auditor import cli
from auditor.cli import programs
from auditor.errors import AuditorError
from auditor.scan.run import Progress
from tests import media
from tests.commandline import call, surroundings
from tests.copier.runs import write

DOCS = (Path(__file__).parents[2] / "docs/automation.md").read_text("utf-8")
LAST = {"result", "failed", "stopped"}


def lay_out(top: Path) -> None:
    for number in range(3):
        write(top / f"phone/DCIM/Camera/IMG_{number}.jpg", media.jpeg(number), 1_700_000_001 + number)
    write(top / "phone/DCIM/Camera/IMG_2~2.jpg", media.jpeg(2), 1_700_000_009)
    write(top / "photos/IMG_2.jpg", media.jpeg(2), 1_700_000_009)
    write(top / "photos/copy of IMG_2.jpg", media.jpeg(2), 1_700_000_009)


def told(out: str, command: str) -> dict[str, Any]:
    """The one object on stdout."""
    record: dict[str, Any] = json.loads(out)
    assert (record["version"], record["command"]) == (1, command)
    assert out.count("\n") == 1
    return record


SESSION = (
    ("scan phone -o phone.jsonl", "result", 0),
    ("scan phone -o phone.jsonl", "failed", 2),
    ("backup phone disk -n", "result", 0),
    ("backup phone disk -o backed", "result", 0),
    ("audit phone photos -o audited --copy-by-hand", "result", 1),
    ("verify disk", "result", 0),
    ("duplicates photos -o found", "result", 0),
    ("clean found/plan.csv", "result", 0),
    ("clean found/plan.csv --apply", "result", 0),
    ("clean audited", "result", 0),
    ("verify photos --init", "result", 0),
    ("drill disk -o drilled", "result", 0),
    ("seal drilled --stamp-request", "result", 0),
    ("report drilled --check", "result", 0),
    ("restore disk back -n", "result", 0),
    ("restore disk back", "result", 0),
    ("report audited --check", "result", 0),
    ("history", "result", 0),
    ("history backed audited", "result", 0),
    ("app --install-launcher", "result", 0),
    ("doctor", "result", 0),
    ("places", "result", 0),
    ("config add anna phone --role phone", "result", 0),
    ("config set policy strict", "result", 0),
    ("config show", "result", 0),
    ("config unset policy", "result", 0),
    ("config remove anna", "result", 0),
    ("config path", "result", 0),
    ("manifest check phone.jsonl", "result", 0),
    ("manifest pictures phone.jsonl 1 -o small", "result", 0),
    ("manifest diff phone.jsonl phone.jsonl", "result", 0),
    ("manifest export phone.jsonl --to sha256sum -o sums", "result", 0),
    ("rules list", "result", 0),
    ("rules show missing-from-backup", "result", 0),
    ("rules test missing-from-backup", "result", 0),
    ("policy list", "result", 0),
    ("policy show family", "result", 0),
    ("policy show none", "failed", 2),
    ("audit phone", "failed", 2),
    ("scan --no-such-option phone", "failed", 2),
)
"""Command lines, what comes of them, and with which exit code; the later ones stand on the earlier."""


def test_every_command_gives_one_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))  # where the launcher goes
    seen: dict[str, dict[str, Any]] = {}
    fields: dict[str, set[str]] = {}
    for line, event, exit_code in SESSION:
        words = line.split()
        name = " ".join(words[: 2 if words[0] in ("config", "manifest", "rules", "policy") else 1])
        code, out, err = call(monkeypatch, capsys, *words, "--json")
        record = told(out, name)
        assert (record["event"], record["exit"], code) == (event, exit_code, exit_code), (line, out, err)
        if event == "failed":
            assert record["sentence"]
        seen[line] = record
        fields.setdefault(name, set()).update(record)
    told_undo = seen["clean found/plan.csv --apply"]["journals"]
    code, out, _ = call(monkeypatch, capsys, "undo", *told_undo, "--json")
    assert (code, told(out, "undo")["back"]) == (0, 1)
    assert seen["audit phone photos -o audited --copy-by-hand"]["next"]["action"] == "backup"
    assert seen["backup phone disk -o backed"]["verdict"] == "SAFE"
    assert seen["report audited --check"]["touched"] == []
    assert seen["manifest check phone.jsonl"]["footer"]["files"] == 4
    loaded = {name for name in cli.COMMANDS if name != "demo"}
    assert loaded == {name.split()[0] for name in (*fields, "undo")}
    for name, those in fields.items():
        undocumented = [
            field
            for field in those - {"version"}
            if f"`{field}`" not in DOCS and name not in ("verify", "drill", "report")
        ]
        assert undocumented == [], name


@pytest.mark.parametrize("name", cli.LONG)
def test_what_takes_long_says_what_happens(name: str) -> None:
    first, *second = name.split()
    command = cli.loaded(first)
    for word in second:
        command = command.commands[word]
    flags = {flag for parameter in command.params for flag in parameter.opts}
    assert "--events" in flags
    assert f"`{name}`" in DOCS.split("## Events")[0]


def events(out: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["version"] for line in lines} == {1}
    assert lines[0]["event"] == "started"
    assert [line["event"] in LAST for line in lines] == [False] * (len(lines) - 1) + [True]
    for line in lines:
        assert f"| `{line['event']}` |" in DOCS
    return lines


def test_the_events_of_a_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    lives = {
        "audit phone photos -o a --copy-by-hand": [
            "Reading phone",
            "Reading photos",
            "Running checks",
            "Writing report",
        ],
        "backup phone disk -o b": [
            *("Looking at phone", "Looking at disk", "Copying to disk", "Running checks", "Writing report"),
        ],
        "verify disk": ["Reading disk"],
        "restore disk back": ["Restoring to back"],
        "duplicates photos -o d": ["Reading photos", "Writing the page"],
        "clean d/plan.csv --apply": ["Looking into what is kept", "Moving to quarantine"],
    }
    for line, titles in lives.items():
        code, out, err = call(monkeypatch, capsys, *line.split(), "--events")
        found = events(out)
        assert err == ""
        assert [one["title"] for one in found if one["event"] == "phase"] == titles, line
        assert [one["number"] for one in found if one["event"] == "phase"] == list(range(1, len(titles) + 1))
        assert found[-1]["exit"] == code
        of_phase = [one for one in found if one["event"] == "progress"]
        assert of_phase[-1]["done"] == of_phase[-1]["total"] > 0
    journal = found[-1]["journals"][0]
    code, out, _ = call(monkeypatch, capsys, "undo", journal, "--events")
    assert [one.get("title") for one in events(out)][1] == "Putting back"


def test_a_failure_is_the_last_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(monkeypatch, capsys, "scan", "nothing", "--events")
    first, last = events(out)
    assert first["arguments"] == ["scan", "nothing", "--events"]
    assert (code, last["event"], last["exit"]) == (2, "failed", 2)
    assert last["sentence"] in err


def test_a_backup_that_was_unplugged_says_so_to_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "phone/DCIM/IMG_1.jpg", media.jpeg(1), 1_700_000_001)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("auditor.cli.work.backup.away", lambda _: "the destination is gone")
    code, out, _ = call(monkeypatch, capsys, "backup", "phone", "disk", "--json")
    assert (code, told(out, "backup")["gone"]) == (1, "the destination is gone")


def test_the_line_for_people_is_made_of_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(tmp_path)
    (tmp_path / "phone").rename(tmp_path / "Anna's phone")
    monkeypatch.chdir(tmp_path)
    words = ("audit", "Anna's phone", "photos", "--copy-by-hand")
    _, out, _ = call(monkeypatch, capsys, *words, "-o", "a")
    _, data, _ = call(monkeypatch, capsys, *words, "-o", "b", "--json")
    step = json.loads(data)["next"]
    assert f"  Next     {step['sentence']}" in out.splitlines()
    assert step["arguments"] == [f"{tmp_path}/Anna's phone", f"{tmp_path}/photos", "--copy-by-hand"]
    assert f'`auditor backup "{tmp_path}/Anna\'s phone" {tmp_path}/photos --copy-by-hand`' in step["sentence"]
    _, data, _ = call(monkeypatch, capsys, step["action"], *step["arguments"], "-o", "c", "--json")
    assert json.loads(data)["verdict"] == "SAFE"


def slow(top: Path) -> Path:
    """A phone that takes a while: films of noise are read as what they are not."""
    for number in range(300):
        write(top / f"phone/DCIM/Camera/IMG_{number:03}.jpg", media.jpeg(number % 8), 1_700_000_001 + number)
    return top


@pytest.mark.skipif(os.name != "posix", reason="this file system knows no signals")
@pytest.mark.parametrize(
    ("line", "heard"), [("scan phone -o list.jsonl", False), ("backup phone disk --no-audit", True)]
)
def test_sigint_stops_cleanly_with_its_own_event(tmp_path: Path, line: str, heard: bool) -> None:
    slow(tmp_path)
    run = subprocess.Popen(
        [sys.executable, "-m", "auditor", *line.split(), "--events"],
        cwd=tmp_path,
        env=surroundings(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert run.stdout is not None
    lines = []
    for text in run.stdout:
        lines.append(text)
        if (
            json.loads(text)["event"] == "progress"
            and json.loads(text)["done"] > 0
            and (not heard or "Copying" in "".join(lines))
        ):
            run.send_signal(signal.SIGINT)
            break
    out, _ = run.communicate(timeout=120)
    found = events("".join(lines) + out)
    assert (run.returncode, found[-1]["event"], found[-1]["exit"]) == (130, "stopped", 130)
    assert ("stopping" in [one["event"] for one in found]) == heard
    assert "goes on from there" in found[-1]["sentence"]


def test_a_signal_waits_for_the_line_in_hand(capsys: pytest.CaptureFixture[str]) -> None:
    programs.begin(["scan", "--events"])
    show = programs.phase("Reading", "could not be read")
    real = sys.stdout.write

    def interrupted(text: str) -> int:
        half = len(text) // 2
        real(text[:half])
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)  # the handler runs here
        return real(text[half:])

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sys.stdout, "write", interrupted)
        show(Progress(1, 1, 5, 5, "a.jpg", 0, 0))
    programs.fail("stopped.", 130)
    found = events(capsys.readouterr().out)
    assert [one["event"] for one in found] == ["started", "phase", "progress", "stopped"]


def test_progress_is_told_five_times_a_second_and_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    programs.begin(["scan", "--events"])
    show = programs.phase("Reading", "could not be read")
    for number in range(1, 2001):
        show(Progress(number, 2000, number, 2000, "x", number // 1000, 0))
    programs.end(0)
    progress = [one for one in events(capsys.readouterr().out) if one["event"] == "progress"]
    assert len(progress) < 20
    assert progress[-1]["done"] == 2000
    assert (progress[0]["failed_words"], progress[-1]["failed_words"]) == (None, "could not be read")


def test_what_comes_after_two_dashes_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    programs.begin(["scan", "--", "--json"])
    assert not programs.is_wanted()
    programs.end(0)
    assert capsys.readouterr().out == ""


def test_an_error_of_ours_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**words: object) -> None:
        raise AuditorError("this \x1b[31m went wrong")

    monkeypatch.setattr(cli, "app", broken)
    code, out, _ = call(monkeypatch, capsys, "doctor", "--json")
    record = told(out, "doctor")
    assert (code, record["event"]) == (2, "failed")
    assert re.search("this <U\\+001B>", record["sentence"])
