"""auditor clean: shows and carries out a plan of removals; into a quarantine, never away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "clean"
EXAMPLES = (
    ("auditor clean duplicates-20260615T180000Z", "what the plan would do"),
    ("auditor clean duplicates-20260615T180000Z --apply", "do it; auditor undo puts everything back"),
    ("auditor clean duplicates-20260615T180000Z --choices choices.json --apply", "do what you chose in its page"),
    (
        "auditor clean audit-20260615T180000Z --keep-newest 90d --apply",
        "free the phone of what is safe, but for 90 days",
    ),
    (
        "auditor clean --purge E:\\.auditor\\journal\\clean-X.journal --older-than 30d",
        "the only thing that deletes",
    ),
)


def command(
    plan_file: Annotated[
        Path | None,
        typer.Argument(metavar="PLAN", help="The folder or plan.csv of `auditor duplicates`, or an audit's folder."),
    ] = None,
    apply_it: Annotated[bool, typer.Option("--apply", help="Do it. Without this nothing is changed.")] = False,
    choices_file: Annotated[
        Path | None,
        typer.Option("--choices", metavar="FILE", help="What you chose in duplicates.html; only that goes."),
    ] = None,
    keep_newest: Annotated[
        str | None, typer.Option(help="Of an audit's folder: leave what is newer on the phone, such as 90d.")
    ] = None,
    as_shown: Annotated[
        str | None, typer.Option(metavar="SHA256", help="With --apply: only if just that goes which was shown.")
    ] = None,
    purge: Annotated[
        Path | None, typer.Option(metavar="JOURNAL", help="Delete what a former run put into quarantine.")
    ] = None,
    older_than: Annotated[str | None, typer.Option(help="With --purge: only what has been there longer: 30d.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help="Worker processes. [default: one a core]")] = None,
) -> None:
    """Moves what a plan removes into a quarantine.

    Each file goes into a dated folder inside its place, after the file that is kept for it was read again.
    `auditor undo` puts them back. Room is free only after `--purge`, which deletes them for good.

    PLAN is plan.csv or the folder it lies in: choose in its duplicates.html, save your choices there and name the file
    with `--choices`, or edit plan.csv. Or PLAN is an audit's folder: then what is safe to delete leaves the phone.

    Exit codes: 0 all done, or shown; 1 some files stayed, with the reason; 2 the plan was refused; 130 stopped.
    """
    from auditor.cli.work import clean

    clean.command(
        plan_file=plan_file,
        apply_it=apply_it,
        choices_file=choices_file,
        keep_newest=keep_newest,
        as_shown=as_shown,
        purge=purge,
        older_than=older_than,
        jobs=jobs,
    )
