"""The options that every command has, before its name and after it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours (so do NO_COLOR and TERM=dumb).")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only the verdict, and what limits it.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Every check of an audit with its time, and findings in sentences.")
]


Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, and nothing else.")]
Events = Annotated[bool, typer.Option("--events", help="What happens as JSON Lines on stdout; Ctrl-C stops cleanly.")]


def configure(
    debug: Debug = False,
    no_color: NoColor = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Takes the options over; said before the command's name, they hold behind it too. That a program reads along is
    known from the command line itself (`programs.begin`)."""
    from auditor.cli import screen  # saying the version must not wait for it

    del as_json
    screen.configure(debug=debug, no_color=no_color, quiet=quiet, verbose=verbose)


def _with_events(events: Events = False) -> None:
    """The option of the commands that take long; it is known in the same way."""
    del events


def understood_by(command: Callable[..., Any], name: str, *, takes_long: bool = False) -> Callable[..., Any]:
    """The command with those options behind its own. `name` is what it is called, of a group with the word after it."""
    own = _parameters(command)
    ours = _parameters(configure)
    more = _parameters(_with_events) if takes_long else {}

    def called(**values: Any) -> Any:
        from auditor.cli import programs

        for option in more:
            values.pop(option)
        configure(**{option: values.pop(option) for option in ours})
        programs.named(name)
        return command(**values)

    parameters = {**own, **more, **ours}
    called.__name__, called.__doc__ = command.__name__, command.__doc__
    called.__annotations__ = {name: parameter.annotation for name, parameter in parameters.items()}
    called.__signature__ = inspect.Signature(list(parameters.values()))  # type: ignore[attr-defined]
    return called


def _parameters(command: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    hints = get_type_hints(command, include_extras=True)
    return {
        name: parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in inspect.signature(command).parameters.items()
    }
