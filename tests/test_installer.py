"""The program as people get it: made by PyInstaller for who has no Python, and installed by `uv tool` and `pipx`."""

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
    places = first_answers(made / "auditor-app", tmp_path)
    assert "disk, not there" not in places  # each is looked at by a process of its own


@pytest.mark.parametrize("tool", ["uv", "pipx"])
def test_an_installed_tool_serves_the_app(tool: str, tmp_path: Path) -> None:
    """As README says, of the wheel: `uv tool install` and `pipx install`."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", tool], check=True, timeout=600)
    subprocess.run(
        [python, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", tmp_path, ROOT], check=True, timeout=600
    )
    (wheel,) = tmp_path.glob("auditor-*.whl")
    words = ["tool", "install", "--python", str(python), str(wheel)] if tool == "uv" else ["install", str(wheel)]
    folders = {"UV_TOOL_DIR": "tools", "UV_TOOL_BIN_DIR": "bin", "PIPX_HOME": "tools", "PIPX_BIN_DIR": "bin"}
    environment = os.environ | {name: str(tmp_path / folder) for name, folder in folders.items()}
    environment.pop("PYTHONPATH", None)
    subprocess.run([python, "-m", tool, *words], env=environment, cwd=tmp_path, check=True, timeout=1800)
    program = tmp_path / "bin" / "auditor"
    help_ = subprocess.run(
        [program, "app", "--help"], env=bare(tmp_path), capture_output=True, text=True, timeout=120, check=True
    )
    assert "--install-launcher" in help_.stdout
    first_answers(program, tmp_path)


def first_answers(program: Path, cwd: Path) -> str:
    """Starts the app, goes in and loads the first page; returns what it says of places."""
    process = subprocess.Popen(
        [program, "app", "--no-browser"], cwd=cwd, env=bare(cwd), stdout=subprocess.PIPE, text=True
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
        cookie = {"cookie": answer.headers["set-cookie"].split(";")[0]}
        connection.request("GET", "/", headers=cookie)
        first = connection.getresponse()
        assert "<h1>Is my phone safe?</h1>" in first.read().decode()
        connection.request("GET", "/places", headers=cookie)
        places = connection.getresponse().read().decode()  # said by a command that it starts
        assert "ended without an answer" not in places
        assert "places" in places
        return places
    finally:
        process.terminate()
        process.wait(30)
