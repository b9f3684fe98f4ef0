"""auditor backup: copies what is missing, reads each file back, and audits what it did."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from auditor.copier.layout import Layout
from auditor.model import Severity

NAME = "backup"
EXAMPLES = (
    ("auditor backup /media/phone /mnt/disk/phone", "copy what is missing, read it back, audit"),
    ("auditor backup /media/phone /mnt/disk/phone -n", "only say what would be copied"),
    ("auditor backup adb: /mnt/disk/phone --layout by-date", "a folder a month"),
    ("auditor backup /media/phone rclone:onedrive:Pictures", "upload what the cloud lacks, compare it there, audit"),
)


class Look(StrEnum):
    """How far to look into what was copied."""

    DIGESTS = "digests"
    HASH = "hash"
    DECODE = "decode"
    DEEP = "deep"


def command(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The phone: its folder, or another place.")],
    dest: Annotated[
        str, typer.Argument(metavar="DEST", help="The backup's folder, made if it is not there; or rclone:REMOTE:PATH.")
    ],
    plan_only: Annotated[bool, typer.Option("-n", "--plan", help="Only show what would be done.")] = False,
    layout: Annotated[
        Layout | None, typer.Option(help="The phone's own folders, or one a month. [default: mirror]")
    ] = None,
    paranoid: Annotated[bool, typer.Option("--paranoid", help="Read each file of the source twice.")] = False,
    depth: Annotated[Look, typer.Option(help="How far to look into what was copied.")] = Look.DECODE,
    policy: Annotated[
        str | None,
        typer.Option(help="What is left out, what counts: a name or file. [default: that of the config, or family]"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", help="Folder of the audit's report. [default: audit-<UTC time>]")
    ] = None,
    no_audit: Annotated[bool, typer.Option("--no-audit", help="Copy and verify only.")] = False,
    fail_on: Annotated[
        Severity, typer.Option(help="Exit with 1 from this severity on, though all is safe.")
    ] = Severity.ERROR,
    hang: Annotated[
        float, typer.Option(min=1, help="Seconds without a sign of life after which a file is given up.")
    ] = 60,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a phone or disk that was unplugged.")] = 120,
    new_place: Annotated[bool, typer.Option("--new-place", help="A new backup is meant, though one was here.")] = False,
    copy_by_hand: Annotated[
        bool, typer.Option("--copy-by-hand", help="DEST is a copy made by hand, SOURCE is the phone.")
    ] = False,
    shrunk: Annotated[bool, typer.Option("--shrunk", help="The source really has so many fewer files now.")] = False,
) -> None:
    """Copies what a backup lacks, then audits both sides.

    Every copy is read back from the disk before it gets its name. Nothing is replaced or deleted on either side.
    What could not be copied is listed at the end; run it again to go on.

    Exit codes: 0 safe by the audit; 1 not safe, or findings at or above --fail-on; 2 bad input; 3 cannot say; 130
    stopped. With --no-audit: 1 where the backup did not take a file, 3 where the source did not give one or gave it
    damaged, and no word on the others.
    """
    from auditor.cli.work import backup

    backup.command(
        source=source,
        dest=dest,
        plan_only=plan_only,
        layout=layout,
        paranoid=paranoid,
        depth=depth,
        policy=policy,
        out=out,
        no_audit=no_audit,
        fail_on=fail_on,
        hang=hang,
        wait=wait,
        new_place=new_place,
        copy_by_hand=copy_by_hand,
        shrunk=shrunk,
    )
