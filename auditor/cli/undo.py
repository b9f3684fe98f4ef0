"""auditor undo: puts back what `auditor clean` moved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "undo"
EXAMPLES = (("auditor undo D:\\Photos\\.auditor\\journal\\clean-X.journal", "every file back where it was"),)


def command(
    journal: Annotated[Path, typer.Argument(metavar="JOURNAL", help="The journal that `auditor clean` named.")],
) -> None:
    """Puts back what a clean-up moved.

    Every file gets its name and date again. It never replaces a file.

    Exit codes: 0 all are back; 1 some could not be put back, with the reason; 2 bad input; 130 stopped.
    """
    from auditor.cli.work import undo

    undo.command(journal=journal)
