"""Which files of a list may since have become files that were written on the same disk."""

from __future__ import annotations

from auditor.database.connection import Database
from auditor.database.schema import NO_COPIES
from auditor.model import ErrorKind


def since(new: str, listed: str) -> str:
    """Whether the file of the row `new` was made on the disk of a `listed` one after that was listed, or may have been,
    as SQL: some file systems do not say when a file was changed. Rows of backups that were at hand were not listed
    before."""
    return (
        f"coalesce({listed}.listed_at IS NOT NULL AND {new}.file_id <> {listed}.file_id"
        f" AND coalesce(left({new}.changed, 19) > left({listed}.listed_at, 19), true)"
        f" AND ({_disk(new)} = {_disk(listed)} OR {_renamed(new, listed)}), false)"
    )


def _disk(row: str) -> str:
    return f"split_part({row}.file_id, ':', 1)"


def _renamed(new: str, listed: str) -> str:
    """Whether two disks may be one, as SQL: a system that knows no number of a disk (of btrfs and zfs none tells one)
    names it `device N of RUN`, and anew after each start. Asked where both keep when files are changed: a phone's mount
    does not."""
    unknown = [f"regexp_extract({_disk(row)}, '^device [0-9]+ of (.+)$', 1)" for row in (new, listed)]
    return (
        f"({unknown[0]} <> '' AND {unknown[1]} <> '' AND {unknown[0]} <> {unknown[1]}"
        f" AND {new}.changed IS NOT NULL AND {listed}.changed IS NOT NULL)"
    )


def mark_listed(db: Database, number: int) -> None:
    """Says of the rows of a backup when they were listed: nothing else of it is at hand."""
    db.run(
        """
        UPDATE backup SET listed_at = (
            SELECT started FROM header WHERE side = 'backup' ORDER BY rowid LIMIT 1 OFFSET $number)
        WHERE backup_number = $number
        """,
        {"number": number},
    )


def doubt(db: Database, why: str) -> None:
    """What lists of backups name, and may since have become a file of the source, proves nothing: neither that file nor
    any other that has its bytes, or its picture with other metadata."""
    for content in ("sha256", "image_sha256"):
        db.run(
            f"""
            UPDATE backup AS b SET error_kind = '{ErrorKind.SHOWN.value}', error = $why
            WHERE b.listed_at IS NOT NULL AND coalesce(b.error_kind NOT IN ({NO_COPIES}), true)
                AND EXISTS (SELECT 1 FROM source s WHERE s.{content} = b.{content} AND {since("s", "b")})
            """,
            {"why": why},
        )
