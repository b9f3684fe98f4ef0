"""The whole line: places or lists in, an audit folder out. Every station is a module; this one joins them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from auditor import report as reporting
from auditor.audit import (
    caveats,
    engine,
    exchange,
    inputs,
    listing,
    one_copy,
    pairing,
    record,
    reopened,
    safe_to_delete,
)
from auditor.audit.database import Listed, Lists, open_lists
from auditor.audit.order import Order, Steps, homes, pairs_of
from auditor.disk import locks
from auditor.errors import BadOutput
from auditor.judge import verdict, waivers
from auditor.judge.policy import select
from auditor.judge.rules import Rule
from auditor.model import Audit, RuleOutcome, Verdict
from auditor.pictures import ranked
from auditor.places.folder import FolderPlace


def run(order: Order, out: Path, steps: Steps = Steps(), now: Callable[[], datetime] | None = None) -> Audit:
    """Lists what has to be listed, judges, and writes the audit folder `out`.

    It is written as `OUT.partial` and renamed when whole. A stopped audit leaves the lists that it made there; the
    same call goes on with them.

    Raises: BadOutput where `out` is there already, lies inside a place that is audited, or is being written by another
    run; whatever listing raises.
    """
    folder = _begin(order, out)
    with locks.held(folder):
        return _run(order, folder, out, steps, now or (lambda: datetime.now(UTC)))


def _run(order: Order, folder: Path, out: Path, steps: Steps, clock: Callable[[], datetime]) -> Audit:
    started = order.began or clock()
    pairs = order.pairs or pairs_of(order.source, order.backups)
    source, *backups = [listing.listed(order, one, folder / f"{name}.jsonl", steps) for name, one in homes(order)]
    listed = [
        Listed(
            s.label,
            m,
            m.header.off_site is True or s.label in order.policy.off_site,
            inputs.will_be_emptied(s),
            inputs.homes(s),
        )
        for s, m in zip(order.backups, backups, strict=True)
    ]
    with open_lists(source, listed, order.policy, clock()) as lists:
        labels = [s.label for s in order.backups]
        places = [b.place for b in order.backups]
        rooms = one_copy.ask_rooms([order.source.place, *places])
        one_copy.mark_linked(lists.con, order.source.place, places, rooms)
        as_one = one_copy.count_once(lists.con, list(zip(labels, places, strict=True)), rooms)
        pairing.pair(lists.con, labels, reopened.verifier(lists.con, order, steps))
        pairing.summarise(lists.con, labels, order.policy.proof)
        ranked.fill(lists.con, order.policy.keep)
        chosen = select(order.policy, order.rules)
        outcomes = _run_rules(lists, chosen, order, steps)
        waived = waivers.apply(lists.con, order.waivers, clock().date())
        waivers.apply_baseline(lists.con, order.baseline)
        outcomes = [engine.counts(lists.con, outcome) for outcome in outcomes]
        partition = verdict.judge_files(lists.con, order.policy)
        conclusion = verdict.conclude(lists.con, partition, outcomes, order.policy, order.emptied)
        is_emptied = bool(order.emptied) and not partition.due
        has_next = conclusion.verdict is not Verdict.SAFE and not is_emptied
        doubts = exchange.doubts(lists.con, order.backups, pairs)
        not_offered, kept_backups = safe_to_delete.fill(lists.con, order, doubts, started)
        limits = (
            # Where there is a next step, it begins with the remedy.
            *(f"{one.why} {one.remedy}" if not has_next else one.why for one in doubts.values()),
            *caveats.part_of_phone(pairs),
            *caveats.only_listed(order, (source, *backups)),
            *caveats.in_bins(order),
            *(as_one if order.policy.min_copies > 1 else ()),
            *caveats.without_a_place(order),
            *caveats.unread_since(lists.con, order),
            *caveats.unopened(lists.con),
            *caveats.switched_off(order.policy),
        )
        audit = Audit(
            conclusion.verdict,
            conclusion.sentence,
            partition,
            tuple(outcomes),
            (*limits, *caveats.not_apart(order), *kept_backups, *conclusion.caveats, *waived),
            {
                **record.of_run(order, source, started, clock(), doubts, pairs),
                "not_read_again": not_offered,
                **({"emptied": True} if is_emptied else {}),
                **record.not_due(lists.con),
            },
            limits,
        )
        manifests = [source.path, *(m.path for m in backups)]
        pictures = reopened.pictures(lists.con, order)
        reporting.write(audit, lists.con, chosen, order.policy, folder, manifests, pictures)
    folder.rename(out)
    return audit


_OURS = re.compile(r"(source|backup-\d+)\.jsonl(\.partial(\.old|\.tmp)?)?|" + "|".join(map(re.escape, reporting.NAMES)))
"""What an audit writes, and so all that a stopped one can have left."""


def partial_folder(out: Path) -> Path:
    """Where an audit is while it is being made."""
    return out.with_name(out.name + ".partial")


def must_be_new(order: Order, out: Path) -> None:
    """Raises: BadOutput where the report cannot be `out`: it is there already, or would lie in what is audited."""
    if out.exists():
        raise BadOutput(f"{out} is there already; nothing is written over. Choose another folder with -o")
    where = out.resolve()
    for one in (order.source, *order.backups):
        root = one.place.root if isinstance(one.place, FolderPlace) else None
        if root is not None and (root == where or root in where.parents):
            raise BadOutput(f"the report {out} would lie inside {one.spec}, which is audited; choose another -o")


def _begin(order: Order, out: Path) -> Path:
    must_be_new(order, out)
    folder = partial_folder(out)
    locks.begin(folder, _OURS)
    return folder


def _run_rules(lists: Lists, rules: Sequence[Rule], order: Order, steps: Steps) -> list[RuleOutcome]:
    outcomes = []
    for number, rule in enumerate(rules):
        steps.checking(number, len(rules), rule.id)
        outcomes.append(engine.run_rule(lists, rule, order.policy))
    steps.checking(len(rules), len(rules), "")
    return outcomes
