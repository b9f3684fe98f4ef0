"""Which names of folders say that what lies there will be emptied, and which a person may give."""

from __future__ import annotations

import pytest

from auditor.places import trash

BINS = (
    *(
        ".dtrash/files/IMG_1.jpg",
        "photos/.dtrash/files/IMG_1.jpg",
        "_gsdata_/_saved_/P/a.jpg",
        "_gsdata_/_history_/a.jpg",
    ),
    *(".file-revisions-by-id/1/a.jpg", ".estrongs/recycle/1/a.jpg", "Backups.backupdb/Mac/2023-01-01-120000/a.jpg"),
    *("@GMT-2023.01.01-00.00.00/P/a.jpg", "timeshift/snapshots/2023-01-01_10-00-00/localhost/a.jpg", ".snap/d/a.jpg"),
    *("daily.0/P/a.jpg", "snapshots/hourly.12/a.jpg", "alpha.3/a.jpg", "System Volume Information/a.jpg"),
    *(".MobileBackups/Computer/a.jpg", "x/trashbin/files/a.jpg"),
    *("P/.nfs000000000123456700000001", "P/.fuse_hidden0000000100000001", ".pending-1718000000-c.jpg"),
    *("Zuletzt gelöscht/a.jpg", "Zuletzt gelo\u0308scht/a.jpg", "x/Supprimés récemment/a.jpg"),
    *("Papierkorb/a.jpg", "P/Corbeille/a.jpg", "Deleted Items/a.jpg", "Recycle Bin/a.jpg"),
)
NONE = (
    *(
        "Deleted/a.jpg",
        "daily/a.jpg",
        "daily.walks/a.jpg",
        "Alpha.x/a.jpg",
        "snap/a.jpg",
        "trashbin/a.jpg",
        "_gsdata_/a.jpg",
    ),
    *(".nfs.jpg", ".fuse_hidden.jpg", ".pending-c.jpg", ".nfs000000000123456700000001.jpg", "Papierkorb.jpg"),
    *("timeshift/a.jpg", "Backups/a.jpg", "snapshots/a.jpg", "gmt-2023/a.jpg", "DCIM/a.jpg"),
)


@pytest.mark.parametrize(("path", "is_one"), [*((path, True) for path in BINS), *((path, False) for path in NONE)])
def test_what_is_a_bin(path: str, is_one: bool) -> None:
    assert trash.in_bin(path) is is_one


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        *((f"{name}/files/a.jpg", True) for name in (".xtrash", "_x_", "@versions", "#old")),
        *((f"{name}/a.jpg", True) for name in ("photos/.xtrash", "anna/2023/.old/DCIM")),
        *((f"{name}/a.jpg", False) for name in ("_new", "photos/_x_", "best_", "DCIM", "Deleted", "a@b", "No #1")),
        *((f"{name}/1234", True) for name in ("lost+found", "nas/LOST.DIR", "FOUND.000")),
        *((name, False) for name in ("lost and found/a.jpg", "lost+found.jpg", "found.jpg/a.jpg")),
        *((name, False) for name in (".hidden.jpg", "_a_.jpg", "@me.jpg")),
    ],
)
def test_what_may_be_a_programs_own(path: str, is_one: bool) -> None:
    assert trash.is_of_a_program(path) is is_one


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        *((path, False) for path in ("DCIM/.own/a.jpg", "anna/DCIM/.own/a.jpg")),
        *(
            (path, True)
            for path in (".x/DCIM/.own/a.jpg", "a/.x/DCIM/.own/a.jpg", "other/.own/a.jpg", "x.DCIM/.own/a.jpg")
        ),
    ],
)
def test_a_folder_that_the_phone_has_too_is_the_phones(path: str, is_one: bool) -> None:
    assert trash.is_of_a_program(path, ["b.jpg", "DCIM/.own/a.jpg"]) is is_one
