"""auditor seal: who stands for an audit, and since when it has been as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "seal"
EXAMPLES = (
    ("auditor seal audit-20260615T180000Z --key ~/.ssh/id_ed25519", "sign it with an OpenSSH key"),
    ("auditor seal audit-20260615T180000Z --stamp-request", "write the request for a time-stamp"),
    ("auditor seal audit-20260615T180000Z --stamp answer.tsr", "put the authority's answer beside it"),
    ("auditor report audit-20260615T180000Z --check --signers anna.pub", "check all of it later"),
)


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of an audit.")],
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Sign with this key: of OpenSSH, or a secret key of minisign.")
    ] = None,
    stamp_request: Annotated[
        bool, typer.Option("--stamp-request", help="Write the request for a time-stamp (RFC 3161).")
    ] = False,
    stamp: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The answer of a time-stamp authority, to be kept with it.")
    ] = None,
) -> None:
    """Signs an audit, and takes a time-stamp over it.

    What is signed is SHA256SUMS, which names every other file with its digest. Nothing is sent anywhere: the request
    for a time-stamp and its answer are files.

    Exit codes: 0 done; 1 the audit was changed since it was written; 2 bad input.
    """
    from auditor.cli.work import seal

    seal.command(folder=folder, key=key, stamp_request=stamp_request, stamp=stamp)
