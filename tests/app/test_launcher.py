"""The entry among this computer's programs starts this very installation."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.app import launcher
from auditor.errors import BadOutput

linux = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="this kind of place cannot hold a desktop entry")


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


@linux
def test_it_starts_the_app(data: Path) -> None:
    path = launcher.install()
    assert path == data / "applications" / "auditor.desktop"
    entry = configparser.RawConfigParser(strict=True)
    entry.optionxform = str  # type: ignore[assignment,method-assign]
    entry.read_string(path.read_text("utf-8"))
    words = [word.strip('"') for word in entry["Desktop Entry"]["Exec"].split('" "')]
    assert words[-1] == "app"
    help_ = subprocess.run([*words, "--help"], capture_output=True, text=True, check=True).stdout
    assert "on this computer only" in help_
    assert Path(entry["Desktop Entry"]["Icon"]).is_file()


@linux
def test_the_systems_own_check_takes_it() -> None:
    if not (validator := shutil.which("desktop-file-validate")):
        pytest.skip("desktop-file-validate is not installed (desktop-file-utils)")
    told = subprocess.run([validator, launcher.install()], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "")


@linux
def test_an_earlier_one_is_replaced_and_anything_else_is_not(data: Path) -> None:
    path = launcher.install()
    path.write_text(path.read_text().replace(sys.executable, "/old/python"))
    assert sys.executable in launcher.install().read_text()
    path.write_text("[Desktop Entry]\nName=Mine\n")
    with pytest.raises(BadOutput):
        launcher.install()
    assert "Mine" in path.read_text()
    path.unlink()
    path.symlink_to(data / "elsewhere")
    with pytest.raises(BadOutput):
        launcher.install()
    assert not (data / "elsewhere").exists()


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_get_theirs(platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it holds; whether Windows and macOS take it, only these can say."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("APPDATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    path = launcher.install()
    assert tmp_path in path.parents
    assert sys.executable in path.read_text()
    assert " app" in path.read_text()
