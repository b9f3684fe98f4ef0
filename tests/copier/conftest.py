"""Runs of the copier remember backups in the user's state folder; tests have one of their own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("AUDITOR_CACHE_DIR", str(tmp_path / "cache"))
