"""The command line: one file a command. Only this package prints and exits."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated

import typer

from auditor import __version__
from auditor.cli import (
    audit,
    backup,
    clean,
    demo,
    doctor,
    duplicates,
    manifest,
    policy,
    report,
    restore,
    rules,
    scan,
    screen,
    undo,
    verify,
)
from auditor.errors import AuditorError

HELP = """Proves that every photo and video on a phone is safe in its backup, or says exactly which are not, and why.

A PLACE is a folder (a disk, a memory card, a NAS share), a manifest made earlier with `auditor scan`, or a word such
as adb:, mtp:, rclone:REMOTE:PATH, takeout:FOLDER, or a .zip or .tar file.

Exit codes: 0 safe; 1 not safe, or findings at or above --fail-on; 2 usage error, bad input or crash; 3 cannot say;
130 interrupted."""

app = typer.Typer(
    name="auditor",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = (
    scan,
    audit,
    backup,
    restore,
    verify,
    duplicates,
    clean,
    undo,
    report,
    doctor,
    demo,
)
for command in COMMANDS:
    app.command(command.NAME, epilog=screen.examples(command.EXAMPLES))(command.command)
for group in (rules, policy, manifest):
    app.add_typer(group.app, name=group.NAME)


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
    screen.configure(no_color=no_color, quiet=quiet)


INTERRUPTED = 130
STOPPED = "stopped. What was finished is kept; the same command goes on from there."


def main() -> None:
    """Runs a command and turns whatever stops it into one sentence and the contract's exit code."""
    try:
        app(standalone_mode=True)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:  # typer turns Ctrl-C into this, without a word
            screen.error(STOPPED)
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


def _stop(sentence: str, code: int) -> None:
    if "--debug" in sys.argv:
        traceback.print_exc()
    screen.error(sentence)
    raise SystemExit(code)
