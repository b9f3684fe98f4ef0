"""What the phone itself says of the files that were copied: a digest made there, without the cable in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from auditor.copier.backup import BackupResult
from auditor.copier.publish import Outcome
from auditor.errors import AuditorError
from auditor.places import Entry, Place, Power, StatesDigests

Arrived = Mapping[str, tuple[str | None, int | None]]
"""SHA-256 and size of what arrived of each file, by its path on the phone."""

_ALTERED = "the phone's own digest is another one: it arrived altered, or was changed since"
_STOPPED = "this run was stopped before"
_LOST = "it cannot be read on the phone any more"


@dataclass(frozen=True, slots=True)
class SecondProof:
    """How many files the source was asked for, and which of them are not what arrived, with the reason; of those
    `confirmed` it holds the very bytes that did.

    `cut` is why `unasked` others were not asked for, None where all were.
    """

    asked: int
    differing: tuple[tuple[str, str], ...] = ()
    cut: str | None = None
    confirmed: frozenset[str] = frozenset()
    unasked: int = 0


def copied(backed: BackupResult) -> Arrived:
    """What arrived of each file that a run copied, or found in the backup by its content."""
    return {
        result.step.path: (result.row.sha256, result.row.size_bytes)
        for result in backed.ending.results
        if result.row is not None and result.outcome is not Outcome.FAILED
    }


def second_proof(
    source: Place,
    arrived: Arrived,
    progress: Callable[[int, int, str], None] = lambda done, total, current: None,
    stop: Callable[[], bool] = lambda: False,
) -> SecondProof | None:
    """Asks the source for SHA-256 of each file that arrived; None where it makes none, or nothing did. `progress` hears
    how many files the source has answered for, of how many, and the last of them.

    What differs arrived altered, or its file changed on the phone since: both must be read again. What was found until
    the phone was lost (or started again, and not unlocked yet) or `stop` asked for an end is in the answer, also where
    Ctrl-C cut it short.
    """
    if not isinstance(source, StatesDigests) or Power.COMPUTES not in source.powers or not arrived:
        return None
    entries = [Entry(path, size_bytes=size) for path, (_, size) in sorted(arrived.items())]
    told: dict[str, str] = {}
    cut = None
    try:
        if "sha256" not in source.native_digests():
            return None
        progress(0, len(entries), "")
        for count, (path, digest) in enumerate(source.digests_of(entries, "sha256"), 1):
            told[path] = digest
            progress(count, len(entries), path)
            if stop() and count < len(entries):
                cut = _STOPPED
                break
    except KeyboardInterrupt:
        if not stop():
            raise
        cut = _STOPPED
    except (OSError, AuditorError) as error:
        cut = str(error)
    left = [path for path in arrived if path not in told]
    differing = [(path, _ALTERED) for path, digest in told.items() if arrived[path][0] != digest]
    if cut is None:
        differing += [(path, _LOST) for path in left]
    confirmed = frozenset(path for path, digest in told.items() if arrived[path][0] == digest)
    return SecondProof(len(told), tuple(differing), cut, confirmed, len(left) if cut else 0)
