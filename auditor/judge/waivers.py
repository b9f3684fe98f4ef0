"""What people decided about findings: waivers (reason, person, expiry) and baselines (known before)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from auditor.database import findings
from auditor.database.connection import Database
from auditor.disk import small_files
from auditor.errors import BadPolicy
from auditor.judge.policy import pattern

MOST_BASELINE_BYTES = 1 << 30
"""65 bytes a finding: this many are more than there are files on any phone."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Findings of one rule that somebody accepts until `expires` (that day still counts). Either `paths` (patterns as
    in policies: `*` stays within a folder, `**` does not) or the `fingerprint` of one finding says which."""

    rule: str
    paths: tuple[str, ...]
    fingerprint: str | None
    reason: str
    by: str
    expires: date


def load(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a file.

    Raises: BadPolicy where it cannot be read, or a waiver lacks its rule, paths or fingerprint, reason, by or expires.
    """
    try:
        data = small_files.parse_toml(small_files.read(path))
    except (OSError, ValueError) as error:
        raise BadPolicy(f"the waivers {path} cannot be read: {small_files.reason(error)}") from error
    if set(data) - {"waiver"} or not isinstance(data.get("waiver", []), list):
        raise BadPolicy(f"{path}: waivers are written as [[waiver]] tables")
    return tuple(_waiver(item, f"{path}: waiver {number}") for number, item in enumerate(data.get("waiver", []), 1))


def _waiver(item: object, where: str) -> Waiver:
    if not isinstance(item, dict):
        raise BadPolicy(f"{where} is not a [[waiver]] table")
    if unknown := set(item) - {"rule", "paths", "fingerprint", "reason", "by", "expires"}:
        raise BadPolicy(f"{where} has keys that mean nothing: {', '.join(sorted(unknown))}")
    for key in ("rule", "reason", "by"):
        if not isinstance(item.get(key), str) or not item[key].strip():
            raise BadPolicy(f"{where} lacks its {key!r}")
    if type(item.get("expires")) is not date:
        raise BadPolicy(f"{where} needs a day on which it ends, such as expires = 2027-01-31")
    paths, fingerprint = item.get("paths"), item.get("fingerprint")
    if (paths is None) == (fingerprint is None):
        raise BadPolicy(f"{where} needs either `paths` or `fingerprint`")
    if paths is not None and (not isinstance(paths, list) or not paths or not all(isinstance(p, str) for p in paths)):
        raise BadPolicy(f"{where}: paths must be a list of texts")
    if fingerprint is not None and not isinstance(fingerprint, str):
        raise BadPolicy(f"{where}: fingerprint must be a text")
    return Waiver(item["rule"], tuple(paths or ()), fingerprint, item["reason"], item["by"], item["expires"])


def apply(db: Database, waivers: Sequence[Waiver], today: date) -> tuple[str, ...]:
    """Marks the findings that are waived, and says in words which waivers did nothing: expired, or unused."""
    words = []
    for waiver in waivers:
        which = f"the waiver of {waiver.rule} by {waiver.by} ({', '.join(waiver.paths) or waiver.fingerprint})"
        if waiver.expires < today:
            words.append(f"{which} expired on {waiver.expires.isoformat()}: its findings count again")
            continue
        paths = "|".join(f"(?:{pattern(path)})" for path in waiver.paths)
        people = {"reason": waiver.reason, "by": waiver.by, "expires": waiver.expires.isoformat()}
        if not findings.waive(db, waiver.rule, paths, waiver.fingerprint, **people):
            words.append(f"{which} matches no finding: take it out")
    return tuple(words)


def load_baseline(path: Path) -> tuple[str, ...]:
    """The fingerprints of a baseline: one a line, `#` begins a comment.

    Raises: BadPolicy where it cannot be read or holds something else.
    """
    try:
        text = small_files.read(path, MOST_BASELINE_BYTES).decode("utf-8-sig")
        lines = [line.split("#")[0].strip() for line in text.splitlines()]
    except (OSError, ValueError) as error:
        raise BadPolicy(f"the baseline {path} cannot be read: {small_files.reason(error)}") from error
    found = tuple(line for line in lines if line)
    for line in found:
        if len(line) != 64 or not set(line) <= set("0123456789abcdef"):
            raise BadPolicy(f"{path}: {line[:40]!r} is not a fingerprint (64 hex digits, as in findings.jsonl)")
    return found
