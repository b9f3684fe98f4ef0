"""The program as a user runs it: a process of its own, its exit code and its two streams."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


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
        env={**os.environ, "AUDITOR_CACHE_DIR": str(cwd / ".cache"), "PYTHONPATH": _here(), **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def _here() -> str:
    """Where the package under test was imported from: the checkout, or an installed wheel."""
    import auditor as package

    return str(Path(package.__file__).parents[1])
