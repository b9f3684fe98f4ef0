"""What became of a job, in words, by the object with which its command ended (docs/automation.md)."""

from __future__ import annotations

from typing import Any

from auditor.app.jobs import Job, State, Told
from auditor.words import counted

_COUNTED = {
    "moved": "moved",
    "back": "put back",
    "deleted": "deleted for good",
    "restored": "restored",
    "there": "there already",
}
"""What results count (docs/automation.md), and what it means."""
_LEFT = ("stayed", "not_put_back", "not_restored", "not_copied")
_NAMED = (*_LEFT, "files", "edited", "arrived_damaged", "damaged_in_source")
"""The fields of results that name files with which something is wrong (docs/automation.md)."""
_PROBLEMS = 200
"""So many files are named that something is wrong with."""


def of(job: Job) -> str:
    """How it stands, in a sentence."""
    end = job.end()
    state = job.state(Told(end=end))
    return "At work." if state is State.RUNNING else sentence(job, state, end or {})


def sentence(one: Job, state: State, end: dict[str, Any]) -> str:
    """What became of it."""
    if told := end.get("sentence"):
        ours = state is State.STOPPED or end.get("gone")  # others may begin with a name
        return str(told)[:1].upper() + str(told)[1:] if ours else str(told)
    if state is State.KILLED:
        return "It was ended from outside, in the middle. What was done is kept."
    if end.get("removals") is not None:
        return f"{counted(would_go(end), 'file', 'files')} would go. Nothing was changed."
    words = _COUNTED | ({"deleted": "deleted for good before"} if one.command == "undo" else {})
    numbers = [f"{counted(end[key], 'file', 'files')} {words[key]}" for key in words if end.get(key)]
    lacking = [f"{counted(len(end[key]), 'file', 'files')} not" for key in _LEFT if end.get(key)]
    return f"{', '.join(numbers + lacking)}." if numbers or lacking else "Nothing was to be done."


def would_go(end: dict[str, Any]) -> int:
    """How many files of those that a look names are there to go."""
    return len(end.get("removals") or ()) - sum(end.get(why) or 0 for why in _NOT_GOING)


def problems(end: dict[str, Any]) -> list[tuple[str, str]]:
    """The files that a command named because something is wrong with them, and why."""
    named = [one for key in _NAMED for one in end.get(key) or [] if isinstance(one, dict) and "path" in one]
    return [(str(one["path"]), str(one.get("reason") or one.get("fate") or "")) for one in named[:_PROBLEMS]]


_STAY = {
    "too_new": ("file stays, being too new", "files stay, being too new"),
    "parted": ("file stays, belonging to one that may not go", "files stay, belonging to one that may not go"),
    "unread": (
        "file stays: it was not read and opened in that check",
        "files stay: they were not read and opened in that check",
    ),
}


_NOT_GOING = {
    "not_there": ("file is not there any more", "files are not there any more"),
    "not_looked_at": (
        "file could not be looked at, so nobody knows whether it is there: check the disk",
        "files could not be looked at, so nobody knows whether they are there: check the disk",
    ),
}


def stay(end: dict[str, Any]) -> list[str]:
    """Why files that are safe stay, and files that are named do not go, by an object of `clean`."""
    told = (end.get("stay") or {}) | {why: end.get(why) for why in _NOT_GOING}
    return [f"{counted(told[why], *words)}." for why, words in (_STAY | _NOT_GOING).items() if told.get(why)]
