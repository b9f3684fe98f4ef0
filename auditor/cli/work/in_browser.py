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
    except AuditorError as error:
        if browser and not sys.stderr.isatty():  # nobody would see the sentence
            with contextlib.suppress(OSError):
                run.show_failure(str(error))
        raise
    if is_ended:
        _end_without_threads()


def _end_without_threads() -> None:
    """The process ends soon, though a disk that hangs may keep threads for which Python would wait."""
    ending = threading.Timer(_ENDS_S, os._exit, (0,))
    ending.daemon = True
    ending.start()
