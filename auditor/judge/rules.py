"""Rules are data: one SQL file with a TOML header each, in `rules/<family>/<id>.sql`. See rules/README.md."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from auditor import data as shipped
from auditor.disk import small_files
from auditor.disk.small_files import value_of
from auditor.errors import BadRule
from auditor.model import FileVerdict, Severity

_HEADER = re.compile(r"\A-- /// rule\n((?:--(?: .*)?\n)+?)-- ///\n(.*)\Z", re.DOTALL)
_REQUIRED = (
    "id",
    "severity",
    "verdict",
    "since",
    "population",
    "passed",
    "failed_one",
    "failed_many",
    "message",
    "why",
)
_OPTIONAL = ("tags", "needs", "remedy", "not_covered", "sources", "renamed_from", "params", "tidying", "theme", "label")
_TYPES: dict[str, tuple[type, str]] = {
    **dict.fromkeys(("tags", "needs", "sources", "renamed_from"), (list, "a list of texts")),
    "params": (dict, "a table"),
    "tidying": (bool, "true or false"),
}
_VERDICTS = {"not_safe": FileVerdict.NOT_SAFE, "not_checked": FileVerdict.NOT_CHECKED, "none": None}


class Theme(StrEnum):
    """What a finding is about, in the order in which a person has to do something about it."""

    SAFETY = "safety"  # the verdict: files that are not safe, or that nobody could look at
    DAMAGE = "damage"  # broken already, whatever the backup holds
    MEMORY = "memory"  # what belongs to a picture besides the picture: its date, place, other half
    SPACE = "space"  # room on the phone and in the backups, and what could go
    NOTE = "note"  # good to know


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `verdict` is what an unwaived finding makes of the source file it names; None: nothing.

    `population` is the FROM clause of what the rule judges. `needs` are `view.column` names that must be known to the
    lists. `tidying`: no finding means that anything is lost. `theme` and `label` say under which heading of the report
    the findings stand, and what they are called in two or three words. `params` are the defaults of what `sql` and
    `population` bind as `$name`; a policy may set other values. `sha256` is that of the rule's file.
    """

    id: str
    family: str
    severity: Severity
    verdict: FileVerdict | None
    since: str
    population: str
    passed: str
    failed_one: str
    failed_many: str
    message: str
    why: str
    sql: str
    sha256: str
    path: Path
    tags: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    remedy: str = ""
    not_covered: str = ""
    sources: tuple[str, ...] = ()
    renamed_from: tuple[str, ...] = ()
    tidying: bool = False
    theme: Theme = Theme.NOTE
    label: str = ""

    @property
    def name(self) -> str:
        """What its findings are called in two or three words: `Not in the backup`."""
        return self.label or self.id.replace("-", " ").capitalize()

    def title(self, count: int) -> str:
        """The sentence for so many findings; `passed` for none."""
        if count == 0:
            return self.passed
        return self.failed_one if count == 1 else self.failed_many.replace("$count", f"{count:,}")


def parse(text: str, path: Path) -> Rule:
    """The rule that a file holds.

    Raises: BadRule where its header is none, lacks a key, or a value is not allowed.
    """
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    match = _HEADER.match(text)
    if not match:
        raise BadRule(f"{path}: a rule begins with a TOML header in `--` lines between `-- /// rule` and `-- ///`")
    toml = "\n".join(line[3:] for line in match[1].splitlines())
    try:
        header = small_files.parse_toml(toml.encode())
    except ValueError as error:
        raise BadRule(f"{path}: its header is not TOML: {error}") from error
    if missing := [key for key in _REQUIRED if key not in header]:
        raise BadRule(f"{path}: its header lacks {', '.join(missing)}")
    if unknown := sorted(set(header) - set(_REQUIRED) - set(_OPTIONAL)):
        raise BadRule(f"{path}: its header has keys that mean nothing: {', '.join(unknown)}")
    for key, value in header.items():
        wanted, word = _TYPES.get(key, (str, "a text"))
        if not isinstance(value, wanted):
            raise BadRule(f"{path}: {key} must be {word}")
    if header["severity"] not in list(Severity):
        raise BadRule(f"{path}: severity is {header['severity']!r}; it can be error, warning or info")
    if header["verdict"] not in _VERDICTS:
        raise BadRule(f"{path}: verdict is {header['verdict']!r}; it can be not_safe, not_checked or none")
    if header.get("theme", Theme.NOTE) not in list(Theme):
        raise BadRule(f"{path}: theme is {header['theme']!r}; it can be {', '.join(Theme)}")
    if header["id"] != path.stem:
        raise BadRule(f"{path}: its id is {header['id']!r}, but the file is named {path.name}")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", header["id"]):
        raise BadRule(f"{path}: an id is lower-case words joined by '-'")
    sql = match[2].strip().removesuffix(";").rstrip()
    if not sql:
        raise BadRule(f"{path}: there is no query after the header")
    try:
        list(message_parts(header["message"]))
    except ValueError as error:
        raise BadRule(f"{path}: {error}") from error
    made: dict[str, Any] = {
        **header,
        **{key: tuple(map(str, value)) for key, value in header.items() if isinstance(value, list)},
        **{key: header[key].strip() for key in ("why", "remedy", "not_covered") if key in header},
        "severity": Severity(header["severity"]),
        "verdict": _VERDICTS[header["verdict"]],
        "theme": Theme(header["theme"]) if "theme" in header else _usual_theme(header),
    }
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Rule(**made, family=path.parent.name, sql=sql, sha256=digest, path=path)


def _usual_theme(header: Mapping[str, Any]) -> Theme:
    """Where the findings of a rule that does not say it stand."""
    if _VERDICTS[header["verdict"]] is not None or header["severity"] == Severity.ERROR:
        return Theme.SAFETY
    return Theme.NOTE if header["severity"] == Severity.INFO else Theme.MEMORY


def message_parts(message: str) -> Iterable[tuple[str, bool]]:
    """A message as pieces: (text, False) or (column, True), as string.Template understands `$path` and `$$`.

    Raises: ValueError where a `$` names nothing.
    """
    position = 0
    for match in string.Template.pattern.finditer(message):
        if match.start() > position:
            yield message[position : match.start()], False
        position = match.end()
        if match["escaped"] is not None:
            yield "$", False
        elif name := match["named"] or match["braced"]:
            yield name, True
        else:
            raise ValueError(f"the message has a `$` that names no column: {message!r}")
    if position < len(message):
        yield message[position:], False


def load(folders: Iterable[Path] = ()) -> tuple[Rule, ...]:
    """The rules that ship with the program and those of the user's folders, by id. A user's rule replaces ours.

    Raises: BadRule where a file is not a rule or a folder is none.
    """
    found: dict[str, Rule] = {}
    own = shipped.folder("rules")
    for base in (own, *folders):
        if not base.is_dir():
            raise BadRule(f"there is no folder of rules {base}")
        within: dict[str, Path] = {}
        for path in sorted(base.rglob("*.sql")):
            try:
                rule = parse(small_files.read(path).decode("utf-8"), path)
            except (OSError, UnicodeDecodeError) as error:
                raise BadRule(f"{path} cannot be read: {small_files.reason(error)}") from error
            if rule.id in within:
                raise BadRule(f"{path}: the id {rule.id} is that of {within[rule.id]} too")
            within[rule.id] = path
            found[rule.id] = rule
        if base != own and not within:
            raise BadRule(f"the folder {base} holds no rule (a file NAME.sql)")
    return tuple(found[key] for key in sorted(found))


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a rule's `.test.toml`: rows of the views, and the paths that must be found: these, in this order.

    `looked_at` is how many rows its population must have; None: the case does not say.
    """

    rule_id: str
    name: str
    must_fail: bool
    views: Mapping[str, list[dict[str, Any]]]
    params: Mapping[str, Any]
    expect: tuple[str, ...]
    looked_at: int | None = None


def cases(rule: Rule) -> tuple[Case, ...]:
    """The cases of a rule's test file, which lies beside it.

    Raises: BadRule where there is none, or it has not at least one fail and one pass case.
    """
    path = rule.path.with_name(f"{rule.id}.test.toml")
    try:
        data = small_files.parse_toml(small_files.read(path))
    except (OSError, ValueError) as error:
        raise BadRule(f"{rule.path.name} has no readable test file {path.name}: {small_files.reason(error)}") from error
    if data.get("rule") != rule.id:
        raise BadRule(f"{path}: `rule` must be {rule.id!r}")
    result = []
    for group, must_fail in (("fail", True), ("pass", False)):
        if not data.get(group):
            raise BadRule(f"{path}: there is no [{group}.*] case")
        try:
            defaults, named = value_of(data, "defaults", dict, default={}), value_of(data, group, dict)
        except ValueError as error:
            raise BadRule(f"{path}: {error}") from error
        for name, case in named.items():
            try:
                views = {
                    view: [{**defaults, **row} if view in ("source", "due", "backup") else row for row in rows]
                    for view in ("header", "source", "due", "backup", "pairs")
                    if (rows := _tables(case, view)) or view in case
                }
                expect = tuple(value_of(case, "expect", list, default=[]))
                params = value_of(case, "params", dict, default={})
                looked_at = value_of(case, "looked_at", int) if "looked_at" in case else None
            except ValueError as error:
                raise BadRule(f"{path}: [{group}.{name}]: {error}") from error
            if bool(expect) != must_fail:
                raise BadRule(f"{path}: [{group}.{name}] must expect {'some' if must_fail else 'no'} paths")
            if extra := set(case) - set(views) - {"expect", "params", "note", "looked_at"}:
                raise BadRule(f"{path}: [{group}.{name}] has unknown keys {sorted(extra)}")
            result.append(Case(rule.id, name, must_fail, views, params, expect, looked_at))
    return tuple(result)


def _tables(case: object, view: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = value_of(case, view, list, default=[])
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"its {view} is no list of tables")
    return rows
