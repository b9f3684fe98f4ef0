"""One search over every file: what is its status, and where does its copy lie?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from auditor import words as text
from auditor.database import page
from auditor.database.connection import Database
from auditor.judge.signs import ASKED, CHECKED, CROSSED
from auditor.model import FileVerdict, Status

MOST_FILES = 50_000
"""In one page; of more files those that are not proven, and files.csv has them all."""

_SIGNS = {FileVerdict.PROVEN: CHECKED, FileVerdict.NOT_SAFE: CROSSED, FileVerdict.NOT_CHECKED: ASKED}


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the page can look up: `files` of `total` files that the phone has, packed for its script; `wanted` are how
    many it would hold if it could hold them all, and `whole` says that these are all files of the phone."""

    files: int
    wanted: int
    total: int
    packed: dict[str, Any]

    @property
    def whole(self) -> bool:
        """Whether every file of the phone can be found in the page."""
        return self.files == self.total


def of(db: Database, total: int) -> Lookup:
    """Everything of every file, or of those that are not proven where there are too many."""
    found, wanted = page.every_file(db, MOST_FILES)
    folders: dict[str, int] = {}
    backups: dict[str, int] = {}
    details: dict[str, int] = {}
    columns: dict[str, list[Any]] = {
        name: [] for name in ("folder", "name", "verdict", "status", "backup", "at", "as", "detail")
    }
    verdicts, statuses = list(text.VERDICTS), list(text.STATUSES)
    for one in found:
        folder, name = _parted(one.path)
        columns["folder"].append(folders.setdefault(folder, len(folders)))
        columns["name"].append(name)
        columns["verdict"].append(verdicts.index(FileVerdict(one.verdict)))
        columns["status"].append(statuses.index(Status(one.status)))
        columns["detail"].append(details.setdefault(_beyond(one), len(details)))
        at, copy = _parted(one.backup_path or "")
        held = one.backup is not None and one.backup_path is not None
        columns["backup"].append(backups.setdefault(text.visible(one.backup or ""), len(backups)) if held else -1)
        columns["at"].append(folders.setdefault(at, len(folders)) if held else 0)
        columns["as"].append("" if copy == name else copy)  # most copies have the name of their file
    return Lookup(
        len(found),
        wanted,
        total,
        {
            "folders": list(folders),
            "backups": list(backups),
            "details": list(details),
            "verdicts": [f"{_SIGNS.get(verdict, '')} {words}".strip() for verdict, words in text.VERDICTS.items()],
            "kinds": [verdict.value.replace("_", "-") for verdict in text.VERDICTS],
            "statuses": list(text.STATUSES.values()),
            **{name: column[0] if _alike(name, column) else column for name, column in columns.items()},
        },
    )


def _beyond(one: page.Found) -> str:
    """What is told of a file beyond its name and status, which stand beside it; empty for nothing."""
    detail = one.detail or ""
    said = detail.removeprefix(one.path).strip(" .").removeprefix("is ")
    return "" if said == text.STATUSES[Status(one.status)] else text.visible(detail)


def _alike(name: str, column: list[Any]) -> bool:
    """Whether a column is one value; names are always a column, which says how many there are."""
    return name != "name" and len(column) > 0 and column.count(column[0]) == len(column)


def _parted(path: str) -> tuple[str, str]:
    folder, slash, name = path.rpartition("/")
    return text.visible(folder + slash), text.visible(name)
