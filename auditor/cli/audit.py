"""auditor audit: is every photo and video of the source safe in its backups?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor.model import Depth, Severity

NAME = "audit"
EXAMPLES = (
    ("auditor audit /media/phone /mnt/nas/photos", "is everything of the phone on the NAS?"),
    ("auditor audit", "the usual: the phone and the backups of your config (see `auditor config`)"),
    ("auditor audit phone.jsonl disk.jsonl nas.jsonl", "the same with lists made earlier, and two backups"),
    ("auditor audit /media/phone /mnt/nas/photos --policy strict -o before-wipe", "every byte, report in before-wipe"),
)


def command(
    source: Annotated[
        str | None, typer.Argument(metavar="SOURCE", help="The phone. [default: that of the config]")
    ] = None,
    backup: Annotated[
        list[str] | None, typer.Argument(metavar="BACKUP", help="Its backups. [default: those of the config]")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", help="Folder of the report. [default: audit-<UTC time>]")] = None,
    depth: Annotated[
        Depth | None,
        typer.Option(
            help="How far to look into files that are listed now: names only (list), every byte (hash), every picture"
            " decoded (decode), every frame of every film (deep). [default: decode; clouds with digests: hash]"
        ),
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="A policy's name or file. [default: that of the config, or family]")
    ] = None,
    rules: Annotated[list[Path] | None, typer.Option(help="A folder with rules of your own. May be repeated.")] = None,
    waivers_file: Annotated[Path | None, typer.Option("--waivers", help="Findings that somebody accepts.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="Fingerprints of findings known before.")] = None,
    fail_on: Annotated[
        Severity, typer.Option(help="Exit with 1 from this severity on, though all is safe.")
    ] = Severity.ERROR,
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help="Worker processes. [default: one a core]")] = None,
    copy_by_hand: Annotated[
        bool, typer.Option("--copy-by-hand", help="The backups are copies made by hand, SOURCE is the phone.")
    ] = False,
    no_thumbnails: Annotated[bool, typer.Option("--no-thumbnails", help="No pictures in the report.")] = False,
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who makes this audit. [default: that of the config, or nobody]")
    ] = None,
    redact: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A second report that may leave the house: names become pseudonyms."),
    ] = None,
    xlsx: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write its tables as a spreadsheet too, as `auditor report`.")
    ] = None,
) -> None:
    """Says which files of a phone are safe in its backups.

    The contents of both sides are compared; nothing is changed on either. The report is a new folder with
    report.html, files.csv, findings.csv and more. SOURCE and BACKUP are places, lists of them, or names of the config.

    Exit codes: 0 safe; 1 not safe, or findings at or above --fail-on; 2 bad input; 3 cannot say; 130 stopped.
    """
    from auditor.cli.work import audit

    audit.command(
        source=source,
        backup=backup,
        out=out,
        depth=depth,
        policy=policy,
        rules=rules,
        waivers_file=waivers_file,
        baseline=baseline,
        fail_on=fail_on,
        jobs=jobs,
        copy_by_hand=copy_by_hand,
        no_thumbnails=no_thumbnails,
        xlsx=xlsx,
        by=by,
        redact=redact,
    )
