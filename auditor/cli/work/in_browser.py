"""What `auditor app` does."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

from auditor.app import launcher, run
from auditor.cli import programs, screen
from auditor.errors import AuditorError

_ENDS_S = 3.0
"""Whatever can still be said is said by then."""
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
"""Where no other system has it for granted: what the environment holds if a browser can be seen."""


def command(*, browser: bool, install_launcher: bool) -> None:
    """As the command of this name in `auditor.cli` says."""
    if install_launcher:
        path = launcher.install()
        programs.tell(file=path)
        screen.to_copy(str(path))
        return
    if browser:
        screen.note("Auditor opens in your browser. Ctrl-C ends it; what was started goes on.")
    try:
        is_ended = run.run(screen.note if programs.is_wanted() else screen.to_copy, browser=browser)
    except Exception as error:  # whatever it is, somebody waits for a page
        if browser and _is_double_click():
            fault = f"auditor itself failed ({type(error).__name__}: {error}). `auditor app --debug` says where"
            with contextlib.suppress(OSError):
                run.show_failure(str(error) if isinstance(error, AuditorError) else fault)
        raise
    if is_ended:
        _end_without_threads()


def _is_double_click() -> bool:
    """Whether somebody started it who sees a screen, and nothing that is written."""
    is_read = any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    has_screen = sys.platform in ("win32", "darwin") or any(map(os.environ.get, _SCREENS))
    return has_screen and not is_read and not programs.is_wanted()


def _end_without_threads() -> None:
    """The process ends soon, though a disk that hangs may keep threads for which Python would wait."""
    ending = threading.Timer(_ENDS_S, os._exit, (0,))
    ending.daemon = True
    ending.start()
