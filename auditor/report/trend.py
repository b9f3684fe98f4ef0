"""The last audits of one phone as a plot: how much was not safe, and not checked, audit by audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from auditor import words as text
from auditor.model import FileVerdict, Partition, Verdict
from auditor.report import history
from auditor.report.coverage import Piece
from auditor.report.history import Past

HEIGHT = 72.0  # of the highest bar, in pixels
_SLOTS = 6  # so many bars share the width at least: two audits are no two walls
_KINDS = {kind.value: text.VERDICTS[kind] for kind in (FileVerdict.NOT_SAFE, FileVerdict.NOT_CHECKED)}


@dataclass(frozen=True, slots=True)
class Bar:
    """One audit, said and drawn. `changed` is what became of its files since the one before it, in words, empty where
    nobody compared them; `tick` is its day as it stands under the bar, `words` all of it as a sentence."""

    finished: str
    verdict: Verdict
    partition: Partition
    backups: str
    changed: str
    tick: str
    words: str
    x: float
    width: float
    pieces: tuple[Piece, ...]

    @property
    def top(self) -> float:
        """Where the bar ends, in pixels from above."""
        return HEIGHT - sum(piece.height for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Trend:
    """The audits, the oldest first, and what of a file's verdicts occurs in them, with its words."""

    bars: tuple[Bar, ...]
    kinds: dict[str, str]
    height: float = HEIGHT


def of(past: Sequence[Past], zone: tzinfo | None = None) -> Trend | None:
    """The plot of the audits of one phone, given the oldest first; None where there is but one. `zone` is that of the
    dates, None for this machine's."""
    if len(past) < 2:
        return None
    most = max(_unproven(one.partition) for one in past) or 1
    kinds = {kind: words for kind, words in _KINDS.items() if any(getattr(one.partition, kind) for one in past)}
    width = 100 / max(len(past), _SLOTS)
    return Trend(tuple(_bar(one, nth * width, width, most, zone) for nth, one in enumerate(past)), kinds)


def _bar(one: Past, x: float, width: float, most: int, zone: tzinfo | None) -> Bar:
    pieces, y = [], HEIGHT
    for kind in _KINDS:
        if number := getattr(one.partition, kind):
            height = HEIGHT * number / most
            y -= height
            pieces.append(Piece(kind, x + width * 0.2, y, width * 0.6, height))
    day, month, _ = (*text.day(one.finished, zone).split(), "", "", "")[:3]
    backups = ", ".join(map(text.visible, one.backups))
    changed = history.words(one.since) if one.since else ""
    said = f"{text.moment(one.finished, zone)}, {one.verdict}: {history.sums(one.partition)}"
    return Bar(
        one.finished,
        one.verdict,
        one.partition,
        backups,
        changed,
        f"{day} {month[:3]}",
        f"{said}; {changed}" if changed else said,
        x,
        width,
        tuple(pieces),
    )


def _unproven(partition: Partition) -> int:
    return partition.not_safe + partition.not_checked
