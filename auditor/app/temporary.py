"""What lasts no longer than the server: folders beneath one of the app's own notes, which goes when a server ends, and
when the next one starts if the last was killed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auditor.disk import own_notes

_NO_BACKUP = "Signature: 8a477f597d28d172789f06886806bc55\n"
"""By this in a CACHEDIR.TAG, backup programs know what to leave out. Source: https://bford.info/cachedir/"""


def top() -> Path:
    """Where they all lie."""
    return own_notes.folder() / "app" / "temporary"


@contextmanager
def folder() -> Iterator[Path]:
    """A new one, removed with the block; what another process still holds goes with the server. Raises: OSError where
    none can be made."""
    top().mkdir(mode=0o700, parents=True, exist_ok=True)
    (top() / "CACHEDIR.TAG").write_text(_NO_BACKUP, "ascii")
    with tempfile.TemporaryDirectory(dir=top(), ignore_cleanup_errors=True) as made:
        yield Path(made)


def clear() -> None:
    """Removes all of them. To be called where no other server of this user runs."""
    shutil.rmtree(top(), ignore_errors=True)
