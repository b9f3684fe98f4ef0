"""auditor duplicates: what is there twice, what is kept and why, and a plan to free the space."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "duplicates"
EXAMPLES = (
    ("auditor duplicates D:\\Photos", "what is there twice or more in one folder"),
    (
        "auditor duplicates /media/disk1 --reference /mnt/nas",
        "what of the disk is on the NAS too; the NAS stays as it is",
    ),
    ("auditor clean duplicates-20260615T180000Z", "look at the plan; --apply carries it out"),
)


def command(
    place: Annotated[list[str], typer.Argument(metavar="PLACE", help="Where to look; the first is preferred.")],
    out: Annotated[
        Path | None, typer.Option("-o", help="Folder of the result. [default: duplicates-<UTC time>]")
    ] = None,
    reference: Annotated[
        list[str] | None, typer.Option(help="A place to compare with that nothing may change. May be repeated.")
    ] = None,
    policy_name: Annotated[
        str | None,
        typer.Option("--policy", help="Whose order of reasons counts. [default: that of the config, or family]"),
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help="Worker processes. [default: one a core]")] = None,
    cache: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Take unchanged files from the last list of each place.")
    ] = True,
    no_thumbnails: Annotated[bool, typer.Option("--no-thumbnails", help="No pictures in duplicates.html.")] = False,
) -> None:
    """Finds files that show the same, and plans what could go.

    The same is: the same bytes, the same image data, or the same picture, proven on its pixels. What only looks
    alike (edits, bursts, screens, dark frames) is shown apart and never planned to go. Nothing is changed: `auditor
    clean` shows and carries out the plan. A backup that auditor made is always a reference, also where
    a part of it or a folder around it is named.

    Exit codes: 0 searched; 2 bad input; 130 stopped.
    """
    from auditor.cli.work import duplicates

    duplicates.command(
        place=place,
        out=out,
        reference=reference,
        policy_name=policy_name,
        jobs=jobs,
        cache=cache,
        no_thumbnails=no_thumbnails,
    )
