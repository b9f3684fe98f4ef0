"""What a backup has that the phone lacks."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.database.connection import Database


@dataclass(frozen=True, slots=True)
class More:
    """Photos and videos of a backup that the source has in no version, and the newest dates of theirs and of all the
    source's: when taken, and of the file (seconds since 1970); None where no file has one."""

    files: int
    taken: str | None
    source_taken: str | None
    dated: float | None
    source_dated: float | None


def more(db: Database, backup_number: int, folder: str | None) -> More:
    """What this backup has more, in one folder or, for None, in all."""
    return db.one(
        More,
        """
        WITH more AS (
            SELECT b.taken_at, b.mtime_s FROM backup b
            WHERE b.backup_number = $number AND b.kind IN ('photo', 'video') AND b.sha256 IS NOT NULL
                AND ($folder::VARCHAR IS NULL OR b.path ILIKE $folder || '/%')
                -- Another version of a photo is no further photo.
                AND NOT EXISTS (SELECT 1 FROM source s WHERE s.sha256 = b.sha256)
                AND NOT EXISTS (SELECT 1 FROM source s WHERE s.stem = b.stem)
                AND NOT EXISTS (SELECT 1 FROM pairs p WHERE p.backup_id = b.id)
        ), ours AS (SELECT taken_at, mtime_s FROM source WHERE kind IN ('photo', 'video'))
        SELECT (SELECT count(*) FROM more), (SELECT max(taken_at) FROM more), (SELECT max(taken_at) FROM ours),
            (SELECT max(mtime_s) FROM more), (SELECT max(mtime_s) FROM ours)
        """,
        {"number": backup_number, "folder": folder},
    )
