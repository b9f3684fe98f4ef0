"""Pairs of what is left: the same picture in another file, a copy that broke, and what nobody can tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auditor.database.pairs.step import OneBackup, Pair
from auditor.model import Status

_FILES_AGREE = """
    -- FAT keeps 2 s, and a wrong time zone shifts by whole hours.
    (s.mtime_trusted AND c.mtime_trusted AND abs(s.mtime_s - c.mtime_s) <= 26 * 3600 + 2
        AND abs(s.mtime_s - c.mtime_s) - 3600 * round(abs(s.mtime_s - c.mtime_s) / 3600) BETWEEN -2.01 AND 2.01)
"""

_DATES_AGREE = f"(s.taken_at = c.taken_at OR {_FILES_AGREE})"

_PLAIN_STEM = "regexp_replace(stem, '( ?\\([0-9]+\\)|~[0-9]+| - copy| copy)$', '')"

_NAMES_AGREE = "s.plain_stem = c.plain_stem AND s.extension = c.extension"

_ROTTED = f"(s.image_sha256 <> c.image_sha256 AND {_NAMES_AGREE} AND s.size_bytes = c.size_bytes AND {_FILES_AGREE})"
"""Other content under the same name, size and file date: nobody meant that (of known metadata, Android may)."""


def differs_elsewhere(one: OneBackup) -> list[Pair]:
    """The very same coded picture in a file that differs in more than known metadata: a depth map, a clip, a gain map
    or sound may be gone, and no look at the picture can tell. Never proof, whatever the pixels say.

    Returns the pairs put; of two files with the same best counterpart the second is put by the next call.
    """
    put = one.put(
        Status.NOT_CHECKED,
        _by_remains(
            "s.coded_sha256 = c.coded_sha256",
            "(s.image_sha256 IS DISTINCT FROM c.image_sha256 OR s.image_sha256 IS NULL)"
            f" AND c.soundness IS DISTINCT FROM 'damaged' AND NOT coalesce({_ROTTED}, false)",
            "CASE WHEN s.image_sha256 IS NULL OR c.image_sha256 IS NULL"
            " THEN 'it holds the same picture data, but the lists do not tell whether the rest is only metadata'"
            " ELSE 'differs outside the picture and its known metadata' END",
        ),
    )
    asked = "SELECT p.id, p.path, p.backup_path FROM pairs p JOIN found USING (id) WHERE p.backup = ?"
    return one.db.rows(Pair, asked, [one.label]) if put else []


def tell(one: OneBackup, reasons: Iterable[tuple[int, str]]) -> None:
    """Adds to what is said of pairs, by the ids of their files."""
    one.db.put("answers", {"id": "BIGINT", "reason": "VARCHAR"}, reasons)
    added = "UPDATE pairs SET detail = concat(detail, ': ', reason) FROM answers"
    one.db.run(f"{added} WHERE answers.id = pairs.id AND backup = ?", [one.label])


@dataclass(frozen=True, slots=True)
class Hashed:
    """What of a row says whether it may be a picture's copy. `turned` are the hashes of the other orientations."""

    id: int
    path: str
    phash: str
    turned: Sequence[str] | None
    format: str | None
    size_bytes: int | None
    head_sha256: str | None


def hashed(one: OneBackup) -> tuple[list[Hashed], list[Hashed]]:
    """What is open on both sides and has a perceptual hash, in path order: files, and copies that are not damaged."""
    columns = "id, path, phash, phash_turned, format, size_bytes, head_sha256"
    files, copies = (
        one.db.rows(Hashed, f"SELECT {columns} FROM {rows} WHERE phash IS NOT NULL {also} ORDER BY path")
        for rows, also in (("open_s", ""), ("open_b", "AND soundness IS DISTINCT FROM 'damaged'"))
    )
    return files, copies


def put_look_alikes(one: OneBackup, alike: Iterable[tuple[int, int, str]], *, is_proven: bool) -> None:
    """Puts pairs that look alike: the file's id, that of its copy, and what the copy lacks. Where it `is_proven`, the
    copy is the file, reduced; else the third says why nobody can tell."""
    one.db.put("answers", {"id": "BIGINT", "backup_id": "BIGINT", "reason": "VARCHAR"}, alike)
    one.put(
        Status.REDUCED if is_proven else Status.NOT_CHECKED,
        f"""
        SELECT l.id, l.backup_id, {_REDUCED_WORDS if is_proven else _LOOKS_WORDS} AS detail
        FROM answers l JOIN due s ON s.id = l.id JOIN b ON b.id = l.backup_id
        """,
    )


_REDUCED_WORDS = """
    concat_ws(', ',
        CASE WHEN b.width * b.height < s.width * s.height
             THEN concat(s.width, 'x', s.height, ' became ', b.width, 'x', b.height)
             WHEN b.width * b.height > s.width * s.height
             THEN concat('the backup''s has ', b.width, 'x', b.height, ', the phone''s ', s.width, 'x', s.height)
             WHEN b.width = s.width AND b.height = s.height THEN 'as many pixels' END,
        CASE WHEN b.format <> s.format THEN concat(s.format, ' became ', b.format) END,
        CASE WHEN b.size_bytes < s.size_bytes AND b.width * b.height <= s.width * s.height
             THEN concat(round(b.size_bytes * 100.0 / s.size_bytes)::INTEGER, '% of the bytes') END,
        CASE WHEN NOT coalesce(b.width * b.height > s.width * s.height, false) THEN 're-encoded' END,
        nullif(l.reason, ''))
"""


_LOOKS_WORDS = """
    concat(CASE WHEN b.width * b.height > s.width * s.height THEN 'looks like the same with more pixels, but '
                ELSE 'looks like a reduced copy, but ' END, l.reason)
"""


_BROKEN = "(c.soundness = 'damaged' OR c.size_bytes = 0)"


def damaged(one: OneBackup) -> None:
    """What is left of a copy that broke: the same beginning, or the same name with date or size."""
    head = "s.head_sha256 = c.head_sha256 AND s.size_bytes > 65536"
    steps = (
        # The picture's own data is there, in a file that is broken around it.
        ("s.image_sha256 = c.image_sha256", "c.soundness = 'damaged'"),
        ("s.coded_sha256 = c.coded_sha256", "c.soundness = 'damaged'"),
        # The same first 64 KiB, and it ends too early: the rest of the file was lost.
        (head, "c.size_bytes < s.size_bytes AND c.soundness IS DISTINCT FROM 'sound'"),
        # The same first 64 KiB and length, but other bytes in between.
        (head, "c.size_bytes = s.size_bytes"),
        (_NAMES_AGREE, f"s.size_bytes = c.size_bytes AND {_DATES_AGREE}"),
        (
            _NAMES_AGREE,
            f"{_BROKEN} AND (s.path = c.path OR s.size_bytes = c.size_bytes OR c.size_bytes = 0 OR {_DATES_AGREE})",
        ),
    )
    for joined, agree in steps:
        _put_all(one, Status.DAMAGED, joined, agree, _DAMAGED_WORDS)


def undecided(one: OneBackup) -> None:
    """What lists of depth `hash`, or files that no decoder here understands, leave open."""
    # The same picture data, in a copy that nobody has looked into.
    words = "'it holds the same picture data, but whether it can still be opened was not looked into'"
    _put_all(one, Status.NOT_CHECKED, "s.image_sha256 = c.image_sha256", "true", words)
    # The same name and date with other bytes: a stripped location or another picture, nobody knows.
    unknown = "(s.image_sha256 IS NULL OR c.image_sha256 IS NULL) AND (s.soundness IS NULL OR c.soundness IS NULL)"
    words = "'same name and date, other bytes: only a list with --depth decode tells whether it is the same picture'"
    _put_all(one, Status.NOT_CHECKED, _NAMES_AGREE, f"{unknown} AND {_DATES_AGREE}", words)


def _put_all(one: OneBackup, status: Status, joined: str, agree: str, words: str) -> None:
    """Adds such pairs until there are none left: of two files with the same best counterpart, the second takes the
    next best."""
    while one.is_open() and one.put(status, _by_remains(joined, agree, words)):
        pass


def _by_remains(joined: str, agree: str, words: str) -> str:
    """Pairs of what is still open on both sides, the best counterpart of each file, and each for one file."""
    return f"""
        WITH s AS (SELECT *, {_PLAIN_STEM} AS plain_stem FROM open_s WHERE sha256 IS NOT NULL),
             c AS (SELECT *, {_PLAIN_STEM} AS plain_stem FROM open_b WHERE sha256 IS NOT NULL),
             best AS (
                SELECT s.id, c.id AS backup_id, s.path, row_number() OVER (
                    PARTITION BY s.id ORDER BY s.path <> c.path, s.name <> c.name, c.path) AS mine
                FROM s JOIN c ON {joined}
                WHERE {agree}),
             one AS (
                SELECT id, backup_id, row_number() OVER (PARTITION BY backup_id ORDER BY path, id) AS theirs
                FROM best WHERE mine = 1)
        SELECT one.id, one.backup_id, {words} AS detail
        FROM one JOIN due s ON s.id = one.id JOIN b c ON c.id = one.backup_id
        WHERE theirs = 1
        """


_HAVE, _WHOLE = "said_size(c.size_bytes)", "said_size(s.size_bytes)"
_DAMAGED_WORDS = f"""
    CASE WHEN c.size_bytes = 0 THEN concat('empty: 0 bytes of ', {_WHOLE})
         WHEN c.size_bytes < s.size_bytes
         THEN concat('cut short: ',
              CASE WHEN {_HAVE} = {_WHOLE} THEN concat(c.size_bytes, ' of ', s.size_bytes, ' bytes')
                   WHEN split_part({_HAVE}, ' ', 2) = split_part({_WHOLE}, ' ', 2)
                   THEN concat(split_part({_HAVE}, ' ', 1), ' of ', {_WHOLE})
                   ELSE concat({_HAVE}, ' of ', {_WHOLE}) END)
         WHEN len(c.damage) > 0 THEN c.damage[1].detail
         ELSE 'differs though name, size and date agree' END
"""
