"""Which half files in a folder that was restored to are ours: this machine's own note, as such a folder keeps none."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from platformdirs import user_state_path

from auditor.disk import small_files
from auditor.disk.folder import Folder


def marks(target: Path) -> set[str]:
    """The marks of restores to this folder that may not have ended; none where this machine knows of none."""
    return set(_known().get(str(target.resolve()), ()))


def remember(target: Path, marks_now: set[str]) -> None:
    """Writes them down, before the first half file is made. Where that fails, such files stay where they are."""
    known = _known()
    key = str(target.resolve())
    if set(known.get(key, ())) == marks_now:
        return
    known.pop(key, None)
    if marks_now:
        known[key] = sorted(marks_now)
    path = _path()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with Folder.open(path.parent) as folder:
            folder.write_whole(path.name, json.dumps(known, indent=1).encode("utf-8", "surrogatepass"))


def _known() -> dict[str, list[str]]:
    try:
        known = json.loads(small_files.read(_path()).decode("utf-8", "surrogatepass"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {str(k): [str(mark) for mark in v] for k, v in known.items() if isinstance(v, list)}


def _path() -> Path:
    base = os.environ.get("AUDITOR_STATE_DIR")
    return (Path(base) if base else user_state_path("auditor", appauthor=False)) / "restores.json"
