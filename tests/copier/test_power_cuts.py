"""A power cut, without hardware: a reflinked copy of the disk's image, taken in the midst of a run.

The image lies on XFS; the copy holds what had reached the disk at that moment and nothing of what was in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor.model import FileFacts
from auditor.store.generations import Store, left_rows
from tests.copier.runs import back_up, leftovers, lies, noise, tree, write
from tests.doubles.mounts import CHECKOUT, disk, make_image, mounted_image, needs

CUTS = 2
CUTS_LONG = 30
FILES = 200


@dataclass
class Found:
    """What the cuts left, summed up."""

    right: int = 0
    wrong: int = 0
    lines: int = 0
    lying: int = 0


def cut_often(tmp_path: Path, cuts: int, *control: str, settle_s: float = 0.0) -> Found:
    needs("cp", "e2fsck", root=True)
    source = tmp_path / "phone"
    for number in range(FILES):
        write(source / f"DCIM/IMG_{number}.jpg", noise(number, 400_000))
    expected = tree(source)
    rnd = random.Random(11)
    found = Found()
    with disk(tmp_path, "xfs", "2G") as outer:
        fresh = outer / "fresh.img"
        make_image(fresh, "ext4", "400M")
        for _ in range(cuts):
            inner, after = outer / "inner.img", outer / "after.img"
            for image in (inner, after):
                image.unlink(missing_ok=True)
            subprocess.run(["cp", "--reflink=always", str(fresh), str(inner)], check=True)
            with mounted_image(inner, "ext4", tmp_path / "inner") as mount:
                run = subprocess.Popen(
                    [sys.executable, "-m", "tests.copier.drive", str(source), str(mount / "backup"), *control],
                    cwd=CHECKOUT,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                wait_for_files(mount / "backup", rnd.randrange(5, FILES))
                # Names reach the disk each second (commit=1), bytes much later unless they are synced.
                time.sleep(settle_s or rnd.choice([0.0, 1.1]))
                subprocess.run(["cp", "--reflink=always", str(inner), str(after)], check=True)
                run.kill()
                run.wait()
                time.sleep(0.3)  # its workers end with it
            subprocess.run(["e2fsck", "-fy", str(after)], capture_output=True)
            with mounted_image(after, "ext4", tmp_path / "after") as mount:
                look(mount / "backup", expected, found)
                if not control:
                    finish(source, mount / "backup", expected)
    return found


def wait_for_files(dest: Path, count: int) -> None:
    """Returns when so many files have their final name."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if sum(not p.name.startswith(".") for p in (dest / "DCIM").iterdir()) >= count:
                return
        time.sleep(0.005)


def look(dest: Path, expected: dict[str, bytes], found: Found) -> None:
    got = tree(dest) if dest.exists() else {}
    for path, content in got.items():
        if path in expected:
            found.right += content == expected[path]
            found.wrong += content != expected[path]
    rows: list[FileFacts] = []
    with contextlib.suppress(Exception):  # the control's manifest may be anything
        rows += left_rows(Store(dest))
    with contextlib.suppress(Exception):
        last = Store(dest).latest()
        rows += last.rows() if last else []
    for row in rows:
        if row.sha256:
            found.lines += 1
            content = got.get(row.path)
            found.lying += content is None or hashlib.sha256(content).hexdigest() != row.sha256


def finish(source: Path, dest: Path, expected: dict[str, bytes]) -> None:
    """The next run on the wreck makes it whole."""
    ran = back_up(source, dest)
    assert ran.failed == {}
    assert tree(dest) == expected
    assert leftovers(dest) == [] and lies(dest) == []


def test_power_cuts(tmp_path: Path) -> None:
    found = cut_often(tmp_path, CUTS)
    assert (found.wrong, found.lying) == (0, 0)
    assert found.right and found.lines


def test_the_control_without_sync_is_found_out(tmp_path: Path) -> None:
    needs("mkfs.xfs")
    for attempt in range(5):
        work = tmp_path / str(attempt)
        work.mkdir()
        found = cut_often(work, 1, "without-sync", settle_s=1.5 + attempt)
        shutil.rmtree(work / "phone")
        if found.wrong or found.lying:
            return
    raise AssertionError("a copier that never syncs passed: this test proves nothing here")


@pytest.mark.slow
def test_many_power_cuts(tmp_path: Path) -> None:
    found = cut_often(tmp_path, CUTS_LONG)
    assert (found.wrong, found.lying) == (0, 0)
    assert found.right and found.lines
