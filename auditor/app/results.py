"""What commands wrote: the folders of audits and of searches for duplicates, in the home of reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from auditor.app import commands
from auditor.disk import small_files

PLAN = "plan.csv"
PAGES = {"report.html": "audit.json", "duplicates.html": PLAN}
"""The page of each kind of result, and the file by which the kind is known."""
DOWNLOADS = (
    "files.csv",
    "findings.csv",
    "safe-to-delete.csv",
    "audit.json",
    PLAN,
    "duplicates.csv",
    "SHA256SUMS",
)
_MOST_RECORD_BYTES = 16 << 20
"""What is read of it here, a title and a button, is not worth more."""
_NAME = re.compile(r"[^\x00-\x1f/\\:]{1,255}")


def find(name: str) -> Path | None:
    """The folder of a result by its name in the home; None where there is none, or it leads elsewhere."""
    if not _NAME.fullmatch(name) or name in (".", ".."):
        return None
    folder = commands.home() / name
    try:
        if folder.is_symlink() or not any((folder / known).is_file() for known in PAGES.values()):
            return None
    except (OSError, ValueError):
        return None
    return folder


def record(audit: Path) -> dict[str, Any]:
    """What the audit.json of a folder says, held against nothing; empty where it cannot be read."""
    try:
        told = small_files.parse_json(small_files.read(audit / "audit.json", _MOST_RECORD_BYTES))
    except (OSError, ValueError):
        return {}
    facts = told.get("provenance") if isinstance(told, dict) else None
    return told if isinstance(facts, dict) else {}


def arguments(told: Mapping[str, Any]) -> dict[str, list[str]]:
    """The places of an audit that says `told`, as commands take them, by the word that stands for them there; without
    what are none, for nobody knows who wrote that."""
    facts = told.get("provenance")
    named = facts.get("arguments") if isinstance(facts, dict) else None
    return {word: those for word, those in named.items() if _are_texts(those)} if isinstance(named, dict) else {}


def _are_texts(those: object) -> bool:
    return isinstance(those, list) and all(isinstance(one, str) for one in those)


def page_of(folder: Path) -> str | None:
    """The name of the page that a result has; None where that is gone."""
    return next((page for page in PAGES if (folder / page).is_file()), None)


def file_of(folder: Path, name: str) -> Path | None:
    """A file that is shown or given to save; None for every other name, and where it is none or leads elsewhere."""
    if name not in (*PAGES, *DOWNLOADS):
        return None
    path = folder / name
    return path if path.is_file() and not path.is_symlink() else None


def name_of(folder: str | None) -> str | None:
    """The name by which pages find a folder that a command named; None where it does not lie in the home."""
    if not folder:
        return None
    path = Path(folder)
    if path.parent.resolve() != commands.home() or not is_exact(path.name):
        return None
    return path.name if find(path.name) else None


def is_exact(text: str) -> bool:
    """Whether a page can hold it and give it back: what is no UTF-8 is named in the terminal only."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
