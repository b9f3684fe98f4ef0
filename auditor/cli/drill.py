"""auditor drill: can the backup be restored? A sample of it is, and the record is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "drill"
EXAMPLES = (
    ("auditor drill /mnt/disk/phone", "restore 50 files at random, compare them, keep the record"),
    ("auditor drill /mnt/disk/phone --sample 500 --in /mnt/other", "more of them, restored to another disk"),
    ("auditor seal drill-20260615T180000Z --key ~/.ssh/id_ed25519", "sign the record"),
)


def command(
    backup: Annotated[str, typer.Argument(metavar="BACKUP", help="A backup that `auditor backup` made.")],
    sample: Annotated[int, typer.Option(min=1, metavar="N", help="How many files, chosen at random.")] = 50,
    seed: Annotated[
        int | None, typer.Option(help="Choose the same files as a drill before, by its record.", show_default=False)
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option("--in", metavar="FOLDER", help="Where to restore to. [default: the folder for temporary files]"),
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", help="Folder of the record. [default: drill-<UTC time>]")] = None,
    hang: Annotated[float, typer.Option(min=1, help="Seconds without a sign of life until a file is given up.")] = 60,
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help="Worker processes. [default: one a core]")] = None,
) -> None:
    """Restores a random sample of a backup, and compares it.

    The files go into a new folder, each is read again there, and the folder is thrown away. Nothing in the backup is
    changed. The record (drill.json, drill.csv, SHA256SUMS) can be signed with `auditor seal`.

    Exit codes: 0 every file came back as it was stored; 1 some did not; 2 bad input; 130 stopped.
    """
    from auditor.cli.work import drill

    drill.command(backup=backup, sample=sample, seed=seed, work=work, out=out, hang=hang, jobs=jobs)
