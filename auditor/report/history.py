"""The audits before: which lie beside each other, which one names which, and what changed between two.

Every audit names the one before it of the same phone, by the digest of its seal: a chain in which none can be altered
or exchanged unnoticed. What got better or worse is told against the last one with the same backups, file by file.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from auditor.disk import small_files, volume
from auditor.errors import BadManifest, BadPlace
from auditor.model import FileVerdict, Partition, Verdict
from auditor.report import AUDITS_SHOWN, FILES, RECORD, SEAL, provenance
from auditor.words import VERDICTS, count, counted


@dataclass(frozen=True, slots=True)
class Link:
    """An audit as the one after it names it. `folder` is the name of its folder, `finished` RFC 3339, `seal` the
    SHA-256 of its SHA256SUMS."""

    audit_id: str
    folder: str
    finished: str
    seal: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Of what an audit is: the ids of the phone, and of each backup; places that share one are the same."""

    phone: frozenset[str]
    backups: tuple[frozenset[str], ...]

    def has_phone_of(self, other: Subject) -> bool:
        """Whether both are of one phone."""
        return bool(self.phone & other.phone)

    def is_as(self, other: Subject) -> bool:
        """Whether both are of one phone and the same backups, in whatever order."""
        ours, theirs = self.backups, other.backups
        there = all(any(mine & one for one in theirs) for mine in ours)
        return self.has_phone_of(other) and len(ours) == len(theirs) and there


@dataclass(frozen=True, slots=True)
class Past:
    """An audit that was made, as its audit.json says. `source` and `backups` are the places as they were named.

    `previous` is the audit before it, None where it is the first; `since` counts what changed since the last one
    against the same backups, by the words of `Turn`, None where that was not told.
    """

    folder: Path
    audit_id: str
    verdict: Verdict
    sentence: str
    finished: str
    partition: Partition
    source: str
    backups: tuple[str, ...]
    subject: Subject
    previous: Link | None
    since: Mapping[str, int] | None

    @property
    def when(self) -> datetime:
        """When it was finished; the earliest of all times where it does not say."""
        try:
            when = datetime.fromisoformat(self.finished)
        except ValueError:
            return datetime.min.replace(tzinfo=UTC)
        return when if when.tzinfo else when.replace(tzinfo=UTC)


class Turn(StrEnum):
    """What became of one file from one audit to the next. Worst first."""

    WORSE = "worse"  # it is further from proof than before
    LEFT_UNPROVEN = "left_unproven"  # it was not proven, and is not on the phone any more
    CAME_UNPROVEN = "came_unproven"  # it came since, and is not proven
    BETTER = "better"
    CAME_PROVEN = "came_proven"
    LEFT_PROVEN = "left_proven"


@dataclass(frozen=True, slots=True)
class Turned:
    """One file that is not as in the audit before; a verdict is None where the file was not on the phone."""

    path: str
    turn: Turn
    before: FileVerdict | None
    after: FileVerdict | None


@dataclass(frozen=True)
class Changes:
    """What changed since the audit `since`, worst first, by path within. A file that only moved is no change."""

    since: Past
    turned: tuple[Turned, ...]

    @cached_property
    def counts(self) -> dict[str, int]:
        """The number of files of each turn."""
        found = Counter(one.turn for one in self.turned)
        return {turn.value: found[turn] for turn in Turn}


@dataclass(frozen=True, slots=True)
class History:
    """What a report knows of the audits before it: those of the same phone against the same backups, the newest first
    and no more than it shows; what changed since the last of them (None where there is none, or its table is not as it
    was sealed); and the one before it in the chain (None where it is the first, or that one has no seal)."""

    past: tuple[Past, ...] = ()
    changes: Changes | None = None
    previous: Link | None = None

    def record(self) -> dict[str, Any]:
        """What audit.json says of it: `previous` and `since`, each where there is one."""
        record: dict[str, Any] = {"previous": asdict(self.previous)} if self.previous else {}
        return record | ({"since": self.changes.counts} if self.changes else {})


def read(folder: Path) -> Past:
    """The audit in a folder. Raises: BadPlace where there is none."""
    try:
        return told(folder, small_files.parse_json(small_files.read(folder / RECORD, provenance.MOST_RECORD_BYTES)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadPlace(f"{folder} is not the folder of an audit: its audit.json cannot be read") from error


CHANGED = "this report was changed after it was written; audit again"
"""What is said of such an audit, in place of its verdict."""


def is_changed(one: Past) -> bool:
    """Whether an audit is not as it was written, or has no seal that could tell. Reads its folder whole."""
    try:
        return bool(provenance.check(one.folder))
    except (BadManifest, OSError):
        return True


def told(folder: Path, record: Mapping[str, Any]) -> Past:
    """The audit of which audit.json says this. Raises: ValueError and its like where it is none."""
    proof = record["provenance"]
    return Past(
        folder,
        str(proof["audit_id"]),
        Verdict(record["verdict"]),
        str(record["sentence"]),
        str(proof.get("finished") or ""),
        Partition(**{name: int(number) for name, number in record["partition"].items()}),
        str(proof["source"]),
        tuple(map(str, proof["backups"])),
        _subject(proof),
        _link(proof.get("previous")),
        _counts(proof.get("since")),
    )


def found(homes: Iterable[Path]) -> tuple[Past, ...]:
    """The audits whose folders lie right in these, the newest first. What is mounted there is not looked into."""
    audits = {path.resolve(): path for home in homes for path in _audits_in(home)}
    return tuple(sorted(_readable(audits.values()), key=lambda past: (past.when, past.folder.name), reverse=True))


def of(record: Mapping[str, Any], files: Path, homes: Iterable[Path]) -> History:
    """What a report knows of those before it that lie in `homes`. `record` is the `provenance` of its audit.json,
    `files` its files.csv."""
    if not (began := record.get("started")):
        return History()
    subject = _subject(record)
    past = [
        one for one in found(homes) if one.subject.has_phone_of(subject) and one.when <= datetime.fromisoformat(began)
    ]
    alike = [one for one in past if one.subject.is_as(subject)]  # what another backup lacks was never mended
    last = alike[0] if alike else None
    changed = None
    if last is not None and _is_as_sealed(last.folder, FILES):
        with contextlib.suppress(BadManifest):  # of a newer build, or made by hand: it stops no audit
            changed = Changes(last, _turned(last.folder / FILES, files))
    return History(tuple(alike[: AUDITS_SHOWN - 1]), changed, _sealed(past[0]) if past else None)


def changes(earlier: Past, later: Past) -> Changes:
    """What changed from one audit to another. Raises: BadPlace where they are of two phones, BadManifest where a table
    is not as it was sealed, or cannot be understood."""
    if not earlier.subject.has_phone_of(later.subject):
        raise BadPlace(f"{earlier.folder} and {later.folder} are audits of two phones; name two of one phone")
    for one in (earlier, later):
        if not _is_as_sealed(one.folder, FILES):
            raise BadManifest(
                f"{one.folder / FILES} is not as it was written, so nothing can be told by it;"
                f" `auditor report {one.folder} --check` says more"
            )
    return Changes(earlier, _turned(earlier.folder / FILES, later.folder / FILES))


def sums(parts: Partition) -> str:
    """What an audit found, in words: `3 of 28 not safe, 1 not checked`, or `28 of 28 proven safe`."""
    if not parts.due:
        return "nothing had to be backed up"
    of = f" of {count(parts.due)}"
    unsafe = f"{count(parts.not_safe)}{of} {VERDICTS[FileVerdict.NOT_SAFE]}" if parts.not_safe else ""
    unknown = f"{count(parts.not_checked)} {VERDICTS[FileVerdict.NOT_CHECKED]}" if parts.not_checked else ""
    safe = "" if unsafe or unknown else f"{count(parts.proven)}{of} {VERDICTS[FileVerdict.PROVEN]}"
    waived = f"{count(parts.waived)} {VERDICTS[FileVerdict.WAIVED]}" if parts.waived else ""
    return ", ".join(filter(None, (unsafe, unknown, safe, waived)))


def words(counts: Mapping[str, int]) -> str:
    """What changed, in words: `2 worse, 19 new and not proven, 3 better`; "nothing changed" where nothing did."""
    said = [f"{counted(counts[turn], *_WORDS[turn])}" for turn in Turn if counts.get(turn)]
    return ", ".join(said) or "nothing changed"


_WORDS = {
    Turn.WORSE: ("worse", "worse"),
    Turn.LEFT_UNPROVEN: ("gone that was not proven", "gone that were not proven"),
    Turn.CAME_UNPROVEN: ("new and not proven", "new and not proven"),
    Turn.BETTER: ("better", "better"),
    Turn.CAME_PROVEN: ("new and proven", "new and proven"),
    Turn.LEFT_PROVEN: ("gone that was proven", "gone that were proven"),
}


def _subject(told: Mapping[str, Any]) -> Subject:
    """By the ids of the places or, where an earlier version wrote none, as they were named. What was redacted is of no
    phone that anybody knows."""
    if "redacted_from" in told:
        return Subject(frozenset(), ())
    ids = told.get("place_ids") or {
        "source": [told.get("source")],
        "backups": [[spec] for spec in told.get("backups") or ()],
    }
    return Subject(frozenset(map(str, ids["source"])), tuple(frozenset(map(str, each)) for each in ids["backups"]))


def _sealed(past: Past) -> Link | None:
    try:
        seal = provenance.sealed_file(past.folder / SEAL).sha256
    except OSError:
        return None
    return Link(past.audit_id, past.folder.name, past.finished, seal)


def _link(record: Any) -> Link | None:
    if not isinstance(record, dict):
        return None
    return Link(*(str(record[name]) for name in ("audit_id", "folder", "finished", "seal")))


def _counts(record: Any) -> dict[str, int] | None:
    return {turn.value: int(record.get(turn.value, 0)) for turn in Turn} if isinstance(record, dict) else None


def _audits_in(home: Path) -> Iterator[Path]:
    try:
        mounted = {point.name for point in volume.mounted_beneath(home.resolve()) if point.parent == home.resolve()}
        with os.scandir(home) as entries:
            names = [one.name for one in entries if one.is_dir(follow_symlinks=False) and one.name not in mounted]
    except OSError:
        return
    for name in sorted(names):
        if not name.endswith(".partial"):
            yield home / name


def _readable(folders: Iterable[Path]) -> Iterator[Past]:
    for folder in folders:
        try:
            past = read(folder)
        except BadPlace:
            continue  # it is something else's, or nobody's to look into
        if past.subject.phone:
            yield past


def _is_as_sealed(folder: Path, name: str) -> bool:
    try:
        sums = provenance.read_seal(folder)
        return provenance.sealed_file(folder / name).sha256 == sums.get(name)
    except (OSError, BadManifest):
        return False


_RANK = {
    FileVerdict.PROVEN: 0,
    FileVerdict.WAIVED: 1,
    FileVerdict.NOT_CHECKED: 2,
    FileVerdict.NOT_SAFE: 3,
}
"""How far from proof; what is not due has no rank, and no turn."""


def _table(file: Path) -> Any:
    """The files of an audit with their verdicts. Raises: BadManifest where the table is none of this build's."""
    import pandas as pd  # half a second, and few commands compare audits

    try:
        table = pd.read_csv(file, usecols=["path", "verdict", "sha256"], dtype=str, keep_default_na=False)
        for word in table["verdict"].unique():
            FileVerdict(word)
    except (OSError, ValueError) as error:
        raise BadManifest(f"{file} cannot be understood: {error}") from error
    return table


def _turned(earlier: Path, later: Path) -> tuple[Turned, ...]:
    sides = [_table(file) for file in (earlier, later)]
    both = sides[0].merge(sides[1], on="path", how="outer", suffixes=("_before", "_after"), indicator=True)
    both = both.astype({"_merge": str}).fillna("")
    left, came = (both[both["_merge"] == side] for side in ("left_only", "right_only"))
    moved = _moved(dict(zip(left["path"], left["sha256_before"], strict=True)), _by_content(came))
    there = dict(zip(came["path"], came["verdict_after"], strict=True))
    arrived = set(moved.values())
    changed = both[(both["verdict_before"] != both["verdict_after"]) & ~both["path"].isin(arrived)]
    turned = []
    for path, was, now in zip(changed["path"], changed["verdict_before"], changed["verdict_after"], strict=True):
        path, now = (moved[path], there[moved[path]]) if path in moved else (path, now)
        first, second = (FileVerdict(word) if word else None for word in (was, now))
        if turn := _turn(first, second):
            turned.append(Turned(path, turn, first, second))
    order = list(Turn)
    return tuple(sorted(turned, key=lambda one: (order.index(one.turn), one.path)))


def _by_content(came: Any) -> dict[str, list[str]]:
    paths: dict[str, list[str]] = {}
    for path, sha256 in zip(came["path"], came["sha256_after"], strict=True):
        if sha256:
            paths.setdefault(sha256, []).append(path)
    return paths


def _moved(left: Mapping[str, str], came: Mapping[str, list[str]]) -> dict[str, str]:
    """The new path of each file that lies elsewhere on the phone now: one each."""
    free = {sha256: iter(paths) for sha256, paths in came.items()}
    pairs = {path: next(free.get(sha256, iter(())), None) for path, sha256 in left.items()}
    return {path: to for path, to in pairs.items() if to is not None}


def _turn(was: FileVerdict | None, now: FileVerdict | None) -> Turn | None:
    if FileVerdict.NOT_DUE in (was, now):
        return None
    if was is None or now is None:
        one = now or was
        is_proven = one is not None and _RANK[one] <= _RANK[FileVerdict.WAIVED]
        if was is None:
            return Turn.CAME_PROVEN if is_proven else Turn.CAME_UNPROVEN
        return Turn.LEFT_PROVEN if is_proven else Turn.LEFT_UNPROVEN
    if _RANK[was] == _RANK[now]:
        return None
    return Turn.WORSE if _RANK[now] > _RANK[was] else Turn.BETTER
