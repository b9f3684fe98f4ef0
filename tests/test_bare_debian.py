"""README's two commands, as an ordinary user of a Debian where nothing but Python is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "bare"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SCRIPT.exists(), reason="the benchmarks are not part of an installed wheel"),
    pytest.mark.skipif(shutil.which("debootstrap") is None, reason="debootstrap is not installed"),
    pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="only root can make a chroot"),
]


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_readmes_commands_pass_on_a_bare_debian(suite: str) -> None:
    subprocess.run(["bash", str(SCRIPT), suite], check=True, timeout=3600)
