"""An audit's tables without what names somebody or something: what a report that leaves the house is made of.

Whatever is not named here is emptied: a new column shows nothing until somebody has decided what of it may be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from auditor.database.connection import Database
from auditor.database.schema import quoted


class Hidden(StrEnum):
    """What becomes of a column."""

    KEPT = "kept"  # numbers, and words of ours
    DAY = "day"  # a time, to its day
    PATH = "path"
    PHONE = "phone"
    BACKUP = "backup"
    BACKUPS = "backups"  # several, joined by `; `
    PERSON = "person"
    EVIDENCE = "evidence"
    TOOL = "tool"


_KEPT, _DAY, _PATH, _BACKUP = Hidden.KEPT, Hidden.DAY, Hidden.PATH, Hidden.BACKUP

_COLUMNS: Mapping[str, Mapping[str, Hidden]] = {
    "files": {
        **dict.fromkeys(("id", "status", "verdict", "copies", "off_site_copies", "only_claimed"), _KEPT),
        **dict.fromkeys(("size_bytes", "kind", "soundness"), _KEPT),
        **dict.fromkeys(("taken_at", "mtime"), _DAY),
        **dict.fromkeys(("path", "backup_path"), _PATH),
        "backup": _BACKUP,
    },
    "findings": {
        **dict.fromkeys(("number", "rule", "severity", "status", "side", "verdict", "waiver_expires"), _KEPT),
        "path": _PATH,
        "backup": _BACKUP,
        "evidence": Hidden.EVIDENCE,
        "waiver_by": Hidden.PERSON,
    },
    "pairs": {**dict.fromkeys(("id", "status", "backup_id"), _KEPT), "backup": _BACKUP},
    "header": {
        **dict.fromkeys(("side", "depth", "schema", "complete", "files", "bytes"), _KEPT),
        **dict.fromkeys(("started", "finished"), _DAY),
        **dict.fromkeys(("backup", "label", "place"), _BACKUP),
        "tool": Hidden.TOOL,
    },
    "safe_to_delete": {
        "size_bytes": _KEPT,
        **dict.fromkeys(("mtime", "read_at"), _DAY),
        "path": _PATH,
        "backups": Hidden.BACKUPS,
    },
}
_EMPTIED = ("source", "backup")
"""Every fact of every file: no report shows them but through the tables above."""


def hide(
    db: Database, hidden: Mapping[Hidden, Callable[[str], str]], messages: Mapping[str, Sequence[str | None]]
) -> None:
    """Rewrites the tables in place. `hidden` says what stands for each text of a kind, a function a kind; `messages` is
    the sentence of each rule's findings in pieces, None being the file's path. A place is called by its label alone,
    and the phone never as a backup of the same label is.
    """
    for table in _EMPTIED:
        db.run(f"DELETE FROM {table}")
    # One place has one name: under its label it stands in all other tables.
    db.run("UPDATE header SET label = coalesce(backup, label, place), place = coalesce(backup, label, place)")
    phone = db.rows(str, "SELECT label FROM header WHERE side = 'source'")
    for table, known in _COLUMNS.items():
        if db.one(str, "SELECT table_type FROM information_schema.tables WHERE table_name = ?", [table]) == "VIEW":
            continue  # it shows what the tables beneath it hold
        for name in db.rows(str, f"SELECT column_name FROM (DESCRIBE {table})"):
            _hide(db, table, name, known.get(name), hidden)
    for label in phone:
        db.run("UPDATE header SET label = ?, place = ? WHERE side = 'source'", [hidden[Hidden.PHONE](label)] * 2)
    for rule, pieces in messages.items():
        said = ", ".join("coalesce(path, '')" if piece is None else "?" for piece in pieces)
        values = [piece for piece in pieces if piece is not None]
        db.run(f"UPDATE findings SET message = concat({said}) WHERE rule = ?", [*values, rule])
    db.run("UPDATE findings SET message = rule, fingerprint = '' WHERE message IS NULL")
    db.run("UPDATE findings SET fingerprint = ''")


def _hide(
    db: Database, table: str, column: str, how: Hidden | None, hidden: Mapping[Hidden, Callable[[str], str]]
) -> None:
    name = quoted(column)
    if how is Hidden.KEPT:
        return
    if how is None:
        db.run(f"UPDATE {table} SET {name} = NULL")
        return
    told = db.rows(str, f"SELECT DISTINCT {name} FROM {table} WHERE {name} IS NOT NULL")
    made = [(text, hidden[how](text)) for text in told]
    db.put("hidden_texts", {"was": "VARCHAR", "now": "VARCHAR"}, made)
    db.run(f"UPDATE {table} SET {name} = h.now FROM hidden_texts h WHERE {table}.{name} = h.was")
    db.run("DROP TABLE hidden_texts")
