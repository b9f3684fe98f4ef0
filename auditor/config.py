"""What a user has set once: places by name, the policy, the home of reports, and who audits. One TOML file of
that user's own.

What stands in it is as good as typed, schemes included; so a file that somebody else may write is refused.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_config_path

from auditor.disk import small_files
from auditor.disk.folder import Folder
from auditor.errors import BadConfig, LeadsOut
from auditor.paths import typed_path
from auditor.words import typed

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_NAME = re.compile(r"[^\W_][\w.-]{0,39}")
_WORD = re.compile(r"([A-Za-z][A-Za-z0-9_+-]+):(.*)", re.DOTALL)
USUAL_POLICY = "family"
"""That of an audit for which none is set or named."""
_KEYS = ("places", "policy", "reports", "by")


class Role(StrEnum):
    """What a place is to the others."""

    PHONE = "phone"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place under the user's name for it; `spec` is what would be typed to name it."""

    name: str
    spec: str
    role: Role


@dataclass(frozen=True, slots=True)
class Config:
    """What is set; None and nothing of what is not. `policy` is a policy's name or file, `reports` the folder in which
    audits get theirs, `by` who makes them, as their records say it."""

    places: tuple[NamedPlace, ...] = ()
    policy: str | None = None
    reports: Path | None = None
    by: str | None = None

    def named(self, name: str) -> NamedPlace | None:
        """The place of that name; None where there is none."""
        return next((place for place in self.places if place.name == name), None)

    def name_of(self, spec: str) -> str | None:
        """The user's name for a PLACE, as it stands here or as a path from the current folder; None where there is
        none. No place is looked into: one that hangs must not keep the others waiting."""
        return next((place.name for place in self.places if place.spec in (spec, whole_spec(spec))), None)

    def of(self, role: Role) -> tuple[NamedPlace, ...]:
        """The places of one role, in the file's order."""
        return tuple(place for place in self.places if place.role is role)


def path() -> Path:
    """Where the file is, or would be."""
    base = os.environ.get("AUDITOR_CONFIG_DIR")
    return (Path(base) if base else user_config_path("auditor", appauthor=False)) / "config.toml"


def load() -> Config:
    """What the user has set; nothing where there is no file.

    Raises: BadConfig where it cannot be read or understood, or is not this user's own.
    """
    return _understood(small_files.parse_toml(content) if (content := _read()) else {})


def change(edit: Callable[[TOMLDocument], object]) -> Config:
    """Has `edit` change the file, and returns what it says from then on. Comments and order stay.

    Raises: BadConfig where it could not be understood before or after, or cannot be written; it stays as it was.
    """
    import tomlkit  # few commands change the config

    load()
    document = tomlkit.parse(_read().decode("utf-8-sig"))
    edit(document)
    content = tomlkit.dumps(document).encode()
    after = _understood(small_files.parse_toml(content))
    whole = path().resolve()  # whoever keeps the file elsewhere has a link here
    try:
        if not whole.parent.exists():
            whole.parent.mkdir(parents=True, mode=0o700)
        with Folder.open(whole.parent) as folder:
            folder.write_whole(whole.name, content)
        whole.chmod(whole.stat().st_mode & ~0o022)
    except (OSError, LeadsOut) as error:
        said = small_files.reason(error) if isinstance(error, OSError) else str(error)
        raise BadConfig(f"the config {whole} cannot be written: {said}") from error
    return after


def may_be_name(word: str) -> bool:
    """Whether a place can have that name: letters, digits, `-`, `_` and `.`, at most 40, the first a letter or digit.
    No such word names a place by a scheme, or a folder other than one right here."""
    return _NAME.fullmatch(word) is not None


def is_whole(spec: str) -> bool:
    """Whether a PLACE is named the same from everywhere. It is not looked into."""
    if scheme := _WORD.fullmatch(spec):
        return scheme[1].lower() != "takeout" or is_whole(scheme[2])
    return typed_path(spec).is_absolute()


def whole_spec(spec: str) -> str:
    """A PLACE as it is named from everywhere: what is relative to the current folder, or to the home, becomes whole."""
    scheme = _WORD.fullmatch(spec)
    if scheme and scheme[1].lower() == "takeout":
        return f"takeout:{whole_spec(scheme[2])}"
    if scheme and not Path(spec).exists():
        return spec
    if not os.path.isfile(spec):  # noqa: PTH113 (a list is opened by its name as it is; on a dead mount there is none)
        return str(typed_path(spec).absolute())
    return str(Path(spec).absolute())


def typed_whole(spec: str) -> str:
    """A PLACE as it is typed from everywhere: what a report says is read in another folder, or much later."""
    return typed(whole_spec(spec))


def _read() -> bytes:
    """The file's bytes; none where there is no file. Raises: BadConfig, as `load`."""
    where = path()
    try:
        with small_files.open_file(where) as stream:
            if told := _not_own(os.fstat(stream.fileno())):
                raise BadConfig(f"the config {where} {told}")
            content = small_files.read_stream(stream)
        small_files.parse_toml(content)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise BadConfig(f"the config {where} cannot be read: {small_files.reason(error)}") from error
    except ValueError as error:
        raise BadConfig(f"the config {where} is not TOML: {error}") from error
    return content


def _not_own(facts: os.stat_result) -> str | None:
    """Why a file may be another user's words; None where it is this user's own, and where the system has no such
    owners (Windows: its folder is the user's own)."""
    if sys.platform == "win32":
        return None
    if facts.st_uid not in (os.geteuid(), 0):
        return "belongs to another user, so nothing in it counts; move it away"
    if facts.st_mode & stat.S_IWOTH or (facts.st_mode & stat.S_IWGRP and not _is_group_of_one(facts.st_gid)):
        return "can be written by other users, so nothing in it counts; look at it, then run `chmod go-w` on it"
    return None


def _is_group_of_one(gid: int) -> bool:
    """Whether a group is this user's own and nobody else's, as Debian and others make one for each user."""
    if sys.platform == "win32":
        return False
    import grp
    import pwd

    try:
        mine, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return mine.pw_gid == gid and mine.pw_name == group.gr_name and set(group.gr_mem) <= {mine.pw_name}


def _understood(data: Mapping[str, Any]) -> Config:
    try:
        for key in data:
            _known(key, _KEYS)
        places = small_files.value_of(data, "places", dict, default={})
        policy = small_files.value_of(data, "policy", str, default="")
        reports = small_files.value_of(data, "reports", str, default="")
        by = small_files.value_of(data, "by", str, default="")
        return Config(
            tuple(_place(name, places[name]) for name in places),
            _policy(policy) if policy else None,
            _whole(reports, "reports") if reports else None,
            by or None,
        )
    except ValueError as error:
        raise BadConfig(f"the config {path()} cannot be understood: {error}") from error


def _place(name: str, table: object) -> NamedPlace:
    if not may_be_name(name):
        raise ValueError(
            f"{small_files.shown(name)} cannot be a place's name: use letters, digits, -, _ and ., at most 40"
        )
    try:
        spec, role = small_files.value_of(table, "spec", str), small_files.value_of(table, "role", str)
        for key in table if isinstance(table, Mapping) else ():
            _known(key, ("spec", "role"))
        if role not in list(Role):
            raise ValueError(f"its role is {small_files.shown(role)}, neither phone nor backup")
        if not spec or "\0" in spec:
            raise ValueError("its spec is no PLACE")
        if not is_whole(spec):
            raise ValueError(f"its spec {small_files.shown(spec)} depends on the current folder; write the whole path")
    except ValueError as error:
        raise ValueError(f"places.{name}: {error}") from error
    return NamedPlace(name, str(typed_path(spec)) if spec.startswith("~") else spec, Role(role))


def _policy(text: str) -> str:
    return str(_whole(text, "policy")) if text.endswith(".toml") else text


def _whole(text: str, what: str) -> Path:
    whole = typed_path(text)
    if "\0" in text or not whole.is_absolute():
        raise ValueError(f"its {what} {small_files.shown(text)} is no whole path")
    return whole


def _known(key: str, keys: tuple[str, ...]) -> None:
    if key not in keys:
        raise ValueError(f"it has a key {small_files.shown(key)}; this version knows {', '.join(keys)}")
