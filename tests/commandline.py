"""The program as a user runs it: a process of its own, its exit code and its two streams."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from auditor import cli
from auditor.words import typed


@dataclass(frozen=True)
class Run:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


def auditor(*words: str | Path, cwd: Path, **environment: str) -> Run:
    """Runs `auditor WORDS` in a folder; its cache lies there too."""
    done = subprocess.run(
        [sys.executable, "-m", "auditor", *map(str, words)],
        cwd=cwd,
        env={**surroundings(cwd), **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def whole(*places: str) -> str:
    """The places as reports name them in commands: by their whole paths, as they are typed."""
    return " ".join(typed(str(Path(place).absolute())) for place in places)


def surroundings(cwd: Path) -> dict[str, str]:
    """The environment of such a run: a cache of its own, and the very package that is under test (the checkout's, or
    an installed wheel's)."""
    package = Path(str(find_spec("auditor").origin)).parents[1]  # type: ignore[union-attr]
    return {**os.environ, "AUDITOR_CACHE_DIR": str(cwd / ".cache"), "PYTHONPATH": str(package)}


def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr of one command line, run inside this process: cheaper than a process of its own."""
    monkeypatch.setattr(sys, "argv", ["auditor", *words])
    try:
        cli.main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0
    else:
        code = 0
    out = capsys.readouterr()
    return code, out.out, out.err
