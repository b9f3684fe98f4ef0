"""What the phone itself says of the files that were copied: a digest made there, without the cable in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from auditor.copier.backup import BackupResult
from auditor.copier.publish import Outcome
from auditor.errors import BadPlace, ListingCut
from auditor.places import Entry, Power, StatesDigests


@dataclass(frozen=True, slots=True)
class SecondProof:
    """How many files the source digested itself, and which of them are not what was copied, with the reason; of those
    `confirmed` it holds the very bytes that were.

    `cut` is why it could not be asked to the end, None where it was.
    """

    asked: int
    differing: tuple[tuple[str, str], ...] = ()
    cut: str | None = None
    confirmed: frozenset[str] = frozenset()


def second_proof(
    backed: BackupResult, progress: Callable[[int, int, str], None] = lambda done, total, current: None
) -> SecondProof | None:
    """Asks the source for SHA-256 of each file that this run copied; None where it makes none, or nothing was copied.
    `progress` hears how many files the source has answered for, of how many, and the last of them.

    A copy that differs arrived altered, or its file changed on the phone since: both must be copied again.
    """
    source = backed.prepared.source
    if not isinstance(source, StatesDigests) or Power.COMPUTES not in source.powers:
        return None
    stored = {
        result.step.path: (result.row.sha256, result.row.size_bytes)
        for result in backed.ending.results
        if result.row is not None and result.outcome is not Outcome.FAILED
    }
    if not stored:
        return None
    entries = [Entry(path, size_bytes=size) for path, (_, size) in sorted(stored.items())]
    told: dict[str, str] = {}
    try:
        if "sha256" not in source.native_digests():
            return None
        progress(0, len(entries), "")
        for count, (path, digest) in enumerate(source.digests_of(entries, "sha256"), 1):
            told[path] = digest
            progress(count, len(entries), path)
        cut = None
    except (ListingCut, BadPlace) as error:  # BadPlace: the phone was started again, and nobody has unlocked it yet
        cut = str(error)
    lost = [(path, "it cannot be read on the phone any more") for path in stored if path not in told and cut is None]
    confirmed = frozenset(path for path, digest in told.items() if stored[path][0] == digest)
    return SecondProof(len(told), (*_differing(stored, told), *lost), cut, confirmed)


def _differing(stored: dict[str, tuple[str | None, int | None]], told: dict[str, str]) -> tuple[tuple[str, str], ...]:
    reason = "the phone's own digest is another one: it arrived altered, or was changed since"
    return tuple((path, reason) for path, digest in told.items() if stored[path][0] != digest)
