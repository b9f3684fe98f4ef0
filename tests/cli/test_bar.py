"""What a person sees while a phase works, on a real terminal of three widths."""

from __future__ import annotations

import re
import struct
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")

WORK = """
import time
from auditor.cli import screen
from auditor.scan.run import Progress
with screen.phase({title!r}) as show:
    for n in range(1, 5):
        show(Progress(n * 100, 1000, n * 50_000_000, 500_000_000, "DCIM/Camera/a long folder/IMG_" + str(n) * 60, 3, 0))
        time.sleep(0.4)
    print(chr(4), end="", flush=True)
    time.sleep(30)
"""


def shown(width: int, title: str) -> list[list[str]]:
    """The screens that followed each other while a phase of ten parts did the first four and then stood still."""
    import fcntl
    import os
    import pty
    import termios

    pyte = pytest.importorskip("pyte", reason="pyte is not installed (pip install '.[test]')")
    pid, fd = pty.fork()
    if pid == 0:
        root = str(Path(__file__).parents[2])
        os.environ |= {"TERM": "xterm", "PYTHONPATH": root, "COLUMNS": str(width)}
        os.execv(sys.executable, [sys.executable, "-c", WORK.format(title=title)])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    screen = pyte.Screen(width, 24)
    stream = pyte.ByteStream(screen)
    seen: list[list[str]] = []
    still = None
    try:
        while still is None or time.monotonic() < still + 2.5:
            data = os.read(fd, 4096)
            if b"\x04" in data:
                still = time.monotonic()
                seen.clear()  # from here on nothing more is done
            stream.feed(data)
            lines = [line.rstrip() for line in screen.display if line.strip()]
            if lines and (not seen or seen[-1] != lines):
                seen.append(lines)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(fd)
    return seen


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize("title", ["Reading Anna's phone", "Reading " + "a very long label of a folder " * 5])
def test_bar_and_time_left_are_whole_in_one_line_and_something_moves(width: int, title: str) -> None:
    screens = shown(width, title)
    assert len(screens) > 4, "nothing moved for two seconds while nothing was done"
    for lines in screens:
        (line,) = lines
        assert len(line) <= width
        assert re.search("[\u2501\u2578\u257a-]{10}", line), line
        assert re.search(r"\d:\d\d:\d\d", line), line
        assert "400 of 1,000 files" in line
    if width == 200 and len(title) < 30:
        assert "IMG_444" in screens[-1][0]
