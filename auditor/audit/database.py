"""Manifests in DuckDB: the tables and views that pairing fills and rules see, shut off from files and network.

`header` (one row a list), `source` and `backup` (the rows; `backup.backup` is the label), `due` (the source's rows that
must be backed up), `pairs` (one row a due file and backup), `files` (every row of the source with its best status);
what the rules find goes into `findings`. rules/README.md explains every column.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb

from auditor.disk import small_files
from auditor.errors import BadManifest
from auditor.judge.policy import Policy
from auditor.manifest.jsonl import MAX_LINE_BYTES, Manifest
from auditor.manifest.rows import DECODED, behind_rows
from auditor.model import DigestOrigin, ErrorKind, Kind, Soundness
from auditor.places import unfinished
from auditor.readers.sniff import is_other_by_name, kind_by_name

THIS_FILE_ONLY = "hive_partitioning = false, union_by_name = false, filename = false, compression = 'uncompressed'"
"""Of a path, DuckDB takes `a=b/` for columns and `.gz` for packed, unless it is told not to."""

ROW_COLUMNS = {
    **dict.fromkeys(("path", "path_bytes", "mtime", "read_at", "digest_origin", "sha256", "md5", "sha1"), "VARCHAR"),
    **dict.fromkeys(("quickxor", "dropbox", "head_sha256", "kind", "format", "taken_at", "taken_offset"), "VARCHAR"),
    **dict.fromkeys(
        ("taken_subsec", "camera_make", "camera_model", "image_id", "image_sha256", "coded_sha256"), "VARCHAR"
    ),
    **dict.fromkeys(("phash", "soundness", "sidecar", "companion_of", "file_id", "changed"), "VARCHAR"),
    **dict.fromkeys(("error_kind", "error"), "VARCHAR"),
    **dict.fromkeys(("size_bytes", "width", "height", "orientation"), "BIGINT"),
    **dict.fromkeys(("duration_s", "latitude", "longitude"), "DOUBLE"),
    **dict.fromkeys(("phash_turned", "checked", "notes"), "VARCHAR[]"),
    "mtime_trusted": "BOOLEAN",
    "damage": 'STRUCT(code VARCHAR, detail VARCHAR, "offset" BIGINT)[]',
}
"""The manifest's columns that the views have, with their types in DuckDB."""

_DIGESTS = ("sha256", "sha1", "md5", "quickxor", "dropbox")

# Whose digest it is, a row of somebody else's making may leave out: that it was read here must be said.
_ORIGIN = (
    f"CASE WHEN coalesce({', '.join(_DIGESTS)}) IS NOT NULL"
    f" THEN coalesce(digest_origin, '{DigestOrigin.FOREIGN.value}') ELSE digest_origin END"
)

_PROVES_NOTHING = "kind = 'other', soundness = NULL, " + ", ".join(
    f"{name} = NULL" for name in (*_DIGESTS, "head_sha256", "image_sha256", "coded_sha256", "phash")
)
DERIVED = {
    # What whoever uploaded the file said of it proves nothing, and so must not stand where digests do.
    "claimed": f"CASE WHEN digest_origin = '{DigestOrigin.CLAIMED.value}' THEN coalesce("
    + ", ".join(f"'{name}:' || {name}" for name in _DIGESTS)
    + ") END",
    "name": "regexp_extract(path, '[^/]*$')",
    "folder": "regexp_replace(path, '/?[^/]*$', '')",
    "stem": "regexp_replace(lower(regexp_extract(path, '[^/]*$')), '(.)\\.[^.]*$', '\\1')",
    "extension": "regexp_extract(lower(path), '[^/.]\\.([^./]*)$', 1)",
    "mtime_s": "epoch(try_cast(mtime AS TIMESTAMP))",
}
"""Columns computed for every row. `stem` and `extension` are lower-case, the extension without its dot."""

HEADER_COLUMNS = {
    "side": "VARCHAR",
    "backup": "VARCHAR",
    **dict.fromkeys(("label", "place", "place_id", "place_kind", "tool", "depth", "started", "finished"), "VARCHAR"),
    "schema": "INTEGER",
    "complete": "BOOLEAN",
    "reasons": "VARCHAR[]",
    **dict.fromkeys(("files", "bytes"), "HUGEINT"),  # sums, of sizes that are merely stated
    "digest": "VARCHAR",
    "age_days": "DOUBLE",
    "off_site": "BOOLEAN",
    "is_phone": "BOOLEAN",
    **dict.fromkeys(("model", "android_version", "filesystem", "mounted_from"), "VARCHAR"),
    **dict.fromkeys(("storage_total_bytes", "storage_free_bytes"), "BIGINT"),
    **dict.fromkeys(("previous_files", "previous_bytes"), "HUGEINT"),
    "previous_finished": "VARCHAR",
    "behind": "VARCHAR",
    **dict.fromkeys(("homes", "source_ids", "source_labels"), "VARCHAR[]"),
}

_WORDS: Mapping[str, type[StrEnum]] = {
    "kind": Kind,
    "soundness": Soundness,
    "digest_origin": DigestOrigin,
    "error_kind": ErrorKind,
}
"""The columns of a row that hold one of a few words."""

PAIR_COLUMNS = {
    "id": "BIGINT",
    "path": "VARCHAR",
    "backup": "VARCHAR",
    "status": "VARCHAR",
    "backup_id": "BIGINT",
    "backup_path": "VARCHAR",
    "detail": "VARCHAR",
}

FILES_COLUMNS = ("id", "path", "status", "detail", "backup", "backup_path", "copies", "off_site_copies", "only_claimed")
"""What a rule may want of `files`; its column `verdict` is filled only after the rules."""

FINDING_COLUMNS = {
    "number": "BIGINT",
    **dict.fromkeys(("rule", "severity", "status", "side", "backup", "path", "message", "evidence"), "VARCHAR"),
    **dict.fromkeys(("verdict", "fingerprint", "waiver_reason", "waiver_by", "waiver_expires"), "VARCHAR"),
}


def kinds(*names: ErrorKind) -> str:
    """These kinds of trouble as SQL, for `error_kind IN (...)`."""
    return ", ".join(f"'{name.value}'" for name in names)


@dataclass(frozen=True, slots=True)
class Listed:
    """One list that is judged, under its label. `off_site` says that it is kept elsewhere, `in_bin` that all of it lies
    in a bin, `homes` where in it a phone's own folders lie, each with `/` behind it."""

    label: str
    manifest: Manifest
    off_site: bool = False
    in_bin: bool = False
    homes: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Lists:
    """The database of one audit, and which columns its lists can know (`source.taken_at`, `backup.phash`, ...)."""

    con: duckdb.DuckDBPyConnection
    known: frozenset[str]


@contextlib.contextmanager
def open_lists(source: Manifest, backups: Sequence[Listed], policy: Policy, now: datetime) -> Iterator[Lists]:
    """A database with the lists in it, shut off from files and network. It spills to a folder that goes with it.

    Raises: BadManifest where a row cannot be read as one.
    """
    with tempfile.TemporaryDirectory(prefix="auditor-") as spill, contextlib.closing(duckdb.connect()) as con:
        # The folder must be known before the lock; without insertion order kept, rows would lose the lists' order.
        con.execute("SET temp_directory = ?", [spill])
        con.execute("SET memory_limit = '1200MB'")
        create_tables(con)
        try:
            _load(con, "source", source, None, 0)
            for number, listed in enumerate(backups):
                _load(con, "backup", listed.manifest, listed.label, number)
                if listed.in_bin:
                    con.execute(
                        "UPDATE backup SET error_kind = ?, error = 'it lies in a bin' WHERE backup_number = ?",
                        [ErrorKind.TRASHED.value, number],
                    )
        except duckdb.Error as error:
            raise BadManifest(f"a manifest has rows that are none: {str(error).splitlines()[0]}") from error
        _headers(con, Listed("source", source), backups, now)
        mark_due(con, policy)
        lock(con)
        yield Lists(con, _known(source, backups))


def lock(con: duckdb.DuckDBPyConnection) -> None:
    """Shuts the database off: no files, no network, no extensions, no way to switch them on again."""
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """The empty tables and the view `due`."""
    rows = {"id": "BIGINT", **ROW_COLUMNS, **dict.fromkeys(DERIVED, "VARCHAR"), "mtime_s": "DOUBLE"}
    kept = {"keep_rank": "BIGINT", "keep_reason": "VARCHAR", "stripped_of": "VARCHAR"}
    _create(con, "source", {**rows, "is_due": "BOOLEAN", "excluded": "BOOLEAN", **kept})
    _create(con, "backup", {**rows, "backup": "VARCHAR", "backup_number": "INTEGER"})
    _create(con, "header", HEADER_COLUMNS)
    _create(con, "pairs", PAIR_COLUMNS)
    _create(con, "findings", FINDING_COLUMNS)
    con.execute("CREATE VIEW due AS SELECT * FROM source WHERE is_due")


def _create(con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> None:
    definitions = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    con.execute(f"CREATE TABLE {table} ({definitions})")


def _load(con: duckdb.DuckDBPyConnection, table: str, listed: Manifest, label: str | None, number: int) -> None:
    names = ", ".join(
        f"CASE WHEN digest_origin IS DISTINCT FROM '{DigestOrigin.CLAIMED.value}' THEN {name} END"
        if name in _DIGESTS
        else _ORIGIN
        if name == "digest_origin"
        else f'"{name}"'
        for name in ROW_COLUMNS
    )
    derived = ", ".join(f"{sql} AS {name}" for name, sql in DERIVED.items())
    extra = "false AS is_due, false AS excluded" if table == "source" else "? AS backup, ? AS backup_number"
    targets = ", ".join(f'"{name}"' for name in ("id", *ROW_COLUMNS, *DERIVED))
    extra_targets = "is_due, excluded" if table == "source" else "backup, backup_number"
    offset = con.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchall()[0][0]
    with named_for_duckdb(listed.path) as name:
        rows = con.execute(
            f"""
        INSERT INTO {table} ({targets}, {extra_targets})
        SELECT {int(offset)} + row_number() OVER () AS id, {names}, {derived}, {extra}
        FROM read_json(?, format = 'newline_delimited', columns = ?, maximum_object_size = {MAX_LINE_BYTES},
            {THIS_FILE_ONLY})
        WHERE path IS NOT NULL
        """,
            [*([] if table == "source" else [label, number]), name, ROW_COLUMNS],
        ).fetchall()
    # Lists of earlier versions, and of other tools, may hold what a killed run of the copier left half done.
    con.execute(
        f"UPDATE {table} SET {_PROVES_NOTHING}, error_kind = ?, error = ? WHERE regexp_full_match(name, ?)",
        [ErrorKind.TEMPORARY.value, str(unfinished.UNFINISHED), unfinished.NAME],
    )
    # The lists are read here without the types of a row: a word that nobody knows must not count as the best there is.
    for column, words in _WORDS.items():
        unknown = con.execute(
            f'SELECT path, "{column}" FROM {table}'
            f' WHERE id > ? AND NOT list_contains(?::VARCHAR[], "{column}") LIMIT 1',
            [offset, [word.value for word in words]],
        ).fetchall()
        for path, word in unknown:
            raise BadManifest(f"{listed.path}: the {column} of {path!r} is {word!r}, which means nothing here")
    # A row that is not loaded would be a file that nobody judges.
    if rows[0][0] != listed.footer.files:
        raise BadManifest(
            f"{listed.path} should hold {listed.footer.files:,} files, but {rows[0][0]:,} of its rows name one; "
            "make it again with `auditor scan`"
        )


@contextlib.contextmanager
def named_for_duckdb(path: Path) -> Iterator[str]:
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


def _headers(con: duckdb.DuckDBPyConnection, source: Listed, backups: Sequence[Listed], now: datetime) -> None:
    rows = []
    for side, listed in (("source", source), *(("backup", b) for b in backups)):
        header, footer = listed.manifest.header, listed.manifest.footer
        device, previous = header.device, header.previous or {}
        age = (now - datetime.fromisoformat(footer.finished)).total_seconds() / 86400
        rows.append(
            {
                "side": side,
                "backup": listed.label if side == "backup" else None,
                **{name: getattr(header, name) for name in ("place", "place_id", "place_kind", "tool", "started")},
                "label": header.label,
                "schema": header.schema,
                "depth": header.depth.value,
                "finished": footer.finished,
                "complete": footer.complete,
                "reasons": list(footer.reasons),
                "files": footer.files,
                "bytes": footer.bytes,
                "digest": footer.digest,
                "age_days": age,
                "off_site": listed.off_site,
                "is_phone": device is not None and device.is_phone,
                "model": device and device.model,
                "android_version": device and device.android_version,
                "filesystem": device and device.filesystem,
                "mounted_from": device and device.mounted_from,
                "storage_total_bytes": device and device.storage_total_bytes,
                "storage_free_bytes": device and device.storage_free_bytes,
                "behind": None if header.behind is None else json.dumps(behind_rows(header.behind)),
                "homes": list(listed.homes),
                "source_ids": list(header.sources or ()),
                "source_labels": list((header.sources or {}).values()),
                "previous_files": previous.get("files"),
                "previous_bytes": previous.get("bytes"),
                "previous_finished": previous.get("finished"),
            }
        )
    insert(con, "header", rows)


def insert(con: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Puts rows, given by column name, into a table.

    Raises: KeyError where a column is none of the table's.
    """
    columns = [row[0] for row in con.execute(f"SELECT column_name FROM (DESCRIBE {table})").fetchall()]
    for row in rows:
        if unknown := set(row) - set(columns):
            raise KeyError(f"{table} has no column {', '.join(sorted(unknown))}")
        names = ", ".join(f'"{name}"' for name in row)
        con.execute(
            f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})",
            list(row.values()),
        )


def mark_due(con: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    """Applies the policy's scope: photos and videos by content or by name, in every folder but the excluded ones, and
    the sidecars that speak for them."""
    found = [extension for (extension,) in con.execute("SELECT DISTINCT extension FROM source").fetchall()]
    extensions = [one for one in found if one and kind_by_name(f"x.{one}") in policy.kinds]
    untold = [one for one in found if kind_by_name(f"x.{one}") is Kind.OTHER and not is_other_by_name(f"x.{one}")]
    unreadable = kinds(ErrorKind.UNREADABLE)
    by_name = kinds(ErrorKind.UNREADABLE, ErrorKind.LINK_TO_FILE)
    behind = kinds(ErrorKind.LINK, ErrorKind.NOT_HELD)
    con.execute(
        f"""
        UPDATE source SET is_due = list_contains(?, kind)
            -- By its name, only what is a file: a folder or a FIFO named x.jpg is none.
            OR (list_contains(?, extension) AND (size_bytes IS NOT NULL OR error_kind IN ({by_name})))
            -- A name says nothing, and nobody could look: programs keep photos under such names.
            OR coalesce(list_contains(?, extension) AND size_bytes > 0 AND error_kind = {unreadable}, false)
            -- Photos may be behind it, and nobody has seen them.
            OR coalesce(error_kind IN ({behind}), false)
        """,
        [[kind.value for kind in policy.kinds], extensions, untold],
    )
    left_out = "UPDATE source SET is_due = false, excluded = true WHERE regexp_matches(lower(path), ?)"
    con.execute(left_out, [policy.excluded()])
    con.execute(
        """
        UPDATE source SET is_due = true
        FROM (SELECT DISTINCT sidecar FROM source WHERE is_due AND sidecar IS NOT NULL) AS spoken
        WHERE source.path = spoken.sidecar AND source.kind = 'sidecar' AND NOT source.excluded
        """
    )


def _known(source: Manifest, backups: Sequence[Listed]) -> frozenset[str]:
    columns = set(source.header.columns)
    shared = set.intersection(*(set(b.manifest.header.columns) for b in backups)) if backups else set()
    extra = {*DERIVED, "id", "is_due", "excluded", "backup", "backup_number"}
    return frozenset(
        {f"{view}.{name}" for view in ("source", "due") for name in columns | extra}
        | {f"backup.{name}" for name in shared | extra}
        | {f"pairs.{name}" for name in PAIR_COLUMNS}
        | {f"header.{name}" for name in HEADER_COLUMNS}
        | {f"files.{name}" for name in FILES_COLUMNS}
    )


EVERYTHING = frozenset(
    {f"{view}.{name}" for view in ("source", "due", "backup") for name in (*DECODED, *ROW_COLUMNS, *DERIVED)}
    | {f"{view}.{name}" for view in ("source", "due") for name in ("id", "is_due", "excluded")}
    | {f"backup.{name}" for name in ("id", "backup", "backup_number")}
    | {f"pairs.{name}" for name in PAIR_COLUMNS}
    | {f"header.{name}" for name in HEADER_COLUMNS}
    | {f"files.{name}" for name in FILES_COLUMNS}
)
"""All columns that a rule may need."""
