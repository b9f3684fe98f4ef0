"""What `auditor seal` does."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from auditor.cli import programs, screen
from auditor.errors import BadPlace
from auditor.report import provenance, signatures, timestamps
from auditor.words import typed, visible


def command(*, folder: Path, key: Path | None, stamp_request: bool, stamp: Path | None) -> None:
    """As the command of this name in `auditor.cli` says."""
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
        screen.to_copy(f"  curl {visible(sent)} -o answer.tsr URL")
    if stamp is not None:
        taken = timestamps.take(folder, stamp)
        programs.tell(stamp=asdict(taken))
        screen.say(visible(taken.words))
    screen.to_copy(f"  Check    auditor report {visible(typed(str(folder)))} --check")
