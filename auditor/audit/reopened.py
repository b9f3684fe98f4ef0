"""Files that an audit opens once more where they are at hand: pictures to compare, pictures to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb

from auditor.audit.order import Order, Steps
from auditor.isolation import pool
from auditor.pictures.likeness import Answer, Likeness, Question, Verifier
from auditor.pictures.looking import Look, look_at
from auditor.places import Power
from auditor.places.folder import FolderPlace
from auditor.report import thumbnails
from auditor.report.thumbnails import Shown

MOST_FETCHED_AGAIN = 100
"""Pictures for the report that are brought a second time from a phone or a cloud, where every byte takes its time."""


def verifier(con: duckdb.DuckDBPyConnection, order: Order, steps: Steps) -> Verifier | None:
    """Looks into files where both sides are places at hand; None where the source is only a list."""
    source = order.source.place
    places = {backup.label: backup.place for backup in order.backups if backup.place is not None}
    if source is None or not places:
        return None
    ours = source
    one_reader = any(Power.ONE_READER in place.powers for place in (ours, *places.values()))
    jobs_at_once = 1 if one_reader else order.jobs or pool.default_jobs()

    def answers(questions: Sequence[Question]) -> Iterable[Answer]:
        jobs: list[pool.Job[Look]] = []
        numbers: list[int] = []
        found = [Answer(Likeness.UNSEEN, "the backup was not at hand")] * len(questions)
        for number, question in enumerate(questions):
            if place := places.get(question.backup):
                path, size = _raw_path(con, "source", question.path)
                there, size_there = _raw_path(con, "backup", question.backup_path)
                numbers.append(number)
                jobs.append(pool.Job(Look(ours, path, place, there, question.aim), (8 << 20) + size + size_there))
        results = pool.run(look_at, jobs, workers=jobs_at_once)
        for done, (number, result) in enumerate(zip(numbers, results, strict=True), 1):
            steps.looking(done, len(numbers))
            if isinstance(result, pool.Died):
                result = Answer(Likeness.CANNOT_TELL, result.reason)
            found[number] = result
        return found

    return answers


def _raw_path(con: duckdb.DuckDBPyConnection, table: str, path: str) -> tuple[str, int]:
    """The path as the place knows it (names that are not UTF-8 have their bytes in the list), and the file's size."""
    sql = {
        "source": "SELECT path_bytes, size_bytes FROM source WHERE path = ?",
        "backup": "SELECT path_bytes, size_bytes FROM backup WHERE path = ?",
    }
    row = con.execute(sql[table] + " ORDER BY path_bytes NULLS LAST LIMIT 1", [path]).fetchone()
    raw, size = row or (None, None)
    return path if raw is None else bytes.fromhex(raw).decode("utf-8", "surrogateescape"), size or 0


def pictures(con: duckdb.DuckDBPyConnection, order: Order) -> dict[tuple[str, str], Shown]:
    """What the report shows of files, by backup (empty for the source) and path; of lists nothing can be shown."""
    if not order.with_thumbnails:
        return {}
    places = {backup.label: backup.place for backup in order.backups}
    con.execute("SELECT path FROM files WHERE soundness = 'damaged'")
    broken = {path for (path,) in con.fetchall()}
    most = MOST_FETCHED_AGAIN
    subjects: dict[tuple[str, str], thumbnails.Subject] = {}
    if place := order.source.place:
        for path in thumbnails.wanted(con, thumbnails.LIMIT if isinstance(place, FolderPlace) else most):
            subjects["", path] = thumbnails.Subject(place, _raw_path(con, "source", path)[0], path in broken)
    far = 0
    for backup, path in thumbnails.damaged_copies(con):
        if (place := places.get(backup)) is None:
            continue
        far += not isinstance(place, FolderPlace)
        if isinstance(place, FolderPlace) or far <= most:
            subjects[backup, path] = thumbnails.Subject(place, _raw_path(con, "backup", path)[0], True)
    jobs = [pool.Job(subject, 8 << 20) for subject in subjects.values()]
    made = pool.run(thumbnails.take, jobs, workers=order.jobs or pool.default_jobs())
    return {key: shown for key, shown in zip(subjects, made, strict=True) if isinstance(shown, Shown)}
