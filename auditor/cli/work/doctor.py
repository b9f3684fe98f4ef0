"""What `auditor doctor` does."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from auditor.cli import programs, screen
from auditor.errors import BadOutput
from auditor.places import doctor
from auditor.words import visible

_SIGNS = {
    doctor.State.READY: "✓",
    doctor.State.TO_DO: "!",
    doctor.State.MISSING: "-",
    doctor.State.UNKNOWN: "?",
}


def command(*, phone_script: Path | None) -> None:
    """As the command of this name in `auditor.cli` says."""
    if phone_script is not None:
        _write(phone_script)
        return
    told = doctor.examine()
    programs.tell(advice=list(map(asdict, told)))
    for advice in told:
        screen.say(f"{_SIGNS[advice.state]} {visible(advice.subject):<24} {visible(advice.sentence)}")
        if advice.remedy:
            screen.say(f"{'':<26} {visible(advice.remedy)}")


def _write(target: Path) -> None:
    if target.exists():
        raise BadOutput(f"{target} is there already; nothing is written over. Choose another name")
    try:
        target.write_bytes(doctor.phone_script())
    except OSError as error:
        raise BadOutput(f"{target} cannot be written: {error.strerror}") from error
    programs.tell(file=target.absolute())
    screen.to_copy(str(target))
