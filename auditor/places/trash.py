"""Folders that somebody or something will empty: a copy in one of them is no copy."""

from __future__ import annotations

import re

FOLDERS = (
    # Systems. Source: freedesktop.org Trash specification 1.0; Apple; Microsoft.
    *(".trash", ".trash-*", "trash", ".trashes", "$recycle.bin", "recycler", "recycled"),
    "network trash folder",  # netatalk, for Macs
    # Disks in the network. Source: Synology and QNAP knowledge bases; vfs_recycle(8).
    *("#recycle", "@recycle", ".recycle"),
    # What keeps folders in step. Source: Nextcloud files_trashbin; Syncthing versioning; Resilio; Dropbox.
    *("files_trashbin", ".stversions", ".sync/archive", ".dropbox.cache"),
    # Galleries. Source: d4rken-org/sdmaid issues 2660, 4169, 4774, 4809; sdmaid-se issue 1057 (Samsung: Android/.Trash)
    *(".trashbin", ".globaltrash", ".gallery2/recycle", "recyclebin", ".recyclebin", ".oprecyclebin"),
    *("$.trash$", ".$trash$"),
    # Exports of Apple's Photos.
    "recently deleted",
    ".auditor/quarantine",
)
"""Names of folders, lower case, at any depth; `*` stands for any letters of one name."""

PEOPLES = ("trash", "recycled", "recently deleted")
"""Those of them that a person may give to an album: a copy of it at its own path is a copy all the same."""

TRASH_FOLDERS = (
    "(^|/)(" + "|".join(re.escape(name).replace(r"\*", "[^/]*").replace(r"\#", "#") for name in FOLDERS) + ")/"
    # Android 11 and newer: MediaStore's IS_TRASHED renames the file where it lies.
    r"|(^|/)\.trashed-"
)
"""A regular expression (RE2 and Python) that finds lower-case paths that lie in a bin."""

ALBUMS = f"(^|/)({'|'.join(PEOPLES)})/"
"""As `TRASH_FOLDERS`, of those names alone."""

_TRASH_FOLDERS = re.compile(TRASH_FOLDERS)


def in_bin(path: str) -> bool:
    """Whether a path with `/` leads into a bin, in upper or lower case."""
    return _TRASH_FOLDERS.search(path.lower()) is not None
