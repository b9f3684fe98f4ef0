"""Two lists to one status a file: every due file is laid beside its best counterpart in each backup.

Content first, then image data, then picture, then what is left of a broken copy. Names alone prove nothing. Each step
takes only what the steps before left open; from the second step on a counterpart serves one file.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from auditor.audit.database import kinds
from auditor.audit.one_copy import UNTOLD, copies
from auditor.model import DIGESTS, DigestOrigin, ErrorKind, Status
from auditor.pictures.likeness import Aim, Answer, Candidate, Likeness, Question, Side, Verifier, look_alikes
from auditor.places.trash import ALBUMS, BINS, TRASH_FOLDERS

_ALBUM = "EXISTS (FROM albums WHERE albums.path = backup.path AND albums.sha256 = backup.sha256)"
NO_COPY = (
    "(coalesce(error_kind IN"
    f" ({kinds(ErrorKind.TRASHED, ErrorKind.SHARED, ErrorKind.MISSING, ErrorKind.LINKED)}), false)"
    f" OR (regexp_matches(lower(path), '{TRASH_FOLDERS}') AND NOT {_ALBUM}))"
)
"""Rows of a backup that are listed and are no copies: in a bin, in somebody else's album, known to be lost, or the very
file that they should be a copy of."""

HIDES = f"coalesce(error_kind = {kinds(ErrorKind.LINK)}, false)"
"""Rows of a backup behind which copies may lie that nobody looked at."""

_SHOWN = f"coalesce(error_kind = {kinds(ErrorKind.SHOWN)}, false)"
"""Rows of a backup that may be the very file that they should be a copy of."""

_PROOF_WORDS = {
    "sha256": "NULL::VARCHAR",
    "md5": "'proven by its MD5 alone'",
    "sha1": "'proven by its SHA-1 alone'",
    "quickxor": "'proven by its QuickXorHash alone, a weak digest: it finds accidents, but not all of them'",
    "dropbox": "'proven by the content hash of Dropbox'",
}
"""What is said of a proof that rests on another digest than SHA-256."""


def pair(con: duckdb.DuckDBPyConnection, labels: Sequence[str], verify: Verifier | None) -> None:
    """Fills `pairs` with one row a due file and backup, and makes `files`: the best status over the backups.

    `verify` opens files again and compares what they show; None where only lists are at hand: then what looks like a
    reduced copy is `not_checked`, and of what has one image digest the digest decides.
    """
    for number, label in enumerate(labels):
        _open_lists(con, number, label)
        _identical(con, label)
        _claimed(con, label)
        _shown(con, label, number)
        _metadata_changed(con, label, verify)
        _differs_elsewhere(con, label, verify)
        _reduced(con, label, verify)
        _damaged(con, label)
        _undecided(con, label)
        _unreadable(con, label)
        _missing(con, label)
    for name in ("unread", "open_s", "open_b", "b", "no_copy"):
        con.execute(f"DROP VIEW IF EXISTS {name}")
    for name in ("free", "done", "found", "likeness", "refused", "albums"):
        con.execute(f"DROP TABLE IF EXISTS {name}")


def _open_lists(con: duckdb.DuckDBPyConnection, number: int, label: str) -> None:
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE albums AS
        SELECT home || path AS path, sha256
        FROM source, (SELECT '' AS home UNION SELECT unnest(homes) FROM header WHERE side = 'backup' AND backup = ?)
        WHERE regexp_matches(lower(path), '{ALBUMS}') AND NOT regexp_matches(lower(home || path), '{BINS}')
        """,
        [label],
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP VIEW b AS SELECT * FROM backup WHERE backup_number = {int(number)}
            AND NOT {NO_COPY} AND NOT {_SHOWN};
        CREATE OR REPLACE TEMP VIEW no_copy AS SELECT * FROM backup WHERE backup_number = {int(number)} AND {NO_COPY};
        CREATE OR REPLACE TEMP TABLE done (id BIGINT);
        CREATE OR REPLACE TEMP VIEW open_s AS SELECT * FROM due ANTI JOIN done USING (id);
        """
    )


def _put(con: duckdb.DuckDBPyConnection, label: str, status: Status, sql: str) -> int:
    """Adds pairs from a query of `id, backup_id, detail`; the files are done then, and their counterparts used.

    Returns how many there were.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE found AS {sql}")
    con.execute(
        """
        INSERT INTO pairs
        SELECT found.id, due.path, ?, ?, found.backup_id, b.path, found.detail
        FROM found JOIN due ON due.id = found.id LEFT JOIN b ON b.id = found.backup_id
        """,
        [label, status.value],
    )
    con.execute("INSERT INTO done SELECT id FROM found")
    if status is not Status.IDENTICAL:
        con.execute("DELETE FROM free WHERE id IN (SELECT backup_id FROM found WHERE backup_id IS NOT NULL)")
    return int(con.execute("SELECT count(*) FROM found").fetchall()[0][0])


def _identical(con: duckdb.DuckDBPyConnection, label: str) -> None:
    """The same bytes anywhere in the backup, many to one: best at the same path, then under the same name."""
    for digest in DIGESTS:
        # Lists of md5sum and sha1sum know no sizes.
        size = "coalesce(s.size_bytes = b.size_bytes, true)"
        # Most lists hold one digest: the others would be joins for nothing.
        held = "SELECT (SELECT count({0}) FROM due) > 0 AND (SELECT count({0}) FROM b) > 0"
        if not con.execute(held.format(digest)).fetchall()[0][0]:
            continue
        # SHA-256 alone is proof; a weaker digest counts only where that is not known, and not with another size.
        weaker = "" if digest == "sha256" else f"AND {size} AND (s.sha256 IS NULL OR b.sha256 IS NULL)"
        for key in ("path", "name", None):
            at = "" if key is None else f"AND s.{key} = b.{key}"
            _put(
                con,
                label,
                Status.IDENTICAL,
                f"""
                SELECT s.id, arg_min(b.id, b.path) AS backup_id, {_PROOF_WORDS[digest]} AS detail
                FROM open_s s JOIN {"b" if key else _one_of_each(digest)} b ON s.{digest} = b.{digest} {at} {weaker}
                GROUP BY s.id
                """,
            )
    # What is byte for byte another file of the phone is that file's copy, and no other's; but all empty files are
    # alike, and an empty one may be what is left of any.
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE free AS
        SELECT b.id FROM b
        WHERE NOT EXISTS (SELECT 1 FROM source s WHERE s.sha256 = b.sha256 AND s.size_bytes > 0)
          AND NOT EXISTS (SELECT 1 FROM pairs p WHERE p.backup_id = b.id);
        CREATE OR REPLACE TEMP VIEW open_b AS SELECT * FROM b SEMI JOIN free USING (id);
        """
    )


def _claims_other(file: str, copy: str) -> str:
    """Whether of a copy a digest is claimed that is known of the file, and is another one there (aliases of rows)."""
    known = " ".join(f"WHEN '{digest}' THEN {file}.{digest}" for digest in DIGESTS)
    claimed = f"split_part({copy}.claimed, ':', 2)"
    return f"coalesce({claimed} <> CASE split_part({copy}.claimed, ':', 1) {known} END, false)"


def _claimed(con: duckdb.DuckDBPyConnection, label: str) -> None:
    """The digest of a file's content, but only as the word of whoever uploaded a copy: nobody read what is stored."""
    _put(
        con,
        label,
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


def _shown(con: duckdb.DuckDBPyConnection, label: str, number: int) -> None:
    """The same content in what may be the phone's own file, and nothing tells: neither proof, nor missing."""
    for digest in DIGESTS:
        _put(
            con,
            label,
            Status.NOT_CHECKED,
            f"""
            SELECT s.id, NULL::BIGINT AS backup_id, concat('of the backup''s ', arg_min(c.path, c.path), ' ',
                arg_min(c.error, c.path)) AS detail
            FROM open_s s JOIN backup c ON s.{digest} = c.{digest}
            WHERE c.backup_number = {int(number)} AND {_SHOWN.replace("error_kind", "c.error_kind")}
            GROUP BY s.id
            """,
        )


def _one_of_each(digest: str) -> str:
    """The first file of each content: a thousand copies must not make a thousand pairs each."""
    columns = "sha256" if digest == "sha256" else f"{digest}, any_value(sha256) AS sha256"
    return f"""
        (SELECT arg_min(id, path) AS id, min(path) AS path, size_bytes, {columns}
         FROM b WHERE {digest} IS NOT NULL GROUP BY {digest}, size_bytes)"""


def _one_to_one(key: str, where: str = "true") -> str:
    """Pairs that agree on `key`, the first with the first, the second with the second, in path order; of the backup's
    files, those known to be sound come first. What was looked at and refused is not asked for again."""
    return f"""
        WITH s AS (
            SELECT id, {key}, row_number() OVER (PARTITION BY {key} ORDER BY path, id) AS turn
            FROM open_s WHERE {where}
                AND NOT EXISTS (SELECT 1 FROM refused r WHERE r.id = open_s.id AND r.side = '{Side.ORIGINAL}')
        ), c AS (
            SELECT id AS backup_id, {key}, row_number() OVER (
                PARTITION BY {key} ORDER BY coalesce(soundness = 'sound', false) DESC, path, id) AS turn
            FROM open_b WHERE {where}
                AND NOT EXISTS (SELECT 1 FROM refused r
                    WHERE r.backup_id = open_b.id AND r.side IS DISTINCT FROM '{Side.ORIGINAL}')
        )
        SELECT s.id, c.backup_id FROM s JOIN c USING ({key}, turn)
        """


def _metadata_changed(con: duckdb.DuckDBPyConnection, label: str, verify: Verifier | None) -> None:
    """The same image data with other metadata around it, in a copy that was looked into and can be opened.

    Where both files are at hand, independent decoders must see the same in them. A copy in which they do not is no
    proof for any file; the next one is tried.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE refused (id BIGINT, backup_id BIGINT, reason VARCHAR, side VARCHAR)")
    # By the same path, then by the same name, then anywhere; again where copies were refused, until none is.
    for key in ("image_sha256, path", "image_sha256, name", "image_sha256"):
        while _refused_among(con, label, _one_to_one(key, "image_sha256 IS NOT NULL"), verify):
            pass
    # What was refused last is told, and its copy is nobody else's.
    _put(
        con,
        label,
        Status.NOT_CHECKED,
        """
        SELECT r.id, r.backup_id, concat('it holds the same picture data, but ', r.reason) AS detail
        FROM refused r ANTI JOIN done ON done.id = r.id
        QUALIFY row_number() OVER (PARTITION BY r.id ORDER BY r.backup_id) = 1
        """,
    )


def _refused_among(con: duckdb.DuckDBPyConnection, label: str, pairs: str, verify: Verifier | None) -> int:
    """Proves these pairs; returns how many of them were looked at and are no proof."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE likeness AS
        SELECT p.id, p.backup_id, s.path, b.path AS backup_path, 'unseen' AS likeness, NULL::VARCHAR AS reason,
            NULL::VARCHAR AS side
        FROM ({pairs}) p JOIN due s ON s.id = p.id JOIN b ON b.id = p.backup_id
        WHERE {_AS_SOUND}
        """
    )
    if verify is not None:
        rows = con.execute("SELECT id, path, backup_path FROM likeness ORDER BY path, id").fetchall()
        answers = verify([Question(path, label, there, Aim.CONTENT) for _, path, there in rows]) if rows else ()
        for (row, *_), answer in zip(rows, answers, strict=True):
            con.execute(
                "UPDATE likeness SET likeness = ?, reason = ?, side = ? WHERE id = ?",
                [answer.likeness.value, answer.reason, answer.side and answer.side.value, row],
            )
    proof = f"likeness IN ('{Likeness.SAME}', '{Likeness.UNSEEN}')"
    con.execute(f"INSERT INTO refused SELECT id, backup_id, reason, side FROM likeness WHERE NOT {proof}")
    # Before the proven ones use up the tables that this query stands on.
    count = con.execute(f"SELECT count(*) FROM likeness WHERE NOT {proof}").fetchall()[0][0]
    _put(
        con,
        label,
        Status.METADATA_CHANGED,
        f"""
        SELECT p.id, p.backup_id, {_METADATA_WORDS} AS detail
        FROM likeness p JOIN due s ON s.id = p.id JOIN b ON b.id = p.backup_id
        WHERE {proof}
        """,
    )
    return int(count)


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


def _reduced(con: duckdb.DuckDBPyConnection, label: str, verify: Verifier | None) -> None:
    """The same picture re-encoded: near perceptual hashes propose, the pixels decide."""
    columns = "id, path, phash, phash_turned, format, size_bytes, head_sha256"
    sources = con.execute(f"SELECT {columns} FROM open_s WHERE phash IS NOT NULL ORDER BY path").fetchall()
    targets = con.execute(
        f"""
        SELECT {columns} FROM open_b
        WHERE phash IS NOT NULL AND soundness IS DISTINCT FROM 'damaged' ORDER BY path
        """
    ).fetchall()
    asked = look_alikes([Candidate(*row) for row in sources], [Candidate(*row) for row in targets])
    if not asked:
        return
    answers = (
        list(verify([Question(source.path, label, target.path) for source, target in asked]))
        if verify
        else [Answer(Likeness.UNSEEN, "its pixels were not at hand")] * len(asked)
    )
    taken_sources: set[int] = set()
    taken_targets: set[int] = set()
    # Every proof first: a file that could be proven must not lose its counterpart to one that cannot.
    told = ((Likeness.SAME,), Status.REDUCED), ((Likeness.CANNOT_TELL, Likeness.UNSEEN), Status.NOT_CHECKED)
    for wanted, status in told:
        rows = []
        for (source, target), answer in zip(asked, answers, strict=True):
            if answer.likeness in wanted and source.id not in taken_sources and target.id not in taken_targets:
                taken_sources.add(source.id)
                taken_targets.add(target.id)
                rows.append((source.id, target.id, answer.reason))
        if not rows:
            continue
        con.execute("CREATE OR REPLACE TEMP TABLE likeness (id BIGINT, backup_id BIGINT, reason VARCHAR)")
        con.executemany("INSERT INTO likeness VALUES (?, ?, ?)", rows)
        words = _REDUCED_WORDS if status is Status.REDUCED else _LOOKS_WORDS
        _put(
            con,
            label,
            status,
            f"""
            SELECT l.id, l.backup_id, {words} AS detail
            FROM likeness l JOIN due s ON s.id = l.id JOIN b ON b.id = l.backup_id
            """,
        )


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


def _differs_elsewhere(con: duckdb.DuckDBPyConnection, label: str, verify: Verifier | None) -> None:
    """The very same coded picture in a file that differs in more than known metadata: a depth map, a clip, a gain map
    or sound may be gone, and no look at the picture can tell. Never proof, whatever the pixels say.
    """
    while _put(
        con,
        label,
        Status.NOT_CHECKED,
        _by_remains(
            "s.coded_sha256 = c.coded_sha256",
            "(s.image_sha256 IS DISTINCT FROM c.image_sha256 OR s.image_sha256 IS NULL)"
            f" AND c.soundness IS DISTINCT FROM 'damaged' AND NOT coalesce({_ROTTED}, false)",
            "CASE WHEN s.image_sha256 IS NULL OR c.image_sha256 IS NULL"
            " THEN 'it holds the same picture data, but the lists do not tell whether the rest is only metadata'"
            " ELSE 'differs outside the picture and its known metadata' END",
        ),
    ):
        rows = con.execute(
            "SELECT p.id, p.path, p.backup_path FROM pairs p JOIN found USING (id) WHERE p.backup = ?", [label]
        ).fetchall()
        answers = verify([Question(path, label, there, Aim.PARTS) for _, path, there in rows]) if verify else ()
        for (row, *_), answer in zip(rows, answers, strict=False):
            if answer.reason:
                con.execute(
                    "UPDATE pairs SET detail = concat(detail, ': ', ?) WHERE id = ? AND backup = ?",
                    [answer.reason, row, label],
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
             THEN concat(round(b.size_bytes * 100.0 / s.size_bytes)::INTEGER, ' % of the bytes') END,
        CASE WHEN NOT coalesce(b.width * b.height > s.width * s.height, false) THEN 're-encoded' END,
        nullif(l.reason, ''))
"""


_LOOKS_WORDS = """
    concat(CASE WHEN b.width * b.height > s.width * s.height THEN 'looks like the same with more pixels, but '
                ELSE 'looks like a reduced copy, but ' END, l.reason)
"""


_BROKEN = "(c.soundness = 'damaged' OR c.size_bytes = 0)"


def _damaged(con: duckdb.DuckDBPyConnection, label: str) -> None:
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
        _put_remains(con, label, Status.DAMAGED, joined, agree, _DAMAGED_WORDS)


def _undecided(con: duckdb.DuckDBPyConnection, label: str) -> None:
    """What lists of depth `hash`, or files that no decoder here understands, leave open."""
    # The same picture data, in a copy that nobody has looked into.
    words = "'it holds the same picture data, but whether it can still be opened was not looked into'"
    _put_remains(con, label, Status.NOT_CHECKED, "s.image_sha256 = c.image_sha256", "true", words)
    # The same name and date with other bytes: a stripped location or another picture, nobody knows.
    unknown = "(s.image_sha256 IS NULL OR c.image_sha256 IS NULL) AND (s.soundness IS NULL OR c.soundness IS NULL)"
    words = "'same name and date, other bytes: only a list with --depth decode tells whether it is the same picture'"
    _put_remains(con, label, Status.NOT_CHECKED, _NAMES_AGREE, f"{unknown} AND {_DATES_AGREE}", words)


def _put_remains(
    con: duckdb.DuckDBPyConnection, label: str, status: Status, joined: str, agree: str, words: str
) -> None:
    """Adds such pairs until there are none left: of two files with the same best counterpart, the second takes the
    next best."""
    while _put(con, label, status, _by_remains(joined, agree, words)):
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


_DAMAGED_WORDS = """
    CASE WHEN c.size_bytes = 0 THEN concat('empty: 0 bytes of ', formatReadableDecimalSize(s.size_bytes))
         WHEN c.size_bytes < s.size_bytes
         THEN concat('cut short: ',
              CASE WHEN s.size_bytes < 1e3 THEN concat(c.size_bytes, ' of ', s.size_bytes, ' bytes')
                   WHEN s.size_bytes < 1e6 THEN printf('%.1f of %.1f kB', c.size_bytes / 1e3, s.size_bytes / 1e3)
                   ELSE printf('%.1f of %.1f MB', c.size_bytes / 1e6, s.size_bytes / 1e6) END)
         WHEN len(c.damage) > 0 THEN c.damage[1].detail
         ELSE 'differs though name, size and date agree' END
"""


def _unreadable(con: duckdb.DuckDBPyConnection, label: str) -> None:
    """Where contents could not be compared: not missing, not there; not checked."""
    _put(
        con,
        label,
        Status.NOT_CHECKED,
        """
        SELECT id, NULL::BIGINT AS backup_id, concat('its content is not known: ',
            coalesce(error, 'the list was made without reading the files')) AS detail
        FROM open_s WHERE coalesce(sha256, md5, sha1, quickxor, dropbox) IS NULL
        """,
    )
    con.execute("CREATE OR REPLACE TEMP VIEW unread AS SELECT * FROM b WHERE sha256 IS NULL")
    comparable = " OR ".join(f"(s.{d} IS NOT NULL AND c.{d} IS NOT NULL)" for d in DIGESTS)
    for key, extra in (("path", ""), ("name", ""), ("size_bytes", ""), ("stem", "AND c.size_bytes IS NULL")):
        _put(
            con,
            label,
            Status.NOT_CHECKED,
            f"""
            SELECT s.id, arg_min(c.id, c.path) AS backup_id,
                concat('of the backup''s ', arg_min(c.path, c.path), ' ',
                    arg_min(coalesce('the content is not known (' || c.error || ')', CASE WHEN {_claims_other("s", "c")}
                        THEN 'other content was claimed when it was uploaded, and the stored bytes were not read'
                        ELSE 'only name, size or date are known' END), c.path)) AS detail
            FROM open_s s JOIN unread c ON s.{key} = c.{key}
            WHERE NOT ({comparable}) {extra}
                AND (c.size_bytes IS NULL OR s.size_bytes IS NULL OR c.size_bytes = s.size_bytes)
            GROUP BY s.id
            """,
        )


def _missing(con: duckdb.DuckDBPyConnection, label: str) -> None:
    """The rest is not there; if the backup's list did not end cleanly, or it may lie behind a link that was not
    followed, that is not known either."""
    complete = con.execute("SELECT complete FROM header WHERE backup = ?", [label]).fetchall()
    whole = bool(complete and complete[0][0])
    hides = con.execute(f"SELECT count(*) > 0 FROM b WHERE {HIDES}").fetchall()[0][0]
    if not whole:
        detail = "'not found, but the backup''s list is not complete'"
    elif hides:
        link = f"(SELECT min(path) FROM b WHERE {HIDES})"
        detail = f"concat('not found, but it may lie behind the link ', {link}, ', which was not followed')"
    else:
        detail = (
            "CASE WHEN v.name IS NOT NULL THEN 'another version is there: same name, other content'"
            " WHEN n.name IS NOT NULL THEN concat('what has its name there is no copy: ', n.error) END"
        )
    _put(
        con,
        label,
        Status.MISSING if whole and not hides else Status.NOT_CHECKED,
        f"""
        SELECT s.id, NULL::BIGINT AS backup_id, {detail} AS detail
        FROM open_s s LEFT JOIN (SELECT DISTINCT lower(name) AS name FROM open_b) v ON v.name = lower(s.name)
        LEFT JOIN (
            SELECT lower(name) AS name, coalesce(min(error), 'it lies in a bin') AS error FROM no_copy GROUP BY 1
        ) n ON n.name = lower(s.name)
        """,
    )


def summarise(con: duckdb.DuckDBPyConnection, labels: Sequence[str], proof: Sequence[Status]) -> None:
    """Makes `files`: every row of the source with its best status over the backups and the number of proofs, in all and
    off-site.

    `only_claimed`: nothing stands against its counterpart but that its digest is the word of whoever uploaded it.
    """
    order = ", ".join(f"'{status.value}'" for status in Status)
    proves, away = "list_contains(proof, b.status)", "list_contains(off_site, b.backup)"
    # Another tool's list does not say of which disk it is, nor an older list of a remote of which service: it may be of
    # one that is named as well, unless the policy says that it lies elsewhere.
    unplaced = f"(b.digest_origin IS NOT DISTINCT FROM '{DigestOrigin.FOREIGN}' OR list_contains(untold, b.backup))"
    placed = f"(NOT {unplaced} OR {away})"
    con.execute(
        f"""
        CREATE OR REPLACE TABLE files AS
        WITH away AS (
            SELECT coalesce(list(backup) FILTER (WHERE off_site), []) AS off_site,
                coalesce(list(backup) FILTER (WHERE side = 'backup' AND {UNTOLD}), []) AS untold
            FROM header
        ), ranked AS (
            SELECT pairs.*, list_position([{order}], status) AS rank,
                list_position(?::VARCHAR[], pairs.backup) AS turn, file_id, changed, sha256, digest_origin, claimed,
                size_bytes
            FROM pairs LEFT JOIN backup ON backup.id = pairs.backup_id
        ), best AS (
            SELECT id, arg_min(struct_pack(status, detail, backup, backup_path, claimed, size_bytes),
                    rank * 1000 + turn) AS b,
                {copies("b.backup", proves, placed)} AS copies,
                {copies("b.backup", f"{proves} AND {away}", placed)} AS off_site_copies
            FROM ranked b, (SELECT ?::VARCHAR[] AS proof), away GROUP BY id
        )
        SELECT source.id, source.path, coalesce(best.b.status, 'not_due') AS status, 'not_due' AS verdict,
            best.b.detail AS detail,
            CASE WHEN best.b.backup_path IS NOT NULL THEN best.b.backup END AS backup,
            best.b.backup_path AS backup_path,
            coalesce(best.copies, 0)::INTEGER AS copies,
            coalesce(best.off_site_copies, 0)::INTEGER AS off_site_copies,
            coalesce(best.b.status = '{Status.NOT_CHECKED}' AND best.b.claimed IS NOT NULL, false)
                AND NOT {_claims_other("source", "best.b")}
                AND NOT coalesce(best.b.size_bytes <> source.size_bytes, false) AS only_claimed,
            source.size_bytes, source.taken_at, source.sha256, source.kind, source.mtime,
            source.soundness, source.read_at
        FROM source LEFT JOIN best ON best.id = source.id
        ORDER BY source.id
        """,
        [list(labels), [status.value for status in proof]],
    )
