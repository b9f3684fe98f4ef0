"""Files that an audit opens once more where they are at hand: pictures to compare, pictures to show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from auditor.database import page, rows
from auditor.database.connection import Database
from auditor.dates import mtime_ns
from auditor.isolation import pool
from auditor.pictures.as_listed import AsListed
from auditor.pictures.likeness import Answer, Likeness, Question, Verifier
from auditor.pictures.looking import Look, look_at
from auditor.places import Place, Power
from auditor.report import thumbnails
from auditor.report.thumbnails import Shown, Subject

MOST_FETCHED_AGAIN = 100
"""Pictures for the report that are brought a second time from a phone or a cloud, where every byte takes its time."""


def verifier(
    db: Database,
    source: Place | None,
    backups: Mapping[str, Place],
    jobs: int | None,
    looking: Callable[[int, int], None],
) -> Verifier | None:
    """Looks into files where both sides are places at hand (the backups by their labels); None where the source or all
    the backups are only lists."""
    if source is None or not backups:
        return None
    ours = source
    one_reader = any(Power.ONE_READER in place.powers for place in (ours, *backups.values()))
    jobs_at_once = 1 if one_reader else jobs or pool.default_jobs()

    def answers(questions: Sequence[Question]) -> Iterable[Answer]:
        keys = [(("", question.path), (question.backup, question.backup_path)) for question in questions]
        stored = rows.stored(db, [key for pair in keys for key in pair])
        looks: list[pool.Job[Look]] = []
        numbers: list[int] = []
        found = [Answer(Likeness.UNSEEN, "the backup was not at hand")] * len(questions)
        for number, (question, pair) in enumerate(zip(questions, keys, strict=True)):
            if place := backups.get(question.backup):
                file, copy = (stored[key] for key in pair)
                look = Look(_as_listed(ours, file), _as_listed(place, copy), question.aim)
                numbers.append(number)
                looks.append(pool.Job(look, (8 << 20) + (file.size_bytes or 0) + (copy.size_bytes or 0)))
        results = pool.run(look_at, looks, workers=jobs_at_once)
        for done, (number, result) in enumerate(zip(numbers, results, strict=True), 1):
            looking(done, len(numbers))
            if isinstance(result, pool.Died):
                result = Answer(Likeness.CANNOT_TELL, result.reason)
            found[number] = result
        return found

    return answers


def _as_listed(place: Place, row: rows.Stored) -> AsListed:
    changed_ns = None if row.changed is None else mtime_ns(row.changed)
    return AsListed(place, row.raw_path, row.sha256, row.file_id, changed_ns)


def pictures(
    db: Database, source: Place | None, backups: Mapping[str, Place], jobs: int | None
) -> dict[tuple[str, str], Shown]:
    """What the report shows of files, by backup (empty for the source) and path; of lists nothing can be shown."""
    shown: dict[tuple[str, str], bool] = {}
    places = dict(backups)
    if source is not None:
        places[""] = source
        most = thumbnails.LIMIT if source.folder is not None else MOST_FETCHED_AGAIN
        shown |= {("", one.path): one.is_damaged for one in page.pictured(db, most)}
    far = 0
    for label, path in page.damaged_copies(db, thumbnails.MOST_COPIES):
        if (place := backups.get(label)) is None:
            continue
        far += place.folder is None
        if place.folder is not None or far <= MOST_FETCHED_AGAIN:
            shown[label, path] = True
    for label, path in page.whole_copies(db, thumbnails.MOST_COPIES):
        if (place := backups.get(label)) is not None and place.folder is not None:
            shown.setdefault((label, path), False)
    stored = rows.stored(db, shown)
    # Of the files' own and of what stands beside them the first can be looked at closely.
    own, copies = [key for key in shown if not key[0]], [key for key in shown if key[0]]
    large = {*own[: thumbnails.MOST_LARGE], *copies[: thumbnails.MOST_LARGE]}
    sides = {key: thumbnails.LARGE if key in large else thumbnails.SMALL for key in shown}
    subjects = [Subject(places[key[0]], stored[key].raw_path, bad, sides[key]) for key, bad in shown.items()]
    made = pool.run(thumbnails.take, [pool.Job(one, 8 << 20) for one in subjects], workers=jobs or pool.default_jobs())
    return {key: one for key, one in zip(shown, made, strict=True) if isinstance(one, Shown)}
