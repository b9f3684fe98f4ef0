"""What `auditor app` does."""

from __future__ import annotations

from auditor.app import launcher, run
from auditor.cli import programs, screen


def command(*, browser: bool, install_launcher: bool) -> None:
    """As the command of this name in `auditor.cli` says."""
    if install_launcher:
        path = launcher.install()
        programs.tell(file=path)
        screen.to_copy(str(path))
        return
    if browser:
        screen.note("Auditor opens in your browser. Ctrl-C ends it; what was started goes on.")
    run.run(screen.note if programs.is_wanted() else screen.to_copy, browser=browser)
