"""The help of a command loads nothing that only its work needs."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import pytest

from benchmarks.installation import help as measured

HEAVY = {
    *("duckdb", "numpy", "pandas", "pyarrow", "scipy", "PIL", "pillow_heif", "imagehash", "exifread", "av"),
    *("jinja2", "rich", "asyncio", "multiprocessing", "urllib.request", "concurrent.futures"),
    *(f"auditor.{room}" for room in ("audit", "cleanup", "copier.execute", "database", "demo", "duplicates")),
    *(f"auditor.{room}" for room in ("isolation", "pictures", "scan", "scrub", "store")),
    *("auditor.cli.work", "pydantic", "typer._adapters"),
}
"""Each of them costs a help more than typer does, or leads to one that does. What understands options (`pydantic`, in
newer ones of typer) is needed for none."""

COMMANDS = measured.commands()

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


OF_TYPER = "import sys, typer.main; print('\\n'.join(sys.modules), file=sys.stderr)"
"""Older ones load rich themselves."""


@cache
def loaded(code: str, *words: str) -> frozenset[str]:
    """The modules that a program has loaded when it ends; a help is on stdout."""
    asked = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert not words or "Usage" in asked.stdout
    return frozenset(asked.stderr.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_help_loads_nothing_heavy(name: str) -> None:
    assert not HEAVY & loaded(ASKED, *name.split(), "--help") - loaded(OF_TYPER)


def test_the_commands_of_a_group_are_among_those_whose_help_is_looked_at() -> None:
    assert {"audit", "config", "config add", "manifest export", "rules show", "policy show"} <= set(COMMANDS)


def test_a_group_without_a_word_shows_its_help_in_lines() -> None:
    asked = subprocess.run([sys.executable, "-m", "auditor", "config"], capture_output=True, text=True, check=False)
    shown = asked.stdout + asked.stderr
    assert "\nCommands:\n" in shown and "U+000A" not in shown
