"""auditor app: the same in a browser, without a terminal."""

from __future__ import annotations

from typing import Annotated

import typer

NAME = "app"
EXAMPLES = (
    ("auditor app", "opens your browser: choose phone and backup, press one button"),
    ("auditor app --no-browser", "prints a link that goes once, within a minute"),
    ("auditor app --install-launcher", "from then on it is a double click"),
)


def command(
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the browser, or only print the link.")
    ] = True,
    install_launcher: Annotated[
        bool, typer.Option("--install-launcher", help="Put Auditor among this computer's programs, and stop.")
    ] = False,
) -> None:
    """Opens all of this in your browser, on this computer only.

    It starts the commands that you know, shows what they say, and ends ten minutes after the last page and the last
    piece of work. What was started goes on without it. A second start opens a page of the first.

    Exit codes: 0 it ended, or another start serves; 2 it cannot be started.
    """
    from auditor.cli.work import in_browser

    in_browser.command(browser=browser, install_launcher=install_launcher)
