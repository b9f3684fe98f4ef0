"""The last look of a run: does the disk still hold what was written to it first?

A fake stick takes every byte and reads each file back well, until the writes past its real capacity land on what was
written before. So when all is done, the first files of the run, a few others at random, and what the backup knows of
itself are read once more, from the device.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from auditor.disk import durable, small_files
from auditor.disk.marker import NAME
from auditor.errors import AuditorError
from auditor.places import Entry
from auditor.store.generations import Store, file_sha256
from auditor.store.index import Held

FIRST_FILES = 8
AT_RANDOM = 8
MOST_BYTES = 64 << 20
"""What is read again at most, but for one file in each of the two groups: about a second."""

FAKE = "the disk gives back other bytes than were written to it: it is failing, or a fake, smaller than it says"


def choose(written: Iterable[str], held: dict[str, Held], seed: int | None = None) -> tuple[Entry, ...]:
    """Files to read again: the first that this run wrote (in the order of writing), and a few of all at random."""
    written = list(written)
    if not written:
        return ()
    others = [path for path, one in held.items() if one.whole and one.sha256]
    some = random.Random(seed).sample(others, min(AT_RANDOM, len(others)))  # noqa: S311 (a sample, no secret)
    paths: dict[str, None] = {}
    for group in (written[:FIRST_FILES], some):
        room = MOST_BYTES // 2
        for number, path in enumerate(group):
            size = held[path].size_bytes or 0
            if number == 0 or size <= room:
                room -= size
                paths[path] = None
    return tuple(Entry(path, size_bytes=held[path].size_bytes, mtime_ns=held[path].mtime_ns) for path in paths)


def records_trouble(store: Store) -> str | None:
    """What is wrong with the backup's own records as the device gives them back; None where nothing is."""
    try:
        number, path = max(store.generations_there())
        for record in (store.folder / NAME, path):
            _forget(record)
        marker = store.marker()
        if marker is not None and marker.generation == number and file_sha256(path) == marker.generation_sha256:
            return None
    except (OSError, ValueError, AuditorError) as error:
        return f"{FAKE} ({error})"
    return FAKE


def _forget(path: Path) -> None:
    with small_files.open_file(path) as stream:
        durable.drop_cache(stream.fileno())
