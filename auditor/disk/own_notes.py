"""What this machine keeps in mind from run to run, in the user's own folder: small tables, one a file.

Where one cannot be read or written, only the safeguards that rest on it are lost.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from auditor.disk import locks, small_files
from auditor.disk.folder import Folder
from auditor.errors import LeadsOut

MOST_BYTES = 8 << 20
"""No table grows larger: what was noted longest ago falls out. Half of what is ever read of a small file, so that no
table is lost as a whole, read in a tenth of a second, and room for ten thousand lists."""

_WAIT_S = 10.0
"""How long a run waits for another one to write its note, which takes milliseconds."""


def recall(name: str) -> dict[str, Any]:
    """The table kept under a name; empty where there is none. What stands in it, anybody may have written."""
    try:
        return _table(_path(name))
    except OSError:
        return {}


def change(name: str, key: str, to: Callable[[Any], Any]) -> None:
    """Changes what a table has under a key: `to` is given that, None for nothing, and returns what it is from now
    on. What other runs note meanwhile stays. Where it cannot be written, or another
    run holds it for too long, all stays as it is."""
    path = _path(name)
    with contextlib.suppress(OSError, LeadsOut):
        path.parent.mkdir(parents=True, exist_ok=True)
        with Folder.open(path.parent) as folder, _alone(folder, f"{name}.lock"):
            known = _table(path)
            before = known.get(key)
            if (after := to(before)) == before and key == next(reversed(known), key):
                return
            known.pop(key, None)  # the newest stands last
            if after is not None:
                known[key] = after
            folder.write_whole(path.name, _bounded(known))


def _table(path: Path) -> dict[str, Any]:
    """Empty also for what is no table. Raises: OSError where it cannot be read now, and may be one."""
    try:
        known = json.loads(small_files.read(path).decode("utf-8", "surrogatepass"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        return {}
    except (ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _bounded(known: dict[str, Any]) -> bytes:
    """The table as its file holds it, without what is too much, the oldest first."""
    kept: list[bytes] = []
    room = MOST_BYTES - len(_AROUND)
    for key, value in reversed(known.items()):
        row = f" {_json(key)}: {_json(value)}".encode("utf-8", "surrogatepass")
        if len(row) + len(_BETWEEN) > MOST_BYTES - len(_AROUND):
            continue  # it alone would leave no room for any other
        room -= len(row) + len(_BETWEEN)
        if room < 0:
            break
        kept.append(row)
    return _AROUND % _BETWEEN.join(reversed(kept))


_AROUND, _BETWEEN = b"{\n%b\n}\n", b",\n"


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


@contextlib.contextmanager
def _alone(folder: Folder, name: str) -> Iterator[None]:
    """Keeps other runs from changing a table. Raises: OSError where one does not let go of it."""
    try:
        fd = folder.create(name, os.O_RDWR)
    except FileExistsError:
        fd = folder.open_file(name, os.O_RDWR)
    try:
        locks.wait_for(fd, _WAIT_S)
        yield
    finally:
        os.close(fd)


def folder() -> Path:
    """Where this machine's notes lie: the user's own folder for it, or that of AUDITOR_STATE_DIR."""
    base = os.environ.get("AUDITOR_STATE_DIR")
    return Path(base) if base else user_state_path("auditor", appauthor=False)


def _path(name: str) -> Path:
    return folder() / f"{name}.json"
