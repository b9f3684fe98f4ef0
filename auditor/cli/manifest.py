"""auditor manifest: lists written for other tools, compared with one another, and checked."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import screen

NAME = "manifest"

app = typer.Typer(
    name=NAME, no_args_is_help=True, add_completion=False, help="Lists: checked, compared, written for other tools."
)

ListFile = Annotated[Path, typer.Argument(metavar="LIST", help="A list of auditor, or of another tool.")]


class Target(StrEnum):
    """What a list can be written as."""

    SUMS = "sha256sum"
    HASHDEEP = "hashdeep"
    BAGIT = "bagit"
    MHL = "mhl"
    CSV = "csv"
    PARQUET = "parquet"


@app.command(
    "export",
    epilog=screen.examples(
        (
            ("auditor manifest export phone.jsonl --to sha256sum -o SHA256SUMS", "for `sha256sum -c`"),
            ("auditor manifest export disk.jsonl --to mhl -o /mnt/disk/ascmhl", "for `ascmhl-debug verify`"),
        )
    ),
)
def export(
    list_file: ListFile,
    to: Annotated[Target, typer.Option("--to", help="The format to write.")],
    out: Annotated[Path, typer.Option("-o", help="The file to write; a folder for bagit and mhl.")],
    digest: Annotated[
        str, typer.Option(help="The digest for sha256sum, bagit and mhl, if the list has it.")
    ] = "sha256",
) -> None:
    """Writes a list in a format that other tools check. Files without a digest are left out, and counted.

    A bag's files are to lie in its `data` folder; an MHL holds md5 or sha1, so scan with `--digest md5` for it.

    Exit codes: 0 written; 2 bad input, or a name or digest that the format cannot hold.
    """
    from auditor.cli.work import manifest

    manifest.export(list_file, to, out, digest)


@app.command(
    "diff", epilog=screen.examples((("auditor manifest diff may.jsonl june.jsonl", "what came, went, moved, changed"),))
)
def diff(
    first: ListFile,
    second: Annotated[Path, typer.Argument(metavar="NEWER", help="The list to compare with it.")],
) -> None:
    """Says what changed between two lists: added, removed, moved or changed files, by their content.

    Exit codes: 0 the same; 1 they differ; 2 bad input; 3 some files have no digest that both lists know.
    """
    from auditor.cli.work import manifest

    manifest.diff(first, second)


@app.command(
    "check", epilog=screen.examples((("auditor manifest check phone.jsonl", "whole, and as it was written?"),))
)
def check(list_file: ListFile) -> None:
    """Says whether a list is whole and unchanged since it was written, and whether it shows all of its place.

    Exit codes: 0 whole and complete; 2 cut off, changed or no list; 3 whole, but the listing did not end cleanly.
    """
    from auditor.cli.work import manifest

    manifest.check(list_file)


@app.command(
    "pictures",
    epilog=screen.examples(
        (
            (
                "auditor manifest pictures audit/source.jsonl 12 40 -o small",
                "of the files on rows 12 and 40: 12.webp, 40.webp",
            ),
        )
    ),
)
def pictures(
    list_file: ListFile,
    rows: Annotated[
        list[int],
        typer.Argument(metavar="ROW...", min=1, help="Numbers of files in the list, from 1, as in files.csv."),
    ],
    out: Annotated[Path, typer.Option("-o", help="The folder to write to; made where it is not there.")],
    side: Annotated[int, typer.Option(min=16, max=4096, help="The longest side, in pixels.")] = 160,
) -> None:
    """Writes small pictures of files of a list, without any metadata, while what it lists is on this computer.

    Of a damaged file what is left of it is shown. The files themselves are only read.

    Exit codes: 0 written, but for those of which nothing can be shown; 2 bad input, or what is listed is not at hand.
    """
    from auditor.cli.work import manifest

    manifest.pictures(list_file, rows, out, side)
