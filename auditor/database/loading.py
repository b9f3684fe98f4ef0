"""Lists into the database, each row as it is; and which rows of the source must be backed up."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import duckdb

from auditor.database import headers, schema
from auditor.database.connection import Database, interruptible
from auditor.database.headers import Listed
from auditor.database.schema import DERIVED, NOT_SEEN, ROW_COLUMNS, kinds, quoted
from auditor.disk import small_files
from auditor.errors import BadManifest
from auditor.manifest.jsonl import MAX_LINE_BYTES, Manifest
from auditor.model import DIGESTS, DigestOrigin, ErrorKind, Kind, Soundness
from auditor.places import unfinished
from auditor.places.trash import OF_A_FILE
from auditor.readers.sniff import is_other_by_name, kind_by_name

_THIS_FILE_ONLY = "hive_partitioning = false, union_by_name = false, filename = false, compression = 'uncompressed'"
"""Of a path, DuckDB takes `a=b/` for columns and `.gz` for packed, unless it is told not to."""

# Whose digest it is, a row of somebody else's making may leave out: that it was read here must be said.
_ORIGIN = (
    f"CASE WHEN coalesce({', '.join(DIGESTS)}) IS NOT NULL"
    f" THEN coalesce(digest_origin, '{DigestOrigin.FOREIGN.value}') ELSE digest_origin END"
)

_PROVES_NOTHING = "kind = 'other', soundness = NULL, " + ", ".join(
    f"{name} = NULL" for name in (*DIGESTS, "head_sha256", "image_sha256", "coded_sha256", "phash")
)

_WORDS: Mapping[str, type[StrEnum]] = {
    "kind": Kind,
    "soundness": Soundness,
    "digest_origin": DigestOrigin,
    "error_kind": ErrorKind,
}
"""The columns of a row that hold one of a few words."""


class Scope(Protocol):
    """What must be backed up, as a policy says it."""

    @property
    def kinds(self) -> Sequence[Kind]:
        """Of these kinds."""

    def excluded(self) -> str:
        """A regular expression (RE2) that finds the lower-case paths that are left out."""


@contextlib.contextmanager
def open_lists(
    source: Manifest, backups: Sequence[Listed], scope: Scope, now: datetime, label: str | None = None
) -> Iterator[Database]:
    """A database with the lists in it, shut off from files and network. It spills to a folder that goes with it.
    `label` is the source's, None: as its list calls it.

    Raises: BadManifest where a row cannot be read as one.
    """
    with tempfile.TemporaryDirectory(prefix="auditor-") as spill, contextlib.closing(duckdb.connect()) as con:
        db = Database(con, _known(source, backups))
        # The folder must be known before the lock; without insertion order kept, rows would lose the lists' order.
        db.run("SET temp_directory = ?", [spill])
        db.run("SET memory_limit = '1200MB'")
        schema.create_tables(db)
        try:
            _load(db, "source", source, None, 0)
            for number, listed in enumerate(backups):
                _load(db, "backup", listed.manifest, listed.label, number)
                if listed.in_bin:
                    db.run(
                        "UPDATE backup SET error_kind = ?, error = ? WHERE backup_number = ?",
                        [ErrorKind.TRASHED.value, OF_A_FILE, number],
                    )
        except duckdb.Error as error:
            raise BadManifest(f"a manifest has rows that are none: {str(error).splitlines()[0]}") from error
        headers.fill(db, Listed(label or source.header.label, source), backups, now)
        mark_due(db, scope)
        db.lock()
        yield db


def _load(db: Database, table: str, listed: Manifest, label: str | None, number: int) -> None:
    names = ", ".join(
        f"CASE WHEN digest_origin IS DISTINCT FROM '{DigestOrigin.CLAIMED.value}' THEN {name} END"
        if name in DIGESTS
        else _ORIGIN
        if name == "digest_origin"
        else quoted(name)
        for name in ROW_COLUMNS
    )
    derived = ", ".join(f"{sql} AS {name}" for name, sql in DERIVED.items())
    extra = "false AS is_due, false AS excluded" if table == "source" else "? AS backup, ? AS backup_number"
    targets = ", ".join(map(quoted, ("id", *ROW_COLUMNS, *DERIVED)))
    extra_targets = "is_due, excluded" if table == "source" else "backup, backup_number"
    offset = db.one(int, f"SELECT coalesce(max(id), 0) FROM {table}")
    with _named_for_duckdb(listed.path) as name:
        rows = db.one(
            int,
            f"""
        INSERT INTO {table} ({targets}, {extra_targets})
        SELECT {offset} + row_number() OVER () AS id, {names}, {derived}, {extra}
        FROM read_json(?, format = 'newline_delimited', columns = ?, maximum_object_size = {MAX_LINE_BYTES},
            {_THIS_FILE_ONLY})
        WHERE path IS NOT NULL
        """,
            [*([] if table == "source" else [label, number]), name, ROW_COLUMNS],
        )
    # Lists of earlier versions, and of other tools, may hold what a killed run of the copier left half done.
    db.run(
        f"UPDATE {table} SET {_PROVES_NOTHING}, error_kind = ?, error = ? WHERE regexp_full_match(name, ?)",
        [ErrorKind.TEMPORARY.value, str(unfinished.UNFINISHED), unfinished.NAME],
    )
    # The lists are read here without the types of a row: a word that nobody knows must not count as the best there is.
    for column, words in _WORDS.items():
        unknown = db.rows(
            lambda path, word: f"{path!r} is {word!r}",
            f'SELECT path, "{column}" FROM {table}'
            f' WHERE id > ? AND NOT list_contains(?::VARCHAR[], "{column}") LIMIT 1',
            [offset, [word.value for word in words]],
        )
        for what in unknown:
            raise BadManifest(f"{listed.path}: the {column} of {what}, which means nothing here")
    # A row that is not loaded would be a file that nobody judges.
    if rows != listed.footer.files:
        raise BadManifest(
            f"{listed.path} should hold {listed.footer.files:,} files, but {rows:,} of its rows name one; "
            "make it again with `auditor scan`"
        )


@contextlib.contextmanager
def _named_for_duckdb(path: Path) -> Iterator[str]:
    """A name under which DuckDB reads this file and no other: to it `*`, `?` and `[` are patterns, `\\` is an escape.

    Raises: BadManifest where the file is gone or is none.
    """
    try:
        with small_files.open_file(path) as stream:
            held = f"/proc/self/fd/{stream.fileno()}"
            if os.path.exists(held):  # noqa: PTH110 (a kernel's file); Linux: no letter of the path is looked at
                yield held
            else:
                yield re.sub(r"[*?\[]", lambda found: f"[{found[0]}]", path.absolute().as_posix())
    except OSError as error:
        raise BadManifest(f"{path} cannot be read: {small_files.reason(error)}") from error


def mark_due(db: Database, scope: Scope) -> None:
    """Marks what must be backed up: photos and videos by content or by name, in every folder but the excluded ones, and
    the sidecars that speak for them."""
    found = db.rows(str, "SELECT DISTINCT extension FROM source WHERE extension IS NOT NULL")
    extensions = [one for one in found if one and kind_by_name(f"x.{one}") in scope.kinds]
    untold = [one for one in found if kind_by_name(f"x.{one}") is Kind.OTHER and not is_other_by_name(f"x.{one}")]
    link = kinds(ErrorKind.LINK_TO_FILE)
    by_name = kinds(ErrorKind.UNREADABLE, ErrorKind.LINK_TO_FILE)
    behind = kinds(ErrorKind.LINK, ErrorKind.NOT_HELD)
    db.run(
        f"""
        UPDATE source SET is_due = list_contains(?, kind)
            -- By its name, only what is a file: a folder or a FIFO named x.jpg is none.
            OR (list_contains(?, extension) AND (size_bytes IS NOT NULL OR error_kind IN ({by_name})))
            -- A name says nothing, and nobody could look: programs keep photos under such names.
            OR coalesce(list_contains(?, extension) AND (size_bytes > 0 OR error_kind = {link}) AND {NOT_SEEN}, false)
            -- Photos may be behind it, and nobody has seen them.
            OR coalesce(error_kind IN ({behind}), false)
        """,
        [[kind.value for kind in scope.kinds], extensions, untold],
    )
    left_out = (
        "UPDATE source SET is_due = false, excluded = true WHERE regexp_matches(lower(path), ?) OR error_kind = ?"
    )
    db.run(left_out, [scope.excluded(), ErrorKind.TRASHED.value])
    db.run(
        """
        UPDATE source SET is_due = true
        FROM (SELECT DISTINCT sidecar FROM source WHERE is_due AND sidecar IS NOT NULL) AS spoken
        WHERE source.path = spoken.sidecar AND source.kind = 'sidecar' AND NOT source.excluded
        """
    )


def _known(source: Manifest, backups: Sequence[Listed]) -> frozenset[str]:
    shared = set.intersection(*(set(b.manifest.header.columns) for b in backups)) if backups else set()
    return schema.known(source.header.columns, shared)


def write_parquet(listed: Manifest, out: Path) -> None:
    """Writes the rows of one list as Parquet, every column that one of them has.

    Raises: OSError where it cannot be written.
    """
    query = f"SELECT * FROM read_json(?, format = 'newline_delimited', sample_size = -1, {_THIS_FILE_ONLY})"
    try:
        with _named_for_duckdb(listed.path) as name, duckdb.connect() as con, interruptible():
            con.sql(query, params=[name]).filter("path IS NOT NULL").write_parquet(str(out))
    except duckdb.Error as error:
        raise OSError(str(error).splitlines()[0]) from error
