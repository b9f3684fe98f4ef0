from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden_file import Golden


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Golden:
    return Golden(request.config.getoption("--update-golden"), tmp_path)
