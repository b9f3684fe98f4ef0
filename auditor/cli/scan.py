"""auditor scan: a place becomes a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor.model import Depth

NAME = "scan"
EXAMPLES = (
    ("auditor scan /media/phone", "list a mounted phone and read every file"),
    ("auditor scan D:\\Photos -o photos.jsonl", "name the manifest yourself"),
    ("auditor scan /mnt/nas/photos --depth hash", "digests only, pictures are not decoded"),
)


def command(
    place: Annotated[str, typer.Argument(metavar="PLACE", help="Folder or other place to list.")],
    out: Annotated[
        Path | None, typer.Option("-o", help="The manifest to write. [default: PLACE-<UTC time>.jsonl]")
    ] = None,
    depth: Annotated[Depth, typer.Option(help="How far to look into each file.")] = Depth.DECODE,
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help="Worker processes. [default: one a core]")] = None,
    cache: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Take unchanged files from the last list of this place.")
    ] = True,
    digest: Annotated[
        list[str] | None, typer.Option(help="A further digest: md5, sha1, quickxor, dropbox. May be repeated.")
    ] = None,
) -> None:
    """Lists a place: one row of facts a file.

    The list is a manifest, which `auditor audit` takes in place of the folder.
    A scan that was stopped goes on where it was when the same command is run again.

    Exit codes: 0 listed, also where files could not be read (they have a row that says so); 2 bad input; 130 stopped.
    """
    from auditor.cli.work import scan

    scan.command(place=place, out=out, depth=depth, jobs=jobs, cache=cache, digest=digest)
