"""The columns of every table, which of them a rule may need, and the tables themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from auditor.database.connection import Database
from auditor.manifest.rows import DECODED
from auditor.model import DIGESTS, DigestOrigin, ErrorKind
from auditor.places.trash import OF_A_PROGRAM

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

_STRONGEST_FIRST = ("sha256", "sha1", "md5", "quickxor", "dropbox")

DERIVED = {
    # What whoever uploaded the file said of it proves nothing, and so must not stand where digests do.
    "claimed": f"CASE WHEN digest_origin = '{DigestOrigin.CLAIMED.value}' THEN coalesce("
    + ", ".join(f"'{name}:' || {name}" for name in _STRONGEST_FIRST)
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
    **dict.fromkeys(
        ("label", "own_label", "place", "place_id", "place_kind", "tool", "depth", "started", "finished"), "VARCHAR"
    ),
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


def known(source: Iterable[str], backups: Iterable[str]) -> frozenset[str]:
    """Which columns a rule may find filled, where the lists of the source and of all backups have these."""
    own = {*DERIVED, "id"}
    return frozenset(
        {f"{view}.{name}" for view in ("source", "due") for name in {*source, *own, "is_due", "excluded"}}
        | {f"backup.{name}" for name in {*backups, *own, "backup", "backup_number"}}
        | {f"pairs.{name}" for name in PAIR_COLUMNS}
        | {f"header.{name}" for name in HEADER_COLUMNS}
        | {f"files.{name}" for name in FILES_COLUMNS}
    )


EVERYTHING = known((*DECODED, *ROW_COLUMNS), (*DECODED, *ROW_COLUMNS))
"""All columns that a rule may need."""


def kinds(*names: ErrorKind) -> str:
    """These kinds of trouble as SQL, for `error_kind IN (...)`."""
    return ", ".join(f"'{name.value}'" for name in names)


NO_COPIES = kinds(ErrorKind.LINKED, ErrorKind.MISSING, ErrorKind.TRASHED, ErrorKind.SHARED)
"""What is wrong with rows of a backup that are no copies, as SQL for `error_kind IN (...)`."""


def of_a_program(copy: str, own: str) -> str:
    """`places.trash.is_of_a_program` of a backup's path and that of the phone's file, both given as SQL, as SQL."""
    before = f"CASE WHEN ends_with('/' || {copy}, '/' || {own}) THEN left({copy}, -length({own})) ELSE {copy} END"
    return f"regexp_matches({before}, '{OF_A_PROGRAM}')"


_UNSEEN = (ErrorKind.UNREADABLE, ErrorKind.UNSUPPORTED, ErrorKind.REFUSED, ErrorKind.DOUBTED, ErrorKind.LINK_TO_FILE)

NOT_SEEN = f"(error_kind IN ({kinds(*_UNSEEN)}) AND coalesce({', '.join(DIGESTS)}) IS NULL)"
"""Whether nobody could look into a row's file, so that only its name says what it is, as SQL. The rules say it too."""


_JUDGED = ("one_of", "listed_at")
"""What a row of a backup is known to be after its list was loaded: the number of all that may be one file with it, and
when the list began that is all there is of its backup (RFC 3339); NULL where there is no such thing."""


_SAID_SIZE = """
    CREATE MACRO said_size(n) AS CASE
        WHEN n IS NULL THEN NULL
        WHEN n = 1 THEN '1 byte'
        WHEN n < 1000 THEN concat(n, ' bytes')
        WHEN n / 1e3 < 999.5 THEN said_amount(n / 1e3, 'kB')
        WHEN n / 1e6 < 999.5 THEN said_amount(n / 1e6, 'MB')
        WHEN n / 1e9 < 999.5 THEN said_amount(n / 1e9, 'GB')
        WHEN n / 1e12 < 999.5 THEN said_amount(n / 1e12, 'TB')
        ELSE said_amount(n / 1e15, 'PB') END
"""
"""A size in bytes as `words.size` says it, for sentences that SQL makes; NULL where it is not known."""
_SAID_AMOUNT = """
    CREATE MACRO said_amount(x, unit) AS
        concat(CASE WHEN x < 9.95 THEN format('{:.1f}', x) ELSE format('{:,}', round_even(x, 0)::BIGINT) END, ' ', unit)
"""


def create_tables(db: Database) -> None:
    """The empty tables, the view `due`, and what rules may call."""
    rows = {"id": "BIGINT", **ROW_COLUMNS, **dict.fromkeys(DERIVED, "VARCHAR"), "mtime_s": "DOUBLE"}
    kept = {"keep_rank": "BIGINT", "keep_reason": "VARCHAR", "stripped_of": "VARCHAR", "alike_rank": "BIGINT"}
    tables = {
        "source": {**rows, "is_due": "BOOLEAN", "excluded": "BOOLEAN", **kept},
        "backup": {**rows, "backup": "VARCHAR", "backup_number": "INTEGER", **dict.fromkeys(_JUDGED, "VARCHAR")},
        "header": HEADER_COLUMNS,
        "pairs": PAIR_COLUMNS,
        "findings": FINDING_COLUMNS,
    }
    for table, columns in tables.items():
        db.run(f"CREATE TABLE {table} ({', '.join(f'{quoted(name)} {kind}' for name, kind in columns.items())})")
    db.run("CREATE VIEW due AS SELECT * FROM source WHERE is_due")
    db.run(_SAID_AMOUNT)
    db.run(_SAID_SIZE)


def derive(db: Database) -> None:
    """Computes the derived columns of rows that were put in without them."""
    for table in ("source", "backup"):
        db.run(f"UPDATE {table} SET {', '.join(f'{name} = {sql}' for name, sql in DERIVED.items())}")


def insert(db: Database, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Puts rows, given by column name, into a table.

    Raises: KeyError where a column is none of the table's.
    """
    columns = db.rows(str, f"SELECT column_name FROM (DESCRIBE {table})")
    for row in rows:
        if unknown := set(row) - set(columns):
            raise KeyError(f"{table} has no column {', '.join(sorted(unknown))}")
        names = ", ".join(map(quoted, row))
        db.run(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def quoted(name: str) -> str:
    """A column's name as SQL writes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
