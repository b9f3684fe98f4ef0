"""What stands for a place on the command line: a PLACE, or its name in the user's config."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import config
from auditor.cli import screen
from auditor.config import Role
from auditor.errors import BadPlace
from auditor.words import typed, visible

if TYPE_CHECKING:
    from auditor.judge.policy import Policy
    from auditor.places import Place

HOW = "`auditor config add NAME PLACE --role phone` (or backup) tells auditor of a place"


def place(word: str) -> str:
    """The PLACE that a word names: that of the config which has this name, or the word itself.

    Raises: BadPlace where the word is a name and also something in the current folder: either may be meant; and where
    it is neither, but nearly a name: what is written must not go to a new folder because of a slip.
    """
    if not config.may_be_name(word):
        return word
    known = config.load()
    found = known.named(word)
    here = os.path.lexists(word)
    if found is None:
        near = [] if here else difflib.get_close_matches(word, [one.name for one in known.places], 1, 0.7)
        if near:
            raise BadPlace(
                f"nothing here is called {word}, and no place of your config; did you mean {near[0]}?"
                f" (a new folder of that name is {_here(word)})"
            )
        return word
    if here and Path(word).resolve() != Path(found.spec).resolve():
        raise BadPlace(
            f"{word} is a place of your config ({found.spec}), and something in this folder has that name too:"
            f" write {typed(found.spec)}, or {_here(word)}"
        )
    screen.note(f"{word}: {visible(found.spec)}")
    return found.spec


def places(words: Sequence[str]) -> list[str]:
    """`place` of each."""
    return [place(word) for word in words]


def name_of(spec: str) -> str | None:
    """The user's name for what a PLACE names; None where the config has none."""
    return config.load().name_of(spec)


def given() -> tuple[str, ...]:
    """All names that the user gave to places."""
    return tuple(one.name for one in config.load().places)


def called(place: Place) -> str:
    """What people are told that a place is called: as the user calls it, else as it calls itself."""
    return name_of(place.spec) or place.label


def called_folder(root: Path) -> str:
    """As `called`, of a folder that may not be there yet."""
    return name_of(str(root)) or root.name


def usual(source: str | None, backups: Sequence[str]) -> tuple[str, list[str]]:
    """The phone and its backups for an audit: what was named, and what was not by the config, if it has one phone.

    Raises: BadPlace where the config does not say, with what to do.
    """
    if source is not None and backups:
        return place(source), places(backups)
    known = config.load()
    phones, kept = known.of(Role.PHONE), known.of(Role.BACKUP)
    if source is None and not phones:
        raise BadPlace(
            f"name the phone and its backups: `auditor audit PHONE BACKUP`. {HOW}; then `auditor audit` does"
        )
    if source is None and len(phones) > 1:
        names = ", ".join(one.name for one in phones)
        raise BadPlace(f"your config has {len(phones)} phones ({names}): name one, `auditor audit {phones[0].name}`")
    if not kept:
        raise BadPlace(f"name a backup too: `auditor audit {typed(source or phones[0].name)} BACKUP`. {HOW}")
    return _of_config(phones[0]) if source is None else place(source), [_of_config(one) for one in kept]


def used(place: Place | None, role: Role) -> None:
    """Keeps in mind that a place was worked with, for `auditor places`; of a list nothing."""
    if place is not None:
        from auditor.places.candidates import remember_use

        remember_use(config.whole_spec(place.spec), role, datetime.now(UTC), held=_holds(place.local_root))


def _holds(folder: Path | None) -> bool:
    """Whether there is anything in a folder of this machine."""
    try:
        return folder is not None and any(folder.iterdir())
    except OSError:
        return False


def policy(name: str | None) -> Policy:
    """The policy that was named, else that of the config, else the usual one."""
    from auditor.judge import policy as policies

    return policies.load(name or config.load().policy or config.USUAL_POLICY)


def by(name: str | None = None) -> str | None:
    """Who makes an audit: who was named, else whom the config says; None where nobody is. Never the account's name."""
    return name or config.load().by


def home() -> Path:
    """Where reports without -o go: the home that the config says, else the current folder."""
    return config.load().reports or Path()


def homes(report: Path) -> tuple[Path, ...]:
    """Where the audits before one with this report may lie: beside it, and in the home that the config says."""
    kept = config.load().reports
    return tuple(dict.fromkeys((report.absolute().parent, *((kept,) if kept else ()))))


def _of_config(one: config.NamedPlace) -> str:
    screen.note(f"{one.name}: {visible(one.spec)}")
    return one.spec


def _here(word: str) -> str:
    return f".{os.sep}{word}"
