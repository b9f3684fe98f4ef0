"""Frees a phone: from an audit's safe-to-delete.csv to a plan whose kept files are all the copies that the audit found.

The table says which files may go and nothing else: where their copies lie the audit's lists say, how many there must
be its policy.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.cleanup.plan import MOST_BYTES, CleanPlan, FileAt, Removal, check, file_at
from auditor.dates import month_of, rfc3339
from auditor.disk import small_files
from auditor.disk.names import parts_inside
from auditor.errors import BadManifest, BadPlan
from auditor.manifest.jsonl import Manifest, load
from auditor.model import DigestOrigin, FileFacts, Soundness
from auditor.places.archive import packing_of
from auditor.places.recorded import recorded_folder
from auditor.places.trash import is_of_a_program, will_be_emptied
from auditor.report import RECORD, list_name
from auditor.report import SAFE_TO_DELETE as TABLE
from auditor.report.provenance import MOST_RECORD_BYTES
from auditor.words import counted, typed


@dataclass(frozen=True, slots=True)
class Share:
    """Files of one folder and month, and the bytes that go with them. `month`: as the report's plot has it; None where
    nobody knows when they were taken."""

    folder: str
    month: str | None
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why what an audit took for a backup may be the phone, and what to run if it is, as sentences. `list` is the name
    of its list in the audit's folder."""

    list: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Freeing:
    """What can go. `plan` is None where this program cannot do it itself, and `hindrance` says why.

    `too_new` counts files left because they are newer than wished; `parted` those whose motion part or RAW may not go;
    `unread` those that are safe, but that the audit did not read and open on both sides, as `audit_command` would.
    `doubts` say of which backups the audit could not tell whether they are the phone itself: nothing goes by these.
    """

    plan: CleanPlan | None
    hindrance: str | None
    shares: tuple[Share, ...]
    files: int
    size_bytes: int
    too_new: int
    parted: int
    unread: int = 0
    audit_command: str = ""
    doubts: tuple[Doubt, ...] = ()


def is_audit(path: Path) -> bool:
    """Whether a path is an audit's folder or its safe-to-delete.csv, and not a plan."""
    return (path / TABLE).is_file() or (path.name == TABLE and path.is_file())


def freeing(path: Path, keep_newest: timedelta | None, now: datetime) -> Freeing:
    """What the audit in a folder allows to go, without the newest files.

    The caller has held the folder against its seal. Raises: BadPlan where the table names what the audit's lists do
    not, or the record does not say how many copies were wanted; BadManifest where a list was changed.
    """
    folder = path if path.is_dir() else path.parent
    source = load(folder / list_name(0))
    rows = {facts.path: facts for facts in source.rows()}
    wanted = _wanted(folder / TABLE, rows)
    old = [(line, f) for line, f in wanted if keep_newest is None or _taken(f, now) <= now - keep_newest]
    names = {facts.path for _, facts in old}
    company = _company(rows.values())
    whole = [entry for entry in old if all(part in names for part in company[_main(entry[1])])]
    doubts = _doubts(folder / RECORD)
    within = _doubted_folders(folder / RECORD)
    doubted = {one.list for one in doubts}
    plan, hindrance = _plan(folder, source, whole, company, _min_copies(folder / RECORD), doubted, within)
    going = None if plan is None else {removal.file.path for removal in plan.removals}
    can_go = [facts for _, facts in whole if going is None or facts.path in going]
    sizes: Counter[tuple[str, str]] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    for facts in can_go:
        mtime = None if facts.mtime_ns is None else rfc3339(facts.mtime_ns)
        key = (facts.path.rpartition("/")[0], month_of(facts.taken_at, mtime) or "")
        counts[key] += 1
        sizes[key] += facts.size_bytes or 0
    shares = tuple(Share(key[0], key[1] or None, counts[key], sizes[key]) for key in sorted(counts))
    total = sum(sizes.values())
    unread, command = _unread(folder / RECORD)
    left = (len(wanted) - len(old), len(old) - len(whole), unread)
    return Freeing(plan, hindrance, shares, len(can_go), total, *left, command, doubts)


def _unread(record: Path) -> tuple[int, str]:
    """How many files were safe, and not read and opened in the audit, and the command that does so; audits of earlier
    builds do not say."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        provenance = small_files.parse_json(small_files.read(record, MOST_RECORD_BYTES))["provenance"]
        whole = provenance.get("arguments") or {}  # named from everywhere, which an earlier build did not write
        specs = (*whole.get("PHONE", [provenance["source"]]), *whole.get("BACKUPS", provenance["backups"]))
        command = f"auditor audit {' '.join(map(typed, specs))}"
        if any(map(_is_list, specs)):
            command = "`auditor audit` with the phone and the backup themselves, not their lists"
        return int(provenance["not_read_again"]), command
    return 0, ""


def _is_list(spec: str) -> bool:
    """Whether an audit was told to look at a list, in which nothing can be read."""
    path = Path(spec)
    return path.is_file() and packing_of(path) is None


def _doubts(record: Path) -> tuple[Doubt, ...]:
    """What the audit says of backups that may be the phone. Raises: BadPlan where that cannot be read."""
    try:
        told = small_files.parse_json(small_files.read(record, MOST_RECORD_BYTES))["provenance"]
        doubts = [(one["list"], one["why"], one["remedy"]) for one in told.get("maybe_exchanged", ())]
        if not all(isinstance(word, str) for words in doubts for word in words):
            raise TypeError
        return tuple(Doubt(*words) for words in doubts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadPlan(
            f"{record} does not say clearly whether one of its backups may be the phone itself; audit again"
        ) from error


def _doubted_folders(record: Path) -> set[tuple[str, str]]:
    """The folders of the audit's lists, each with its list, that lie in what may be the phone, though the backup is
    none.

    Raises: BadPlan where that cannot be read.
    """
    try:
        told = small_files.parse_json(small_files.read(record, MOST_RECORD_BYTES))["provenance"]
        return {(one["list"], folder) for one in told.get("maybe_phones_within", ()) for folder in one["folders"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadPlan(f"{record} does not say clearly what of its backups may be the phone; audit again") from error


def _min_copies(record: Path) -> int:
    """In how many backups a file had to be by the policy of the audit."""
    try:
        told = small_files.parse_json(small_files.read(record, MOST_RECORD_BYTES))
        copies = told["policy"]["params"]["min_copies"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadPlan(f"{record} does not say how many copies the policy wants; audit again") from error
    if type(copies) is not int or copies < 1:
        raise BadPlan(f"{record} asks for {small_files.shown(copies)} copies, which keeps none; audit again")
    return copies


def _wanted(table: Path, rows: Mapping[str, FileFacts]) -> list[tuple[int, FileFacts]]:
    """The table's files with their lines."""
    found = []
    try:
        text = small_files.read(table, MOST_BYTES).decode("utf-8-sig")
        lines = csv.DictReader(io.StringIO(text, newline=""))
        for row in lines:
            path = row.get("path") or ""
            facts = rows.get(path)
            if facts is None or facts.sha256 is None or facts.sha256 != row.get("sha256"):
                raise BadPlan(f"{table} line {lines.line_num}: {path!r} is not in the audit's list like that")
            if facts.digest_origin is not DigestOrigin.READ or facts.soundness is not Soundness.SOUND:
                raise BadPlan(f"{table} line {lines.line_num}: {facts.path} was not read and found sound")
            found.append((lines.line_num, facts))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadPlan(f"{table} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return found


def _plan(
    folder: Path,
    source: Manifest,
    wanted: Sequence[tuple[int, FileFacts]],
    company: Mapping[str, set[str]],
    min_copies: int,
    doubted: Container[str],
    within: Container[tuple[str, str]],
) -> tuple[CleanPlan | None, str | None]:
    root = _folder_of(source)
    if root is None:
        if source.header.place_kind == "folder":
            return (
                None,
                f"the folder {source.header.place} is not there as it was at the audit: connect it, or audit again",
            )
        return None, f"{source.header.label} cannot be written by this program: delete these files on the phone itself"
    copies: dict[str, dict[int, FileAt]] = defaultdict(dict)
    paths: dict[str, list[str]] = defaultdict(list)
    for _, facts in wanted:
        paths[facts.sha256 or ""].append(facts.path)
    unread: list[str] = []
    for number, path in enumerate(sorted(folder.glob("backup-*.jsonl"))):
        if path.name in doubted:
            continue
        manifest = load(path)
        there = _folder_of(manifest)
        if there is None:
            unread.append(manifest.header.label)
            continue
        for facts in manifest.rows():
            if not _is_inside(facts.path) or (path.name, facts.path.rpartition("/")[0]) in within:
                continue
            sound = facts.soundness is Soundness.SOUND and facts.digest_origin is DigestOrigin.READ
            own = paths.get(facts.sha256 or "")
            if sound and facts.sha256 is not None and own and not is_of_a_program(facts.path, own):
                copy = FileAt(there, facts.path, facts.sha256)
                if not will_be_emptied(copy.whole.as_posix()):
                    copies[facts.sha256].setdefault(number, copy)
    here = {facts.path for _, facts in wanted if len(copies[facts.sha256 or ""]) >= min_copies}
    # What belongs together goes together.
    going = [(line, facts) for line, facts in wanted if company[_main(facts)] <= here]
    names = {facts.path for _, facts in going}
    removals = []
    for line, facts in going:
        main = _main(facts)
        moves_with = main if main != facts.path and main in names else ""
        file = file_at(folder / TABLE, line, str(root), facts.path, facts.sha256 or "")
        removals.append(Removal(line, file, tuple(copies[facts.sha256 or ""].values()), "same-bytes", moves_with))
    check(folder / TABLE, removals)
    hindrance = None
    if short := len(wanted) - len(here):
        where = f" ({', '.join(unread)} cannot be read again from here)" if unread else ""
        be, stay, they = ("is", "it stays", "it") if short == 1 else ("are", "they stay", "them")
        hindrance = f"{short} of the safe files {be} not in enough backups that can be read again now{where}; {stay}"
        if parted := len(here) - len(going):
            do = "does" if parted == 1 else "do"
            hindrance += f", as {do} {counted(parted, 'file that belongs', 'files that belong')} to {they}"
    digest = hashlib.sha256((folder / TABLE).read_bytes()).hexdigest()
    return CleanPlan(tuple(removals), 0, digest), hindrance


def _folder_of(manifest: Manifest) -> Path | None:
    """The folder that a list is of, if it is there now and is the same one; None for every other place."""
    header = manifest.header
    place = recorded_folder(header.place, header.place_id) if header.place_kind == "folder" else None
    return place.root if place is not None else None


def _is_inside(path: str) -> bool:
    """Whether a list's path can be that of a file in its place; another one is no copy of anything."""
    try:
        parts_inside(path)
    except BadManifest:
        return False
    return True


def _main(facts: FileFacts) -> str:
    return facts.companion_of or facts.path


def _company(rows: Iterable[FileFacts]) -> dict[str, set[str]]:
    """Each main file with the photos and videos that belong to it, itself included."""
    found: dict[str, set[str]] = defaultdict(set)
    for facts in rows:
        found[_main(facts)].add(facts.path)
    return found


def _taken(facts: FileFacts, now: datetime) -> datetime:
    """When a file came to the phone, at the latest: the later one of its date of capture and its own date; unknown
    counts as now."""
    known = []
    if facts.taken_at:
        with contextlib.suppress(ValueError):
            known.append(datetime.fromisoformat(facts.taken_at).replace(tzinfo=UTC))
    if facts.mtime_ns is not None:
        known.append(datetime.fromtimestamp(facts.mtime_ns / 1e9, UTC))
    return max(known, default=now)
