"""What a backup has that a phone may have."""

from __future__ import annotations

from auditor.database.connection import Database
from auditor.database.rows import Stored


def has_folder(db: Database, backup_number: int, folder: str) -> bool:
    """Whether a backup's list has files in this folder at its top, in upper or lower case."""
    sql = "SELECT count(*) FROM backup WHERE backup_number = ? AND path ILIKE ? || '/%'"
    return db.one(int, sql, [backup_number, folder]) > 0


def folders_in_both(db: Database, backup_number: int) -> list[Stored]:
    """One file of each folder of a backup in which something lies that the source has too."""
    return db.rows(
        Stored,
        """
        SELECT arg_min(path, id), arg_min(struct_pack(raw := path_bytes), id).raw, NULL::BIGINT FROM backup
        WHERE backup_number = ? AND sha256 IN (SELECT sha256 FROM source) GROUP BY folder ORDER BY folder
        """,
        [backup_number],
    )
