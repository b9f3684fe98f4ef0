"""Rows as their places know them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.database.connection import Database
from auditor.paths import path_of


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as its list has it. `path_bytes` is the name in hex where it is not UTF-8, `changed` its change time as
    lists write dates; of what was asked without its bytes, their digest, number and change time are None."""

    path: str
    path_bytes: str | None
    size_bytes: int | None
    sha256: str | None = None
    file_id: str | None = None
    changed: str | None = None

    @property
    def raw_path(self) -> str:
        """The path as the place knows it."""
        return self.path if self.path_bytes is None else path_of(bytes.fromhex(self.path_bytes))


def stored(db: Database, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
    """Files by their backup's label (empty for the source) and path."""
    wanted = list(keys)
    found = db.rows(
        lambda label, *row: (label, Stored(*row)),
        """
        SELECT * FROM (
            SELECT '' AS label, path, path_bytes, size_bytes, sha256, file_id, changed FROM source
            UNION ALL SELECT backup, path, path_bytes, size_bytes, sha256, file_id, changed FROM backup)
        SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS label, unnest(?::VARCHAR[]) AS path) USING (label, path)
        ORDER BY path_bytes DESC NULLS FIRST
        """,
        [[label for label, _ in wanted], [path for _, path in wanted]],
    )
    return {(label, one.path): one for label, one in found}
