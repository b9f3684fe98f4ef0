"""Folders that somebody or something will empty: a copy in one of them is no copy."""

from __future__ import annotations

import re

BINS = (
    r"(^|/)(\.trash|\.trash-[^/]*|\.trashes|\$recycle\.bin|recycler|#recycle|@recycle|files_trashbin|\.stversions"
    r"|\.auditor/quarantine)/|(^|/)\.trashed-"
)
"""A regular expression (RE2 and Python) that finds lower-case paths that lie in a bin."""

_BINS = re.compile(BINS)


def in_bin(path: str) -> bool:
    """Whether a path with `/` leads into a bin, in upper or lower case."""
    return _BINS.search(path.lower()) is not None
