"""SIGKILL at any moment: no wrong bytes under a final name, no line that lies, nothing left after the last run."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from auditor.store.generations import Store, left_rows
from tests.copier.runs import back_up, leftovers, lies, noise, tree, write
from tests.doubles.mounts import CHECKOUT

KILLS = 20
KILLS_LONG = 200

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def start(source: Path, dest: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.copier.drive", str(source), str(dest)],
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def journal_lies(dest: Path) -> list[str]:
    """Rows of journals that a killed run left, whose file is not as they say."""
    rows = [row for row in left_rows(Store(dest)) if row.sha256]
    return [r.path for r in rows if hashlib.sha256((dest / r.path).read_bytes()).hexdigest() != r.sha256]


def kill_often(tmp_path: Path, kills: int) -> None:
    source, dest = tmp_path / "phone", tmp_path / "backup"
    for number in range(120):
        write(source / f"DCIM/{number % 3}/IMG_{number}.jpg", noise(number, 1000 + 4001 * number))
    expected = tree(source)
    rnd = random.Random(5)
    begun = time.monotonic()
    assert start(source, dest).wait() == 0
    full_s = time.monotonic() - begun
    shutil.rmtree(dest)
    hit = 0
    for _ in range(kills):
        run = start(source, dest)
        time.sleep(rnd.uniform(0.2, 0.95) * full_s)
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            hit += 1
        run.wait()
        got = tree(dest) if dest.exists() else {}
        for path in leftovers(dest):
            got.pop(path.relative_to(dest).as_posix(), None)
        assert got == {path: expected.get(path) for path in got}
        if dest.exists():
            assert journal_lies(dest) == []
            assert lies(dest) == []
        if rnd.random() < 0.5 or len(got) == len(expected):
            shutil.rmtree(dest, ignore_errors=True)  # so that kills keep landing in the midst of the work
    assert hit >= kills // 3, "the kills came too late to mean anything"
    run = start(source, dest)
    time.sleep(0.5 * full_s)
    if run.poll() is None:
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert start(source, dest).wait() == 0
    assert tree(dest) == expected
    # Whose temporary files may lie here stays written down until the next run has looked.
    assert leftovers(dest) == [] and [p.name for p in (dest / ".auditor/journal").iterdir()] == ["unfinished"]
    assert lies(dest) == []
    assert tree(source) == expected
    assert back_up(source, dest).by_path == {}


def test_kills(tmp_path: Path) -> None:
    kill_often(tmp_path, KILLS)


@pytest.mark.slow
def test_many_kills(tmp_path: Path) -> None:
    kill_often(tmp_path, KILLS_LONG)
