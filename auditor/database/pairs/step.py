"""What is still open between the source and one backup, and how a step takes from it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.database.connection import Database
from auditor.database.schema import NO_COPIES, kinds
from auditor.model import DIGESTS, ErrorKind, Status
from auditor.places.trash import ALBUMS, BINS, TRASH_FOLDERS

_ALBUM = "EXISTS (FROM albums WHERE albums.path = backup.path AND albums.sha256 = backup.sha256)"
_IS_NO_COPY = (
    f"(coalesce(error_kind IN ({NO_COPIES}), false)"
    f" OR (regexp_matches(lower(path), '{TRASH_FOLDERS}') AND NOT {_ALBUM}))"
)
"""Rows of a backup that are listed and are no copies: in a bin, in somebody else's album, known to be lost, or the very
file that they should be a copy of."""

_IS_SHOWN = f"coalesce(error_kind = {kinds(ErrorKind.SHOWN)}, false)"
"""Rows of a backup that may be the very file that they should be a copy of."""


@dataclass(frozen=True, slots=True)
class OneBackup:
    """The source beside one backup. Its views: `b` (the rows that may be copies), `no_copy` and `shown` (those that
    are or may be none), `open_s` (due files without a pair), `open_b` (copies that serve no file yet)."""

    db: Database
    label: str

    def put(self, status: Status, sql: str) -> int:
        """Adds pairs from a query of `id, backup_id, detail`; the files are done then, and their counterparts used.

        Returns how many there were; they stand in `found` until the next ones are put.
        """
        db = self.db
        db.run(f"CREATE OR REPLACE TEMP TABLE found AS {sql}")
        count = db.one(int, "SELECT count(*) FROM found")
        if not count:
            return 0
        db.run(
            """
            INSERT INTO pairs
            SELECT found.id, due.path, ?, ?, found.backup_id, b.path, found.detail
            FROM found JOIN due ON due.id = found.id LEFT JOIN b ON b.id = found.backup_id
            """,
            [self.label, status.value],
        )
        db.run("INSERT INTO done SELECT id FROM found")
        if status is not Status.IDENTICAL:
            db.run("DELETE FROM free WHERE id IN (SELECT backup_id FROM found WHERE backup_id IS NOT NULL)")
        return count

    def is_open(self) -> bool:
        """Whether there are both files without a pair and copies that serve no file yet."""
        return self.db.one(bool, "SELECT EXISTS (FROM open_s) AND EXISTS (FROM free)")


@dataclass(frozen=True, slots=True)
class Pair:
    """A due file, by its id in `source`, and where its counterpart in the backup lies."""

    id: int
    path: str
    backup_path: str


@contextlib.contextmanager
def beside(db: Database, label: str, number: int) -> Iterator[OneBackup]:
    """The source beside the backup of this label and number, with nothing paired."""
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE albums AS
        SELECT home || path AS path, sha256
        FROM source, (SELECT '' AS home UNION SELECT unnest(homes) FROM header WHERE side = 'backup' AND backup = ?)
        WHERE regexp_matches(lower(path), '{ALBUMS}') AND NOT regexp_matches(lower(home || path), '{BINS}')
        """,
        [label],
    )
    db.run(
        f"""
        CREATE OR REPLACE TEMP VIEW b AS SELECT * FROM backup WHERE backup_number = {int(number)}
            AND NOT {_IS_NO_COPY} AND NOT {_IS_SHOWN};
        CREATE OR REPLACE TEMP VIEW no_copy AS
            SELECT * FROM backup WHERE backup_number = {int(number)} AND {_IS_NO_COPY};
        CREATE OR REPLACE TEMP VIEW shown AS
            SELECT * FROM backup WHERE backup_number = {int(number)} AND {_IS_SHOWN};
        CREATE OR REPLACE TEMP TABLE done (id BIGINT);
        CREATE OR REPLACE TEMP VIEW open_s AS SELECT * FROM due ANTI JOIN done USING (id);
        CREATE OR REPLACE TEMP TABLE refused (id BIGINT, backup_id BIGINT, reason VARCHAR, is_ours BOOLEAN);
        """
    )
    yield OneBackup(db, label)
    for view in ("open_s", "open_b", "b", "no_copy", "shown"):
        db.run(f"DROP VIEW IF EXISTS {view}")
    for table in ("albums", "done", "free", "found", "refused", "asked", "answers"):
        db.run(f"DROP TABLE IF EXISTS {table}")


def claims_other(file: str, copy: str) -> str:
    """Whether of a copy a digest is claimed that is known of the file, and is another one there (aliases of rows)."""
    known = " ".join(f"WHEN '{digest}' THEN {file}.{digest}" for digest in DIGESTS)
    claimed = f"split_part({copy}.claimed, ':', 2)"
    return f"coalesce({claimed} <> CASE split_part({copy}.claimed, ':', 1) {known} END, false)"
