"""Pairs of one content: the same bytes, the same bytes in somebody's word, the same image data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.database.pairs.step import OneBackup, Pair
from auditor.model import DIGESTS, Status

_PROOF_WORDS = {
    "sha256": "NULL::VARCHAR",
    "md5": "'proven by its MD5 alone'",
    "sha1": "'proven by its SHA-1 alone'",
    "quickxor": "'proven by its QuickXorHash alone, a weak digest: it finds accidents, but not all of them'",
    "dropbox": "'proven by the content hash of Dropbox'",
}
"""What is said of a proof that rests on another digest than SHA-256."""


def identical(one: OneBackup) -> None:
    """The same bytes anywhere in the backup, many to one: best at the same path, then under the same name."""
    # What agrees in one digest and differs in another, or in size, is a list that is wrong; many lists lack some. So a
    # weaker digest counts only where SHA-256, which comes first, is not known of both.
    agree = " AND ".join(f"coalesce(s.{name} = b.{name}, true)" for name in ("size_bytes", *DIGESTS))
    for digest in _held(one):
        for key in ("path", "name", None):
            at = "" if key is None else f"AND s.{key} = b.{key}"
            one.put(
                Status.IDENTICAL,
                f"""
                SELECT s.id, arg_min(b.id, b.path) AS backup_id, {_PROOF_WORDS[digest]} AS detail
                FROM open_s s JOIN {"b" if key else _one_of_each(digest)} b
                    ON s.{digest} = b.{digest} {at} AND {agree}
                GROUP BY s.id
                """,
            )
    # What is byte for byte another file of the phone is that file's copy, and no other's; but all empty files are
    # alike, and an empty one may be what is left of any.
    one.db.run(
        """
        CREATE OR REPLACE TEMP TABLE free AS
        SELECT b.id FROM b
        WHERE NOT EXISTS (SELECT 1 FROM source s WHERE s.sha256 = b.sha256 AND s.size_bytes > 0)
          AND NOT EXISTS (SELECT 1 FROM pairs p WHERE p.backup_id = b.id);
        CREATE OR REPLACE TEMP VIEW open_b AS SELECT * FROM b SEMI JOIN free USING (id);
        """
    )


def contradicted(one: OneBackup) -> None:
    """A digest of the file's content in a row that has another size or digest beside it: neither proof, nor missing."""
    for digest in _held(one):
        one.put(
            Status.NOT_CHECKED,
            # What agrees in all is proof, and was taken by `identical`.
            f"""
            SELECT s.id, arg_min(b.id, b.path) AS backup_id, concat('the backup''s list contradicts itself,',
                ' with this file''s digest and another size or digest') AS detail
            FROM open_s s JOIN b ON s.{digest} = b.{digest}
            GROUP BY s.id
            """,
        )


def _held(one: OneBackup) -> list[str]:
    """The digests that both lists hold, SHA-256 first. Most hold one: the others would be joins for nothing."""
    held = "SELECT (SELECT count({0}) FROM due) > 0 AND (SELECT count({0}) FROM b) > 0"
    return [digest for digest in DIGESTS if one.db.one(bool, held.format(digest))]


def _one_of_each(digest: str) -> str:
    """The first file of each content: a thousand copies must not make a thousand pairs each."""
    columns = ", ".join(("size_bytes", *DIGESTS))
    return f"""
        (SELECT arg_min(id, path) AS id, min(path) AS path, {columns}
         FROM b WHERE {digest} IS NOT NULL GROUP BY {columns})"""


def claimed(one: OneBackup) -> None:
    """The digest of a file's content, but only as the word of whoever uploaded a copy: nobody read what is stored."""
    one.put(
        Status.NOT_CHECKED,
        f"""
        SELECT s.id, arg_min(c.id, c.path) AS backup_id, concat(upper(split_part(any_value(c.claimed), ':', 1)),
            ' of the same content, but only as claimed by whoever uploaded it: the stored bytes were not read, neither',
            ' all (`auditor audit --depth decode`) nor a sample (`auditor verify --manifest`)') AS detail
        FROM open_s s
        JOIN b c ON c.claimed IN ({", ".join(f"'{digest}:' || s.{digest}" for digest in DIGESTS)})
            AND coalesce(s.size_bytes = c.size_bytes, true)
        GROUP BY s.id
        """,
    )


def shown(one: OneBackup, digests: Iterable[str]) -> None:
    """The same content, by these digests, in what may be the phone's own file, and nothing tells: neither proof, nor
    missing."""
    for digest in digests:
        one.put(
            Status.NOT_CHECKED,
            f"""
            SELECT s.id, NULL::BIGINT AS backup_id, concat('of the backup''s ', arg_min(c.path, c.path), ' ',
                arg_min(c.error, c.path)) AS detail
            FROM open_s s JOIN shown c USING ({digest})
            GROUP BY s.id
            """,
        )


IMAGE_KEYS = ("image_sha256, path", "image_sha256, name", "image_sha256")
"""Copies of the same image data are looked for at the same path, then under the same name, then anywhere."""


def of_one_image(one: OneBackup, key: str) -> list[Pair]:
    """Pairs that agree on `key` (one of `IMAGE_KEYS`), each file in one: the first with the first, the second with the
    second, in path order; of the backup's files, those known to be sound come first. What was refused is not asked for
    again. Every pair is proof, but for those that `settle` is told of.
    """
    one.db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE asked AS
        WITH s AS (
            SELECT id, {key}, row_number() OVER (PARTITION BY {key} ORDER BY path, id) AS turn
            FROM open_s WHERE image_sha256 IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM refused r WHERE r.id = open_s.id AND r.is_ours)
        ), c AS (
            SELECT id AS backup_id, {key}, row_number() OVER (
                PARTITION BY {key} ORDER BY coalesce(soundness = 'sound', false) DESC, path, id) AS turn
            FROM open_b WHERE image_sha256 IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM refused r WHERE r.backup_id = open_b.id AND NOT r.is_ours)
        ), pair AS (SELECT s.id, c.backup_id FROM s JOIN c USING ({key}, turn))
        SELECT pair.id, pair.backup_id, s.path, b.path AS backup_path
        FROM pair JOIN due s ON s.id = pair.id JOIN b ON b.id = pair.backup_id
        WHERE {_AS_SOUND}
        """
    )
    return one.db.rows(Pair, "SELECT id, path, backup_path FROM asked ORDER BY path, id")


@dataclass(frozen=True, slots=True)
class Refused:
    """Why the pair of the file with this id is no proof; `is_ours` where the file itself is to blame, not its copy."""

    id: int
    reason: str
    is_ours: bool


def settle(one: OneBackup, refused: Iterable[Refused]) -> None:
    """Puts the pairs that `of_one_image` gave last, but for these: their copies prove nothing."""
    columns = {"id": "BIGINT", "reason": "VARCHAR", "is_ours": "BOOLEAN"}
    one.db.put("answers", columns, ((r.id, r.reason, r.is_ours) for r in refused))
    one.db.run("INSERT INTO refused SELECT id, asked.backup_id, reason, is_ours FROM asked JOIN answers USING (id)")
    one.put(
        Status.METADATA_CHANGED,
        f"""
        SELECT p.id, p.backup_id, {_METADATA_WORDS} AS detail
        FROM asked p ANTI JOIN answers ON answers.id = p.id
        JOIN due s ON s.id = p.id JOIN b ON b.id = p.backup_id
        """,
    )


def tell_refused(one: OneBackup) -> None:
    """Says of what found no proof why its first copy was refused; that copy is nobody else's."""
    one.put(
        Status.NOT_CHECKED,
        """
        SELECT r.id, r.backup_id, concat('it holds the same picture data, but ', r.reason) AS detail
        FROM refused r ANTI JOIN done ON done.id = r.id
        QUALIFY row_number() OVER (PARTITION BY r.id ORDER BY r.backup_id) = 1
        """,
    )


_AS_SOUND = """
    -- The picture's own data may be whole in a file that no program opens any more, so the copy must be known to be
    -- sound, or to be no worse than the original.
    (b.soundness = 'sound' OR (s.soundness = b.soundness AND b.soundness <> 'not_checked'
        AND list_transform(coalesce(s.damage, []), lambda d: d.code)
            = list_transform(coalesce(b.damage, []), lambda d: d.code)))
"""

_METADATA_WORDS = """
    coalesce(nullif(concat_ws(', ',
        CASE WHEN s.latitude IS NOT NULL AND b.latitude IS NULL THEN 'location removed'
             WHEN s.latitude IS NULL AND b.latitude IS NOT NULL THEN 'location added'
             WHEN s.latitude <> b.latitude OR s.longitude <> b.longitude THEN 'location changed' END,
        CASE WHEN s.taken_at IS NOT NULL AND b.taken_at IS NULL THEN 'date taken removed'
             WHEN s.taken_at IS NULL AND b.taken_at IS NOT NULL THEN 'date taken added'
             WHEN s.taken_at <> b.taken_at THEN 'date taken changed' END,
        CASE WHEN s.camera_model IS DISTINCT FROM b.camera_model THEN 'camera changed' END,
        CASE WHEN coalesce(s.orientation, 1) <> coalesce(b.orientation, 1) THEN 'orientation changed' END), ''),
    'other metadata changed')
"""
