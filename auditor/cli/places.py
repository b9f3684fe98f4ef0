"""auditor places: what is there now to audit and to back up to."""

from __future__ import annotations

NAME = "places"
EXAMPLES = (
    ("auditor places", "phones, disks, shares and remotes that are there, and those of your config"),
    ("auditor places --json", "the same for another program"),
)


def command() -> None:
    """Lists the places that are there now, and those you named.

    Phones that adb or the system shows, disks, sticks and shares that are mounted, remotes of rclone, and the places of
    your config, with when auditor last worked with each. The network is not asked; a mount that hangs is told as that.

    Exit codes: 0 listed; 2 the config cannot be understood.
    """
    from auditor.cli.work import places

    places.command()
