"""The command line: one file a command. Only this package prints and exits."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from auditor import __version__
from auditor.errors import AuditorError

HELP = """Proves that every photo and video on a phone is safe in its backup, or says exactly which are not, and why.

A PLACE is a folder (a disk, a memory card, a NAS share), a manifest made earlier with `auditor scan`, or a word such
as adb:, mtp:, rclone:REMOTE:PATH, takeout:FOLDER, or a .zip or .tar file.

Exit codes: 0 safe; 1 not safe, or findings at or above --fail-on; 2 usage error, bad input or crash; 3 cannot say;
130 interrupted."""

COMMANDS = {
    "scan": "Lists a place: one row of facts a file, as a manifest.",
    "audit": "Lays the phone beside its backups: which files are safe, which are not, and why.",
    "backup": "Copies what the backup does not hold yet, reads every copy back, then audits both sides.",
    "restore": "Copies files out of a backup, with their original names, folders and dates.",
    "verify": "Reads a backup again, and tells rot from edits and losses.",
    "duplicates": "Finds files that show the same, proven on their pixels, and plans which copy to keep.",
    "clean": "Moves what a plan removes into a quarantine; deletes nothing.",
    "undo": "Puts every file that a clean-up moved back under its name and with its date.",
    "report": "Says the verdict of an audit made earlier, and whether its files are as they were written.",
    "doctor": "Looks for phones, clouds and tools, and says for each what to do.",
    "demo": "Makes a small phone and backup with a dozen kinds of trouble and more, and audits them.",
    "rules": "The checks of an audit: what they are, why, and whether they work.",
    "policy": "The policies of an audit: what must be backed up, and what counts as proof.",
    "manifest": "Lists: written for other tools, compared, and checked.",
}
"""What each command does, by its name, which is that of its module here too."""


def loaded(name: str) -> Any:
    """A command with its options, ready to run. Imports its module, and with it whatever the command works with."""
    module = import_module(f"auditor.cli.{name}")
    if hasattr(module, "app"):
        command = typer.main.get_command(module.app)
    else:
        from auditor.cli import screen

        one = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        one.command(name, epilog=screen.examples(module.EXAMPLES))(module.command)
        command = typer.main.get_command(one)
    command.name = name
    return command


class Commands(TyperGroup):
    """The commands by name. One is imported when it is asked for: saying the version must not wait for decoders."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in self.commands:
            self.commands[args[0]] = loaded(args[0])
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="auditor",
    cls=Commands,
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _summary in COMMANDS.items():
    app.command(_name, help=_summary)(lambda: None)  # its place in the help; Commands puts the real one there


def _version(wanted: bool) -> None:
    if wanted:
        print(f"auditor {__version__}")
        raise typer.Exit


@app.callback()
def _everywhere(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and stop.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours (so do NO_COLOR and TERM=dumb).")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the verdict line.")] = False,
) -> None:
    from auditor.cli import screen

    screen.configure(no_color=no_color, quiet=quiet)


INTERRUPTED = 130
STOPPED = "stopped. What was finished is kept; the same command goes on from there."


def main() -> None:
    """Runs a command and turns whatever stops it into one sentence and the contract's exit code."""
    try:
        app(standalone_mode=True)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:  # typer turns Ctrl-C into this, without a word
            _say(STOPPED)
        raise
    except AuditorError as error:
        _stop(str(error), error.exit_code)
    except KeyboardInterrupt:
        _stop(STOPPED, INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(2) from None
    except Exception as error:
        _stop(f"auditor itself failed ({type(error).__name__}: {error}). Run it with --debug to see where.", 2)
    finally:
        _deaf()


def _stop(sentence: str, code: int) -> None:
    if "--debug" in sys.argv:
        traceback.print_exc()
    _say(sentence)
    raise SystemExit(code)


def _say(sentence: str) -> None:
    _deaf()
    from auditor.cli import screen

    screen.error(sentence)


def _deaf() -> None:
    """All is done and only the last word is left to say: a further Ctrl-C must change neither it nor the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
