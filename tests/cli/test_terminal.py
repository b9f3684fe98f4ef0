"""Whatever files, folders, phones and lists are called: nothing of it acts on the terminal instead of being shown."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import auditor
from auditor.cli import screen
from auditor.words import INVISIBLE
from tests import commandline, media

NASTY = "x\x1b]0;OWNED\x07\x9b31m\u202ey\x1bc\nSAFE"
"""Sets a window's title, colours (as C1 writes it), turns the reading direction, clears the screen, begins a line."""

ACTS = re.compile(INVISIBLE.replace("\\n", ""))
PACKAGE = Path(str(auditor.__file__)).parent


def _harmless(text: str) -> None:
    assert not ACTS.search(text.replace("\n", "")), ascii(text)
    assert not re.search(r"^SAFE", text, re.MULTILINE), "a name began a line"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Places with such names, an export whose part is broken, and a plan, policy and archive of a stranger."""
    monkeypatch.chdir(tmp_path)
    for folder in (NASTY, f"{NASTY} nas", "phone"):
        (tmp_path / folder / NASTY).mkdir(parents=True)
        (tmp_path / folder / NASTY / f"{NASTY}.jpg").write_bytes(media.jpeg(seed=1))
    (tmp_path / NASTY / f"{NASTY}2.jpg").write_bytes(media.jpeg(seed=2)[:900])
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / f"takeout-{NASTY}-001.zip").write_bytes(b"PK\3\4 junk")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(f"../{NASTY}.jpg", b"x")
    (tmp_path / "bad.toml").write_text(f"id = 7\n'{ascii(NASTY)[1:5]}' = 1\n", "utf-8")
    (tmp_path / "plan.csv").write_text(f'action,place,path,sha256,kept_place,kept_path,kept_sha256\n"{NASTY}",,,,,,\n')
    return tmp_path


COMMANDS = {
    "scan": ["scan", NASTY, "-o", "1.jsonl"],
    "scan of an export": ["scan", "takeout:export", "-o", "2.jsonl"],
    "scan of an archive": ["scan", "a.zip", "-o", "3.jsonl"],
    "audit": ["audit", NASTY, f"{NASTY} nas", "-o", "out", "--verbose"],
    "backup": ["backup", "phone", f"{NASTY} to", "-o", "b"],
    "duplicates": ["duplicates", NASTY, "-o", "d"],
    "no place": ["scan", f"gone {NASTY}"],
    "no remote": ["scan", f"rclone:-{NASTY}:"],
    "no phone": ["scan", f"adb:-{NASTY}"],
    "no word": ["scan", f"nonsense:{NASTY}"],
    "a plan": ["clean", "plan.csv"],
    "no plan": ["clean", NASTY],
    "no journal": ["undo", NASTY],
    "no report": ["report", NASTY],
    "a policy": ["policy", "show", "bad.toml"],
    "no policy": ["audit", "phone", NASTY, "--policy", NASTY],
    "no rule": ["rules", "show", NASTY],
    "no list": ["manifest", "check", NASTY],
    "no command": [NASTY],
    "no option": [f"--{NASTY}"],
    "no number": ["scan", "phone", "--jobs", NASTY],
    "no choice": ["scan", "phone", "--depth", NASTY],
    "a traceback": ["--debug", "scan", f"gone {NASTY}"],
}


@pytest.mark.parametrize("which", COMMANDS)
def test_no_name_acts(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], which: str
) -> None:
    code, out, err = commandline.call(monkeypatch, capsys, *COMMANDS[which])
    assert code in (0, 1, 2, 3) and out + err
    _harmless(out)
    _harmless(err if which != "a traceback" else err.replace("\nSAFE", ""))  # Python breaks the error's words there
    assert "itself failed" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="the file system has no pseudo-terminals")
def test_no_name_acts_on_a_terminal_while_work_is_shown(here: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "auditor", "scan", NASTY, "-o", "1.jsonl"]
    environment = {**commandline.surroundings(here), "TERM": "xterm-256color", "COLUMNS": "120"}
    running = subprocess.Popen(words, cwd=here, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 65536):
            seen += part
    except OSError:  # how a terminal of Linux ends
        pass
    os.close(ours)
    assert running.wait(60) == 0
    # The bar itself moves the cursor and colours; a name can do neither.
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode()).replace("\r", "")
    assert "OWNED" in shown
    _harmless(shown)


@pytest.mark.parametrize("write", [screen.say, screen.note, screen.error, screen.told])
def test_every_way_to_the_screen_shows_and_never_acts(write: object, capsys: pytest.CaptureFixture[str]) -> None:
    screen.reset()
    for code in (*range(0x20), 0x7F, *range(0x80, 0xA0), 0x200E, 0x202E, 0x2028, 0x2066, 0xFEFF, 0xDC9B, 0xD800):
        write(f"a{chr(code)}b")  # type: ignore[operator]
    shown = capsys.readouterr()
    _harmless((shown.out + shown.err).replace("\n", ""))


def test_nothing_is_printed_but_through_the_screen() -> None:
    """`print` says our own version and our own ASCII record; Ctrl-C's sentence is a constant."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                wide = called in ("print", "typer.echo", "traceback.print_exc", "typer.secho", "rich.print")
                if wide or called.endswith((".stdout.write", ".stderr.write")):
                    found.append(f"{path.relative_to(PACKAGE).as_posix()}: {ast.unparse(node)[:40]}")
    assert sorted(found) == [
        "cli/__init__.py: print(f'auditor {__version__}')",
        "cli/programs.py: sys.stdout.write(line)",
    ]
