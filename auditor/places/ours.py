"""Which files this program makes itself, in the folder `.auditor` of a backup or of a place that was cleaned up."""

from __future__ import annotations

import re

from auditor.disk.marker import OWN_FOLDER, is_own
from auditor.model import Kind
from auditor.readers import kind_by_name

_OF_A_RUN = re.compile(r"\d{4}-\d\d-\d\dT\d{12}|\d{8}T\d{6}-[0-9a-f]{8}")
"""The folder that a run of `clean`, or of `backup` that repairs, makes for itself in the quarantine."""


_WITHOUT_EXTENSION = re.compile(
    r"journal/unfinished|partial/[0-9a-f]{64}"
    r"|\.auditor-probe-[0-9a-f]{8}/(?:plain|PLAIN|a:b|a\?b|\u00e9|\udcff)"
)
"""What runs that were killed left: whose half files there are, half uploads, and tries of names."""


def is_ours(path: str) -> bool:
    """Whether a path in `.auditor` is one that this program, or the system, makes there. In the folders of ours only
    what may be a picture, film or sidecar is strange: nothing of ours is called so, but what a clean-up or a repair
    moved."""
    top, *below = path.split("/")
    if not is_own(top):
        return False
    if not below or not may_be_media(path) or _WITHOUT_EXTENSION.fullmatch(path):
        return True
    return top == "quarantine" and _OF_A_RUN.fullmatch(below[0]) is not None and len(below) > 1


def may_be_media(path: str) -> bool:
    """By the name. One without an extension says nothing: a phone's galleries and messengers write such photos."""
    name = path.rpartition("/")[2]
    return kind_by_name(path) is not Kind.OTHER or "." not in name or path == OWN_FOLDER
