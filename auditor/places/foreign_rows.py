"""Rows that another tool states: the answers of rclone, and other tools' lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from auditor.dates import ns_or_none
from auditor.disk.foreign_names import row_path
from auditor.model import DIGESTS, MOST_BYTES, DigestOrigin, FileFacts
from auditor.paths import path_key, path_of
from auditor.readers import kind_by_name

HEX = re.compile(r"[0-9a-f]{16,128}")
"""A digest as a row holds it."""

_SIZE = re.compile(r"[0-9]{1,19}")
_RCLONE_NAMES = {"quickxorhash": "quickxor"}


def row(
    name: str,
    digests: Mapping[str, str],
    size_bytes: int | None = None,
    mtime_ns: int | None = None,
    mtime_trusted: bool = False,
) -> FileFacts:
    """One row that another tool states. A name that would lead out of its folder keeps a row, with no digest.

    Digests of kinds that no row has a column for, and text that is no digest, are left out.
    """
    # As this machine spells the bytes: half a pair of UTF-16, which a list may hold, no row could give back.
    path, refused = row_path(path_of(path_key(name)))
    if size_bytes is not None and not 0 <= size_bytes <= MOST_BYTES:
        size_bytes = None
    lower = {kind: digest.lower() for kind, digest in digests.items() if kind in DIGESTS}
    told = {kind: digest for kind, digest in lower.items() if HEX.fullmatch(digest)}
    facts = FileFacts(
        path=path,
        size_bytes=size_bytes,
        mtime_ns=mtime_ns,
        mtime_trusted=mtime_trusted,
        digests=told,
        digest_origin=DigestOrigin.FOREIGN if told else None,
        kind=kind_by_name(path),
    )
    return replace(facts, error=refused, digests={}, digest_origin=None) if refused else facts


def size_of(text: str | bytes | None) -> int | None:
    """The size that a list states in ASCII digits; None where it states none that a file can have."""
    found = _SIZE.fullmatch(text.decode("ascii", "replace") if isinstance(text, bytes) else text or "")
    return int(found[0]) if found else None


def lsjson_row(item: dict[str, object]) -> FileFacts:
    """The facts of one item of `rclone lsjson`; a size of -1 (a document without one) and no date are not known."""
    hashes = item.get("Hashes")
    digests = {
        _RCLONE_NAMES.get(kind.lower().replace("-", ""), kind.lower().replace("-", "")): str(digest)
        for kind, digest in (hashes.items() if isinstance(hashes, dict) else ())
    }
    size = item.get("Size")
    known = size if type(size) is int and size >= 0 else None
    return row(str(item["Path"]), digests, known, ns_or_none(item.get("ModTime")))
