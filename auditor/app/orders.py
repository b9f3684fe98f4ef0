"""What a button orders: the words of a command, and what people call it.

A page names places by what the user chose, and everything else by what this server knows itself: an audit in its home,
a job and what that said. No path of a page's making is moved, deleted or put back.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor import config
from auditor.app import jobs, results
from auditor.app.jobs import Job, State
from auditor.disk.folder import Folder
from auditor.errors import BadConfig
from auditor.words import visible

CHOICES = "choices.json"
"""What was chosen of a search for duplicates, beside its plan."""
DELETE = "delete"
"""What has to be typed before anything is deleted for good."""
WORDS = {"by_hand": "--copy-by-hand", "shrunk": "--shrunk", "new_place": "--new-place"}
"""What only the user can say, by the field of a form that says it: the option of the command that asks for it."""
SAID = "yes"
"""The value of such a field."""


class Refused(Exception):
    """Something cannot be ordered; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Order:
    """`words` are those of the command line, without the program's name."""

    words: tuple[str, ...]
    title: str


def understood(form: Mapping[str, Sequence[str]]) -> Order:
    """The order that a form of a page asks for.

    Raises: Refused where it asks for none that there is, or for something that is not there.
    """
    order = _ORDERS.get(_one(form, "order"))
    if order is None:
        raise Refused("There is no such button. Load the page again.")
    return order(form)


def label(spec: str) -> str:
    """What a place is called in a title: by the user's own name for it, else by the last part of its path. It is not
    looked into: one that hangs would keep the page waiting."""
    name = None
    with contextlib.suppress(BadConfig):  # whoever needs the config says what is wrong with it
        name = next((one.name for one in config.load().places if one.spec == spec), None)
    return visible(name or Path(spec).name or spec)


def _audit(form: Mapping[str, Sequence[str]]) -> Order:
    phone, backups = _phone(form), _backups(form)
    return Order(
        ("audit", *_words(form, "by_hand"), "--", phone, *backups),
        f"Checking {label(phone)} against {_and(map(label, backups))}",
    )


def _backup(form: Mapping[str, Sequence[str]]) -> Order:
    phone, backup = _phone(form), _backups(form)[0]
    return Order(
        ("backup", *_words(form, *WORDS), "--", phone, backup), f"Backing up {label(phone)} to {label(backup)}"
    )


def _verify(form: Mapping[str, Sequence[str]]) -> Order:
    backup = _backups(form)[0]
    return Order(("verify", "--", backup), f"Reading {label(backup)} again")


def _restore(form: Mapping[str, Sequence[str]]) -> Order:
    backup, target = _backups(form)[0], _one(form, "target")
    if not target:
        raise Refused("Choose the folder to restore to first.")
    return Order(("restore", "--", backup, target), f"Restoring {label(backup)} to {label(target)}")


def _duplicates(form: Mapping[str, Sequence[str]]) -> Order:
    places = [place for place in form.get("place", ()) if place]
    if not places:
        raise Refused("Choose a place to look for duplicates first.")
    return Order(("duplicates", "--", *places), f"Looking for duplicates in {_and(map(label, places))}")


def _choose(form: Mapping[str, Sequence[str]]) -> Order:
    folder = _result(form)
    try:
        chosen = (folder / CHOICES).read_bytes()
        # What is chosen later is not in it.
        as_shown = folder / f"choices-{hashlib.sha256(chosen).hexdigest()[:16]}.json"
        with contextlib.suppress(FileExistsError), Folder.open(folder) as opened:
            opened.write_new(as_shown.name, chosen)
    except FileNotFoundError as error:
        raise Refused("Decide on at least one group first.") from error
    return Order(("clean", "--choices", str(as_shown), "--", str(folder)), "Looking at what would go by your choices")


def _free(form: Mapping[str, Sequence[str]]) -> Order:
    days = _one(form, "days")
    if not days.isascii() or not days.isdigit():
        raise Refused("Say how many days of photos stay on the phone, as a number.")
    newest = ("--keep-newest", f"{int(days)}d") if int(days) else ()
    folder = _result(form)
    return Order(("clean", *newest, "--", str(folder)), f"Looking at what may go from {_phone_of(folder)}")


def _apply(form: Mapping[str, Sequence[str]]) -> Order:
    job = _job(form)
    end = job.end() or {}
    if not is_look(job) or end.get("event") != "result" or not end.get("removals_sha256"):
        raise Refused("Look at what would go first.")
    words = ("clean", "--apply", "--as-shown", str(end["removals_sha256"]), *job.words[1:])
    return Order(words, "Moving files to the quarantine")


def _undo(form: Mapping[str, Sequence[str]]) -> Order:
    return Order(("undo", "--", _journal(form)), "Putting everything back")


def _purge(form: Mapping[str, Sequence[str]]) -> Order:
    if _one(form, "typed").strip().lower() != DELETE:
        raise Refused(f"Type the word {DELETE} first. What is deleted is gone for good.")
    return Order(("clean", "--purge", _journal(form), "--older-than", "0d"), "Emptying the quarantine")


def _again(form: Mapping[str, Sequence[str]]) -> Order:
    job = _job(form)
    if not can_go_on(job):
        raise Refused("That has ended, and does not go on.")
    given = [word for word in _words(form, *WORDS) if not has_option(job, word)]
    if any(word != wanted(job.end()) for word in given):
        raise Refused("That was not asked for.")
    # With a word that it asked for, those before it were just said too. Else they may be old, and are not said again
    # by a button that does not name them: the command asks where it needs them.
    options = [word for word in _options(job) if given or word not in WORDS.values()]
    return Order((job.command, *given, *options, *job.words[1 + len(_options(job)) :]), job.title)


_ORDERS: dict[str, Callable[[Mapping[str, Sequence[str]]], Order]] = {
    "audit": _audit,
    "backup": _backup,
    "verify": _verify,
    "restore": _restore,
    "duplicates": _duplicates,
    "choose": _choose,
    "free": _free,
    "apply": _apply,
    "undo": _undo,
    "purge": _purge,
    "again": _again,
}


def heading(job: Job) -> str:
    """What a job is called: by what it does while it runs, and by what was done once it has ended."""
    if job.end() is None and job.is_alive:
        return job.title
    match job.command, list(map(label, job.places)):
        case "audit", [phone, *backups] if backups:
            return f"Check of {phone} against {_and(backups)}"
        case "backup", [phone, backup]:
            return f"Backup of {phone} to {backup}"
        case "verify", [backup]:
            return f"Second reading of {backup}"
        case "restore", [backup, target]:
            return f"Restore of {backup} to {target}"
        case "duplicates", places if places:
            return f"Search for duplicates in {_and(places)}"
        case "undo", _:
            return "What was put back"
        case "clean", _ if has_option(job, "--purge"):
            return "Emptied quarantine"
        case "clean", _ if has_option(job, "--apply"):
            return "Clean-up"
    looked_at = job.title.removeprefix("Looking at ")
    return looked_at[:1].upper() + looked_at[1:]


def can_go_on(job: Job) -> bool:
    """Whether a job that ended was not all done, and may be ordered again as it was. What deletes for good never, nor
    what moves files: what would go is shown anew."""
    if has_option(job, "--purge") or has_option(job, "--apply"):
        return False
    end = job.end()  # it may have said it, and not be gone yet
    if end is None:
        return not job.is_alive
    left = end.get("not_put_back") if job.command == "undo" else end.get("gone")
    return end["event"] != "result" or bool(left)


def ends_early(state: State, end: Mapping[str, Any]) -> bool:
    """Whether a job was ended in the middle, by whomever, and not by what it found."""
    return state in (State.STOPPED, State.KILLED) or bool(end.get("gone"))


def wanted(end: Mapping[str, Any] | None) -> str | None:
    """The word that a command which did not begin asks for, by the object with which it ended; None for none of
    ours."""
    told = (end or {}).get("wants")
    return told if told in WORDS.values() else None


def is_look(job: Job) -> bool:
    """Whether a job only shows what would go."""
    return job.command == "clean" and not has_option(job, "--apply") and not has_option(job, "--purge")


def has_option(job: Job, option: str) -> bool:
    """Whether a job's command line holds an option."""
    return option in _options(job)


def _options(job: Job) -> tuple[str, ...]:
    """What stands before the places in a job's command line."""
    return job.words[1 : job.words.index("--")] if "--" in job.words else job.words[1:]


def _one(form: Mapping[str, Sequence[str]], name: str) -> str:
    values = form.get(name) or ("",)
    if "\0" in values[0]:
        raise Refused("No name holds such a sign.")
    return values[0]


def _words(form: Mapping[str, Sequence[str]], *names: str) -> tuple[str, ...]:
    """What the user says, of what has these names, as options of a command."""
    return tuple(WORDS[name] for name in names if _one(form, name) == SAID)


def _phone(form: Mapping[str, Sequence[str]]) -> str:
    if not (phone := _one(form, "phone")):
        raise Refused("Choose the phone first.")
    return phone


def _backups(form: Mapping[str, Sequence[str]]) -> list[str]:
    if not (backups := [backup for backup in form.get("backup", ()) if backup]):
        raise Refused("Choose a backup first.")
    return backups


def _job(form: Mapping[str, Sequence[str]]) -> Job:
    if (job := jobs.find(_one(form, "job"))) is None:
        raise Refused("That is not known any more. Start from the first page.")
    return job


def _journal(form: Mapping[str, Sequence[str]]) -> str:
    journals = _job(form).reader().now().journals
    nth = _one(form, "nth") or "0"
    if not nth.isascii() or not nth.isdigit() or int(nth) >= len(journals):
        raise Refused("That clean-up has no such record.")
    return journals[int(nth)]


def _phone_of(audit: Path) -> str:
    """What an audit calls the phone, as a part of a title."""
    facts = results.record(audit).get("provenance") or {}
    return label(str(facts["source"])) if facts.get("source") else "the phone"


def _result(form: Mapping[str, Sequence[str]]) -> Path:
    if (folder := results.find(_one(form, "result"))) is None:
        raise Refused("That report is not there any more.")
    return folder


def _and(words: Any) -> str:
    *first, last = list(words)
    return f"{', '.join(first)} and {last}" if first else last
