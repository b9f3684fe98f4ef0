from __future__ import annotations

import os
import signal
from collections import Counter
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


INSTALLED_BY = (
    "CONTRIBUTING.md has one line that installs every tool on Debian; `pip install -e '.[test,cloud]'` the rest."
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was not tested, and for want of what. In CI, where every tool is installed, a skip fails the run but
    for the reasons above."""
    skipped = [(report.nodeid, _reason(report)) for report in terminalreporter.stats.get("skipped", [])]
    if not os.environ.get("AUDITOR_CI"):
        counts = Counter(reason for _, reason in skipped)
        if counts:
            terminalreporter.section("not tested here")
            for reason, count in counts.most_common():
                terminalreporter.write_line(f"{count:5,}  {reason}")
            terminalreporter.write_line(INSTALLED_BY)
        return
    for name, reason in skipped:
        if not reason.startswith(MAY_BE_SKIPPED):
            terminalreporter.write_line(f"skipped in CI: {name}: {reason}", red=True)
            terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED  # type: ignore[attr-defined]


def _reason(report: pytest.TestReport) -> str:
    said = report.longrepr[2] if isinstance(report.longrepr, tuple | list) else str(report.longrepr)
    return said.removeprefix("Skipped: ")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keeps the lists, notes and configs of tests out of the user's folders, and out of each other's."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(folder))
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path_factory.mktemp("state")))
    monkeypatch.setenv("AUDITOR_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
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
