"""auditor restore: a backup gives the files back, with their original names, folders and dates."""

from __future__ import annotations

from typing import Annotated

import typer

NAME = "restore"
EXAMPLES = (
    ("auditor restore /mnt/disk/phone /home/me/restored", "everything, as it was on the phone"),
    ("auditor restore /mnt/disk/phone restored --only 'DCIM/Camera/*'", "only some files"),
)


def command(
    backup: Annotated[str, typer.Argument(metavar="BACKUP", help="A backup that `auditor backup` made.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="The folder to restore to; made if need be.")],
    only: Annotated[
        str | None, typer.Option(metavar="GLOB", help="Only files whose original path or name fits.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Only the files of this phone, by its label, where the backup holds several.")
    ] = None,
    plan_only: Annotated[bool, typer.Option("-n", "--plan", help="Only show what would be done.")] = False,
    hang: Annotated[float, typer.Option(min=1, help="Seconds without a sign of life until a file is given up.")] = 60,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a disk that was unplugged.")] = 120,
) -> None:
    """Gives a backup's files back, with names and dates.

    Each is read, compared with what was stored, synced, and read back. Nothing is replaced: where another file has
    the name, the restored one gets a mark in its name.

    Exit codes: 0 all restored; 1 a file could not be; 2 bad input; 130 stopped.
    """
    from auditor.cli.work import restore

    restore.command(backup=backup, target=target, only=only, source=source, plan_only=plan_only, hang=hang, wait=wait)
