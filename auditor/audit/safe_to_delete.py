"""Which files of the phone an audit licenses to delete: safe-to-delete.csv."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import duckdb

from auditor.audit import one_copy, refusals
from auditor.audit.inputs import Side
from auditor.audit.order import Order
from auditor.disk import marker as markers
from auditor.paths import display_path
from auditor.places.folder import FolderPlace, recorded_folder
from auditor.places.trash import TRASH_FOLDERS


def fill(
    con: duckdb.DuckDBPyConnection, order: Order, doubts: Mapping[str, refusals.Doubt], started: datetime
) -> tuple[int, list[str]]:
    """The files whose bytes were read in this run on both sides, that are identical, sound, and in enough backups.
    What may be the phone itself counts as none of these: by it the only backup would be emptied.

    Returns how many would be among them but for the reading, and of what nothing ever is, as sentences.
    """
    since = started.strftime("%Y-%m-%dT%H:%M:%SZ")
    # A list made elsewhere may come from a clock that is ahead: only what was a place in this run was read in it.
    # What may be the phone itself, seen through another mount, must not license a deletion.
    source = order.source.place
    undoubted = [b for b in order.backups if b.label not in doubts]
    read_now = [
        b.label
        for b in undoubted
        if b.place is not None and source is not None and one_copy.is_provably_apart(source, b.place)
    ]
    copies = one_copy.copies("p.backup")
    sql = f"""
        SELECT s.path, s.size_bytes, s.mtime, s.sha256,
            string_agg(p.backup, '; ' ORDER BY list_position(?::VARCHAR[], p.backup)) AS backups, s.read_at
        FROM files f
        JOIN source s ON s.id = f.id
        JOIN pairs p ON p.id = f.id AND p.status = 'identical'
        JOIN backup b ON b.id = p.backup_id
        WHERE f.verdict = 'proven' AND f.status = 'identical' AND list_contains(?::VARCHAR[], p.backup)
            AND s.soundness = 'sound' AND b.soundness = 'sound' AND s.sha256 = b.sha256
            AND s.digest_origin = 'read' AND b.digest_origin = 'read' AND s.read_at >= ? AND b.read_at >= ?
            -- An album may be called so; what empties bins goes by the name as well.
            AND NOT regexp_matches(lower(s.path), '{TRASH_FOLDERS}')
            AND NOT regexp_matches(lower(b.path), '{TRASH_FOLDERS}')
        GROUP BY s.id, s.path, s.size_bytes, s.mtime, s.sha256, s.read_at
        HAVING {copies} >= ?
        """  # noqa: S608 (columns of ours)
    least = order.policy.min_copies
    con.execute(f"CREATE TABLE safe_to_delete AS {sql}", [read_now, read_now, since, since, least])
    labels = [b.label for b in undoubted]
    con.execute(f"CREATE TEMP TABLE safe_at_any_time AS {sql}", [labels, labels, "", "", least])
    told = []
    for backup, within in _kept_backups(con, order.source).items():
        con.execute("DELETE FROM safe_to_delete WHERE starts_with(path, ?)", [within])
        con.execute("DELETE FROM safe_at_any_time WHERE starts_with(path, ?)", [within])
        told.append(f"Of {backup} nothing is offered for deletion: it is a backup that auditor keeps.")
    counts = "SELECT (SELECT count(*) FROM safe_at_any_time) - (SELECT count(*) FROM safe_to_delete)"
    return int(con.execute(counts).fetchall()[0][0]), told


def _kept_backups(con: duckdb.DuckDBPyConnection, source: Side) -> dict[Path, str]:
    """The backups that this program keeps in which files of `safe_at_any_time` lie, each with how their paths begin."""
    root = source.place.root if isinstance(source.place, FolderPlace) else None
    if source.listed is not None and source.listed.place_kind == "folder":
        behind = recorded_folder(source.listed.place, source.listed.place_id)
        root = behind.root if behind else root
    if root is None:
        return {}
    kept_around = markers.kept_around()
    found: dict[Path, str] = {}
    rows = con.execute("SELECT path, path_bytes FROM safe_at_any_time JOIN source USING (path)").fetchall()
    for path, raw in rows:
        there = path if raw is None else bytes.fromhex(raw).decode("utf-8", "surrogateescape")
        if backup := kept_around((root / there).parent):
            within = display_path(backup.relative_to(root).as_posix()) + "/" if backup.is_relative_to(root) else ""
            found[backup] = within if backup != root else ""
    return found
