"""What a person sees while a phase works, and after it, on a real terminal of three widths."""

from __future__ import annotations

import os
import re
import struct
import sys
import time
from pathlib import Path

import pytest

from auditor.cli import screen as terminal
from auditor.cli import wrapped
from tests import media
from tests.copier.runs import write
from tests.report import sample
from tests.report.test_report import written

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


SAID = """
from auditor.cli import screen
from auditor.words import step
for line in {lines!r}:
    screen.say(line)
screen.next_step(step("clean", *{command!r}))
screen.to_copy("  Report   " + {path!r})
print(chr(4), end="", flush=True)
import time
time.sleep(30)
"""


def shown(width: int, work: str, seconds: float = 2.5) -> list[list[str]]:
    """The screens that followed each other in a window until so long after a program said that it stands still."""
    import fcntl
    import pty
    import termios

    pyte = pytest.importorskip("pyte", reason="pyte is not installed (pip install '.[test]')")
    pid, fd = pty.fork()
    if pid == 0:
        root = str(Path(__file__).parents[2])
        os.environ |= {"TERM": "xterm", "PYTHONPATH": root, "COLUMNS": str(width)}
        os.execv(sys.executable, [sys.executable, "-c", work])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    screen = pyte.Screen(width, 24)
    stream = pyte.ByteStream(screen)
    seen: list[list[str]] = []
    still = None
    try:
        while still is None or time.monotonic() < still + seconds:
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
    screens = shown(width, WORK.format(title=title))
    assert len(screens) > 4, "nothing moved for two seconds while nothing was done"
    for lines in screens:
        (line,) = lines
        assert len(line) <= width
        assert re.search("[\u2501\u2578\u257a-]{10}", line), line
        assert re.search(r"\d:\d\d:\d\d", line), line
        assert "400 of 1,000 files" in line
    if width == 200 and len(title) < 30:
        assert "IMG_444" in screens[-1][0]


CHECK = """
import sys, time
from auditor import cli
from auditor.report import provenance
def slow(folder):
    print(chr(4), end="", flush=True)
    time.sleep(30)
provenance.check = slow
sys.argv[1:] = ["report", {folder!r}, "--check"]
cli.main()
"""


def test_while_a_report_is_checked_something_moves(tmp_path: Path) -> None:
    folder = written(tmp_path, sample.database(), {}).parent
    screens = shown(100, CHECK.format(folder=str(folder)))
    assert len(screens) > 4 and all("Checking every file" in lines[-1] for lines in screens), screens


ENDED = """
from auditor.cli import screen
from auditor.scan.run import Progress
with screen.phase({title!r}) as show:
    show(Progress(12_345, 12_345, 123_000_000_000, 123_000_000_000, "IMG_1.jpg", {failed}, {cached}))
print(chr(4), end="", flush=True)
import time
time.sleep(30)
"""


@pytest.mark.parametrize("title", ["Reading phone", "Reading the backup in Fotos und Filme der Familie"])
@pytest.mark.parametrize(("cached", "failed"), [(0, 0), (70, 0), (12_000, 0), (0, 12), (12_000, 345)])
def test_what_is_left_of_a_phase_is_one_line(title: str, cached: int, failed: int) -> None:
    (line,) = shown(80, ENDED.format(title=title, cached=cached, failed=failed), 0.0)[-1]
    assert "12,345 files, 123 GB" in line and line.endswith(" s") and line.startswith("Reading ")
    assert not failed or f"{failed:,} could not be read" in line
    assert not cached or failed or len(title) > 24 or f"{cached:,} read before" in line


LINES = (
    "\u2717 NOT SAFE: 1,234 of 56,789 files are not safely backed up, and one has a name that is not short at all.",
    "  Besides  1,234 files in folders that the policy leaves out: not part of this verdict (files.csv, not_due)",
    "  Next     Delete nothing on the phone. Run `auditor backup /media/anna/phone /mnt/nas/photos`: it writes a whole"
    " copy. Keep the phone until an audit says that it is safe.",
    "  ERROR    missing-from-backup                3  3 files are not in the backup, and this says more of it.",
    "  \u5199\u771f   " + "\u5199\u771f\u5e33 " * 40,
)
PATH = "/media/anna/" + "a/very/long/path/" * 12 + "report.html"


@pytest.mark.parametrize("width", [80, 100, 200])
def test_words_are_whole_at_the_edge_of_a_window_and_paths_can_be_copied(width: int) -> None:
    screen = shown(width, SAID.format(lines=LINES, path=PATH, command=("found", "--choices", PATH[:150])), 0.0)[-1]
    words = {word for line in screen for word in line.split()}
    assert {word for line in LINES for word in line.split()} <= words
    assert any("`auditor backup /media/anna/phone /mnt/nas/photos`" in line for line in screen), "half a command"
    command = f"  Next     auditor clean found --choices {PATH[:150]}  Report"
    assert command in "".join(screen), "a command with a line break in it"
    assert "".join(screen).endswith(PATH), "a path with a line break in it"


JUDGED = """
from auditor.cli import screen
screen.verdict("? CANNOT SAY: nothing to check", "bold yellow")
for n in range({lines}):
    screen.say("  WARNING  some-rule")
screen.ending("  Report   audit/report.html")
print(chr(4), end="", flush=True)
import time
time.sleep(30)
"""


def test_the_verdict_is_in_the_window_at_the_end_once() -> None:
    for lines in (3, 18, 19, 20, 21, 22, 23, 24, 60):
        screen = shown(80, JUDGED.format(lines=lines), 0.0)[-1]
        verdicts = [line for line in screen if "CANNOT SAY" in line]
        assert len(verdicts) in ((1,) if lines < 18 or lines > 22 else (1, 2)), lines
        assert screen[-1] == "  Report   audit/report.html"


COMMAND = """
import sys
from auditor import cli
sys.argv = ["auditor", *{words!r}]
try:
    cli.main()
finally:
    print(chr(4), end="", flush=True)
    import time
    time.sleep(30)
"""
ENDS = (
    ("backup phone disk -o backed", "SAFE: ", "  Report   backed/report.html", None),
    ("verify disk -o verified.json", "NOT SAFE: 60 rotted", "  Report   verified.json", "repairs them"),
    ("audit phone disk -o audited", "NOT SAFE: 60 of 60", "  Report   audited/report.html", "auditor backup"),
    ("duplicates twice -o found", "", "  Look at  found/duplicates.html", "auditor clean found"),
    ("clean found", "30 files would go", None, "auditor clean found --apply"),
    ("clean found --apply", "30 files went", "  Delete   auditor clean --purge", None),
)


def test_every_window_ends_with_the_verdict_the_report_and_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(30):
        for name in (f"phone/DCIM/IMG_{number}.jpg", f"twice/IMG_{number}.jpg", f"twice/again/IMG_{number}.jpg"):
            write(tmp_path / name, media.jpeg(number, (64, 48)))
    for number in range(30, 60):
        write(tmp_path / f"phone/DCIM/IMG_{number}.jpg", media.jpeg(number, (64, 48)))
    for line, verdict, report, following in ENDS:
        if line.startswith("verify"):
            for copy in (tmp_path / "disk").rglob("*.jpg"):
                content, status = copy.read_bytes(), copy.stat()
                copy.write_bytes(content[:-9] + bytes(9))
                os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
        screen = shown(80, COMMAND.format(words=line.split()), 0.0)[-1]
        text = " ".join(word for row in screen for word in row.split())
        assert len(screen) <= 24 and verdict in text, (line, screen)
        last = [nth for nth, row in enumerate(screen) if row.startswith(("  Next", "  Report", "  Look", "  Delete"))]
        assert last[-1] >= len(screen) - 8, (line, screen)  # a step is broken at its places only, which are long here
        assert report is None or any(row.startswith(report) for row in screen), (line, screen)
        assert (following or "") in text.partition(" Next ")[2], (line, screen)


def test_what_goes_on_stands_under_the_last_column() -> None:
    assert wrapped.lines("  Next     one two three four five six", 36) == [
        "  Next     one two three four five",
        "           six",
    ]
    assert wrapped.lines("  one two three four", 12) == ["  one two", "three four"]


def test_nothing_is_broken_that_no_window_shows(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.reset()
    for line in LINES:
        terminal.say(line)
    # Older versions of rich leave out a space that ends a line.
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [line.rstrip() for line in LINES]
