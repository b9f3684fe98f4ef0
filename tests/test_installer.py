"""The program for people who have no Python: made by PyInstaller, and started where there is none."""

from __future__ import annotations

import os
import re
import subprocess
import venv
from http.client import HTTPConnection
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SPEC = ROOT / ".ci" / "installer" / "auditor.spec"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SPEC.exists(), reason="the recipe is not part of an installed wheel"),
    pytest.mark.skipif(os.name == "nt", reason="the recipe has not been tried on Windows"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the programs."""
    work = tmp_path_factory.mktemp("installer")
    venv.create(work / "venv", with_pip=True)
    python = work / "venv" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "pyinstaller>=6.10,<7", str(ROOT)], check=True, timeout=1800
    )
    subprocess.run(
        [python, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", SPEC], cwd=work, check=True, timeout=1800
    )
    return work / "dist" / "auditor"


def run(made: Path, *words: str, cwd: Path, name: str = "auditor") -> subprocess.CompletedProcess[str]:
    """It runs without Python, and without anything of this one."""
    return subprocess.run(
        [made / name, *words], cwd=cwd, env=bare(cwd), capture_output=True, text=True, timeout=600, check=False
    )


def bare(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": str(home), "LANG": "C.UTF-8"}


def test_it_works_without_python(made: Path, tmp_path: Path) -> None:
    demo = run(made, "demo", "-o", "demo", cwd=tmp_path)
    assert demo.returncode == 0, demo.stderr
    assert "works here" in demo.stdout
    backup = run(made, "backup", "demo/phone", "fresh", cwd=tmp_path)
    assert "Traceback" not in backup.stderr
    assert (tmp_path / "fresh" / "DCIM").is_dir(), backup.stderr


def test_a_double_click_serves_the_app(made: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [made / "auditor-app", "app", "--no-browser"],
        cwd=tmp_path,
        env=bare(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.fullmatch(r"http://([\d.:]+)(/enter\?link=\S+)\n", process.stdout.readline())
        assert found is not None
        connection = HTTPConnection(found[1], timeout=60)
        connection.request("GET", found[2])
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        connection.request("GET", "/places", headers={"cookie": answer.headers["set-cookie"].split(";")[0]})
        places = connection.getresponse().read().decode()  # said by a command that it starts
        assert "ended without an answer" not in places
        assert "places" in places
        assert "disk, not there" not in places  # each is looked at by a process of its own
    finally:
        process.terminate()
        process.wait(30)
