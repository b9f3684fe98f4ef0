"""Debian's Chromium, driven by Playwright: open a page, ask it, press keys."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Request, sync_playwright
from playwright.sync_api import Page as Tab

BINARY = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MISSING = "Chromium is not installed"
USABLE = BINARY is not None
_WAIT_MS = 120_000
"""A hundred thousand findings on a busy machine."""


class Page:
    """One tab. `trouble` gathers what the console, the exceptions and the security policy reported, and every request
    that would leave the file."""

    def __init__(self, browser: Browser) -> None:
        self.trouble: list[str] = []
        self._context = browser.new_context()
        self.tab = self.beside()

    def beside(self) -> Tab:
        """One more tab of the same browser."""
        tab = self._context.new_page()
        tab.set_default_timeout(_WAIT_MS)
        tab.on("pageerror", lambda error: self.trouble.append(str(error)))
        tab.on("console", self._heard)
        tab.on("request", self._requested)
        return tab

    def open(self, path: Path, fragment: str = "") -> None:
        """Loads a file and waits until its scripts have run."""
        for url in ("about:blank", path.resolve().as_uri() + fragment):  # only another fragment would load nothing
            self.tab.goto(url)

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page."""
        return self.tab.evaluate(expression)

    def size(self, width: int, height: int, dark: bool = False) -> None:
        self.tab.set_viewport_size({"width": width, "height": height})
        self.tab.emulate_media(color_scheme="dark" if dark else "light")

    def screenshot(self, path: Path, whole: bool = True) -> None:
        self.tab.screenshot(path=path, full_page=whole)

    def pdf(self, path: Path) -> None:
        self.tab.pdf(path=path, prefer_css_page_size=True)

    def key(self, key: str) -> None:
        self.tab.keyboard.press(key)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self.trouble.append(message.text)

    def _requested(self, request: Request) -> None:
        if not request.url.startswith(("file:", "data:", "about:")):
            self.trouble.append(f"a request to {request.url}")


@contextmanager
def browser() -> Iterator[Page]:
    """A fresh Chromium with an empty profile; ended when the block ends. As root it runs without its sandbox."""
    assert BINARY is not None
    with sync_playwright() as playwright:
        sandboxed = getattr(os, "getuid", int)() != 0
        chromium = playwright.chromium.launch(executable_path=BINARY, chromium_sandbox=sandboxed)
        try:
            yield Page(chromium)
        finally:
            chromium.close()
