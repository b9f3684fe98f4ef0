"""auditor verify: a backup is read again and compared with what was written down when it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "verify"
EXAMPLES = (
    ("auditor verify /mnt/disk/phone", "read all of it"),
    ("auditor verify /mnt/disk/phone --budget 10m", "as much as ten minutes allow, the longest unread first"),
    ("auditor verify /mnt/disk/phone --sample 5% -o verify.json", "a part, and what it says of the whole, in a file"),
    ("auditor verify /mnt/disk/photos --init", "write down what a folder holds now"),
)


def command(
    backup: Annotated[str, typer.Argument(metavar="BACKUP", help="The backup's folder.")],
    manifest: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Compare with this manifest, not the backup's own last one.")
    ] = None,
    sample: Annotated[str | None, typer.Option(metavar="N|P%", help="Only so many files, the longest unread.")] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only files not read for so long: 30d, 12w, 1y.")
    ] = None,
    budget: Annotated[str | None, typer.Option(metavar="TIME", help="Stop after so long: 10m, 2h.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", metavar="FILE", help="Also write what was found to this new file, as JSON.")
    ] = None,
    init: Annotated[bool, typer.Option("--init", help="Make the first manifest of a folder: read all of it.")] = False,
    hang: Annotated[float, typer.Option(min=1, help="Seconds without a sign of life until a file is given up.")] = 60,
) -> None:
    """Reads a backup again: what rotted or got lost?

    The bytes come from the device itself where possible. A file whose bytes changed while its date did not has
    rotted; one with another date that is empty or damaged now was spoilt, not edited: run `auditor backup` to repair
    both.

    Exit codes: 0 all as stored (new and moved files are told); 1 rotted, spoilt, overwritten, exchanged, lost, or
    the last manifest is missing or was changed; 2 bad input; 3 files could not be read, or were edited, so that the
    version that was stored is not here any more; 130 stopped.
    """
    from auditor.cli.work import verify

    verify.command(
        backup=backup,
        manifest=manifest,
        sample=sample,
        older_than=older_than,
        budget=budget,
        out=out,
        init=init,
        hang=hang,
    )
