"""Which files of the source hold one picture, or look alike, and which of them is the one to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.database.connection import Database
from auditor.model import FileFacts, Kind, Soundness

_COLUMNS = (
    *("path", "sha256", "image_sha256", "kind", "format", "soundness", "size_bytes", "width", "height", "taken_at"),
    *("taken_offset", "latitude", "camera_make", "camera_model", "image_id", "sidecar", "companion_of"),
)


@dataclass(frozen=True, slots=True)
class Shared:
    """A file of the source, by its id. `picture` is the same for all files that hold one with another file, `look` for
    all that have one perceptual hash with another one; None where it has neither, as what only belongs to such a file:
    its sidecar, its film."""

    id: int
    picture: str | None
    look: str | None
    facts: FileFacts


@dataclass(frozen=True, slots=True)
class Ranked:
    """Which one a file is among those of its picture or look: the first is kept, and `why` says why; None for all
    others."""

    id: int
    rank: int
    why: str | None


def shared(db: Database) -> list[Shared]:
    """The due photos and videos of which two or more hold one picture or look alike, and what belongs to them, in path
    order.

    One picture is the same bytes, or the same image data in files that are not damaged. Alike are sound ones of known
    size with one perceptual hash.
    """
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE several AS
        SELECT id, picture, look
        FROM (
            SELECT id, coalesce('image ' || image_sha256, 'bytes ' || sha256) AS picture
            FROM (
                SELECT id, sha256, max(CASE WHEN soundness IS DISTINCT FROM 'damaged' THEN image_sha256 END)
                    OVER (PARTITION BY sha256) AS image_sha256
                FROM due WHERE sha256 IS NOT NULL AND size_bytes > 0 AND kind IN ('photo', 'video')
            )
            QUALIFY count(*) OVER (PARTITION BY coalesce('image ' || image_sha256, 'bytes ' || sha256)) > 1
        )
        FULL JOIN (
            SELECT id, phash AS look
            FROM due
            WHERE phash IS NOT NULL AND width > 0 AND height > 0
                AND coalesce(soundness, '') NOT IN ('damaged', 'suspicious')
            QUALIFY count(*) OVER (PARTITION BY phash) > 1
        ) USING (id)
        """
    )
    return db.rows(
        lambda row, picture, look, *values: Shared(row, picture, look, _facts(values)),
        f"""
        SELECT s.id, m.picture, m.look, {", ".join(f"s.{name}" for name in _COLUMNS)}
        FROM source s LEFT JOIN several m USING (id)
        WHERE m.id IS NOT NULL
            OR s.companion_of IN (SELECT path FROM source SEMI JOIN several USING (id))
            OR s.path IN (SELECT sidecar FROM source SEMI JOIN several USING (id) WHERE sidecar IS NOT NULL)
        ORDER BY s.path, s.id
        """,
    )


def keep(db: Database, pictures: Sequence[Ranked], looks: Sequence[Ranked]) -> None:
    """Fills `keep_rank`, `keep_reason` and `stripped_of` of the source's files by their pictures, and `alike_rank` by
    their looks. Call after `shared`.

    Stripped is one that does not say when, where or with what it was taken, while another one of its picture does:
    `stripped_of` is that one's path.
    """
    for ranked, columns in ((pictures, "keep_rank = turn, keep_reason = why"), (looks, "alike_rank = turn")):
        if ranked:
            db.put("ranked", _RANKED, ((one.id, one.rank, one.why) for one in ranked))
            db.run(f"UPDATE source SET {columns} FROM ranked WHERE ranked.id = source.id")
            db.run("DROP TABLE ranked")
    if pictures:
        db.run(_STRIPPED)
    db.run("DROP TABLE several")


_RANKED = {"id": "BIGINT", "turn": "BIGINT", "why": "VARCHAR"}
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
            WHERE picture IS NOT NULL
            WINDOW one AS (PARTITION BY picture)
        )
    ) AS found
    WHERE found.id = source.id
"""


def _facts(row: Sequence[object]) -> FileFacts:
    values = dict(zip(_COLUMNS, row, strict=True))
    sha256, soundness = values.pop("sha256"), values["soundness"]
    values["kind"] = Kind(str(values["kind"] or Kind.OTHER))
    values["soundness"] = None if soundness is None else Soundness(str(soundness))
    return FileFacts(**values, digests={} if sha256 is None else {"sha256": str(sha256)})  # type: ignore[arg-type]
