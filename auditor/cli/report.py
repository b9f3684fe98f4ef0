"""auditor report: the folder of an audit, or of a drill, made earlier."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "report"
EXAMPLES = (
    ("auditor report audit-20260615T180000Z", "say the verdict of that audit again"),
    ("auditor report audit-20260615T180000Z --check", "is every file of it still as it was written?"),
    ("auditor report audit-20260615T180000Z --xlsx audit.xlsx", "its tables for a spreadsheet"),
    ("auditor report audit-20260615T180000Z --certificate page.html", "one page to print, sign and file"),
)


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of an audit or of a drill.")],
    check: Annotated[bool, typer.Option("--check", help="Compare every file with SHA256SUMS.")] = False,
    alone: Annotated[
        bool, typer.Option("--alone", help="With --check: leave out the audits before it, which are read as a whole.")
    ] = False,
    signers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="With --check: whose signature it must have, a public key or allowed signers."
        ),
    ] = None,
    stamp_root: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --check: the time-stamp authority's certificate, as PEM.")
    ] = None,
    xlsx: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write its tables as a spreadsheet, a sheet each.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write one page to print: who, when, what, how, and the proof.")
    ] = None,
) -> None:
    """Says the verdict of an audit made earlier.

    With it, when it is true, what it does not say, what was found, and what to do.
    With --check, also whether its files are still as they were written, those of the audits before it (each audit names
    the one before by the digest of its seal), and whether its signature and time-stamp hold.
    With --alone the audits before it are left out.
    --xlsx and --certificate look at that too, and make nothing of files that were changed.

    Exit codes: 0 said, or unchanged; 1 changed, removed or added, or a seal that does not hold; 2 not an audit's
    folder.
    """
    from auditor.cli.work import report

    report.command(
        folder=folder,
        check=check,
        alone=alone,
        signers=signers,
        stamp_root=stamp_root,
        xlsx=xlsx,
        certificate=certificate,
    )
