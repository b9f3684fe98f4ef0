"""Ctrl-C ends every command with one sentence and the exit code 130, whatever it met."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

PRESSED = "lambda *_, **__: exec('raise KeyboardInterrupt')"
NAMED = f"type('Named', (), {{'__set_name__': {PRESSED}}})()"
WHERE = {
    "while a command runs": f"from auditor.cli import screen; screen.error('loaded'); auditor.cli.app = {PRESSED}",
    "while a class is made": f"auditor.cli.app = lambda **_: type('Made', (), {{'named': {NAMED}}})",
    "while the program loads": f"del auditor.cli.main; auditor.cli.__getattr__ = {PRESSED}",
}


@pytest.mark.parametrize("meets", WHERE.values(), ids=WHERE)
def test_ctrl_c_in_a_text_that_is_run_is_130_too(tmp_path: Path, meets: str) -> None:
    """Dataclasses are made by running a text: `python -m` would end by the signal where Ctrl-C comes just then."""
    lines = ("import auditor.cli", meets, "from auditor.__main__ import main", "main()")
    (tmp_path / "interrupted.py").write_text("\n".join(lines), "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(CHECKOUT)))}
    ended = subprocess.run([sys.executable, "-m", "interrupted"], env=environment, capture_output=True, timeout=120)
    assert ended.returncode == 130, ended.stderr


def test_what_is_its_own_cause_ends_too(tmp_path: Path) -> None:
    meets = "auditor.cli.app = lambda **_: exec('error = ValueError(1)\\nraise error from error')"
    lines = ("import auditor.cli", meets, "from auditor.__main__ import main", "main()")
    (tmp_path / "circle.py").write_text("\n".join(lines), "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(CHECKOUT)))}
    ended = subprocess.run([sys.executable, "-m", "circle"], env=environment, capture_output=True, timeout=60)
    assert ended.returncode == 2 and b"itself failed (ValueError" in ended.stderr
