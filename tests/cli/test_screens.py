"""What every command shows, once as a person looked at it: exit code, verdict on stdout, the rest on stderr."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor import config
from auditor import data as shipped
from auditor.cli import app
from tests import media
from tests.commandline import call
from tests.copier.runs import write
from tests.golden_file import Golden

SCREENS = {
    "scan": ["scan phone -o phone.jsonl", "scan nothing-here", "scan phone -o phone.jsonl"],
    "backup": [
        "backup phone disk -n",
        "backup phone disk",
        "backup phone disk",
        "backup disk phone",
        "backup phone phone/inside",
    ],
    "audit": [
        "audit phone disk -o safe",
        "audit phone other -o not-safe",
        "audit phone other --policy office -o office",
        "audit phone.jsonl list.sha256 -o lists",
        "audit phone disk -o safe",
        "audit other phone -o exchanged",
        "-q audit phone disk -o quiet",
    ],
    "report": ["report safe", "report not-safe --check", "report phone"],
    "verify": ["verify disk", "verify disk --sample 2", "verify other", "verify phone"],
    "duplicates": ["duplicates phone -o found", "duplicates disk -o none"],
    "clean": ["clean safe", "clean not-safe", "clean found/plan.csv", "clean found/plan.csv --apply", "undo safe"],
    "restore": ["restore disk back", "restore disk back", "restore disk phone/back"],
    "manifest": [
        "manifest check phone.jsonl",
        "manifest diff phone.jsonl phone.jsonl",
        "manifest export phone.jsonl --to sha256sum -o list.sums",
    ],
    "rules": ["rules show missing-from-backup", "rules show no-such-rule"],
    "policy": ["policy list", "policy show family", "policy show no-such-policy"],
    "history": [
        "history phone",
        "history --in phone",
        "history safe not-safe",
    ],
    "config": [
        "config show",
        "config add anna phone --role phone",
        "config add nas disk --role backup",
        "config set policy strict",
        "config show",
        "audit -o usual",
        "config add anna adb: --role phone",
        "config remove tom",
    ],
}
"""The commands by golden file, in the order in which they are run; the later ones stand on the earlier."""

SCRUBS = {
    r"\d[\d.,]* (of \d[\d.,]* )?(bytes|kB|MB|GB|TB)\b": "SIZE",
    r"\b\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?|\b\d{1,2} [A-Z][a-z]+ 20\d\d(, \d\d:\d\d \([^)]+\))?": "DATE",
    r"-20\d{6}T\d{6,}Z?": "-TIME",
    r"(?m) +\d[\d.]* s$": "  SECONDS",
    r"\b\d+ of \d+(?=( [a-z]+)* +SECONDS)": "N of N",
    r"\b[0-9a-f]{64}\b": "SHA-256",
    r"\b\d+%": "N%",
    r"list is \d+ days old": "list is N days old",
}


def lay_out(top: Path) -> None:
    """A phone with a damaged photo and a copy of one; another folder that lacks most, and has one cut short; a list."""
    for number in range(4):
        write(top / f"phone/DCIM/Camera/IMG_{number}.jpg", media.jpeg(number), 1_700_000_001 + number)
    write(top / "phone/DCIM/Camera/IMG_3~2.jpg", media.jpeg(3), 1_700_000_009)
    write(top / "phone/Pictures/cut.jpg", media.jpeg(9)[:5000], 1_700_000_010)
    write(top / "other/IMG_0.jpg", media.jpeg(0), 1_700_000_001)
    write(top / "other/IMG_1.jpg", media.jpeg(1)[:5000], 1_700_000_002)
    write(top / "list.sha256", b"%064d  IMG_0.jpg\n" % 7, 1_700_000_003)


def test_what_every_command_shows(
    tmp_path: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing but help is broken into lines by us, so a screen is the same on a terminal of any width."""
    top = tmp_path / "here"
    top.mkdir()
    lay_out(top)
    monkeypatch.chdir(top)
    rules = re.escape(str(shipped.folder("rules")))
    scrubs = {
        re.escape(str(top.resolve())): "HERE",
        rules: "RULES",
        re.escape(str(config.path().parent)): "CONFIG",
        r"(?m)^(Usage: |Try ')python -m \S+": r"\1auditor",
        **SCRUBS,
    }

    def show(command: str) -> str:
        code, out, err = call(monkeypatch, capsys, *command.split())
        return f"$ auditor {command}\n{out}--- stderr, exit code {code}\n{err}"

    for name, commands in SCREENS.items():
        golden.compare("\n".join(map(show, commands)), f"screens/{name}.txt", scrubs)


@pytest.mark.parametrize("columns", [80, 100])
def test_help_fits_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for name in ("", *(command.name or "" for command in app.registered_commands)):
        code, out, err = call(monkeypatch, capsys, *name.split(), "--help")
        assert (code, err) == (0, "")
        assert max(map(len, out.splitlines())) <= columns, name
