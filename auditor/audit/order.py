"""What is to be audited and how, and who is told how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auditor import report as reporting
from auditor.audit import inputs, roles
from auditor.audit.inputs import Side
from auditor.judge import waivers
from auditor.judge.policy import Policy
from auditor.judge.rules import Rule
from auditor.model import Depth
from auditor.scan.run import Progress


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be audited and how. `rules` are all that are known; the policy selects among them.

    `depth` None is decode, but for clouds that state digests: they are believed, and not downloaded. `began` is when
    the run began that read the places and brings its lists along (a backup); None: this audit lists them itself.
    `pairs` are the phone with each backup, where they were compared before (`pairs_of`). `emptied` is the sentence, and
    what belongs under it, where nothing is left on the phone because it was cleaned up; empty where it was not.
    `homes` are the folders in which earlier audits may lie. `by` is who makes the audit, None where nobody says;
    `redacted` where a second report is to lie that may leave the house. `first` is a sentence: what a run before this
    audit needs, without which no other advice helps; empty for nothing.
    """

    source: Side
    backups: tuple[Side, ...]
    policy: Policy
    rules: tuple[Rule, ...]
    waivers: tuple[waivers.Waiver, ...] = ()
    baseline: tuple[str, ...] = ()
    depth: Depth | None = None
    jobs: int | None = None
    with_thumbnails: bool = True
    began: datetime | None = None
    pairs: tuple[roles.Pair, ...] = ()
    emptied: tuple[str, ...] = ()
    homes: tuple[Path, ...] = ()
    by: str | None = None
    redacted: Path | None = None
    first: str = ""

    def __post_init__(self) -> None:
        """Raises: BadPolicy as `inputs.off_site`: before anything is read."""
        _ = self.off_site

    @property
    def off_site(self) -> frozenset[str]:
        """The labels of those backups that the policy names as kept elsewhere."""
        return inputs.off_site(self.backups, self.policy.off_site)


def pairs_of(source: Side, backups: Iterable[Side], *, is_by_hand: bool = False) -> tuple[roles.Pair, ...]:
    """What a phone and each of its backups are to each other."""
    ours = roles.role(source)
    return tuple(roles.paired(ours, roles.role(backup), is_by_hand=is_by_hand) for backup in backups)


@dataclass(frozen=True, slots=True)
class Steps:
    """Who is told how far an audit is. `scanning` is asked for a listener with the name of the place being listed."""

    scanning: Callable[[str], Callable[[Progress], None]] = lambda name: lambda now: None
    checking: Callable[[int, int, str], None] = lambda done, total, rule: None
    looking: Callable[[int, int], None] = lambda done, total: None


def homes(order: Order) -> list[tuple[str, Side]]:
    """Each side of an audit with the name that its list has in the audit's folder, the source first."""
    return [(Path(reporting.list_name(n)).stem, one) for n, one in enumerate((order.source, *order.backups))]
