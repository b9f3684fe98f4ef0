"""The table `files`: every row of the source with its best status over the backups, and with its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.database import proofs
from auditor.database.connection import Database
from auditor.database.pairs.step import claims_other
from auditor.model import DigestOrigin, Status

_UNTOLD = "place_kind = 'rclone' AND behind IS NULL"
"""Whether a list of a remote is one of an earlier build, which does not say what lies behind it, as SQL on `header`."""


def summarise(db: Database, labels: Sequence[str], proof: Sequence[Status]) -> None:
    """Makes `files`: every row of the source with its best status over the backups and the number of proofs, in all and
    off-site.

    `only_claimed`: nothing stands against its counterpart but that its digest is the word of whoever uploaded it.
    """
    proofs.fill(db, proof)
    order = ", ".join(f"'{status.value}'" for status in Status)
    proves, away = "list_contains(proof, b.status)", "list_contains(off_site, b.backup)"
    # Another tool's list does not say of which disk it is, nor an older list of a remote of which service: it may be of
    # one that is named as well, unless the policy says that it lies elsewhere.
    unplaced = f"(b.digest_origin IS NOT DISTINCT FROM '{DigestOrigin.FOREIGN}' OR list_contains(untold, b.backup))"
    placed = f"(NOT {unplaced} OR {away})"
    db.run(
        f"""
        CREATE OR REPLACE TABLE files AS
        WITH away AS (
            SELECT coalesce(list(backup) FILTER (WHERE off_site), []) AS off_site,
                coalesce(list(backup) FILTER (WHERE side = 'backup' AND {_UNTOLD}), []) AS untold
            FROM header
        ), ranked AS (
            SELECT pairs.*, list_position([{order}], status) AS rank,
                list_position(?::VARCHAR[], pairs.backup) AS turn, digest_origin, claimed, size_bytes, one
            FROM pairs LEFT JOIN backup ON backup.id = pairs.backup_id
                LEFT JOIN proofs ON proofs.id = pairs.id AND proofs.backup = pairs.backup
        ), best AS (
            SELECT id, arg_min(struct_pack(status, detail, backup, backup_path, claimed, size_bytes),
                    rank * 1000 + turn) AS b,
                {proofs.copies(proves, placed)} AS copies,
                {proofs.copies(f"{proves} AND {away}", placed)} AS off_site_copies
            FROM ranked b, (SELECT ?::VARCHAR[] AS proof), away GROUP BY id
        )
        SELECT source.id, source.path, coalesce(best.b.status, 'not_due') AS status, 'not_due' AS verdict,
            best.b.detail AS detail,
            CASE WHEN best.b.backup_path IS NOT NULL THEN best.b.backup END AS backup,
            best.b.backup_path AS backup_path,
            coalesce(best.copies, 0)::INTEGER AS copies,
            coalesce(best.off_site_copies, 0)::INTEGER AS off_site_copies,
            coalesce(best.b.status = '{Status.NOT_CHECKED}' AND best.b.claimed IS NOT NULL, false)
                AND NOT {claims_other("source", "best.b")}
                AND NOT coalesce(best.b.size_bytes <> source.size_bytes, false) AS only_claimed,
            source.size_bytes, source.taken_at, source.sha256, source.kind,
            CASE WHEN source.mtime_trusted IS NOT FALSE THEN source.mtime END AS mtime,
            source.soundness, source.read_at
        FROM source LEFT JOIN best ON best.id = source.id
        ORDER BY source.id
        """,
        [list(labels), [status.value for status in proof]],
    )


def judge(db: Database, proof: Sequence[Status], min_copies: int, off_site_copies: int) -> None:
    """Gives every file of `files` its verdict, from its status and the findings that name it. Where its status leaves
    open why a file is not proven, the findings say it."""
    db.run(
        """
        UPDATE files SET verdict = judged.verdict, detail = CASE WHEN judged.verdict IN ('not_safe', 'not_checked')
            THEN coalesce(files.detail, judged.told) ELSE files.detail END FROM (
            WITH named AS (
                SELECT path,
                    bool_or(verdict = 'not_safe' AND status <> 'waived') AS not_safe,
                    bool_or(verdict = 'not_checked' AND status <> 'waived') AS not_checked,
                    bool_or(status = 'waived') AS waived,
                    string_agg(message, ' ' ORDER BY rule) FILTER (WHERE status <> 'waived') AS told
                FROM findings WHERE side = 'source' AND verdict <> 'none' GROUP BY path
            )
            SELECT files.id, named.told, CASE
                WHEN coalesce(named.not_safe, false) THEN 'not_safe'
                WHEN coalesce(named.not_checked, false) THEN 'not_checked'
                WHEN coalesce(named.waived, false) THEN 'waived'
                WHEN list_contains(?::VARCHAR[], files.status) AND files.copies >= ? AND files.off_site_copies >= ?
                    THEN 'proven'
                ELSE 'not_checked' END AS verdict
            FROM files LEFT JOIN named ON named.path = files.path
            WHERE files.status <> 'not_due'
        ) AS judged WHERE judged.id = files.id
        """,
        [[status.value for status in proof], min_copies, off_site_copies],
    )


def verdicts(db: Database) -> Mapping[str, int]:
    """How many files have each verdict."""
    return dict(
        db.rows(
            lambda verdict, number: (str(verdict), int(number)), "SELECT verdict, count(*) FROM files GROUP BY verdict"
        )
    )


def due(db: Database) -> int:
    """How many files must be backed up."""
    return db.one(int, "SELECT count(*) FROM due")
