"""How an audit can be checked later: audit.json says what was judged and how, and SHA256SUMS seals the folder."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

import auditor
from auditor.database import caveats, connection
from auditor.database.connection import Database
from auditor.disk import small_files
from auditor.errors import BadManifest
from auditor.judge.policy import Policy
from auditor.judge.rules import Rule
from auditor.model import Audit, FileVerdict, Partition, RuleOutcome, RuleState, Severity, Verdict
from auditor.report import SEAL

MOST_RECORD_BYTES = 256 << 20
"""An audit's record grows with its waivers and reasons, not with its files."""
_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}  # what file managers leave in any folder they show


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file of the folder and what its bytes are."""

    name: str
    size_bytes: int
    sha256: str


class Difference(StrEnum):
    """How a file of an audit folder differs from its seal."""

    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A file of an audit folder that is not as it was when the folder was sealed."""

    path: str
    difference: Difference


def audit_record(
    audit: Audit,
    rules: Sequence[Rule],
    policy: Policy,
    lists: Sequence[Sealed],
    not_read: Sequence[Mapping[str, Any]] = (),
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What audit.json holds: `verdict, sentence, partition, rules, policy, provenance`, and `caveats`.

    `lists` are the manifests judged, the source's first; `not_read` is what `not_read_now` says of them. The audit's id
    is made of what was judged and how, and when: the same audit has the same id.

    `provenance` has `maybe_exchanged` where backups may be the phone itself, by which nothing may be deleted: a
    `{label, list, why, remedy}` for each, `list` being its file in the audit's folder, the last two sentences. `before`
    is what it says of the audits before this one.
    """
    known = {rule.id: rule for rule in rules}
    outcomes = [_outcome(outcome, known.get(outcome.rule_id)) for outcome in audit.outcomes]
    judged = {"id": policy.id, "version": policy.version, "sha256": policy.sha256, "params": policy_params(policy)}
    versions = {"auditor": auditor.__version__, "python": platform.python_version(), "duckdb": connection.VERSION}
    asked = [(outcome.rule_id, outcome.state, outcome.findings, outcome.waived) for outcome in audit.outcomes]
    subject = [asked, judged, [sealed.sha256 for sealed in lists], audit.provenance.get("started"), versions]
    return {
        "verdict": audit.verdict,
        "sentence": audit.sentence,
        "partition": asdict(audit.partition),
        "caveats": list(audit.caveats),
        "rules": outcomes,
        "policy": judged,
        "provenance": {
            "audit_id": hashlib.sha256(_json(subject).encode()).hexdigest()[:32],
            **audit.provenance,
            **(before or {}),
            "lists": [asdict(sealed) for sealed in lists],
            "not_read_now": list(not_read),
            "versions": versions,
        },
    }


def as_today(record: Mapping[str, Any]) -> dict[str, Any]:
    """What an audit.json says, without what earlier builds of 0.1.0 wrote among its caveats and today's say beside
    them: of when the verdict is true. Raises: TypeError where its caveats are no texts."""
    caveats = [str(one) for one in record.get("caveats") or ()]
    return {**record, "caveats": [one for one in caveats if not _TRUE_ON.fullmatch(one)]}


_TRUE_ON = re.compile(r"True on [^.]+\. Photos taken since are not covered\.")


def audit_told(record: Mapping[str, Any]) -> Audit:
    """The audit of which audit.json says this; all its caveats stand for those without which its verdict is not to be
    had. Raises: ValueError, KeyError, TypeError or AttributeError where it says none."""
    caveats = tuple(map(str, record.get("caveats") or ()))
    return Audit(
        Verdict(record["verdict"]),
        str(record["sentence"]),
        Partition(**{name: int(number) for name, number in record["partition"].items()}),
        tuple(map(outcome_told, record.get("rules") or ())),
        caveats,
        dict(record["provenance"]),
        caveats,
    )


def not_read_now(db: Database, started: object) -> list[dict[str, Any]]:
    """What each list says of files whose bytes this audit did not read: how many, why, and since when it is known.

    `why` is `read before` (an earlier list, or a run that was stopped), one of the other words of
    `_ORIGINS`; `oldest` is None where nobody says when the digest was made. `started` is the audit's start, RFC 3339.
    """
    since = datetime.fromisoformat(str(started)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if started else ""
    return [
        {"side": one.side, "backup": one.backup, "files": one.files, "why": _ORIGINS[one.origin], "oldest": one.oldest}
        for one in caveats.not_read_now(db, since)
    ]


_ORIGINS = {
    "read": "read before",
    "computed": "stated by its service",
    "streamed": "noted by its service as the file arrived",
    "claimed": "claimed by whoever uploaded it, and no proof",
    "foreign": "another tool's list",
}


def policy_params(policy: Policy) -> dict[str, Any]:
    """What the policy asked for, by name."""
    return {
        "proof": [str(status) for status in policy.proof],
        "min_copies": policy.min_copies,
        "off_site_copies": policy.off_site_copies,
        "max_list_age_days": policy.max_list_age_days,
        **policy.params,
    }


def _outcome(outcome: RuleOutcome, rule: Rule | None) -> dict[str, Any]:
    facts = asdict(outcome)
    del facts["tidying"]  # a fact of the rule, whose digest is beside it
    proof = {"since": rule.since, "sha256": rule.sha256} if rule else {}
    return {"id": facts.pop("rule_id")} | proof | facts


def outcome_told(one: Mapping[str, Any]) -> RuleOutcome:
    """How a rule ended of which audit.json says this. Raises: ValueError, KeyError or TypeError where it says none."""
    looked_at, found, known, waived = (int(one[name]) for name in ("looked_at", "findings", "known", "waived"))
    verdict = FileVerdict(one["verdict"]) if one.get("verdict") else None
    told = (float(one["seconds"]), str(one["reason"]) if one.get("reason") else None, verdict)
    state, severity = RuleState(one["state"]), Severity(one["severity"])
    return RuleOutcome(str(one["id"]), state, severity, looked_at, found, known, waived, *told)


def write_record(record: Mapping[str, Any], path: Path) -> None:
    """Writes audit.json."""
    path.write_text(_json(record, indent=2) + "\n", encoding="utf-8", newline="\n")


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=True, default=str)


def seal(folder: Path) -> None:
    """Writes SHA256SUMS over all files of the folder, in the format of `sha256sum`, by which anybody can check it."""
    lines = [f"{sealed.sha256}  {sealed.name}\n" for sealed in describe(folder)]
    (folder / SEAL).write_text("".join(lines), encoding="utf-8", newline="\n")


def describe(folder: Path) -> list[Sealed]:
    """Every file of the folder but the seal itself and its signatures, by name."""
    return [sealed_file(folder / name, name) for name in sorted(_names(folder))]


def sealed_file(path: Path, name: str | None = None) -> Sealed:
    """Size and SHA-256 of one file, read now."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Sealed(name or path.name, path.stat().st_size, digest)


def check(folder: Path) -> list[Mismatch]:
    """Reads every file of an audit folder again: what was changed, removed or added since it was sealed.

    An empty list means that nothing did. A detached signature of the seal and what file managers leave are not added
    files. It does not tell whether the seal itself was made anew: that takes a signature, or the seal kept elsewhere.
    Raises: BadManifest where the folder has no seal, or one that is not well formed.
    """
    sums = read_seal(folder)
    found = []
    for name, sha256 in sums.items():
        path = folder / name
        if not path.is_file() or any(one.is_symlink() for one in (path, *path.parents) if folder in one.parents):
            found.append(Mismatch(name, Difference.REMOVED))
        elif sealed_file(path).sha256 != sha256:
            found.append(Mismatch(name, Difference.CHANGED))
    found += [Mismatch(name, Difference.ADDED) for name in _names(folder) if name not in sums]
    return sorted(found, key=lambda mismatch: mismatch.path)


def _names(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if not path.is_dir() and path.name not in _LITTER and name != SEAL and not name.startswith(f"{SEAL}."):
            yield name


def read_seal(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file of an audit folder as it was sealed, by name. Raises: BadManifest, as `check`."""
    try:
        text = small_files.read(folder / SEAL).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadManifest(
            f"{folder} cannot be checked: its {SEAL} cannot be read; name the folder that `auditor audit` made"
        ) from error
    sums = {}
    for number, line in enumerate(text.splitlines(), 1):
        digest, _, name = line.partition("  ")
        inside = PurePosixPath(name)
        hexadecimal = len(digest) == 64 and set(digest) <= set("0123456789abcdef")
        if not (hexadecimal and name) or inside.is_absolute() or ".." in inside.parts or "\\" in name or ":" in name:
            raise BadManifest(f"{folder / SEAL}, line {number} is not a SHA-256 and a file of this folder")
        sums[name] = digest
    if not sums:
        raise BadManifest(f"{folder / SEAL} is empty: nothing of this audit can be checked")
    return sums
