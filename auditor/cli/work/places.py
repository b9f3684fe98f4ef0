"""What `auditor places` does."""

from __future__ import annotations

from dataclasses import asdict

from auditor import config
from auditor.cli import programs, screen
from auditor.places.candidates import Candidate, Presence, candidates
from auditor.words import day, size, visible


def command() -> None:
    """As the command of this name in `auditor.cli` says."""
    found = candidates(config.load().places)
    programs.tell(places=list(map(asdict, found)))
    for one in found:
        screen.say(line(one))
    if not found:
        screen.say("Nothing is plugged in or mounted, and your config has no places.")
        screen.say("`auditor doctor` says what to do about a phone.")


def line(one: Candidate) -> str:
    """One place on one line."""
    sort = one.role or one.sort
    name = one.name or visible(one.label)
    free = f", {size(one.free_bytes)} free" if one.free_bytes is not None else ""
    used = f", last used {day(one.used)} as {one.used_as}" if one.used and one.used_as else ""
    sign = {Presence.THERE: "✓", Presence.NOT_ASKED: "?"}.get(one.presence, "-")
    return f"{sign} {sort.value:<8} {name:<20} {visible(one.spec):<32} {one.presence.value}{free}{used}"
