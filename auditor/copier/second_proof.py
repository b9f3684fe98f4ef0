"""What the phone itself says of the files that were copied: a digest made there, without the cable in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from auditor.copier.backup import BackupResult
from auditor.copier.plan import Action
from auditor.errors import AuditorError
from auditor.paths import path_key
from auditor.places import Entry, Place, Power, StatesDigests

Arrived = Mapping[str, tuple[str | None, int | None]]
"""SHA-256 and size of what arrived of each file, by its path on the phone, in the order in which they are asked for."""

_ALTERED = "the phone's own digest is another one: it arrived altered, or was changed since"
_STOPPED = "this run was stopped before"
_LOST = "it cannot be read on the phone any more"


@dataclass(frozen=True, slots=True)
class SecondProof:
    """How many files the source digested, which of them are not what arrived (`differing`), and which it could not read
    any more (`lost`), with the reason; of those `confirmed` it holds the very bytes that arrived.

    `cut` is why `unasked` others were not asked for, None where all were. `unanswered` is the first, in the order in
    which it was asked, of which it has said nothing; None where there is none.
    """

    asked: int
    differing: tuple[tuple[str, str], ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    cut: str | None = None
    confirmed: frozenset[str] = frozenset()
    unasked: int = 0
    unanswered: str | None = None


def arrived(backed: BackupResult) -> Arrived:
    """What arrived of the source's files and it has not answered for: in this run, in one that was stopped before it
    asked or heard all, or read anew because of an answer. The earliest come first: what was answered then stays so,
    wherever the answer is cut off."""
    there = _there(backed)
    return {
        path: (backed.prepared.index.origins[path][1].sha256, there[path])
        for path in _unanswered(backed)
        if path in there
    }


def not_listed(backed: BackupResult, unanswered: str | None = None) -> set[str]:
    """What arrived before `unanswered` (None: at all) and could not be asked for, as the source did not list it in this
    run."""
    paths = _unanswered(backed)
    return set(paths[: None if unanswered is None else paths.index(unanswered)]) - _there(backed).keys()


def _there(backed: BackupResult) -> dict[str, int | None]:
    steps = backed.prepared.plan.steps
    return {s.path: s.size_bytes for s in steps if s.action not in {Action.LEAVE_OUT, Action.CANNOT}}


def _unanswered(backed: BackupResult) -> list[str]:
    """In the order of their arrival, as `SourceMark` counts."""
    mark = backed.prepared.mark
    turns = {path: origin.turn for path, (_, origin) in backed.prepared.index.origins.items()}
    return sorted(
        (path for path, turn in turns.items() if not mark.has_answered(turn, path)),
        key=lambda path: (turns[path], path_key(path)),
    )


def second_proof(
    source: Place,
    files: Arrived,
    progress: Callable[[int, int, str], None] = lambda done, total, current: None,
    stop: Callable[[], bool] = lambda: False,
) -> SecondProof | None:
    """Asks the source for SHA-256 of each file that arrived; None where it makes none, or nothing did. `progress` hears
    how many files the source has answered for, of how many, and the last of them.

    What differs arrived altered, or its file changed on the phone since: both must be read again. What was found until
    the phone was lost (or started again, and not unlocked yet) or `stop` asked for an end is in the answer, also where
    Ctrl-C cut it short.
    """
    if not isinstance(source, StatesDigests) or Power.COMPUTES not in source.powers or not files:
        return None
    entries = [Entry(path, size_bytes=size) for path, (_, size) in files.items()]
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
    left = [path for path in files if path not in told]
    return SecondProof(
        asked=len(told),
        differing=tuple((path, _ALTERED) for path, digest in told.items() if files[path][0] != digest),
        lost=() if cut else tuple((path, _LOST) for path in left),
        cut=cut,
        confirmed=frozenset(path for path, digest in told.items() if files[path][0] == digest),
        unasked=len(left) if cut else 0,
        unanswered=left[0] if left else None,
    )
