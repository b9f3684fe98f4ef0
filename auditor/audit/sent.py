"""Which files of a server `backup` brought there itself, by this computer's notes: these are copies, whatever else the
server shows. What was there already may be the very file that it is compared with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from auditor.disk import own_notes
from auditor.places import Place

_NOTES = "sent"
_LETTERS = 16
"""Of a digest: enough that no two files of one place have the same."""


def note(source: Place, cloud: Place, files: Iterable[tuple[str, int]]) -> None:
    """Keeps in mind that files, by path there and size, were brought from one place to another that had no file of
    their content."""
    told = [_word(*file) for file in files]
    if told:
        own_notes.change(_NOTES, _key(source, cloud), lambda known: sorted({*_words(known), *told}))


def known(source: Place | None, cloud: Place | None) -> frozenset[str]:
    """The files that were brought from one place to another, to be asked for by `is_one`."""
    if source is None or cloud is None:
        return frozenset()
    return frozenset(_words(own_notes.recall(_NOTES).get(_key(source, cloud))))


def is_one(brought: frozenset[str], path: str, size_bytes: int | None) -> bool:
    """Whether a file there is one of those that were brought."""
    return size_bytes is not None and bool(brought) and _word(path, size_bytes) in brought


def _word(path: str, size_bytes: int) -> str:
    return hashlib.sha256(f"{size_bytes} {path}".encode("utf-8", "surrogateescape")).hexdigest()[:_LETTERS]


def _words(found: object) -> list[str]:
    return [str(word) for word in found] if isinstance(found, list) else []


def _key(source: Place, cloud: Place) -> str:
    hosts = sorted(host.lower() for leaf in cloud.behind for host in leaf.hosts)
    return hashlib.sha256("\n".join((source.id, cloud.id, *hosts)).encode("utf-8", "surrogateescape")).hexdigest()
