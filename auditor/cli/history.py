"""auditor history: the audits that were made, what they said, and what got better or worse between two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor.report import AUDITS_SHOWN

NAME = "history"
EXAMPLES = (
    ("auditor history", "the last audits of each phone, and how many photos were not safe"),
    ("auditor history audit-20260601T180000Z", "what changed since the audit before it"),
    ("auditor history audit-20260501T180000Z audit-20260601T180000Z", "what changed between the two"),
)


def command(
    audits: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[AUDIT] [LATER]", help="One audit's folder, to compare with the one before; or two."),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option("--in", metavar="DIR", help="Where audits lie. [default: the config's home, or here]"),
    ] = None,
    last: Annotated[int, typer.Option("--last", "-n", min=1, help="So many audits of each phone.")] = AUDITS_SHOWN,
) -> None:
    """Lists the audits that were made, and what got better or worse.

    Each phone has its line: how many of its photos and videos were not safe, audit by audit. Of two audits, every file
    is named that is safer or less safe in the later one, came, or is gone.

    Exit codes: 0 shown; 2 there is no such audit, or its table was changed.
    """
    from auditor.cli.work import history

    history.command(audits=audits, home=home, last=last)
