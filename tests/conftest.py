from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.golden_file import Golden

settings.register_profile("the same examples every time", derandomize=True)
if os.environ.get("AUDITOR_CI"):  # what a search finds by chance stops nobody's change; it is found where one looks
    settings.load_profile("the same examples every time")

MAY_BE_SKIPPED = (
    "this kind of place cannot hold",
    "a listing of this kind of place cannot break off",
    "this file system",
    "the file system",
    "the temporary folder",
    "root writes into read-only folders",
    "the benchmarks are not part of an installed wheel",
)
"""How reasons begin that no tool could take away. Every other skip is for want of something that CI installs."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Golden:
    return Golden(request.config.getoption("--update-golden"), tmp_path)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In CI, where every tool is installed, a test that is skipped fails the run, but for the reasons above."""
    if not os.environ.get("AUDITOR_CI"):
        return
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple | list) else str(report.longrepr)
        if not reason.removeprefix("Skipped: ").startswith(MAY_BE_SKIPPED):
            terminalreporter.write_line(f"skipped in CI: {report.nodeid}: {reason}", red=True)
            terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keeps the lists of tests out of the user's cache, and out of each other's."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(folder))
    return folder


@pytest.fixture(autouse=True)
def own_interrupt() -> Iterator[None]:
    """A command that has ended hears no Ctrl-C any more; the next test, and what it starts, shall: also where pytest
    itself was started deaf to it, as what a shell puts in the background is."""
    before = signal.getsignal(signal.SIGINT)
    heard = signal.default_int_handler if before is signal.SIG_IGN else before
    signal.signal(signal.SIGINT, heard)
    yield
    signal.signal(signal.SIGINT, heard)
