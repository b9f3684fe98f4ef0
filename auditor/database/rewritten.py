"""Which files of a list may since have become files that were written on the same disk."""

from __future__ import annotations

from auditor.database.connection import Database
from auditor.model import ErrorKind

_STARTED = "(SELECT started FROM header WHERE side = 'backup' ORDER BY rowid LIMIT 1 OFFSET $number)"
_LISTED = "b.backup_number = $number"


def _since(new: str) -> str:
    """Whether the row `new` is of a file with the content of the listed row `b`, made since on its disk, as SQL."""
    return (
        f"{new}.sha256 = b.sha256 AND {new}.file_id <> b.file_id AND left({new}.changed, 19) > left({_STARTED}, 19)"
        f" AND split_part({new}.file_id, ':', 1) = split_part(b.file_id, ':', 1)"
    )


def doubt(db: Database, number: int, why: str) -> None:
    """What the list of a backup names, and may since have become a file of the source, proves nothing."""
    db.run(
        f"""
        UPDATE backup AS b SET error_kind = '{ErrorKind.SHOWN.value}', error = $why
        WHERE {_LISTED} AND b.error_kind IS NULL
            AND EXISTS (SELECT 1 FROM source s WHERE {_since("s")})
        """,
        {"why": why, "number": number},
    )


def count_once(db: Database, number: int) -> list[str]:
    """What the list of a backup names, and may since have become a file of another backup, gets the number of that: it
    is one copy. Returns the labels of these others."""
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE became AS
        SELECT b.id, min_by(n.file_id, n.id) AS file_id, min_by(n.changed, n.id) AS changed,
            min_by(n.backup, n.id) AS backup
        FROM backup b JOIN backup n ON n.backup_number <> b.backup_number AND {_since("n")}
        WHERE {_LISTED} GROUP BY b.id
        """,
        {"number": number},
    )
    db.run(
        "UPDATE backup SET file_id = became.file_id, changed = became.changed FROM became WHERE became.id = backup.id"
    )
    others = db.rows(str, "SELECT DISTINCT backup FROM became ORDER BY 1")
    db.run("DROP TABLE became")
    return others
