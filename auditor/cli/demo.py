"""auditor demo: a small phone and its backup with seeded trouble, audited; the program's check of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "demo"
EXAMPLES = (
    ("auditor demo", "make the demo in a new folder here, and audit it"),
    ("auditor demo -o try-it", "the same in the folder try-it"),
)


def command(
    out: Annotated[Path | None, typer.Option("-o", help="Folder to make. [default: auditor-demo-<UTC time>]")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help="Worker processes. [default: one a core]")] = None,
) -> None:
    """Makes a small phone and backup with trouble, audits them.

    More than a dozen kinds of trouble are seeded. The pictures and films are encoded on the spot. The audit must
    find exactly the trouble that was seeded.

    Exit codes: 0 it did (though the demo's backup is not safe: that is the point); 1 it did not; 2 bad input.
    """
    from auditor.cli.work import demo

    demo.command(out=out, jobs=jobs)
