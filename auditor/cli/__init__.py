"""The command line: one file a command, with its help and its options. What it does then is there too or, where that
needs much, in the module of its name in `work`, which is imported when the command is carried out. Only this package
prints and exits."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from auditor import __version__
from auditor.cli import everywhere, programs
from auditor.errors import AuditorError
from auditor.words import visible

HELP = """Proves that every photo and video on a phone is safe in its backup, or says exactly which are not, and why.

A PLACE is a folder (a disk, a memory card, a NAS share), a manifest made earlier with `auditor scan`, or a word such
as adb:, mtp:, rclone:REMOTE:PATH, takeout:FOLDER, or a .zip or .tar file.

Exit codes: 0 safe; 1 not safe, or findings at or above --fail-on; 2 usage error, bad input or crash; 3 cannot say;
130 interrupted."""

COMMANDS = {
    "scan": "Lists a place: one row of facts a file.",
    "audit": "Says which files of a phone are safe in its backups.",
    "backup": "Copies what a backup lacks, then audits both sides.",
    "restore": "Gives a backup's files back, with names and dates.",
    "verify": "Reads a backup again: what rotted or got lost?",
    "drill": "Restores a random sample of a backup, and compares it.",
    "duplicates": "Finds files that show the same, and plans what could go.",
    "clean": "Moves what a plan removes into a quarantine.",
    "undo": "Puts back what a clean-up moved.",
    "report": "Says the verdict of an audit made earlier.",
    "seal": "Signs an audit, and takes a time-stamp over it.",
    "history": "Lists the audits that were made, and what got better or worse.",
    "app": "Opens all of this in your browser, on this computer only.",
    "places": "Lists the places that are there now, and those you named.",
    "doctor": "Looks for phones, clouds and tools: what is to be done?",
    "demo": "Makes a small phone and backup with trouble, audits them.",
    "config": "Your places by name, the policy, the home of reports.",
    "rules": "The checks of an audit: what they are, and why.",
    "policy": "What must be backed up, and what counts as proof.",
    "manifest": "Lists: checked, compared, written for other tools.",
}
"""What each command does, by its name, which is that of its module here too: the first line of its own help."""


_MODULES = {"app": "in_browser"}  # the name `app` is that of all commands here
LONG = ("scan", "audit", "backup", "restore", "verify", "drill", "duplicates", "clean", "undo", "manifest pictures")
"""Those that take long: they say what happens as events, too."""


class Group(TyperGroup):
    """Commands by name. Where the name of one is the first word, no option is before it that was to be understood, and
    a help need not wait for what understands options."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """That command's own context, where its name is the first word."""
        if not args or args[0] not in self.commands:
            return super().make_context(info_name, args, parent, **extra)
        above = self.context_class(self, parent, info_name=info_name, **self.context_settings)
        return self.named(args[0]).make_context(args[0], args[1:], above, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Runs what the context is of."""
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)

    def named(self, name: str) -> Any:
        """The command of that name."""
        return self.commands[name]


@cache
def loaded(name: str) -> Any:
    """A command with its options, ready to run. Imports its module, and with it whatever the command works with."""
    module = import_module(f"auditor.cli.{_MODULES.get(name, name)}")
    if hasattr(module, "app"):
        several = module.app
        several.callback(cls=Group)(everywhere.configure)
    else:
        from auditor.cli import screen

        several = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        several.command(name, epilog=screen.examples(module.EXAMPLES))(module.command)
    several.rich_markup_mode = app.rich_markup_mode
    for registered in several.registered_commands:
        words = f"{name} {registered.name}" if hasattr(module, "app") else name
        registered.callback = everywhere.understood_by(registered.callback, words, takes_long=words in LONG)
    command = typer.main.get_command(several)
    command.name = name
    return command


class Commands(Group):
    """The commands of auditor. One is imported when it is asked for: saying the version must not wait for decoders."""

    def named(self, name: str) -> Any:
        """The command of that name, and the screen as it is before any."""
        from auditor.cli import screen

        screen.reset()
        return loaded(name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in self.commands:
            self.commands[args[0]] = loaded(args[0])
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="auditor",
    cls=Commands,
    help=HELP,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _summary in COMMANDS.items():
    app.command(_name, help=_summary)(lambda: None)  # its place in the help; Commands puts the real one there


def _version(wanted: bool) -> None:
    if wanted:
        print(f"auditor {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _everywhere(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and stop.")
    ] = False,
    debug: everywhere.Debug = False,
    no_color: everywhere.NoColor = False,
    quiet: everywhere.Quiet = False,
    verbose: everywhere.Verbose = False,
    as_json: everywhere.Json = False,
) -> None:
    from auditor.cli import screen

    screen.reset()
    everywhere.configure(debug=debug, no_color=no_color, quiet=quiet, verbose=verbose, as_json=as_json)
    if context.invoked_subcommand is None:
        from auditor.cli import alone

        alone.show()


_UsageError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""typer's own error for the user; which library it is of differs by typer's version."""

INTERRUPTED = 130
_KEPT = {
    "scan": "What was read so far, if anything, is kept; the same command goes on from there.",
    "audit": "What was read so far, if anything, is kept; the same command goes on from there within a day.",
    "duplicates": "What was read so far, if anything, is kept; the same command goes on from there within a day.",
    "backup": "What was copied and read back, if anything, is kept; the same command goes on from there.",
    "drill": "What was restored is thrown away, and no record was written.",
    "restore": "What was restored, if anything, is kept; the same command goes on from there.",
    "verify": "What was read may not be written down; run the same command again.",
    "clean": "What was moved, if anything, is in the quarantine; `auditor undo` with its journal puts it back.",
    "clean --purge": "What was deleted is gone for good; what is left is in the quarantine.",
    "undo": "What was put back, if anything, stays there; the same command goes on with the others.",
    "demo": "The folder that it made is not complete: delete it.",
    "manifest": "What was to be written may not be complete: delete it.",
}
"""What a command that was stopped leaves, by its name; the others write nothing."""


def stopped() -> str:
    """What is so after Ctrl-C, of the command that was asked for: the first word that is no option."""
    return f"stopped. {_left()}"


def _left() -> str:
    name = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    if name == "clean" and "--purge" in sys.argv:
        name = "clean --purge"
    return _KEPT.get(name, "Nothing was written down.")


def main() -> None:
    """Runs a command and turns whatever stops it into one sentence and the contract's exit code."""
    try:
        programs.begin(sys.argv[1:])
        code = app(standalone_mode=False)
        if code == INTERRUPTED:  # typer turns Ctrl-C into this, without a word
            _stop(stopped(), INTERRUPTED)
        _deaf()
        programs.end(code if isinstance(code, int) else 0)
        raise SystemExit(code if isinstance(code, int) else 0)
    except _UsageError as error:
        _refuse(error)
    except AuditorError as error:
        _stop(str(error), error.exit_code)
    except KeyboardInterrupt:
        _stop(stopped(), INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(2) from None
    except Exception as error:
        if _is_of_ctrl_c(error):
            _stop(stopped(), INTERRUPTED)
        if isinstance(error, OSError) and isinstance(error.filename, str):
            said = f"{error.filename} cannot be used: {error.strerror}. Is its disk in order?"
            _stop(f"{said} {_left()}", 2)
        _stop(f"auditor itself failed ({type(error).__name__}: {error}). Run it with --debug to see where.", 2)
    finally:
        _deaf()


def _is_of_ctrl_c(error: BaseException | None) -> bool:
    """Whether Ctrl-C is what lies behind an error: Python 3.11 wraps whatever is raised while a class is being made."""
    seen: list[BaseException] = []
    while error is not None and error not in seen and not isinstance(error, KeyboardInterrupt):
        seen.append(error)  # an error can be its own cause
        error = error.__cause__
    return isinstance(error, KeyboardInterrupt)


def _stop(sentence: str, code: int) -> None:
    from auditor.cli import screen

    if screen.debug():
        screen.told(traceback.format_exc())
    _say(sentence)
    programs.fail(visible(sentence), code)
    raise SystemExit(code)


def _refuse(error: Any) -> None:
    """What typer says of words that it does not understand. They may be names of files, as a shell's `*` gives them."""
    from auditor.cli import screen

    is_help = type(error).__name__ == "NoArgsIsHelpError"  # its lines are ours
    for name, value in vars(error).items():  # a line break in a word would begin a line below
        if isinstance(value, str) and not is_help:
            setattr(error, name, visible(value))
    said = io.StringIO()
    error.show(file=said)
    screen.told(said.getvalue().expandtabs(2))  # typer lists choices behind tabs
    programs.fail(" ".join(error.format_message().split()), error.exit_code)
    raise SystemExit(error.exit_code)


def _say(sentence: str) -> None:
    _deaf()
    from auditor.cli import screen

    screen.error(sentence)


def _deaf() -> None:
    """All is done and only the last word is left to say: a further Ctrl-C must change neither it nor the exit code."""
    for number in programs.INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)
