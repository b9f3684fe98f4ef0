"""auditor doctor: is everything there that an audit needs, and what to do about what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "doctor"
EXAMPLES = (
    ("auditor doctor", "is the phone seen, in which mode, and what to do"),
    ("auditor doctor --phone-script list.sh", "a script that makes the list on the phone itself"),
)


def command(
    phone_script: Annotated[
        Path | None, typer.Option(help="Write the script for phones that adb cannot reach to this file, and stop.")
    ] = None,
) -> None:
    """Looks for phones, clouds and tools: what is to be done?

    It changes nothing and asks no network.

    Exit codes: 0 also where there is something to do; 2 bad input.
    """
    from auditor.cli.work import doctor

    doctor.command(phone_script=phone_script)
