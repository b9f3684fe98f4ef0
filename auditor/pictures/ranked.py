"""Which of a phone's files that hold one picture is the one to keep, written beside its rows for the rules.

The ranking is that of the search for duplicates (`keep`): a report, a table and a plan name the same file, but where
the search, which opens both, finds that another one holds more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import duckdb

from auditor.model import FileFacts, Kind, Soundness
from auditor.pictures.inventory import Inventory, Source, with_parts
from auditor.pictures.keep import rank

COLUMNS = (
    *("path", "sha256", "image_sha256", "kind", "format", "soundness", "size_bytes", "width", "height", "taken_at"),
    *("taken_offset", "latitude", "camera_make", "camera_model", "image_id", "sidecar", "companion_of"),
)


def fill(con: duckdb.DuckDBPyConnection, reasons: Sequence[str]) -> None:
    """Fills `keep_rank` (1 is kept), `keep_reason` and `stripped_of` of the source's files that hold one picture with
    another one.

    One picture is the same bytes, or the same image data in files that are not damaged. Stripped is one of them that
    does not say when, where or with what it was taken, while another one does: `stripped_of` is that one's path.
    """
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE several AS
        SELECT id, coalesce('image ' || image_sha256, 'bytes ' || sha256) AS picture
        FROM (
            SELECT id, sha256, max(CASE WHEN soundness IS DISTINCT FROM 'damaged' THEN image_sha256 END)
                OVER (PARTITION BY sha256) AS image_sha256
            FROM due WHERE sha256 IS NOT NULL AND size_bytes > 0 AND kind IN ('photo', 'video')
        )
        QUALIFY count(*) OVER (PARTITION BY coalesce('image ' || image_sha256, 'bytes ' || sha256)) > 1
        """
    )
    rows = con.execute(
        f"""
        SELECT s.id, m.picture, {", ".join(f"s.{name}" for name in COLUMNS)}
        FROM source s LEFT JOIN several m USING (id)
        WHERE m.id IS NOT NULL
            OR s.companion_of IN (SELECT path FROM source SEMI JOIN several USING (id))
            OR s.path IN (SELECT sidecar FROM source SEMI JOIN several USING (id) WHERE sidecar IS NOT NULL)
        ORDER BY s.path, s.id
        """
    ).fetchall()
    inventory = Inventory((Source("", "", ()),), with_parts([(0, _facts(row[2:])) for row in rows]))
    pictures: dict[str, list[int]] = defaultdict(list)
    for k, (_, picture, *_) in enumerate(rows):
        if picture is not None:
            pictures[picture].append(k)
    ranked = []
    for members in pictures.values():
        ranking = rank(inventory, members, reasons)
        why = ranking.why(ranking.order[0], ranking.order[1])
        ranked += [(rows[k][0], turn, why if turn == 1 else None) for turn, k in enumerate(ranking.order, 1)]
    if ranked:
        con.execute("CREATE OR REPLACE TEMP TABLE ranked (id BIGINT, turn BIGINT, why VARCHAR)")
        con.executemany("INSERT INTO ranked VALUES (?, ?, ?)", ranked)
        con.execute("UPDATE source SET keep_rank = turn, keep_reason = why FROM ranked WHERE ranked.id = source.id")
        con.execute("DROP TABLE ranked")
        con.execute(_STRIPPED)
    con.execute("DROP TABLE several")


_STRIPPED = """
    UPDATE source SET stripped_of = says_more FROM (
        SELECT id, CASE
            WHEN taken_at IS NULL AND dated IS NOT NULL THEN dated
            WHEN latitude IS NULL AND placed IS NOT NULL THEN placed
            WHEN camera IS NULL THEN named END AS says_more
        FROM (
            SELECT id, taken_at, latitude, camera,
                arg_min(path, keep_rank) FILTER (WHERE taken_at IS NOT NULL) OVER one AS dated,
                arg_min(path, keep_rank) FILTER (WHERE latitude IS NOT NULL) OVER one AS placed,
                arg_min(path, keep_rank) FILTER (WHERE camera IS NOT NULL) OVER one AS named
            FROM (SELECT *, coalesce(camera_make, camera_model) AS camera FROM source) JOIN several USING (id)
            WINDOW one AS (PARTITION BY picture)
        )
    ) AS found
    WHERE found.id = source.id
"""


def _facts(row: Sequence[object]) -> FileFacts:
    values = dict(zip(COLUMNS, row, strict=True))
    sha256, soundness = values.pop("sha256"), values["soundness"]
    values["kind"] = Kind(str(values["kind"] or Kind.OTHER))
    values["soundness"] = None if soundness is None else Soundness(str(soundness))
    return FileFacts(**values, digests={} if sha256 is None else {"sha256": str(sha256)})  # type: ignore[arg-type]
