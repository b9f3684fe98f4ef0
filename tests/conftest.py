from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.golden_file import Golden

MAY_BE_SKIPPED = ("Windows", "macOS", "AXE_JS", "not as root")
"""Words of reasons for which a test may be skipped even where every tool is installed."""


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
        if not any(word in reason for word in MAY_BE_SKIPPED):
            terminalreporter.write_line(f"skipped in CI: {report.nodeid}: {reason}", red=True)
            terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED  # type: ignore[attr-defined]
