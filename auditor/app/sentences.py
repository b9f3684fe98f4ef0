"""Sentences of commands as pages say them: to who presses buttons, and has perhaps never seen a terminal."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from types import MappingProxyType

MEANT = {
    "--copy-by-hand": ("It is a copy made by hand", "You say that the backup is a copy of yours, and no phone."),
    "--shrunk": ("Back up what is there now", "You say that the others were removed on purpose."),
    "--new-place": ("Make a new backup there", "You say that this is the place that you mean."),
}
"""By the word that a command wants: what the button says that gives it, and what is said with it."""
BUTTONS = {
    "audit": "“Check now” (at Start, {} as the phone)",
    "backup": "“Back up” (at Start, {} as the phone)",
    "clean": "“Move to the quarantine”",
    "config": "“Settings”",
    "duplicates": "“Look for duplicates” (under More at Start)",
    "history": "“History”",
    "restore": "“Restore” (under More at Start)",
    "undo": "“Undo” (under History)",
    "verify": "“Read again” (under More at Start)",
}
"""The commands that have a button, with what it is called and, where that is another page, where it is; {} is the first
place that the command names."""

_COMMAND = re.compile(
    r"(?:\b(?P<run>[Rr]un) (?:the same )?)?`auditor (?P<name>[a-z]+)(?P<rest>[^`]*)`(?: with its journal)?"
)
_TYPED = re.compile(r"`((?:auditor|rclone|pip|chmod|jmtpfs|--[a-z])[^`]*)`")
_OPTION = re.compile(rf"(?:\b(?P<give>add|audit with) )?(?P<word>{'|'.join(MEANT)})\b")
_PHRASES = {
    r" \(--[^()]*\)": "",  # a hint for who types
    r" Run it with --debug to see where\.": "",
    r"\bby --purge\b": "by “Empty the quarantine”",
    r"\b[Tt]he same command goes on\b": "“Go on” continues",
    r"\b[Tt]he same command\b(?= (?:begins|reads))": "“Go on”",
    r"\brun the same command again\b": "try again",
    r"\bRun the same command again\b": "Try again",
    r"\brun this again\b": "try again",
    r"(?<![/\w])audit (again|against)\b(?!\.\w)": r"check \1",
    r"(?<![/\w])Audit again\b(?!\.\w)": "Check again",
}
_UNKNOWN = {
    r" Name a list with --manifest, .*": (
        " Auditor can read again only what it backed up. Back the phone up to it once, then this works."
    ),
    r"; `auditor verify [^`]* --init` writes down what it holds now": "",
}
"""What is said of a folder that is no backup of ours, where a terminal knows more ways."""
_NONE: Mapping[str, str] = MappingProxyType({})


def said(sentence: str, buttons: Mapping[str, str] = _NONE) -> str:
    """The same sentence with buttons in place of commands and of options that buttons give. What only a terminal does
    says so. `buttons` are the page's own: what they say, by the whole command."""
    told = _replaced(_UNKNOWN, str(sentence))  # an odd record may hold something else
    told = _COMMAND.sub(lambda found: _pressed(found, buttons), told)
    told = re.sub("`([^`]*)`", r"“\1”", _TYPED.sub(r"“\1” in a terminal", told))
    told = _OPTION.sub(lambda found: f"{'press ' if found['give'] else ''}“{MEANT[found['word']][0]}”", told)
    return _replaced(_PHRASES, told)


def _replaced(phrases: Mapping[str, str], told: str) -> str:
    for phrase, ours in phrases.items():
        told = re.sub(phrase, ours, told)
    return told


def _pressed(found: re.Match[str], buttons: Mapping[str, str]) -> str:
    """What is pressed in place of a command that is found; the command itself where no button does it."""
    exact = buttons.get(f"auditor {found['name']}{found['rest']}")
    words = f"“{exact}”" if exact else _button(found["name"], found["rest"])
    if words is None:
        return found[0]
    return words if found["run"] is None else f"{'Press' if found['run'] == 'Run' else 'press'} {words}"


def _button(name: str, rest: str) -> str | None:
    """What the button of a command is called that has these words after its name; None where it does something else, or
    there is none."""
    try:
        words = shlex.split(rest, posix=False)  # a path of Windows keeps its backslashes
    except ValueError:
        words = rest.split()
    options = {word for word in words if word.startswith("-")}
    places = [word.strip("\"'") for word in words if word not in options]
    if name == "report" and options == {"--check"}:
        return "“What this report can be held to”"
    if name == "clean" and "--purge" in options:
        return "“Empty the quarantine”"
    if name not in BUTTONS or (name != "config" and not options <= MEANT.keys()):
        return None
    is_named = bool(places) and not (places[0].isalpha() and places[0].isupper())  # PHONE stands for any
    return BUTTONS[name].format(places[0]) if is_named else _without_place(BUTTONS[name])


def _without_place(button: str) -> str:
    return button.partition(" (")[0] if "{}" in button else button
