"""Whether large results stay fluid in the app: `python -m benchmarks.report.in_app`, from the checkout.

A verdict with 100,000 findings, its files as pictures, and a search with 300 groups of duplicates, opened in Chromium
turn about: the page by itself, as a file, is the floor of the same page in the app's frame.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from benchmarks.report.run import page_now
from tests import browser, media
from tests.app.running import App, app

FINDINGS, GROUPS, RUNS = 100_000, 300, 5


def results(top: Path) -> tuple[str, str]:
    """The names of a verdict and of a search in the app's home of reports."""
    made = page_now(FINDINGS - 20, top).parent
    made.rename(top / "reports" / "audit-large")
    pictures = top / "pictures"
    pictures.mkdir()
    for number in range(GROUPS):
        original = pictures / f"IMG_{number:04}.jpg"
        original.write_bytes(media.jpeg(number, (320, 240)))
        with Image.open(original) as picture:
            picture.save(pictures / f"copy-{number:04}.jpg", quality=60)
    words = ["duplicates", str(pictures), "-o", str(top / "reports" / "duplicates-large")]
    subprocess.run([sys.executable, "-m", "auditor", *words], check=True, stdout=subprocess.DEVNULL)
    return "audit-large", "duplicates-large"


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def opened(page: browser.Page, url: str, in_frame: bool) -> float:
    """Seconds until a report is loaded and laid out, by itself or in the frame of the app's page."""

    def load() -> None:
        page.tab.goto(url)
        if in_frame:
            page.tab.locator("iframe").scroll_into_view_if_needed()
            frame = page.tab.locator("iframe").element_handle().content_frame()
            assert frame is not None
            frame.wait_for_load_state("load")
            frame.evaluate("document.documentElement.getBoundingClientRect().height")
        else:
            page.ask("document.documentElement.getBoundingClientRect().height")

    page.tab.goto("about:blank")
    return timed(load)


def files(running: App, name: str) -> list[float]:
    """Seconds for the first page of pictures, some next ones and the last, without the pictures themselves."""
    return [timed(lambda at=at: running.get(f"/results/{name}/files?from={at}")) for at in (0, 48, 96, 99_936, 144)]  # type: ignore[misc]


def main() -> None:
    if not browser.USABLE:
        sys.exit(browser.MISSING)
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        (top / "reports").mkdir()
        (top / "a.jsonl").write_text("\n")
        names = results(top)
        with app(top) as running, browser.browser() as page:
            page.size(1280, 800)
            page.tab.goto(running.link)
            page.tab.wait_for_url("**/")
            running.cookie = "; ".join(f"{one['name']}={one['value']}" for one in page.tab.context.cookies())
            at = f"http://{running.host}"
            for name, written in zip(names, ("report.html", "duplicates.html"), strict=True):
                alone = (top / "reports" / name / written).as_uri()
                times = [(opened(page, alone, False), opened(page, f"{at}/results/{name}", True)) for _ in range(RUNS)]
                floor, ours = (statistics.median(column) for column in zip(*times, strict=True))
                nodes = page.ask("document.querySelectorAll('*').length")
                print(f"{name}: {ours:.2f} s in the app ({nodes} elements around it), {floor:.2f} s by itself")
            first, *others = files(running, names[0])
            print(f"a page of pictures: the first {first:.2f} s, then {', '.join(f'{one:.3f}' for one in others)} s")
            memory = subprocess.run(
                ["ps", "-o", "rss=", "-p", str(running.process.pid)], capture_output=True, check=True
            )
            print(f"server: {int(memory.stdout) / 1024:.0f} MB")


if __name__ == "__main__":
    main()
