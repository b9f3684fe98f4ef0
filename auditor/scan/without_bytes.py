"""Rows of a place whose bytes stay where they are: a phone digests its files itself, a cloud states what it noted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from auditor.dates import utc
from auditor.manifest.rows import LISTED
from auditor.model import DIGESTS, Depth, DigestOrigin, ErrorKind, FileFacts, Tier, Trouble
from auditor.places import Entry, EntryKind, Place, Power, StatesDigests
from auditor.readers import kind_by_name
from auditor.scan.one_file import MEDIA, unread

FILES_AT_ONCE = 1024
"""So many files are digested by a phone before their rows are written."""

COLUMNS = (*LISTED, "read_at", "digest_origin", "checked")
"""What a list knows whose bytes stayed where they are, besides the digests."""


def bytes_stay(place: Place, depth: Depth) -> bool:
    """Whether a scan of this depth leaves the bytes where they are."""
    return depth is Depth.HASH and Power.DIGESTS in place.powers


def told_digests(place: Place, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The digests that rows of a place whose bytes stay will have."""
    if Power.COMPUTES in place.powers:
        return wanted
    native = place.native_digests() if isinstance(place, StatesDigests) else ()
    return tuple(name for name in native if name in DIGESTS)


def can_tell(place: Place, wanted: tuple[str, ...]) -> bool:
    """Whether a place makes all digests that are wanted."""
    return (
        isinstance(place, StatesDigests)
        and Power.COMPUTES in place.powers
        and set(wanted) <= set(place.native_digests())
    )


def is_told(entry: Entry) -> bool:
    """Whether a phone's digest says enough of a file: what is no picture by its name must be looked into."""
    return entry.kind is EntryKind.FILE and not entry.error and kind_by_name(entry.path) in MEDIA


def rows(place: Place, entries: Sequence[Entry], wanted: tuple[str, ...]) -> Iterator[FileFacts]:
    """Rows with the digests that the place makes now, many files at a time, in the order of the entries."""
    assert isinstance(place, StatesDigests)
    for start in range(0, len(entries), FILES_AT_ONCE):
        part = entries[start : start + FILES_AT_ONCE]
        made = {name: dict(place.digests_of(part, name)) for name in wanted}
        for entry in part:
            found = {name: told[entry.path] for name, told in made.items() if entry.path in told}
            if not found:
                yield unread(place, entry, Trouble(ErrorKind.UNREADABLE, "the phone could not read it"))
                continue
            yield replace(
                unread(place, entry, None),
                digests=found,
                digest_origin=DigestOrigin.READ,
                read_at=utc(datetime.now(UTC)),
                checked=(Tier.HASH,),
            )
