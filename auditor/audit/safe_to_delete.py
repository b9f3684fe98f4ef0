"""Which files of the phone an audit licenses to delete: safe-to-delete.csv."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from auditor.audit import one_copy
from auditor.audit.inputs import Side
from auditor.audit.phones_within import Beneath
from auditor.database import safe_to_delete as table
from auditor.database.connection import Database
from auditor.database.rows import Stored
from auditor.database.safe_to_delete import Stays
from auditor.disk import marker as markers
from auditor.paths import display_path
from auditor.places.recorded import recorded_folder
from auditor.words import is_exact


def fill(
    db: Database,
    source: Side,
    backups: Sequence[Side],
    doubted: Collection[str],
    beneath: Sequence[Beneath],
    started: datetime,
    min_copies: int,
) -> tuple[int, list[str]]:
    """The files whose bytes were read in this run on both sides, that are identical, sound, and in enough backups.
    What may be the phone itself (`doubted`, labels), or lies in what may be it (`beneath`), counts as none of these: by
    it the only backup would be emptied. A file whose name a CSV cannot hold exactly is left out: by this list files are
    deleted. So is what belongs to a file that stays.

    Returns how many may be among them once read and opened, and of what nothing ever is, as sentences.
    """
    # A list made elsewhere may come from a clock that is ahead: only what was a place in this run was read in it.
    # What may be the phone itself, seen through another mount, must not license a deletion.
    undoubted = [b for b in backups if b.label not in doubted and one_copy.is_provably_apart(source.place, b.place)]
    read_now = [b.label for b in undoubted if b.place is not None and source.place is not None]
    since = started.strftime("%Y-%m-%dT%H:%M:%SZ")
    folders = [(one.label, folder) for one in beneath for folder in one.folders]
    table.fill(db, read_now, since, [b.label for b in undoubted], min_copies, folders)
    files = table.files(db)
    table.leave_out(db, Stays.NAME, [file.path for file in files if not is_exact(file.path)])
    told = []
    for backup, within in _kept_backups(source, files).items():
        table.leave_out(db, Stays.IN_A_BACKUP, [file.path for file in files if file.path.startswith(within)])
        told.append(f"Of {backup} nothing is offered for deletion: it is a backup that auditor keeps.")
    table.leave_parted_out(db)
    return table.not_read(db), told


def told(db: Database, source: Side, backups: Sequence[Side], min_copies: int) -> dict[str, int | bool]:
    """How much an audit licenses to delete, as audit.json says it, and how much of it `auditor clean` can do: it moves
    files of a folder here, and reads what is kept for them again, in folders here too."""
    files, size_bytes = table.amount(db)
    clean_files, clean_bytes = 0, 0
    if source.place is not None and source.place.folder is not None:
        here = [one.label for one in backups if one.place is not None and one.place.folder is not None]
        clean_files, clean_bytes = table.amount(db, here, min_copies)
    return {
        "files": files,
        "size_bytes": size_bytes,
        "by_clean": clean_files > 0,
        "clean_files": clean_files,
        "clean_bytes": clean_bytes,
    }


def stay(db: Database) -> dict[str, int]:
    """How many other files that are safe stay whatever is read of them, by the reason, as audit.json says it."""
    return {why.value: number for why, number in table.staying(db).items()}


def _kept_backups(source: Side, files: Sequence[Stored]) -> dict[Path, str]:
    """The backups that this program keeps in which some of these files lie, each with how their paths begin."""
    root = source.place.folder if source.place is not None else None
    if source.listed is not None and source.listed.place_kind == "folder":
        behind = recorded_folder(source.listed.place, source.listed.place_id)
        root = behind.root if behind else root
    if root is None:
        return {}
    kept_around = markers.kept_around()
    found: dict[Path, str] = {}
    for file in files:
        if backup := kept_around((root / file.raw_path).parent):
            within = display_path(backup.relative_to(root).as_posix()) + "/" if backup.is_relative_to(root) else ""
            found[backup] = within if backup != root else ""
    return found
