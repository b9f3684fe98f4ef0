"""Folders that somebody or something will empty, as bins and snapshots: a copy in one of them is no copy."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from auditor.disk.marker import OWN_FOLDER

_OF_RSNAPSHOT = (
    *("hourly.*", "daily.*", "weekly.*", "monthly.*", "yearly.*"),
    *("alpha.*", "beta.*", "gamma.*", "delta.*"),
)

_IN_LANGUAGES = (
    *("papierkorb", "corbeille", "papelera", "cestino", "prullenbak", "lixeira", "kosz", "papirkurv"),
    *("papperskorgen", "roskakori"),
)
"""What the bin is called in the languages of desktops, disks in the network and Google Photos."""

_PEOPLES_BINS = (
    *_IN_LANGUAGES,
    *("recycle bin", "deleted items", "gelöschte elemente", "éléments supprimés", "papelera de reciclaje"),
    # Apple's Photos. Source: support.apple.com, "Delete photos on your iPhone or iPad", in these languages.
    *("recently deleted", "zuletzt gelöscht", "supprimés récemment", "suppressions récentes", "eliminados"),
    *("eliminado recientemente", "eliminati di recente", "recent verwijderd", "apagados recentemente"),
)
"""What people call a bin as well, and programs that save one as a folder. Source: the translations of KDE's and GNOME's
file managers; Microsoft (Windows, Outlook)."""

FOLDERS = (
    # Systems. Source: freedesktop.org Trash specification 1.0; Apple; Microsoft.
    *(".trash", ".trash-*", "trash", ".trashes", "$recycle.bin", "recycler", "recycled"),
    "network trash folder",  # netatalk, for Macs
    # Disks in the network. Source: Synology and QNAP knowledge bases; vfs_recycle(8).
    *("#recycle", "@recycle", ".recycle", "#trash"),
    # Snapshots and versions, of which the oldest go by themselves. Source: Synology, QNAP and NetApp knowledge bases;
    # snapper(8), rsnapshot(1), zfsprops(7); Nextcloud files_versions.
    *("#snapshot", "@recently-snapshot", "~snapshot", ".snapshot", ".snapshots", ".zfs/snapshot", "files_versions"),
    # What keeps folders in step. Source: Nextcloud files_trashbin; Syncthing versioning; Resilio; Dropbox.
    *("files_trashbin", ".stversions", ".sync/archive", ".dropbox.cache"),
    # Source: GoodSync help, "What is the gsdata folder"; what Google Drive for desktop shows at the top of its drive.
    *("_gsdata_/_saved_", "_gsdata_/_history_", ".file-revisions-by-id"),
    # Backups of whole machines, of which the oldest go. Source: Apple; vfs_shadow_copy2(8); timeshift; rsnapshot(1);
    # Microsoft (restore points); FreeBSD, mksnap_ffs(8).
    *("backups.backupdb", ".mobilebackups", "@gmt-*", "timeshift/snapshots", "timeshift-btrfs/snapshots", ".snap"),
    *_OF_RSNAPSHOT,
    "system volume information",
    # Programs for photos and files. Source: digiKam (.dtrash/files beside .dtrash/info); d4rken-org/sdmaid issue 3620.
    *(".dtrash", ".estrongs/recycle", "trashbin/files"),
    # Galleries. Source: d4rken-org/sdmaid issues 2660, 4169, 4774, 4809; sdmaid-se issue 1057 (Samsung: Android/.Trash)
    *(".trashbin", ".globaltrash", ".gallery2/recycle", "recyclebin", ".recyclebin", ".oprecyclebin"),
    *("$.trash$", ".$trash$", ".trash_bin", ".recycle_bin", ".dumpster", ".vivofilerecyclebin", ".vivogalleryrecycler"),
    # Exports of Google Photos, where no JSON beside a file says so: the bin has a folder in the account's language.
    *(f"google *otos/{name}" for name in ("bin", *_IN_LANGUAGES)),
    *_PEOPLES_BINS,
    ".auditor/quarantine",
)
"""Names of folders, lower case, at any depth; `*` stands for any letters of one name, `.*` at its end for a number."""

PEOPLES = ("trash", "recycled", *_PEOPLES_BINS, *_OF_RSNAPSHOT)
"""Those of them that a person may give to an album: a copy of it at its own path is a copy all the same,
and so is one below the folder that the record of a backup names for the phone."""


def _finds(names: Iterable[str]) -> str:
    """A regular expression (RE2 and Python) that finds the lower-case paths that lie in a folder with such a name."""
    # macOS names its files in the decomposed form.
    forms = dict.fromkeys(unicodedata.normalize(form, name) for name in names for form in ("NFC", "NFD"))
    found = "|".join(map(re.escape, forms)).replace(r"\.\*", "[.][0-9]+").replace(r"\*", "[^/]*").replace(r"\#", "#")
    return f"(^|/)({found})/"


_RENAMED = r"|(^|/)\.(trashed-|pending-[0-9]+-|(nfs[0-9a-f]{24}|fuse_hidden[0-9a-f]{16,})$)"
"""Files that will go by themselves from where they lie: in Android's bin, or not yet written (Android 11 and newer,
MediaProvider's FileUtils, PATTERN_EXPIRES_FILE), and deleted ones that a program still holds open (Linux,
fs/nfs/unlink.c; libfuse, lib/fuse.c, hidden_name)."""

TRASH_FOLDERS = _finds(FOLDERS) + _RENAMED
"""A regular expression (RE2 and Python) that finds lower-case paths that lie in a bin."""

BINS = _finds(name for name in FOLDERS if name not in PEOPLES) + _RENAMED
"""As `TRASH_FOLDERS`, where it is no album either: of a phone this is never due, by any policy."""

ALBUMS = _finds(PEOPLES)
"""As `TRASH_FOLDERS`, of the names that may be an album's alone."""

_TRASH_FOLDERS = re.compile(TRASH_FOLDERS)


OF_A_PROGRAM = r"(^|/)([.][^/]+|(?i:lost[+]found|lost[.]dir|found[.][0-9]{3}))/|^(_[^/]*_|[@#][^/]+)/"
"""A regular expression (RE2 and Python) that finds the paths that lie in a hidden folder, in one where a system puts
what its check of a disk found (e2fsck(8); Android; Microsoft, chkdsk), or at the top in one named as programs name what
is theirs. It may be a bin of one that nobody knows here: nothing goes by what lies there."""

_OF_A_PROGRAM = re.compile(OF_A_PROGRAM)


def is_of_a_program(path: str, on_phone: Iterable[str] = ()) -> bool:
    """Whether a path with `/` lies in a folder that may be a program's own. Where the file has its path `on_phone`, or
    that below another folder, the folders of that path are the phone's."""
    own = next((own for own in on_phone if f"/{path}".endswith(f"/{own}")), "")
    return _OF_A_PROGRAM.search(path.removesuffix(own)) is not None


def is_better_at(place: str, copy: str, on_phone: str) -> bool:
    """Whether a copy of the phone's file would lie better at `place` than where it is: nothing goes by it there, as
    that folder may be a program's own, and people would see it at `place`. All are paths with `/`.

    A `place` in a hidden folder is never better, though it is the phone's own: a copy gets another name there (a mark,
    an escape), lies at it no more than before, and would be made again by each run."""
    return is_of_a_program(copy, [on_phone]) and not is_of_a_program(place)


OF_A_FILE = "it lies in a bin or a snapshot"
"""Why a file is no copy."""

LIES_IN_ONE = "lies in a bin or a quarantine, or in a snapshot, which will be emptied"
"""What is said of a place, behind its name, that lies in a bin as a whole."""


def in_bin(path: str) -> bool:
    """Whether a path with `/` leads into a bin, in upper or lower case."""
    return _TRASH_FOLDERS.search(path.lower()) is not None


def will_be_emptied(whole: str) -> bool:
    """Whether a whole path with `/`, a folder's with one behind it, leads into a bin or what is this program's own."""
    return in_bin(whole) or f"/{OWN_FOLDER}/" in f"/{whole.lower()}"
