"""What the user names is never an option of an outside program."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import auditor
from auditor.errors import BadPlace
from auditor.places.adbclient import choose
from auditor.places.rclone import open_rclone
from auditor.places.rcloneclient import run

PACKAGE = Path(str(auditor.__file__)).parent


@pytest.fixture
def spy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of rclone and adb that writes down the words it is given."""
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\nfor word; do echo "$word" >> {tmp_path}/words; done\necho "{{}}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("RCLONE", str(program))
    monkeypatch.setenv("ADB", str(program))
    return tmp_path / "words"


@pytest.mark.parametrize("words", ["--log-file=/tmp/x:y", "-v:", "--config=x:", "-:x"])
def test_an_option_is_no_remote(spy: Path, words: str) -> None:
    with pytest.raises(BadPlace, match="names no remote"):
        open_rclone(words)
    assert not spy.exists(), "nothing was run"


@pytest.mark.parametrize("remote", ["drive:", ":local:/tmp", "drive:-rf", "drive:a b", "--x:"])
def test_a_remote_stands_behind_the_end_of_the_options(spy: Path, tmp_path: Path, remote: str) -> None:
    run(str(tmp_path / "program"), "about", "--json", remote=remote)
    assert spy.read_text().splitlines() == ["about", "--json", "--", remote]


@pytest.mark.parametrize("serial", ["-x", "--help", "-P:5555", "-"])
def test_an_option_is_no_phone(spy: Path, tmp_path: Path, serial: str) -> None:
    with pytest.raises(BadPlace, match="names no phone"):
        choose(str(tmp_path / "program"), serial)
    assert not spy.exists(), "nothing was run"


RUN = {
    "app/commands.py": 2,  # our own commands, with words of ours and `--` before a folder's name
    "app/jobs.py": 1,  # our own commands: see `orders`, whose places stand behind `--`
    "copier/workers.py": 1,  # our own module
    "places/rcloneclient.py": 2,  # `run`, which sets `--`; the server, which is told nothing of the user's
    "places/adbstream.py": 1,  # `Client.command`
    "places/candidates.py": 1,  # our own module, and a folder of the table of mounts, with its whole path, behind it
    "report/signatures.py": 1,  # ssh-keygen: paths are whole, and a name comes behind the option that takes it
    "places/adbclient.py": 4,  # serials: see `choose`; names go through standard input
}
"""Every call of a program, so that a new one is looked at for what the user or a file may put into its words."""


def test_no_program_is_run_that_was_not_looked_at() -> None:
    found: dict[str, int] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"os.system", "os.popen"} and not called.startswith(("os.exec", "os.spawn"))
                assert not any(key.arg == "shell" for key in node.keywords), "no shell anywhere"
                assert "subprocess_shell" not in called, "no shell anywhere"
                if (
                    called.startswith(("subprocess.", "asyncio.create_subprocess"))
                    and called != "subprocess.list2cmdline"
                ):
                    name = path.relative_to(PACKAGE).as_posix()
                    found[name] = found.get(name, 0) + 1
    assert found == RUN
