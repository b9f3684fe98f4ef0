"""Pairs of the rest: what cannot be compared, and what is not there."""

from __future__ import annotations

from auditor.database.pairs.step import OneBackup, claims_other
from auditor.database.schema import kinds
from auditor.model import DIGESTS, ErrorKind, Status
from auditor.places.trash import OF_A_FILE

_HIDES = f"coalesce(error_kind = {kinds(ErrorKind.LINK)}, false)"
"""Rows of a backup behind which copies may lie that nobody looked at."""


def unreadable(one: OneBackup) -> None:
    """Where contents could not be compared: not missing, not there; not checked."""
    one.put(
        Status.NOT_CHECKED,
        """
        SELECT id, NULL::BIGINT AS backup_id, concat('its content is not known: ',
            coalesce(error, 'the list was made without reading the files')) AS detail
        FROM open_s WHERE coalesce(sha256, md5, sha1, quickxor, dropbox) IS NULL
        """,
    )
    one.db.run("CREATE OR REPLACE TEMP VIEW unread AS SELECT * FROM b WHERE sha256 IS NULL")
    comparable = " OR ".join(f"(s.{d} IS NOT NULL AND c.{d} IS NOT NULL)" for d in DIGESTS)
    for key, extra in (("path", ""), ("name", ""), ("size_bytes", ""), ("stem", "AND c.size_bytes IS NULL")):
        one.put(
            Status.NOT_CHECKED,
            f"""
            SELECT s.id, arg_min(c.id, c.path) AS backup_id,
                concat('of the backup''s ', arg_min(c.path, c.path), ' ',
                    arg_min(coalesce('the content is not known (' || c.error || ')', CASE WHEN {claims_other("s", "c")}
                        THEN 'other content was claimed when it was uploaded, and the stored bytes were not read'
                        ELSE 'only name, size or date are known' END), c.path)) AS detail
            FROM open_s s JOIN unread c ON s.{key} = c.{key}
            WHERE NOT ({comparable}) {extra}
                AND (c.size_bytes IS NULL OR s.size_bytes IS NULL OR c.size_bytes = s.size_bytes)
            GROUP BY s.id
            """,
        )


def missing(one: OneBackup) -> None:
    """The rest is not there; if the backup's list did not end cleanly, or it may lie behind a link that was not
    followed, that is not known either."""
    whole = one.db.rows(bool, "SELECT complete FROM header WHERE backup = ?", [one.label]) == [True]
    hides = one.db.one(bool, f"SELECT count(*) > 0 FROM b WHERE {_HIDES}")
    if not whole:
        detail = "'not found, but the backup''s list is not complete'"
    elif hides:
        link = f"(SELECT min(path) FROM b WHERE {_HIDES})"
        detail = f"concat('not found, but it may lie behind the link ', {link}, ', which was not followed')"
    else:
        detail = (
            "CASE WHEN v.name IS NOT NULL THEN 'another version is there: same name, other content'"
            " WHEN n.name IS NOT NULL THEN concat('what has its name there is no copy: ', n.error) END"
        )
    one.put(
        Status.MISSING if whole and not hides else Status.NOT_CHECKED,
        f"""
        SELECT s.id, NULL::BIGINT AS backup_id, {detail} AS detail
        FROM open_s s LEFT JOIN (SELECT DISTINCT lower(name) AS name FROM open_b) v ON v.name = lower(s.name)
        LEFT JOIN (
            SELECT lower(name) AS name, coalesce(min(error), '{OF_A_FILE}') AS error
            FROM no_copy GROUP BY 1
        ) n ON n.name = lower(s.name)
        """,
    )
