"""What a backup has that a phone may have."""

from __future__ import annotations

from auditor.database.connection import Database


def has_folder(db: Database, backup_number: int, folder: str) -> bool:
    """Whether a backup's list has files in this folder at its top, in upper or lower case."""
    sql = "SELECT count(*) FROM backup WHERE backup_number = ? AND path ILIKE ? || '/%'"
    return db.one(int, sql, [backup_number, folder]) > 0
