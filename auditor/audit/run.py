"""The whole line: places or lists in, an audit folder out. Every station is a module; this one joins them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from auditor import report as reporting
from auditor.audit import engine, exchange, one_copy, pairing, refusals, roles
from auditor.audit.database import Listed, Lists, open_lists
from auditor.audit.inputs import Side
from auditor.disk import locks
from auditor.errors import BadOutput
from auditor.isolation import pool
from auditor.judge import verdict, waivers
from auditor.judge.policy import Policy, select
from auditor.judge.rules import Rule
from auditor.manifest import jsonl
from auditor.manifest.interop import foreign
from auditor.manifest.jsonl import Manifest
from auditor.model import DIGESTS, Audit, Depth, RuleOutcome, Verdict
from auditor.pictures import ranked
from auditor.pictures.likeness import Answer, Likeness, Question, Verifier
from auditor.pictures.looking import Look, look_at
from auditor.places import Place, Power, StatesDigests
from auditor.places.folder import FolderPlace
from auditor.places.trash import TRASH_FOLDERS
from auditor.report import thumbnails
from auditor.report.thumbnails import Shown
from auditor.scan.run import Progress, scan
from auditor.words import typed

MOST_FETCHED_AGAIN = 100
"""Pictures for the report that are brought a second time from a phone or a cloud, where every byte takes its time."""

STOPPED_FOR = timedelta(days=7)
"""An audit that was stopped longer ago is begun anew: what it read may have rotted since."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be audited and how. `rules` are all that are known; the policy selects among them.

    `depth` None is decode, but for clouds that state digests: they are believed, and not downloaded. `began` is when
    the run began that read the places and brings its lists along (a backup); None: this audit lists them itself.
    `pairs` are the phone with each backup, where they were compared before (`pairs_of`). `emptied` is the sentence, and
    what belongs under it, where nothing is left on the phone because it was cleaned up; empty where it was not.
    """

    source: Side
    backups: tuple[Side, ...]
    policy: Policy
    rules: tuple[Rule, ...]
    waivers: tuple[waivers.Waiver, ...] = ()
    baseline: tuple[str, ...] = ()
    depth: Depth | None = None
    jobs: int | None = None
    with_thumbnails: bool = True
    began: datetime | None = None
    pairs: tuple[roles.Pair, ...] = ()
    emptied: tuple[str, ...] = ()


def pairs_of(source: Side, backups: Iterable[Side]) -> tuple[roles.Pair, ...]:
    """What a phone and each of its backups are to each other."""
    ours = roles.role(source)
    return tuple(roles.pair(ours, roles.role(backup)) for backup in backups)


@dataclass(frozen=True, slots=True)
class Steps:
    """Who is told how far an audit is. `scanning` is asked for a listener with the name of the place being listed."""

    scanning: Callable[[str], Callable[[Progress], None]] = lambda name: lambda now: None
    checking: Callable[[int, int, str], None] = lambda done, total, rule: None
    looking: Callable[[int, int], None] = lambda done, total: None


def run(order: Order, out: Path, steps: Steps = Steps(), now: Callable[[], datetime] | None = None) -> Audit:
    """Lists what has to be listed, judges, and writes the audit folder `out`.

    It is written as `OUT.partial` and renamed when whole. A stopped audit leaves the lists that it made there; the
    same call goes on with them.

    Raises: BadOutput where `out` is there already, lies inside a place that is audited, or is being written by another
    run; whatever listing raises.
    """
    folder = _begin(order, out)
    with locks.held(folder):
        return _run(order, folder, out, steps, now or (lambda: datetime.now(UTC)))


def _run(order: Order, folder: Path, out: Path, steps: Steps, clock: Callable[[], datetime]) -> Audit:
    started = order.began or clock()
    pairs = order.pairs or pairs_of(order.source, order.backups)
    source, *backups = [_listed(order, one, folder / f"{name}.jsonl", steps) for name, one in homes(order)]
    listed = [
        Listed(s.label, m, m.header.off_site is True or s.label in order.policy.off_site)
        for s, m in zip(order.backups, backups, strict=True)
    ]
    with open_lists(source, listed, order.policy, clock()) as lists:
        labels = [s.label for s in order.backups]
        places = [b.place for b in order.backups]
        rooms = one_copy.ask_rooms([order.source.place, *places])
        one_copy.mark_linked(lists.con, order.source.place, places, rooms)
        as_one = one_copy.count_once(lists.con, list(zip(labels, places, strict=True)), rooms)
        pairing.pair(lists.con, labels, _verifier(lists.con, order, steps))
        pairing.summarise(lists.con, labels, order.policy.proof)
        ranked.fill(lists.con, order.policy.keep)
        chosen = select(order.policy, order.rules)
        outcomes = _run_rules(lists, chosen, order, steps)
        waived = waivers.apply(lists.con, order.waivers, clock().date())
        waivers.apply_baseline(lists.con, order.baseline)
        outcomes = [engine.counts(lists.con, outcome) for outcome in outcomes]
        partition = verdict.judge_files(lists.con, order.policy)
        conclusion = verdict.conclude(lists.con, partition, outcomes, order.policy, order.emptied)
        is_emptied = bool(order.emptied) and not partition.due
        has_next = conclusion.verdict is not Verdict.SAFE and not is_emptied
        doubts = exchange.doubts(lists.con, order.backups, pairs)
        not_offered = _safe_to_delete(lists.con, order, doubts, started)
        audit = Audit(
            conclusion.verdict,
            conclusion.sentence,
            partition,
            tuple(outcomes),
            (
                # Where there is a next step, it begins with the remedy.
                *(f"{one.why} {one.remedy}" if not has_next else one.why for one in doubts.values()),
                *_part_of_phone(pairs),
                *_only_listed(order, (source, *backups)),
                *_not_apart(order),
                *(as_one if order.policy.min_copies > 1 else ()),
                *_without_a_place(order),
                *_unread_since(lists.con, order),
                *_unopened(lists.con),
                *_switched_off(order.policy),
                *conclusion.caveats,
                *waived,
            ),
            {
                **_provenance(order, source, started, clock(), doubts, pairs),
                "not_read_again": not_offered,
                **({"emptied": True} if is_emptied else {}),
                **_not_due(lists.con),
            },
        )
        manifests = [source.path, *(m.path for m in backups)]
        pictures = _thumbnails(lists.con, order)
        reporting.write(audit, lists.con, chosen, order.policy, folder, manifests, pictures)
    folder.rename(out)
    return audit


def homes(order: Order) -> list[tuple[str, Side]]:
    """Each side of an audit with the name that its list has in the audit's folder, the source first."""
    return [(Path(reporting.list_name(n)).stem, one) for n, one in enumerate((order.source, *order.backups))]


_OURS = re.compile(r"(source|backup-\d+)\.jsonl(\.partial(\.old|\.tmp)?)?|" + "|".join(map(re.escape, reporting.NAMES)))
"""What an audit writes, and so all that a stopped one can have left."""


def partial_folder(out: Path) -> Path:
    """Where an audit is while it is being made."""
    return out.with_name(out.name + ".partial")


def must_be_new(order: Order, out: Path) -> None:
    """Raises: BadOutput where the report cannot be `out`: it is there already, or would lie in what is audited."""
    if out.exists():
        raise BadOutput(f"{out} is there already; nothing is written over. Choose another folder with -o")
    where = out.resolve()
    for one in (order.source, *order.backups):
        root = one.place.root if isinstance(one.place, FolderPlace) else None
        if root is not None and (root == where or root in where.parents):
            raise BadOutput(f"the report {out} would lie inside {one.spec}, which is audited; choose another -o")


def _begin(order: Order, out: Path) -> Path:
    must_be_new(order, out)
    folder = partial_folder(out)
    locks.begin(folder, _OURS)
    return folder


def _listed(order: Order, one: Side, home: Path, steps: Steps) -> Manifest:
    """The list of one side: the one given, or a new one, with what a stopped audit read already."""
    if one.manifest is not None:
        return jsonl.copy(one.manifest, home)
    if one.foreign is not None:
        home.unlink(missing_ok=True)
        return foreign.convert(one.foreign, home, datetime.now(UTC))
    assert one.place is not None
    depth = depth_of(order, one)
    if home.exists():
        # The place may have changed since: what was read then is taken up, what is new or gone is noticed.
        home.replace(jsonl.partial_path(home))
    # An audit reads every byte anew: a copy that rotted under an unchanged date must not pass.
    listener = steps.scanning(one.label)
    return scan(
        one.place,
        home,
        depth=depth,
        jobs=order.jobs,
        use_cache=False,
        stopped_since=datetime.now(UTC) - STOPPED_FOR,
        extra_digests=_asked_for(order),
        on_progress=listener,
    )


def depth_of(order: Order, one: Side) -> Depth:
    """How far an audit looks into a place."""
    if order.depth is None and _stated(one.place):
        return Depth.HASH
    return order.depth or Depth.DECODE


def _stated(place: Place | None) -> tuple[str, ...]:
    """The digests that a cloud states without a download; empty for every other place."""
    if place is None or Power.COMPUTES in place.powers or not isinstance(place, StatesDigests):
        return ()
    return place.native_digests()


def _asked_for(order: Order) -> tuple[str, ...]:
    """Digests that the other side holds instead of SHA-256: a place is compared with it by the same ones."""
    found: list[str] = []
    for one in (order.source, *order.backups):
        held = one.manifest.header.digests if one.manifest else _foreign_digests(one)
        if one.place is not None and depth_of(order, one) is Depth.HASH:
            held = _stated(one.place)[:1]
        found += [name for name in held if "sha256" not in held and name not in found]
    return tuple(found)


def _foreign_digests(one: Side) -> tuple[str, ...]:
    if one.foreign is None:
        return ()
    rows = foreign.read(one.foreign).rows
    return tuple(name for name in DIGESTS if any(name in facts.digests for facts in rows))


def _run_rules(lists: Lists, rules: Sequence[Rule], order: Order, steps: Steps) -> list[RuleOutcome]:
    outcomes = []
    for number, rule in enumerate(rules):
        steps.checking(number, len(rules), rule.id)
        outcomes.append(engine.run_rule(lists, rule, order.policy))
    steps.checking(len(rules), len(rules), "")
    return outcomes


def _verifier(con: duckdb.DuckDBPyConnection, order: Order, steps: Steps) -> Verifier | None:
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


def _safe_to_delete(
    con: duckdb.DuckDBPyConnection, order: Order, doubts: Mapping[str, refusals.Doubt], started: datetime
) -> int:
    """The files whose bytes were read in this run on both sides, that are identical, sound, and in enough backups.
    What may be the phone itself counts as none of these: by it the only backup would be emptied.

    Returns how many would be among them but for the reading.
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
    counts = "SELECT (SELECT count(*) FROM safe_at_any_time) - (SELECT count(*) FROM safe_to_delete)"
    return int(con.execute(counts).fetchall()[0][0])


def _only_listed(order: Order, lists: Sequence[Manifest]) -> list[str]:
    """Which sides are lists made before, of when: nothing of them was read in this run."""
    names = ["the phone", *(f"the backup {backup.label}" for backup in order.backups)]
    told = [
        f"Of {name} a list of {listed.footer.finished[:10]} was taken; nothing there was read in this run."
        for name, one, listed in zip(names, (order.source, *order.backups), lists, strict=True)
        if one.place is None
    ]
    both = "Lists made before were compared; nothing was read in this run. The oldest is of "
    oldest = min(listed.footer.finished for listed in lists)
    return [f"{both}{oldest[:10]}."] if len(told) == len(names) else told


def _part_of_phone(pairs: Sequence[roles.Pair]) -> list[str]:
    """What is to be said where only a part of a phone was named: SAFE is read as a word on the whole phone."""
    told = refusals.part_of_phone(pairs[0].source, [pair.backup for pair in pairs])
    return [told] if told else []


def _not_apart(order: Order) -> list[str]:
    """Where a mount may show the phone's own files as a backup's: nothing in that backup licenses a deletion."""
    told = []
    for backup in order.backups:
        if one_copy.is_provably_apart(order.source.place, backup.place):
            continue
        seen = backup.label if one_copy.shown_by_another(backup.place) else "the phone"
        told.append(
            f"{seen} is mounted by a file system that may show the same files under other numbers, so nothing is"
            f" offered for deletion by {backup.label}; name the folder that lies behind it"
        )
    return told


def _without_a_place(order: Order) -> list[str]:
    """What is to be said of lists in other tools' forms, which do not say of what disk they are, or which of its files
    they name: these may be the phone's own, by a second name or mount, and count as no further copy."""
    told = []
    for backup in order.backups:
        if backup.foreign is None or backup.label in order.policy.off_site:
            continue
        words, itself = f"{backup.label} is another tool's list, which does not say of what disk it is", "it is"
        if backup.listed is not None:
            words, itself = (
                f"{backup.label} is a list for other tools, which does not say what file each row is",
                "all are",
            )
        if len(order.backups) > 1 and order.policy.min_copies > 1:
            told.append(f"{words}: beside other backups it counts as no further copy. Name the folder itself")
        else:
            told.append(f"{words}: that {itself} not of the phone itself, only you can know.")
    return told


def _unread_since(con: duckdb.DuckDBPyConnection, order: Order) -> list[str]:
    """What is to be said of proof that rests on earlier reading, where a backup run gave the list of a place at hand.

    Of a list alone its age is told already; places that are listed here are read anew.
    """
    manifest = order.source.manifest
    if manifest is None:
        return []
    since = manifest.header.started
    told = []
    if order.source.place is not None:
        count, oldest = con.execute(
            """
            SELECT count(*), min(s.read_at) FROM files f JOIN source s ON s.id = f.id
            WHERE f.verdict = 'proven' AND left(coalesce(s.read_at, ''), 19) < left(?, 19)
            """,
            [since],
        ).fetchall()[0]
        again = " ".join(typed(one.spec) for one in (order.source, *order.backups))
        told += _unread("the phone's files", count, oldest, f"`auditor audit {again}`")
    for number, backup in enumerate(order.backups):
        if backup.place is None or backup.manifest is None:
            continue
        count, oldest = con.execute(
            """
            SELECT count(DISTINCT f.id), min(b.read_at)
            FROM files f JOIN pairs p ON p.id = f.id JOIN backup b ON b.id = p.backup_id
            WHERE f.verdict = 'proven' AND b.backup_number = ? AND left(coalesce(b.read_at, ''), 19) < left(?, 19)
            """,
            [number, since],
        ).fetchall()[0]
        told += _unread("the copies", count, oldest, f"`auditor verify {typed(backup.spec)}`")
    return told


def _unread(of: str, count: int, oldest: str | None, command: str) -> list[str]:
    if not count:
        return []
    be = f"1 of {of} was" if count == 1 else f"{count:,} of {of} were"
    day = f", but on {oldest[:10]}" if oldest and count == 1 else ""
    day = f"; the longest unread was read on {oldest[:10]}" if oldest and count > 1 else day
    return [f"{be} not read again in this run{day}. Size and date are unchanged; {command} reads the bytes."]


def _unopened(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What is to be said of photos and videos whose bytes were compared, and that no decoder opened."""
    count, media = con.execute(
        """
        SELECT count(*) FILTER (WHERE soundness IS NULL AND coalesce(sha256, md5, sha1, quickxor, dropbox) IS NOT NULL),
            count(*) FROM due WHERE kind IN ('photo', 'video')
        """
    ).fetchall()[0]
    if not count:
        return []
    what = "None of the photos and videos was" if count == media else "1 photo or video was not"
    what = what if count in (1, media) else f"{count:,} photos and videos were not"
    return [f"{what} opened, only compared byte for byte: whether they are whole pictures was not looked at."]


def _switched_off(policy: Policy) -> list[str]:
    """Which checks a policy leaves out: that they found nothing must not be taken for a pass."""
    names = sorted(set(policy.skip_rules))
    if not names:
        return []
    checks = "This check was" if len(names) == 1 else "These checks were"
    return [f"{checks} not made, as the policy {policy.id} says: {', '.join(names)}."]


def _thumbnails(con: duckdb.DuckDBPyConnection, order: Order) -> dict[tuple[str, str], Shown]:
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


def _words(order: Order, doubts: Mapping[str, refusals.Doubt], pairs: Sequence[roles.Pair]) -> dict[str, str]:
    """What stands in a rule's commands for a place, as it is typed here: PHONE and BACKUP are the places, or lists, of
    this audit (BACKUPS all of the latter), SOURCE the phone where it is no list, PLACES all backups where none is a
    list, DEST the first that can be written to, REMOTE the only one by rclone, as rclone calls it, KEPT the first
    that has a record to be verified by.

    Where no backup can be, FOLDER stands for one to choose: so it is for what may be the phone. What looks like an
    option is left out.
    """
    specs = {"PHONE": order.source.spec, "BACKUP": order.backups[0].spec}
    remotes = [b.spec.removeprefix("rclone:") for b in order.backups if b.spec.startswith("rclone:")]
    if len(remotes) == 1:
        specs["REMOTE"] = remotes[0]
    kept = (b.spec for b, pair in zip(order.backups, pairs, strict=True) if b.place is not None and _has_record(pair))
    if (spec := next(kept, None)) is not None:
        specs["KEPT"] = spec
    if order.source.place is not None:
        specs["SOURCE"] = order.source.spec
        writable = (
            b.spec
            for b, pair in zip(order.backups, pairs, strict=True)
            if b.place is not None
            and b.place.kind in ("folder", "rclone")
            and not (b.label in doubts or refusals.refusal_of_backup(pair))
        )
        specs["DEST"] = next(writable, "FOLDER")
    made = {word: typed(spec) for word, spec in specs.items() if not spec.startswith("-")}
    if not any(backup.spec.startswith("-") for backup in order.backups):
        made["BACKUPS"] = " ".join(typed(backup.spec) for backup in order.backups)
        if all(backup.place is not None for backup in order.backups):
            made["PLACES"] = made["BACKUPS"]
    return made


def _has_record(pair: roles.Pair) -> bool:
    """Whether a backup has a record of its files, which one that was copied by hand has not, nor a part of one."""
    return pair.backup.is_kept and pair.backup.part_of_backup is None


def _not_due(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """How many files of the source the verdict does not speak of: no photos or videos, and left out by the policy."""
    others, left_out = con.execute(
        """
        SELECT count(*) FILTER (WHERE NOT coalesce(excluded, false)), count(*) FILTER (WHERE excluded)
        FROM source WHERE NOT is_due AND size_bytes IS NOT NULL
            AND NOT coalesce(error_kind = 'unreadable' AND NOT excluded, false)  -- unreadable-other names these
        """
    ).fetchall()[0]
    return {"other_files": others, "left_out_files": left_out}


def _provenance(
    order: Order,
    source: Manifest,
    started: datetime,
    finished: datetime,
    doubts: Mapping[str, refusals.Doubt],
    pairs: Sequence[roles.Pair],
) -> dict[str, object]:
    return {
        "source_files": source.footer.files,
        "started": started.astimezone().isoformat(timespec="seconds"),
        "finished": finished.astimezone().isoformat(timespec="seconds"),
        "source": order.source.spec,
        "backups": [backup.spec for backup in order.backups],
        "words": _words(order, doubts, pairs),
        **({"maybe_exchanged": _maybe_exchanged(order, doubts)} if doubts else {}),
        "depth": (order.depth or Depth.DECODE).value,
        "waivers": len(order.waivers),
        "baseline": len(order.baseline),
    }


def _maybe_exchanged(order: Order, doubts: Mapping[str, refusals.Doubt]) -> list[dict[str, str]]:
    """What may be the phone though it stands as a backup, under the label and with the list that it has here."""
    return [
        {"label": one.label, "list": f"{name}.jsonl", "why": doubts[one.label].why, "remedy": doubts[one.label].remedy}
        for name, one in homes(order)[1:]
        if one.label in doubts
    ]
