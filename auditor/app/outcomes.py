"""What became of a job, in words, by the object with which its command ended (docs/automation.md)."""

from __future__ import annotations

import re
from typing import Any

from auditor.app import orders
from auditor.app.jobs import Job, State, Told
from auditor.words import counted, size

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
_FATES = {
    "lost": "is not there any more",
    "rotted": "changed by itself: test the disk",
    "spoilt": "is empty or damaged now",
    "overwritten": "another file lies in its place",
    "exchanged": "lies under another name",
    "edited": "was edited; the stored version is not here any more",
    "unreadable": "could not be read",
}
"""What is wrong with a file that `verify` names, by its fate; with those of other fates nothing is."""


def of(job: Job) -> str:
    """How it stands, in a sentence."""
    end = job.end()
    state = job.state(Told(end=end))
    return "At work." if state is State.RUNNING else " ".join([*did(end or {}), sentence(job, state, end or {})])


def sentence(one: Job, state: State, end: dict[str, Any]) -> str:
    """What became of it."""
    is_counted = one.command == "restore" and state is State.DONE and not end.get("gone")
    if (told := end.get("sentence")) and not is_counted:
        ours = state is State.STOPPED or end.get("gone")  # others may begin with a name
        if not orders.can_go_on(one):  # no button goes on with what moves or deletes files
            told = re.sub(r"[;.] [Tt]he same command goes on[^.]*", "", str(told))
        return str(told)[:1].upper() + str(told)[1:] if ours else str(told)
    if state is State.KILLED:
        return "It ended in the middle, without a word: this computer was switched off, say, or the program failed."
    if end.get("removals") is not None:
        return f"{counted(would_go(end), 'file', 'files')} would go. Nothing was changed."
    words = _COUNTED | ({"deleted": "deleted for good before"} if one.command == "undo" else {})
    numbers = [f"{counted(end[key], 'file', 'files')} {words[key]}" for key in words if end.get(key)]
    lacking = [f"{counted(len(end[key]), 'file', 'files')} not" for key in _LEFT if end.get(key)]
    return f"{', '.join(numbers + lacking)}." if numbers or lacking else "Nothing was to be done."


def did(end: dict[str, Any]) -> list[str]:
    """What a backup that came to its end copied and found, in sentences, by the object with which it ended: its own
    sentence there is the verdict of the check after it. None of any other."""
    if "copied" not in end or end.get("event") != "result" or end.get("gone"):
        return []
    copied, repaired, left_out = (end.get(name) or 0 for name in ("copied", "repaired", "left_out"))
    there = (end.get("held") or 0) + (end.get("unread") or 0)
    told = []
    if copied:
        told.append(f"{counted(copied, 'file', 'files')} copied{'' if repaired else _of_size(end)}.")
    if repaired:
        made = counted(repaired, "copy that was damaged or lost was", "copies that were damaged or lost were")
        told.append(f"{made} made anew{'' if copied else _of_size(end)}.")
    if copied and repaired:
        told.append(f"Together {size(end.get('bytes') or 0)}.")
    if there and not told and not end.get("not_copied"):
        all_there = "the one file was" if there == 1 else f"all {there:,} files were"
        told.append(f"Nothing had to be copied: {all_there} there already.")
    elif there:
        told.append(f"{counted(there, 'file was', 'files were')} there already.")
    if left_out:
        told.append(f"{counted(left_out, 'file was', 'files were')} left out, as the policy says.")
    return told


def _of_size(end: dict[str, Any]) -> str:
    return f", {size(end.get('bytes') or 0)}"


def would_go(end: dict[str, Any]) -> int:
    """How many files of those that a look names are there to go."""
    return len(end.get("removals") or ()) - sum(end.get(why) or 0 for why in _NOT_GOING)


def problems(end: dict[str, Any]) -> list[tuple[str, str]]:
    """The files that a command named because something is wrong with them, and why."""
    named = [one for key in _NAMED for one in end.get(key) or [] if isinstance(one, dict) and "path" in one]
    return [(str(one["path"]), _why(one)) for one in named if one.get("fate") is None or one["fate"] in _FATES]


def _why(named: dict[str, Any]) -> str:
    if (fate := named.get("fate")) is None:
        return str(named.get("reason") or "")
    return "; ".join(filter(None, [_FATES[fate], str(named.get("detail") or "")]))


_STAY = {
    "too_new": (
        "file stays, being too new: it was taken or written in the days that you keep",
        "files stay, being too new: they were taken or written in the days that you keep",
    ),
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


def doubts(end: dict[str, Any]) -> list[str]:
    """Why nothing goes by a backup that may be the phone, by an object of `clean`, and what helps: no button of that
    page says that it is a copy."""
    told = [f"{doubt['why']} {doubt['remedy']}" for doubt in end.get("doubts") or []]
    return [one.replace("audit with --copy-by-hand", _ONCE) for one in told]


_ONCE = "make a backup to it once from Start, then check again"


def stay(end: dict[str, Any]) -> list[str]:
    """Why files that are safe stay, and files that are named do not go, by an object of `clean`."""
    told = (end.get("stay") or {}) | {why: end.get(why) for why in _NOT_GOING}
    return [f"{counted(told[why], *words)}." for why, words in (_STAY | _NOT_GOING).items() if told.get(why)]
