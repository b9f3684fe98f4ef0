"""auditor seal: who stands for an audit, and since when it has been as it is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import programs, screen
from auditor.errors import BadPlace
from auditor.report import provenance, signatures, timestamps
from auditor.words import typed, visible

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
    if key is None and not stamp_request and stamp is None:
        raise BadPlace("nothing to do: name --key FILE, --stamp-request or --stamp FILE")
    changed = provenance.check(folder)
    programs.tell(folder=folder.absolute(), touched=list(map(asdict, changed)))
    if changed:
        for item in changed:
            screen.say(f"{item.difference}: {visible(item.path)}")
        screen.error("this audit was changed after it was written: it is not sealed. Audit again")
        raise typer.Exit(1)
    if key is not None:
        signed = signatures.sign(
            folder, key, lambda: str(typer.prompt("Password of the key", hide_input=True, err=True))
        )
        programs.tell(signature=signed.absolute())
        screen.say(f"Signed: {visible(str(signed))}")
    if stamp_request:
        request = timestamps.request(folder)
        programs.tell(request=request.absolute())
        screen.say(f"Request: {visible(str(request))}")
        screen.say("  Send it to an authority that you trust, and keep its answer with --stamp:")
        sent = f"--data-binary @{typed(str(request))} -H 'Content-Type: application/timestamp-query'"
        screen.say(f"  curl {visible(sent)} -o answer.tsr URL")
    if stamp is not None:
        taken = timestamps.take(folder, stamp)
        programs.tell(stamp=asdict(taken))
        screen.say(visible(taken.words))
    screen.say(f"  Check    auditor report {visible(typed(str(folder)))} --check")
