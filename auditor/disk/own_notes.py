"""What this machine keeps in mind from run to run, in the user's own folder: small tables, one a file.

Where one cannot be read or written, only the safeguards that rest on it are lost.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from auditor.disk import small_files
from auditor.disk.folder import Folder


def recall(name: str) -> dict[str, Any]:
    """The table kept under a name; empty where there is none. What stands in it, anybody may have written."""
    try:
        known = json.loads(small_files.read(_path(name)).decode("utf-8", "surrogatepass"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def keep(name: str, known: Mapping[str, Any]) -> None:
    """Keeps a table under a name, in place of the one before."""
    path = _path(name)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with Folder.open(path.parent) as folder:
            folder.write_whole(path.name, json.dumps(known, indent=1).encode("utf-8", "surrogatepass"))


def _path(name: str) -> Path:
    base = os.environ.get("AUDITOR_STATE_DIR")
    return (Path(base) if base else user_state_path("auditor", appauthor=False)) / f"{name}.json"
