"""Which files this program makes itself, in the folder `.auditor` of a backup or of a place that was cleaned up."""

from __future__ import annotations

import re

from auditor.disk.marker import is_own
from auditor.model import Kind
from auditor.readers import kind_by_name

_OF_A_RUN = re.compile(r"\d{4}-\d\d-\d\dT\d{12}|\d{8}T\d{6}-[0-9a-f]{8}")
"""The folder that a run of `clean`, or of `backup` that repairs, makes for itself in the quarantine."""


def is_ours(path: str) -> bool:
    """Whether a path in `.auditor` is one that this program, or the system, makes there. In the folders of ours only a
    picture, film or sidecar is strange: nothing of ours is called so, but what a clean-up or a repair moved."""
    top, *below = path.split("/")
    if not is_own(top):
        return False
    if not below or kind_by_name(path) is Kind.OTHER:
        return True
    return top == "quarantine" and _OF_A_RUN.fullmatch(below[0]) is not None and len(below) > 1
