"""plan.csv as a person left it: read strictly, and refused with the line that is wrong before anything is touched."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.disk import marker as markers
from auditor.disk import small_files
from auditor.disk.marker import OWN_FOLDER
from auditor.disk.mounts import may_be_one_file
from auditor.disk.names import parts_inside
from auditor.errors import BadManifest, BadPlan
from auditor.places.folder import is_whole_local_path
from auditor.places.trash import will_be_emptied

NEEDED = ("action", "place", "path", "sha256", "kept_place", "kept_path", "kept_sha256")
ACTIONS = ("remove", "keep", "ask")
_SHA256 = re.compile(r"[0-9a-f]{64}")
MOST_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class FileAt:
    """A file of a folder, and what its content must be. `root` is absolute; `path` relative, with `/`."""

    root: Path
    path: str
    sha256: str

    @property
    def whole(self) -> Path:
        """Where it lies."""
        return self.root.joinpath(*self.path.split("/"))


@dataclass(frozen=True, slots=True)
class Removal:
    """One file that is to go. Every one of `kept` must be there, whole and sound, when it does.

    `line` is that of the plan. `moves_with` is the path of the file it belongs to, empty where it stands for itself;
    such files go together or stay together.
    """

    line: int
    file: FileAt
    kept: tuple[FileAt, ...]
    relation: str
    moves_with: str = ""


@dataclass(frozen=True, slots=True)
class CleanPlan:
    """What a plan asks for. `asked` counts the files it leaves to a person, `sha256` is that of its file."""

    removals: tuple[Removal, ...]
    asked: int
    sha256: str

    @property
    def removals_sha256(self) -> str:
        """Of all that goes, and of what is kept for it: plans in which this is the same move the same files."""
        files = [(one.file, *one.kept) for one in self.removals]
        told = sorted([(str(one.whole), one.sha256) for one in those] for those in files)
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def read(path: Path) -> CleanPlan:
    """The plan in a file. Spreadsheets may have changed separators, line ends and the byte-order mark; nothing else.

    Raises: BadPlan, with the line, where anything in it is not as a plan must be.
    """
    rows, sha256 = lines(path)
    removals = [_removal(path, line, row) for line, row in rows if row["action"] == "remove"]
    check(path, removals)
    return CleanPlan(tuple(removals), sum(row["action"] == "ask" for _, row in rows), sha256)


def lines(path: Path) -> tuple[list[tuple[int, dict[str, str]]], str]:
    """The rows of a plan as they stand there, by column, each with its line, and the SHA-256 of the file. The action is
    one of `ACTIONS`; nothing else in them is checked.

    Raises: BadPlan where it is no table with the columns of a plan.
    """
    try:
        content = small_files.read(path, MOST_BYTES)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise BadPlan(f"the plan {path} cannot be read: {small_files.reason(error)}") from error
    except UnicodeDecodeError as error:
        raise BadPlan(f"{path} is not UTF-8; save it as CSV UTF-8") from error
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        missing = [name for name in NEEDED if name not in (table.fieldnames or ())]
        if missing:
            raise BadPlan(f"{path} is no plan: it has no column {missing[0]!r}")
        rows: list[tuple[int, dict[str, str]]] = []
        for row in table:
            if not any(cell and str(cell).strip() for cell in row.values()):
                continue  # spreadsheets leave such lines at the end
            action = (row["action"] or "").strip().lower()
            if action not in ACTIONS or None in row:
                what = "there are too many cells" if None in row else f"the action is {row['action']!r}"
                raise BadPlan(f"{path} line {table.line_num}: {what}; an action is remove, keep or ask")
            cells = {name: cell or "" for name, cell in row.items()}  # a row that is too short
            rows.append((table.line_num, cells | {"action": action}))
    except csv.Error as error:
        raise BadPlan(f"{path} line {table.line_num}: it is not CSV: {error}") from error
    return rows, hashlib.sha256(content).hexdigest()


def _removal(plan: Path, line: int, row: Mapping[str, str]) -> Removal:
    file = file_at(plan, line, row["place"], row["path"], row["sha256"])
    kept = file_at(plan, line, row["kept_place"], row["kept_path"], row["kept_sha256"])
    relation = row.get("relation", "")
    if relation == "same-bytes" and file.sha256 != kept.sha256:
        raise BadPlan(f"{plan} line {line}: it says same-bytes, and the two digests differ: cells were moved")
    return Removal(line, file, (kept,), relation, row.get("moves_with", ""))


def file_at(plan: Path, line: int, place: str, path: str, sha256: str) -> FileAt:
    """A file that a line of a plan or a list names. Raises: BadPlan where nothing may be done with such a file."""
    root = Path(place)
    if not is_whole_local_path(place) or "\0" in f"{place}{path}":
        raise BadPlan(f"{plan} line {line}: {place!r} is no folder of this machine with its whole path")
    try:
        parts = parts_inside(path)
    except BadManifest as error:
        raise BadPlan(f"{plan} line {line}: {path!r} would lead out of {root}") from error
    if parts[0].lower() == OWN_FOLDER:
        raise BadPlan(f"{plan} line {line}: {path!r} is auditor's own")
    if will_be_emptied((root / "/".join(parts)).as_posix()):
        raise BadPlan(f"{plan} line {line}: {path!r} lies in a bin or a quarantine, which will be emptied")
    if not _SHA256.fullmatch(sha256):
        raise BadPlan(f"{plan} line {line}: {sha256!r} is no SHA-256")
    return FileAt(root, "/".join(parts), sha256)


def check(plan: Path, removals: Sequence[Removal]) -> None:
    """What one look at the plan and the disk can find wrong; nothing is opened.

    Raises: BadPlan with the line: a file of a backup that this program keeps, named twice, kept and removed, the last
    copy of itself, reached through a link, or moving with a file that stays.
    """
    going: dict[str, int] = {}
    named: dict[str, int] = {}
    kept_around = markers.kept_around()
    for removal in removals:
        _no_links(plan, removal.line, (removal.file, *removal.kept))
        if backup := kept_around(removal.file.whole.parent):
            raise BadPlan(
                f"{plan} line {removal.line}: {removal.file.path} lies in {backup}, a backup that auditor keeps;"
                " nothing is removed from it"
            )
        name = _key(removal.file, links_apart=True)
        if name in named:
            raise BadPlan(f"{plan} line {removal.line}: {removal.file.path} is named already in line {named[name]}")
        named[name] = going[_key(removal.file)] = removal.line
    for removal in removals:
        for kept in removal.kept:
            if (line := going.get(_key(kept))) is not None:
                raise BadPlan(
                    f"{plan} line {removal.line}: {removal.file.path} goes because {kept.path} is kept, and line {line}"
                    " removes that one too"
                )
            if may_be_one_file(removal.file.whole, kept.whole) and _key(kept) != _key(removal.file):
                raise BadPlan(
                    f"{plan} line {removal.line}: {removal.file.whole} and {kept.whole} may be one file, seen"
                    " through two mounts; name the folders that lie behind them"
                )
        if removal.moves_with:
            whole = _key(FileAt(removal.file.root, removal.moves_with, ""))
            if whole not in going:
                raise BadPlan(
                    f"{plan} line {removal.line}: {removal.file.path} goes with {removal.moves_with}, which stays"
                )


def _key(file: FileAt, links_apart: bool = False) -> str:
    """The same for two ways to write one file's place, and for two names (hard links) of one file unless `links_apart`:
    both may go where something else is kept."""
    try:
        facts = file.whole.stat(follow_symlinks=False)
        if facts.st_ino and not (links_apart and facts.st_nlink > 1):
            return f"{facts.st_dev}:{facts.st_ino}"
    except OSError:
        pass
    return os.path.normcase(os.path.abspath(file.whole))  # noqa: PTH100 (resolve() would follow links)


def _no_links(plan: Path, line: int, files: Iterable[FileAt]) -> None:
    for file in files:
        if not file.root.is_dir() or file.root != file.root.resolve():
            raise BadPlan(f"{plan} line {line}: {file.root} is no folder, or is reached through a link")
        at = file.root
        for part in file.path.split("/"):
            at = at / part
            if at.is_symlink() or (hasattr(at, "is_junction") and at.is_junction()):
                raise BadPlan(f"{plan} line {line}: {file.path} leads through a link, {at}")
