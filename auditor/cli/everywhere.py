"""The options that every command has, before its name and after it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours (so do NO_COLOR and TERM=dumb).")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only the verdict, and what limits it.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every check of an audit with its time.")]


def configure(debug: Debug = False, no_color: NoColor = False, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """Takes the options over; said before the command's name, they hold behind it too."""
    from auditor.cli import screen  # saying the version must not wait for it

    screen.configure(debug=debug, no_color=no_color, quiet=quiet, verbose=verbose)


def understood_by(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with those options behind its own."""
    own = _parameters(command)
    ours = _parameters(configure)

    def called(**values: Any) -> Any:
        configure(**{name: values.pop(name) for name in ours})
        return command(**values)

    parameters = {**own, **ours}
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
