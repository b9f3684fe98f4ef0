"""Files that the copier had not finished when it was killed: in no place are they payload.

They have a name that only this program gives, and may hold half of a photo, or all of it: what counts as a copy could
be cleaned away, and what is cleaned away must never have counted.
"""

from __future__ import annotations

from dataclasses import replace

from auditor.disk.durable import TEMP_NAME, temp_mark
from auditor.model import ErrorKind, Trouble
from auditor.places import Entry, EntryKind

NAME = TEMP_NAME.pattern
"""A regular expression of their names."""

UNFINISHED = Trouble(
    ErrorKind.TEMPORARY, "an unfinished file of auditor, of a run that was killed; it is no copy of anything"
)


def is_unfinished(path: str) -> bool:
    """Whether the path's name is of the form that only the copier's temporary files have."""
    return temp_mark(path) is not None


def told(entry: Entry) -> Entry:
    """The entry, with the reason why it proves nothing if it is such a file."""
    if entry.kind is not EntryKind.FILE or entry.error is not None or not is_unfinished(entry.path):
        return entry
    return replace(entry, digests={}, error=UNFINISHED)
