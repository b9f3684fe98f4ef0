"""Policies are data: what must be backed up, what counts as proof, which rules count, and their parameters."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from auditor import data as shipped
from auditor.disk import small_files
from auditor.errors import BadPolicy
from auditor.judge.rules import Rule
from auditor.model import Kind, Severity, Status
from auditor.places.trash import BINS

_Enum = TypeVar("_Enum", bound=StrEnum)

_PROOF = (Status.IDENTICAL, Status.METADATA_CHANGED, Status.REDUCED)


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy. `kinds` must be backed up, but for what lies in a bin; `exclude_names` are patterns of a file's or
    folder's name, at any depth, `exclude_paths` patterns of a whole path (`*` stays within a folder, `**` does not),
    upper and lower case alike.

    `proof` are the statuses that prove a file; `min_copies` of them are wanted, `off_site_copies` of those off-site.
    `off_site` are labels of backups that count as off-site besides clouds. `keep` is the order of reasons by which
    `duplicates` chooses the copy to keep. `sha256` is that of the policy's file.
    """

    id: str
    version: str
    title: str
    description: str
    sha256: str
    kinds: tuple[Kind, ...] = (Kind.PHOTO, Kind.VIDEO)
    exclude_names: tuple[str, ...] = ()
    exclude_paths: tuple[str, ...] = ()
    proof: tuple[Status, ...] = (Status.IDENTICAL,)
    min_copies: int = 1
    off_site_copies: int = 0
    off_site: tuple[str, ...] = ()
    max_list_age_days: int = 30
    skip_rules: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)

    def severity(self, rule: Rule) -> Severity:
        """How much a finding of the rule matters here."""
        return self.severities.get(rule.id, rule.severity)

    def values(self, rule: Rule) -> dict[str, Any]:
        """The values of everything that a rule's query may bind as `$name`."""
        return {
            "proof": [status.value for status in self.proof],
            "min_copies": self.min_copies,
            "off_site_copies": self.off_site_copies,
            "max_list_age_days": self.max_list_age_days,
            **rule.params,
            **{name: value for name, value in self.params.items() if name in rule.params},
        }

    def excluded(self) -> str:
        """A regular expression (RE2) that finds the lower-case paths that are left out: those in bins always."""
        names = [rf"(?:^|/){pattern(name.lower())}(?:/|$)" for name in self.exclude_names]
        paths = [rf"^{pattern(path.lower())}(?:/|$)" for path in self.exclude_paths]
        return "|".join((BINS, *names, *paths))


def pattern(glob: str) -> str:
    """A path pattern as a regular expression: `*` and `?` stay within a folder, `**` does not."""
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(words.get(piece) or re.escape(piece) for piece in re.split(r"(\*\*|\*|\?)", glob) if piece)


def names() -> tuple[str, ...]:
    """The policies that ship with the program."""
    return tuple(sorted(path.stem for path in (shipped.folder("rules") / "policies").glob("*.toml")))


def load(name: str) -> Policy:
    """The policy of that name, or the one in that file.

    Raises: BadPolicy where there is none or it cannot be understood.
    """
    path = Path(name)
    if not name.endswith(".toml"):
        if name not in names():
            raise BadPolicy(f"there is no policy {name!r}; there are {', '.join(names())}, or name a file NAME.toml")
        path = shipped.folder("rules") / "policies" / f"{name}.toml"
    try:
        raw = small_files.read(path)
        data = small_files.parse_toml(raw)
    except OSError as error:
        raise BadPolicy(f"the policy {path} cannot be read: {small_files.reason(error)}") from error
    except ValueError as error:
        raise BadPolicy(f"the policy {path} is not TOML: {error}") from error
    return _parse(data, path, hashlib.sha256(raw.replace(b"\r\n", b"\n")).hexdigest())


def copy_of(name: str, new_id: str) -> bytes:
    """The file of a policy as one of its own, to be changed: the same but for its id, which reports name it by.

    Raises: BadPolicy as `load`.
    """
    load(name)
    path = Path(name) if name.endswith(".toml") else shipped.folder("rules") / "policies" / f"{name}.toml"
    text = small_files.read(path).decode("utf-8-sig")
    return re.sub(r"(?m)^(id\s*=\s*).*$", lambda found: found[1] + json.dumps(new_id), text, count=1).encode()


_SECTIONS: dict[str, dict[str, type]] = {
    "": {"id": str, "version": str, "title": str, "description": str},
    "scope": {"kinds": list, "exclude_names": list, "exclude_paths": list},
    "proof": {"status": list, "min_copies": int, "off_site_copies": int, "max_list_age_days": int},
    "backups": {"off_site": list},
    "rules": {"skip": list, "severity": dict},
    "duplicates": {"keep": list},
}

_WORDS = {str: "a text", int: "a whole number", list: "a list of texts", dict: "a table"}


def _parse(data: dict[str, Any], path: Path, sha256: str) -> Policy:
    flat: dict[str, Any] = {}
    for section, keys in _SECTIONS.items():
        table = {k: v for k, v in data.items() if not isinstance(v, dict)} if not section else data.get(section, {})
        for key, value in table.items():
            if key not in keys:
                raise BadPolicy(
                    f"{path}: {(section + '.') * bool(section)}{key} means nothing; known: {', '.join(keys)}"
                )
            if not isinstance(value, keys[key]) or isinstance(value, bool):
                raise BadPolicy(f"{path}: {key} must be {_WORDS[keys[key]]}, not {small_files.shown(value)}")
            if isinstance(value, list) and not all(isinstance(item, str) for item in value):
                raise BadPolicy(f"{path}: {key} must be a list of texts")
            flat[key] = value
    if unknown := set(data) - set(flat) - set(_SECTIONS) - {"params"}:
        raise BadPolicy(f"{path}: unknown section {sorted(unknown)}")
    if missing := [key for key in ("id", "version", "title") if key not in flat]:
        raise BadPolicy(f"{path}: it lacks {', '.join(missing)}")
    try:
        proof = tuple(_one_of(Status, s) for s in flat.get("status", ["identical"]))
        if not proof or not set(proof) <= set(_PROOF):
            raise ValueError(f"proof can be {', '.join(_PROOF)}; not {', '.join(flat['status']) or 'nothing'}")
        if Status.IDENTICAL not in proof:
            raise ValueError("proof must hold identical: nothing proves a copy better than the same bytes")
        kinds = tuple(_one_of(Kind, k) for k in flat.get("kinds", ["photo", "video"]))
        severities = {rule: _one_of(Severity, s) for rule, s in flat.get("severity", {}).items()}
    except ValueError as error:
        raise BadPolicy(f"{path}: {error}") from error
    if not kinds:
        raise BadPolicy(f"{path}: scope.kinds is empty, so nothing would have to be backed up")
    numbers = {k: flat[k] for k in ("min_copies", "off_site_copies", "max_list_age_days") if k in flat}
    if numbers.get("min_copies", 1) < 1 or min(numbers.values(), default=0) < 0:
        raise BadPolicy(f"{path}: min_copies must be at least 1, and no number below 0")
    return Policy(
        id=flat["id"],
        version=flat["version"],
        title=flat["title"],
        description=flat.get("description", "").strip(),
        sha256=sha256,
        kinds=kinds,
        exclude_names=tuple(flat.get("exclude_names", ())),
        exclude_paths=tuple(flat.get("exclude_paths", ())),
        proof=proof,
        off_site=tuple(flat.get("off_site", ())),
        skip_rules=tuple(flat.get("skip", ())),
        severities=severities,
        keep=tuple(flat.get("keep", ())),
        params=data.get("params", {}),
        **numbers,
    )


def _one_of(kind: type[_Enum], word: object) -> _Enum:
    if word not in list(kind):
        raise ValueError(f"{small_files.shown(word)} means nothing here; known: {', '.join(kind)}")
    return kind(str(word))


def select(policy: Policy, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules that count under a policy.

    Raises: BadPolicy where it names a rule or a parameter that there is not.
    """
    rules = tuple(rules)
    ids = {rule.id for rule in rules}
    if unknown := (set(policy.skip_rules) | set(policy.severities)) - ids:
        raise BadPolicy(f"policy {policy.id}: there is no rule {', '.join(sorted(unknown))}")
    if unknown := set(policy.params) - {name for rule in rules for name in rule.params}:
        raise BadPolicy(f"policy {policy.id}: no rule has a parameter {', '.join(sorted(unknown))}")
    return tuple(rule for rule in rules if rule.id not in policy.skip_rules)
