"""What the readers of other tools' manifests share: rows that were listed, and what could not be understood."""

from __future__ import annotations

from dataclasses import dataclass, replace

from auditor.errors import BadManifest
from auditor.model import FileFacts, Header


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of another tool's manifest, in its order, and in `unclear` a sentence for each thing not understood.

    With `unclear` the list is not complete: what it does not name is unknown, never missing. `place` says which place
    it was made of, None where nobody says.
    """

    rows: tuple[FileFacts, ...]
    unclear: tuple[str, ...] = ()
    place: Header | None = None


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
