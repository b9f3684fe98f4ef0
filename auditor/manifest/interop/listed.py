"""What the readers of other tools' manifests share: rows that were listed, and what could not be understood."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, field, replace

from auditor.disk.names import MACOS
from auditor.errors import BadManifest
from auditor.model import DigestOrigin, FileFacts, Header

MOST_LIST_BYTES = 4 << 30
"""A list of ten million files is smaller."""


_PIECE = re.compile(r".+ offset [0-9]+-[0-9]+", re.DOTALL)


def is_piece(name: str) -> bool:
    """Whether a line with this name may tell of a piece of a file, as hashdeep, sha256deep and theirs write it with
    `-p`: its digest is that of no file."""
    return _PIECE.fullmatch(name) is not None


def of_piece(number: int) -> str:
    """What is to be said of such a line."""
    return (
        f"line {number} tells of a piece of a file, which proves nothing of the whole: make the list again without -p"
    )


@dataclass(frozen=True, slots=True)
class Said:
    """What a list for other tools says of itself. What is not said is not known, and no reason to doubt.

    `place` is the place it was made of; `perhaps` those of which one is it, where equal lists were made of several.
    `claimed`: some digests are only the word of whoever uploaded the files, so
    none proves anything. `lacks` is how many entries the list had that this form does not hold, and whether the listing
    ended cleanly (one more where not). `finished` is when the list was made, RFC 3339 UTC.
    """

    place: Header | None = None
    claimed: bool = False
    lacks: int = 0
    finished: str | None = None
    perhaps: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of another tool's manifest, in its order, and in `unclear` a sentence for each thing not understood.

    With `unclear` the list is not complete: what it does not name is unknown, never missing.
    """

    rows: tuple[FileFacts, ...]
    unclear: tuple[str, ...] = ()
    said: Said = field(default_factory=Said)

    @property
    def place(self) -> Header | None:
        """The place that it was made of, None where nobody says."""
        return self.said.place


def listed(
    rows: list[FileFacts], unclear: list[str], said: Said, source: str, disproved: Set[str] = frozenset()
) -> Listed:
    """The rows as far as the list itself says that they prove anything.

    `disproved` are the paths of files that, by any of its rows, are not as their digests say: no other row of such a
    path proves it, however it spells it. Raises: BadManifest where one path is named with two contents.
    """
    if said.lacks:
        unclear = [
            *unclear,
            "the list that it was made of names more, or did not end cleanly; export keeps no such rows",
        ]
    # Before rows are merged: what failed with other digests than it passed with is no reason to refuse the list.
    keys = {spelled(path) for path in disproved}
    rows = [replace(one, digests={}, digest_origin=None) if keys and spelled(one.path) in keys else one for one in rows]
    whole = merged(rows, source)
    if said.claimed:
        whole = tuple(replace(one, digest_origin=DigestOrigin.CLAIMED) if one.digests else one for one in whole)
    return Listed(whole, tuple(unclear), said)


def spelled(path: str) -> str:
    """Equal for two paths that one system or another takes for one file: whatever their case and Unicode form, with
    either slash, with or without spaces around a name."""
    parts = (part.strip() for part in path.replace("\\", "/").split("/"))
    return MACOS.key("/".join(part for part in parts if part not in {"", "."}))


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
