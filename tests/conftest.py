from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.golden_file import Golden

WANTING = ("not installed", "not here", "needs root", "needs /dev/fuse", "FUSE", "loop device", "mount", "come up")
"""Words of reasons that speak of something that a machine with every tool has."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Golden:
    return Golden(request.config.getoption("--update-golden"), tmp_path)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In CI, where every tool is installed, a test that is skipped for want of one fails the run."""
    if not os.environ.get("AUDITOR_CI"):
        return
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if any(word in reason for word in WANTING):
            terminalreporter.write_line(f"skipped in CI: {report.nodeid}: {reason}", red=True)
            terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keeps the lists of tests out of the user's cache, and out of each other's."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(folder))
    return folder
