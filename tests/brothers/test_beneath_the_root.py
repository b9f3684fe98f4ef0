"""All that backup, clean, undo, verify and restore do to the disk, as the kernel sees it, stays beneath their roots:
also while a folder is swapped for a link that leads elsewhere, again and again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cleanup.test_clean import PICTURE, row, write_plan
from tests.commandline import surroundings
from tests.copier.runs import noise, write
from tests.disk.test_escapes import swapping

pytestmark = pytest.mark.skipif(sys.platform != "linux" or not shutil.which("strace"), reason="needs strace")

CALLS = (
    "open,openat,openat2,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,mkdir,"
    "mkdirat,mknod,mknodat,utime,utimes,utimensat,futimesat,chmod,fchmodat,chown,lchown,fchownat,truncate"
)
WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")
LINE = re.compile(r"^(?:\[pid +\d+\] |\d+ +)?(\w+)\((.*)\) += +(?:0|[1-9]\d*(?:<(?P<opened>.*)>)?)$")
NAME = re.compile(r'(?:(AT_FDCWD|\d+)(?:<((?:[^>\\]|\\.)*)>)?, )?"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Change:
    """A call that changed something: its name, and the paths it named, from the folder they were relative to."""

    call: str
    paths: tuple[str, ...]


def changes(trace: str, cwd: Path) -> Iterator[Change]:
    """What succeeded and could change a folder, out of strace's lines (`-f -y`)."""
    for line in trace.splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        call, arguments = found[1], found[2]
        if call.startswith("open") and not WRITING.search(arguments.rpartition('"')[2]):
            continue
        if call == "utimensat" and '"' not in arguments:
            paths = [text[1] for text in re.finditer(r"^\d+<((?:[^>\\]|\\.)*)>", arguments)]
        elif call.startswith("open") and found["opened"]:
            paths = [found["opened"]]  # where the kernel says that it ended
        else:
            named = list(NAME.finditer(arguments))
            if call == "symlink":
                named = named[1:]
            paths = [os.path.join(name[2] or str(cwd), name[3]) for name in named]  # noqa: PTH118
        yield Change(call, tuple(path.removesuffix(" (deleted)") for path in paths))


def traced(words: list[str], cwd: Path, extra: dict[str, str]) -> list[Change]:
    """Runs a command under strace."""
    log = cwd / "trace.log"
    log.unlink(missing_ok=True)
    subprocess.run(
        ["strace", "-f", "-y", "-qq", "-s", "4096", "-o", str(log), "-e", f"trace={CALLS}", "-e", "signal=none",
         sys.executable, "-m", "auditor", *words],
        cwd=cwd,
        env={**surroundings(cwd), **extra},
        capture_output=True,
        timeout=300,
        check=False,
    )  # fmt: skip
    return list(changes(log.read_text("utf-8", "replace"), cwd))


def outside(found: list[Change], allowed: list[Path]) -> list[Change]:
    """The changes that end, with every link on the way followed, beneath none of the allowed folders."""
    roots = [str(path.resolve()) for path in allowed]

    def is_beneath(path: str) -> bool:
        whole = os.path.normpath(path)
        folder = os.path.realpath(os.path.dirname(whole))  # noqa: PTH120
        ends = (whole, os.path.join(folder, os.path.basename(whole)))  # noqa: PTH118, PTH119
        return all(any(end == root or end.startswith(root + "/") for root in roots) for end in ends)

    devices = re.compile(r"/dev/(null|tty|pts/\d+)|/dev/shm/|/proc/(self|\d+|thread-self)/|pipe:|socket:|anon_inode:")
    return [one for one in found if not all(is_beneath(p) or devices.match(p) for p in one.paths)]


@pytest.fixture
def room(tmp_path: Path) -> dict[str, str]:
    """Folders of the program's own, inside the test's."""
    own = {"TMPDIR": "tmp", "AUDITOR_STATE_DIR": "state", "AUDITOR_CACHE_DIR": "cache", "XDG_CACHE_HOME": "cache",
           "XDG_CONFIG_HOME": "config", "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip
    for name in ("tmp", "state", "cache", "config", "outside"):
        (tmp_path / name).mkdir()
    return {key: value if value == "1" else str(tmp_path / value) for key, value in own.items()}


def test_every_change_stays_beneath_its_roots(tmp_path: Path, room: dict[str, str]) -> None:
    own = [tmp_path / name for name in ("tmp", "state", "cache", "config")]
    phone, dest, elsewhere = tmp_path / "phone", tmp_path / "backup", tmp_path / "outside"
    for number in range(24):
        write(phone / f"DCIM/Camera/{number}.jpg", noise(number, 3_000))
    for number in range(13):
        write(phone / f"DCIM/same/{number}.jpg", PICTURE)
    (dest / "DCIM" / "Camera").mkdir(parents=True)
    back = tmp_path / "back"
    (back / "DCIM" / "Camera").mkdir(parents=True)
    found: dict[str, list[Change]] = {}

    def run(words: str, swapped: Path, *allowed: Path, when: Path | None = None) -> None:
        made: list[Change] = []
        for _ in range(20):  # it may meet the link at its first step, and refuses
            with swapping(swapped, elsewhere, when):
                made += traced(words.split(), tmp_path, room)
            if made:
                break
        assert made, f"{words}: strace saw no change at all"
        found[words] = outside(made, [*own, *allowed])

    digests = "--copy-by-hand --depth digests --no-audit"
    run(f"backup phone backup {digests}", dest / "DCIM" / "Camera", dest)
    run(f"backup phone backup {digests}", dest / ".auditor" / "journal", dest)
    run("verify backup", dest / ".auditor" / "manifests", dest)
    run("restore backup back", back / "DCIM" / "Camera", back)
    lines = [row(phone, f"DCIM/same/{number}.jpg", "DCIM/same/0.jpg") for number in range(1, 13)]
    plan = write_plan(tmp_path / "plan.csv", lines)
    run(f"clean {plan} --apply", phone / "DCIM" / "same", phone, when=phone / ".auditor" / "lock")
    for journal in (phone / ".auditor" / "journal").glob("clean-*"):
        run(f"undo {journal}", phone / ".auditor" / "quarantine", phone)
    assert {words: changes for words, changes in found.items() if changes} == {}
    assert list(elsewhere.rglob("*")) == []
    assert len(found) >= 4


def test_the_search_sees_a_change_that_leads_out(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as other:
        (tmp_path / "root").mkdir()
        (tmp_path / "root" / "link").symlink_to(other)
        trace = (
            f'12 openat(AT_FDCWD</x>, "{tmp_path}/root/a", O_WRONLY|O_CREAT, 0666) = 3<{tmp_path}/root/a>\n'
            f'12 openat(5<{tmp_path}/root>, "b", O_RDONLY) = 3<{tmp_path}/root/b>\n'
            f'12 openat(5<{tmp_path}/root>, "c", O_RDWR|O_CREAT) = -1 EEXIST (File exists)\n'
            f'12 unlinkat(5<{tmp_path}/root/link>, "theirs", 0) = 0\n'
            f'12 renameat2(5<{tmp_path}/root>, "a", 6<{other}>, "a", RENAME_NOREPLACE) = 0\n'
            f"12 utimensat(7<{other}/x>, NULL, [], 0) = 0\n"
            f'12 unlink("{tmp_path}/root/ok") = 0\n'
        )
        seen = list(changes(trace, tmp_path))
        assert [one.call for one in seen] == ["openat", "unlinkat", "renameat2", "utimensat", "unlink"]
        assert [one.call for one in outside(seen, [tmp_path / "root"])] == ["unlinkat", "renameat2", "utimensat"]
