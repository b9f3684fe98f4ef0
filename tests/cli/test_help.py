"""The help of a command loads nothing that only its work needs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from auditor import cli

HEAVY = {
    *("duckdb", "numpy", "pandas", "pyarrow", "scipy", "PIL", "pillow_heif", "imagehash", "exifread", "av"),
    *("jinja2", "rich", "asyncio", "multiprocessing", "urllib.request", "concurrent.futures"),
    *(f"auditor.{room}" for room in ("audit", "cleanup", "copier.execute", "database", "demo", "duplicates")),
    *(f"auditor.{room}" for room in ("isolation", "pictures", "scan", "scrub", "store")),
    "auditor.cli.work",
}
"""Each of them costs a help more than typer does, or leads to one that does."""

ASKED = """
import sys
from auditor.__main__ import main
sys.argv = ["auditor", *sys.argv[1:]]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
print("\\n".join(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_a_help_loads_nothing_heavy(name: str) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASKED, name, "--help"], capture_output=True, text=True, check=True, env=os.environ
    )
    assert "Usage" in asked.stdout
    assert not HEAVY & set(asked.stderr.split())
