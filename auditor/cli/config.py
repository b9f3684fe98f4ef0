"""auditor config: places by name, the policy, the home of reports and who audits, set once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auditor import config
from auditor.cli import programs, screen
from auditor.config import Role
from auditor.errors import BadConfig, BadOutput
from auditor.paths import typed_path
from auditor.words import visible

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

NAME = "config"

app = typer.Typer(
    name=NAME,
    no_args_is_help=True,
    add_completion=False,
    help="Your places by name, the policy, the home of reports.",
)


class Key(StrEnum):
    """What `set` and `unset` take."""

    POLICY = "policy"
    REPORTS = "reports"
    BY = "by"


@app.command("show", epilog=screen.examples((("auditor config show", "what is set, and where it is kept"),)))
def show() -> None:
    """Shows what is set.

    Exit codes: 0 shown; 2 the config cannot be understood, or is not your own.
    """
    known = config.load()
    programs.tell(file=config.path(), **asdict(known))
    for place in known.places:
        screen.say(f"{place.role.value:<8} {place.name:<15} {visible(place.spec)}")
    if known.policy:
        screen.say(f"policy   {visible(known.policy)}")
    if known.reports:
        screen.say(f"reports  {visible(str(known.reports))}")
    if known.by:
        screen.say(f"by       {visible(known.by)}")
    if known == config.Config():
        screen.say("Nothing is set.")
    screen.note(f"Kept in {visible(str(config.path()))}")


@app.command("path", epilog=screen.examples((("auditor config path", "the file, to edit or to copy"),)))
def path() -> None:
    """Says where the config is kept, or would be.

    Exit codes: 0 said.
    """
    programs.tell(file=config.path())
    screen.say(visible(str(config.path())))


@app.command(
    "add",
    epilog=screen.examples(
        (
            ("auditor config add anna adb: --role phone", "the phone on the cable is called anna from now on"),
            ("auditor config add nas /mnt/nas/photos --role backup", "then: auditor audit anna nas"),
        )
    ),
)
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, -, _ and . (at most 40).")],
    place: Annotated[str, typer.Argument(metavar="PLACE", help="The place; it need not be there now.")],
    role: Annotated[Role, typer.Option(help="What it is.")],
) -> None:
    """Gives a place a name, by which every command takes it.

    Exit codes: 0 added; 2 the name is taken or cannot be one, or the config cannot be written.
    """
    if not config.may_be_name(name):
        raise BadConfig(f"{name!r} cannot be a place's name: use letters, digits, -, _ and ., at most 40")
    if (taken := config.load().named(name)) is not None:
        raise BadConfig(f"{name} is {taken.spec} already; `auditor config remove {name}` takes the name away")
    spec = config.whole_spec(place)

    def edit(document: TOMLDocument) -> None:
        import tomlkit

        table = tomlkit.table()
        table["spec"], table["role"] = spec, role.value
        if "places" not in document:
            document["places"] = tomlkit.table(is_super_table=True)
        places: Any = document["places"]
        places[name] = table

    _changed(edit)
    screen.say(f"{role.value:<8} {name:<15} {visible(spec)}")


@app.command("remove", epilog=screen.examples((("auditor config remove anna", "the name goes, and nothing else"),)))
def remove(name: Annotated[str, typer.Argument(metavar="NAME", help="The place's name.")]) -> None:
    """Takes a place's name away. Nothing in the place changes.

    Exit codes: 0 removed; 2 there is no such name, or the config cannot be written.
    """
    known = config.load()
    if known.named(name) is None:
        names = ", ".join(place.name for place in known.places)
        raise BadConfig(f"your config has no place {name}" + (f"; it has {names}" if names else ""))

    def edit(document: TOMLDocument) -> None:
        places: Any = document["places"]
        del places[name]

    _changed(edit)


@app.command(
    "set",
    epilog=screen.examples(
        (
            ("auditor config set reports ~/audits", "where reports go, if no -o says otherwise"),
            ("auditor config set policy office", "the policy, if no --policy says otherwise"),
            ('auditor config set by "Anna Berg"', "who makes the audits, as their records say it"),
        )
    ),
)
def set_one(
    key: Annotated[Key, typer.Argument(metavar="policy|reports|by", help="What to set.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="A policy's name or file; a folder; or a person.")],
) -> None:
    """Sets the policy, the home of reports, or who audits.

    Exit codes: 0 set; 2 there is no such policy, no reports can be put in that folder, or the config cannot be written.
    """
    if key is Key.POLICY:
        from auditor.judge import policy

        policy.load(value)
    is_path = key is Key.REPORTS or (key is Key.POLICY and value.endswith(".toml"))
    said = str(typed_path(value).absolute()) if is_path else value

    if key is Key.REPORTS:
        _try_out(Path(said))

    def edit(document: TOMLDocument) -> None:
        document[key.value] = said

    _changed(edit)
    screen.say(f"{key.value:<8} {visible(said)}")


def _try_out(folder: Path) -> None:
    """Makes the folder, and a file in it for a moment. Raises: BadOutput where that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadOutput(
            f"no reports can be put in {folder}: {error.strerror}; connect its disk, or name another folder"
        ) from error


@app.command("unset", epilog=screen.examples((("auditor config unset policy", "as if it had never been set"),)))
def unset(key: Annotated[Key, typer.Argument(metavar="policy|reports|by", help="What to unset.")]) -> None:
    """Forgets the policy, the home of reports, or who audits.

    Exit codes: 0 unset, or was not set; 2 the config cannot be written.
    """
    if getattr(config.load(), key.value) is not None:
        _changed(lambda document: document.remove(key.value))


def _changed(edit: Callable[[TOMLDocument], object]) -> None:
    """Changes the file; programs are told all that it says from then on."""
    programs.tell(file=config.path(), **asdict(config.change(edit)))
