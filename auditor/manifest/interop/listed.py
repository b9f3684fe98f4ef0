"""What the readers of other tools' manifests share: rows that were listed, and what could not be understood."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from auditor.disk.foreign_names import row_path
from auditor.errors import BadManifest
from auditor.manifest.rows import DIGESTS, path_key, path_of
from auditor.model import MOST_BYTES, DigestOrigin, FileFacts
from auditor.readers import kind_by_name

HEX = re.compile(r"[0-9a-f]{16,128}")
"""A digest as a row holds it."""

_SIZE = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of another tool's manifest, in its order, and in `unclear` a sentence for each thing not understood.

    With `unclear` the list is not complete: what it does not name is unknown, never missing.
    """

    rows: tuple[FileFacts, ...]
    unclear: tuple[str, ...] = ()


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


def merged(rows: list[FileFacts], source: str) -> tuple[FileFacts, ...]:
    """The rows with each path once: a path that is named again with other digests (md5 and sha1 lists) is one row.

    Raises: BadManifest where one path is named with two contents.
    """
    found: dict[str, FileFacts] = {}
    for facts in rows:
        before = found.get(facts.path)
        if before is None:
            found[facts.path] = facts
            continue
        both = before.digests.keys() & facts.digests.keys()
        sizes = {before.size_bytes, facts.size_bytes} - {None}
        if any(before.digests[kind] != facts.digests[kind] for kind in both) or len(sizes) > 1:
            raise BadManifest(f"{source} names {facts.path!r} twice, with two contents; one of the lines is wrong")
        found[facts.path] = replace(
            before,
            digests={**before.digests, **facts.digests},
            digest_origin=before.digest_origin or facts.digest_origin,
            size_bytes=before.size_bytes if before.size_bytes is not None else facts.size_bytes,
            mtime_ns=before.mtime_ns if before.mtime_ns is not None else facts.mtime_ns,
        )
    return tuple(found.values())
