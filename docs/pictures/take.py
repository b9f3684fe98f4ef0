"""Takes the pictures of README.md, of the demo: `poe pictures`. Needs Chromium, pyte, and a system with terminals."""

from __future__ import annotations

import fcntl
import html
import io
import os
import pty
import shutil
import struct
import sys
import tempfile
import termios
from itertools import groupby
from pathlib import Path
from urllib.parse import urlencode

import pyte
from PIL import Image

from auditor.words import size
from tests.app.running import app
from tests.browser import Page, browser

HERE = Path(__file__).parent
MOST_BYTES = 120_000
WINDOW = (40, 88)
"""Lines and columns."""
_COLOURS = {"red": "#ff8d9e", "green": "#8fd9a3", "default": "#e8eaed"}
_TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #16181d; } pre { margin: 0; padding: 22px 26px; width: max-content;
font: 16px/1.45 "DejaVu Sans Mono", monospace; color: #e8eaed; } b { font-weight: 700; }</style><pre>"""


def window(*words: str) -> str:
    """What a command leaves in a terminal's window, as a page."""
    rows, columns = WINDOW
    pid, fd = pty.fork()
    if pid == 0:
        os.environ |= {"TERM": "xterm-256color", "COLUMNS": str(columns), "PYTHONPATH": str(HERE.parents[1])}
        os.execv(sys.executable, [sys.executable, "-m", "auditor", *words])  # noqa: S606 - our own program
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    screen = pyte.Screen(columns, rows)
    stream = pyte.ByteStream(screen)
    try:
        while data := os.read(fd, 65536):
            stream.feed(data)
    except OSError:  # how a terminal of Linux ends
        pass
    os.waitpid(pid, 0)
    last = max(row for row in range(rows) if screen.display[row].strip())
    lines = [f"$ auditor {' '.join(words)}", *(_row(screen.buffer[row], columns) for row in range(last + 1))]
    return _TERMINAL + "\n".join(lines)


def _row(cells: dict[int, pyte.screens.Char], columns: int) -> str:
    made = ""
    for (colour, is_bold), run in groupby((cells[n] for n in range(columns)), lambda cell: (cell.fg, cell.bold)):
        text = html.escape("".join(cell.data for cell in run))
        text = f'<span style="color: {_COLOURS[colour]}">{text}</span>' if colour != "default" else text
        made += f"<b>{text}</b>" if is_bold else text
    return made.rstrip()


def take(page: Page, name: str, quality: int = 75) -> None:
    """The window as it is now, as WebP. Fails where it would be heavy to load."""
    shot = io.BytesIO(page.tab.screenshot())
    made = io.BytesIO()
    Image.open(shot).convert("RGB").save(made, "WEBP", quality=quality, method=6)
    weight = len(made.getvalue())
    if weight > MOST_BYTES:
        raise SystemExit(f"{name} would have {size(weight)}; show less, or with less quality")
    (HERE / name).write_bytes(made.getvalue())
    sys.stdout.write(f"{name}: {size(weight)}\n")


def main() -> None:
    """Takes all of them, in a folder that goes again."""
    with tempfile.TemporaryDirectory() as work, browser() as page:
        os.environ |= {f"AUDITOR_{what}_DIR": str(Path(work, what)) for what in ("STATE", "CACHE", "CONFIG")}
        os.chdir(work)
        window("demo", "-o", "demo")
        os.chdir("demo")
        shutil.rmtree("audit")  # the one that is shown is the first of its phone

        shown = Path("terminal.html")
        shown.write_text(window("audit", "phone", "backup", "--copy-by-hand", "-o", "report"), "utf-8")
        page.open(shown)
        page.size(
            *page.ask("[...document.querySelectorAll('pre')].flatMap((one) => [one.offsetWidth, one.offsetHeight])")
        )
        take(page, "terminal.webp")

        page.size(1160, 1330)
        page.open(Path("report/report.html"))
        take(page, "report.webp", 70)

        window("duplicates", "phone", "backup", "-o", "found")
        page.size(1160, 720)
        page.open(Path("found/duplicates.html"))
        page.tab.get_by_label("Find").fill("IMG_0019")  # the copy of it is smaller
        page.tab.locator("body").click(position={"x": 5, "y": 5})
        page.key("c")
        take(page, "duplicates.webp", 60)

        (reports := Path(work, "app", "reports")).mkdir(parents=True)
        phone, backup = Path("phone").resolve(), Path("backup").resolve()
        window("audit", str(phone), str(backup), "--copy-by-hand", "-o", str(reports / "audit"))
        with app(reports.parent) as running:
            at = f"http://{running.host}"
            page.size(1160, 475)  # what is plugged in here is nobody else's
            page.tab.goto(running.link)
            page.tab.wait_for_url(f"{at}/")
            page.tab.goto(f"{at}/?{urlencode({'phone': phone, 'backup': backup})}")
            page.tab.locator("ul.places").wait_for()
            take(page, "app-start.webp", 70)
            page.size(1160, 820)
            page.tab.goto(f"{at}/results/audit/files")
            while not page.ask("[...document.querySelectorAll('ul.grid img')].every((one) => one.complete)"):
                page.tab.wait_for_timeout(200)
            take(page, "app-files.webp", 60)


if __name__ == "__main__":
    main()
