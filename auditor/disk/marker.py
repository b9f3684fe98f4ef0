"""Which backup lies in a folder: `.auditor/place.toml`, its form in one place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, asdict, dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, cast

import tomli_w

from auditor.disk import small_files
from auditor.disk.folder import Folder
from auditor.disk.small_files import value_of
from auditor.errors import BadPlace
from auditor.paths import display_path, path_key, path_shown

OWN_FOLDER = ".auditor"
"""Where a backup keeps its own affairs; never payload."""

NAME = "place.toml"

FIRST = (NAME, "lock")
"""What an `.auditor` of ours has from its first day, that of a backup or that of a folder that was cleaned up."""

BY_DATE = "by-date"
"""The layout with a folder a month."""

UNDATED = "undated"
"""The folder of `by-date` for what tells no date, with the source's own folders below it."""

_OURS = (NAME, f"{NAME}.new", "lock", "manifests", "journal", "quarantine", "partial")
_SYSTEMS = (".ds_store", "thumbs.db", "desktop.ini")


def is_kept(root: Path) -> bool:
    """Whether the folder says that it is a backup of ours, readable or not. No more than a look: `read` tells which.

    One whose `.auditor` cannot be looked into may be one."""
    try:
        (root / OWN_FOLDER / NAME).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass
    return True


def kept_around() -> Callable[[Path], Path | None]:
    """A question to ask of many folders, absolute and resolved: the kept backup that one is, or lies in, however deep;
    None where it lies in none. Every folder is looked at once."""

    @cache
    def ask(folder: Path) -> Path | None:
        if is_kept(folder):
            return folder
        return None if folder == folder.parent else ask(folder.parent)

    return ask


JOURNAL_NAME = re.compile(r"(?:turn-\d{9}-[0-9a-f]{8}|\d{8}T\d{6}-\d+)\.jsonl")
"""What the journal of a run that copies is called."""

_OF_COPIES = re.compile(rf"unfinished|{JOURNAL_NAME.pattern}")


def has_journal(root: Path) -> bool:
    """Whether a run that copied to a backup was broken off: it left its journal there, as no clean-up does."""
    return _any_in(root / OWN_FOLDER / "journal", _OF_COPIES)


def is_copied(root: Path) -> bool:
    """Whether auditor copied to the backup in a folder: its record has sources, or a run was broken off. That it has
    a record is no sign of it: `verify --init` makes one of any folder."""
    with suppress(BadPlace):
        if (marker := read(root)) and marker.sources:
            return True
    return has_journal(root)


def _any_in(folder: Path, names: re.Pattern[str]) -> bool:
    try:
        return any(names.fullmatch(one.name) for one in folder.iterdir())
    except OSError:
        return False


MOST_BYTES = 4 << 20

_NUMBERS = ("generation", "files", "bytes", "answered")


def is_own(name: str) -> bool:
    """Whether a name at the top of `.auditor` is one that this program, or the system, puts there."""
    return name in _OURS or name.startswith((".auditor-probe-", "._")) or name.lower() in _SYSTEMS


@dataclass(frozen=True, slots=True)
class SourceMark:
    """One source of the backup: its id and label, the folder of the backup its files go to ("" for the top), and how
    much it listed the last time. `answered`: of all that arrived up to this turn (`Origin.turn`) it has said what it
    holds itself; 0 where it makes no digests, or was never asked so far. `answered_before`: of the turn after that one
    too, of the files before this path (as `display_path` shows it, in the order of paths); "" for none of it."""

    id: str
    label: str
    folder: str
    files: int
    bytes: int
    listed: str
    answered: int = 0
    answered_before: str = ""

    @property
    def last_answered(self) -> int:
        """The last turn of which it has said anything."""
        return self.answered + bool(self.answered_before)

    def has_answered(self, turn: int, path: str) -> bool:
        """Whether it has said what it holds itself of what arrived in a turn under its own path."""
        if turn != self.last_answered or not self.answered_before:
            return turn <= self.answered
        return path_key(path) < path_key(path_shown(self.answered_before))

    def settled(self, turn: int, before: str | None = None) -> SourceMark:
        """The same where it has answered up to this turn; with `before` only of its files before this path."""
        if before is None:
            return replace(self, answered=turn, answered_before="")
        return replace(self, answered=turn - 1, answered_before=display_path(before))


@dataclass(frozen=True, slots=True)
class Marker:
    """`place.toml`: which backup this is. `generation` is the number of the last one (0: none yet), with its digest.

    A folder that is no backup may have an id too; then `created` and `layout` are empty.
    """

    id: str
    created: str = ""
    layout: str = ""
    generation: int = 0
    generation_sha256: str = ""
    sources: tuple[SourceMark, ...] = ()

    def source(self, source_id: str) -> SourceMark | None:
        """What is known of a source, None for a new one."""
        return next((s for s in self.sources if s.id == source_id), None)

    def unanswered(self) -> Marker:
        """The same where no source has said anything yet of what arrived."""
        return replace(self, sources=tuple(source.settled(0) for source in self.sources))

    @property
    def homes(self) -> tuple[str, ...]:
        """The folders in which the backup keeps a phone's own folders, each with `/` behind it; "" is its top."""
        tops = [source.folder + "/" * bool(source.folder) for source in self.sources]
        return tuple(f"{top}{UNDATED}/" if self.layout == BY_DATE else top for top in tops)

    def text(self) -> bytes:
        """The marker as its file holds it."""
        values: dict[str, Any] = {name: _text(value) for name, value in asdict(self).items() if name != "sources"}
        values["source"] = [{name: _text(value) for name, value in asdict(one).items()} for one in self.sources]
        return tomli_w.dumps(values).encode()


def parse(data: bytes, path: Path) -> Marker:
    """The marker in a file's bytes. Raises: BadPlace where they are none."""
    try:
        raw = small_files.parse_toml(data)
        sources = tuple(map(_source, value_of(raw, "source", list, default=[]), count(1)))
        found = Marker(**_values(Marker, raw), sources=sources)
        if not found.id:
            raise ValueError("its id is empty")
        return found
    except ValueError as error:
        raise BadPlace(
            f"{path} cannot be understood: {error}; put it back from another copy, or remove it and run"
            " `auditor backup` with --new-place and --copy-by-hand: it is made again from the backup's last manifest"
        ) from error


def read(root: Path) -> Marker | None:
    """Which backup lies in `root`; None where none was made there yet.

    Raises: BadPlace where the marker is there and cannot be read, LeadsOut where it lies behind a link.
    """
    try:
        top = Folder.open(root)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadPlace(f"{root} cannot be opened ({error.strerror}); is its disk in order?") from error
    with top:
        return read_in(top)


def read_in(top: Folder) -> Marker | None:
    """`read` for a folder that is open."""
    path = top.path / OWN_FOLDER / NAME
    try:
        with top.inner(OWN_FOLDER) as own:
            data = own.read(NAME, MOST_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        why = small_files.reason(error)
        raise BadPlace(f"{path} cannot be read ({why}); is the backup's disk in order?") from error
    return parse(data, path)


def _source(raw: object, number: int) -> SourceMark:
    try:
        return SourceMark(**_values(SourceMark, raw))
    except ValueError as error:
        raise ValueError(f"of source {number}, {error}") from error


def _values(kind: type[Marker | SourceMark], raw: object) -> dict[str, Any]:
    """What this version understands; a newer one may have written more. Raises: ValueError where a value is none."""
    known: dict[str, Any] = {}
    for name, about in kind.__dataclass_fields__.items():
        if name == "sources" or (about.default is not MISSING and name not in cast(Mapping[str, Any], raw)):
            continue
        known[name] = value_of(raw, name, int if name in _NUMBERS else str)
        if name in _NUMBERS and known[name] < 0:
            raise ValueError(f"its {name} is {known[name]}")
    return known


def _text(value: str | int) -> str | int:
    """A value that TOML can hold: half a UTF-16 pair becomes a visible escape."""
    if isinstance(value, int):
        return value
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
