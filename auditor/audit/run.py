"""The whole line: places or lists in, an audit folder out. Every station is a module; this one joins them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from auditor import report as reporting
from auditor.audit import (
    apart,
    caveats,
    engine,
    exchange,
    inputs,
    listing,
    one_copy,
    pairing,
    phones_within,
    record,
    reopened,
    rewritten,
    safe_to_delete,
)
from auditor.audit.order import Order, Steps, homes, pairs_of
from auditor.audit.roles import Pair
from auditor.database import files, findings
from auditor.database.connection import Database
from auditor.database.headers import Listed
from auditor.database.loading import open_lists
from auditor.disk import locks
from auditor.errors import BadOutput
from auditor.judge import verdict, waivers
from auditor.judge.policy import Policy, select
from auditor.judge.rules import Rule
from auditor.manifest.jsonl import Manifest
from auditor.model import Audit, RuleOutcome, Verdict
from auditor.pictures import ranked
from auditor.places import Place
from auditor.places.rclone_remotes import leaf_told
from auditor.report import provenance, redact


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
    lists = _listed(order, folder, steps)
    source, *backups = lists
    with open_lists(source, _named(order, backups), order.policy, clock(), order.source.label) as db:
        at_hand = {b.label: b.place for b in order.backups if b.place is not None}
        as_one = _pair(db, order, pairs, at_hand, steps)
        chosen = select(order.policy, order.rules)
        outcomes, waived = _check(db, order, chosen, steps, clock().date())
        partition = verdict.judge_files(db, order.policy)
        names = {rule.id: rule.name for rule in chosen}
        conclusion = verdict.conclude(db, partition, outcomes, order.policy, order.emptied, names)
        is_emptied = bool(order.emptied) and not partition.due
        has_next = conclusion.verdict is not Verdict.SAFE and not is_emptied
        doubts = exchange.doubts(db, order.backups, pairs)
        beneath = phones_within.beneath(db, order.source, order.backups, pairs, doubts)
        not_offered, kept_backups = safe_to_delete.fill(
            db, order.source, order.backups, doubts, beneath, started, order.policy.min_copies
        )
        limits = (
            # Where there is a next step, it begins with the remedy.
            *(f"{one.why} {one.remedy}" if not has_next else one.why for one in doubts.values()),
            *(f"{one.doubt.why} {one.doubt.remedy}" for one in beneath),
            *_limits(db, order, pairs, lists, as_one),
        )
        audit = Audit(
            conclusion.verdict,
            conclusion.sentence,
            partition,
            tuple(outcomes),
            (*limits, *caveats.not_apart(order.source, order.backups), *kept_backups, *conclusion.caveats, *waived),
            {
                **record.of_run(order, out, lists, started, clock(), doubts, beneath, pairs),
                "not_read_again": not_offered,
                "stay": safe_to_delete.stay(db),
                "may_go": safe_to_delete.told(db, order.source, order.backups, order.policy.min_copies),
                **({"emptied": True} if is_emptied else {}),
                **({"first": order.first} if order.first else {}),
                **record.not_looked_at(db),
            },
            limits,
        )
        pictures = reopened.pictures(db, order.source.place, at_hand, order.jobs) if order.with_thumbnails else {}
        paths = [one.path for one in lists]
        reporting.write(audit, db, chosen, order.policy, folder, paths, pictures, homes=order.homes)
        if order.redacted is not None:
            _write_redacted(audit, db, chosen, order.policy, folder, order.redacted)
    folder.rename(out)
    return audit


def _listed(order: Order, folder: Path, steps: Steps) -> list[Manifest]:
    """The list of each side, the source's first."""
    digests = listing.asked_for((order.source, *order.backups), order.depth)
    return [
        listing.listed(one, folder / f"{name}.jsonl", order.depth, digests, order.jobs, steps.scanning)
        for name, one in homes(order)
    ]


def _named(order: Order, backups: Sequence[Manifest]) -> list[Listed]:
    """The lists of the backups, with what is known of where they lie."""
    away = order.off_site
    return [
        Listed(s.label, m, s.label in away or _is_off_site(m), inputs.will_be_emptied(s), inputs.homes(s), s.own_label)
        for s, m in zip(order.backups, backups, strict=True)
    ]


def _is_off_site(listed: Manifest) -> bool:
    """Whether a list says so, and of what: earlier builds took every server of another name for one elsewhere."""
    behind = listed.header.behind or ()
    return listed.header.off_site is True and bool(behind) and all(leaf_told(one).is_public for one in behind)


def _pair(db: Database, order: Order, pairs: Sequence[Pair], at_hand: Mapping[str, Place], steps: Steps) -> list[str]:
    """Gives every file its one status. Returns sentences on which backups count as one copy."""
    source, backups = order.source.place, [backup.place for backup in order.backups]
    labels = [backup.label for backup in order.backups]
    phones = [n for n, pair in enumerate(pairs) if pair.source.is_phones_list and pair.maybe_phone]
    by_hand = labels if len(pairs) == 1 and pairs[0].is_by_hand else ()  # of several it may mean another one
    asked = apart.ask([source, *backups], order.off_site, frozenset(by_hand))
    one_copy.mark_linked(db, source, backups, asked, phones)
    rewritten.mark(db, backups)
    as_one = one_copy.count_once(db, backups, asked)
    pairing.pair(db, labels, reopened.verifier(db, source, at_hand, order.jobs, steps.looking))
    files.summarise(db, labels, order.policy.proof)
    ranked.fill(db, order.policy.keep)
    return [*rewritten.as_one(db), *as_one]


def _check(
    db: Database, order: Order, rules: Sequence[Rule], steps: Steps, today: date
) -> tuple[list[RuleOutcome], tuple[str, ...]]:
    """Runs the rules, and tells their findings apart by what people decided. Returns sentences on waivers too."""
    outcomes = []
    for number, rule in enumerate(rules):
        steps.checking(number, len(rules), rule.name)
        outcomes.append(engine.run_rule(db, rule, order.policy))
    steps.checking(len(rules), len(rules), "")
    waived = waivers.apply(db, order.waivers, today)
    findings.mark_known(db, order.baseline)
    return [engine.counts(db, outcome) for outcome in outcomes], waived


def _limits(
    db: Database, order: Order, pairs: Sequence[Pair], lists: Sequence[Manifest], as_one: Sequence[str]
) -> tuple[str, ...]:
    """What the verdict is not to be had without, but for what may be the phone itself."""
    return (
        *caveats.part_of_phone(pairs),
        *caveats.unread_records(order.source, order.backups),
        *caveats.only_listed(order.source, order.backups, lists),
        *caveats.in_bins(order.backups),
        *caveats.of_programs(db),
        *caveats.may_be_the_phones(db),
        *(as_one if order.policy.min_copies > 1 else ()),
        *caveats.without_a_place(order.backups, order.off_site, order.policy.min_copies),
        *caveats.unread_since(db, order.source, order.backups, pairs),
        *caveats.unopened(db),
        *caveats.switched_off(order.policy),
    )


def _write_redacted(audit: Audit, db: Database, rules: Sequence[Rule], policy: Policy, whole: Path, out: Path) -> None:
    """Writes the report that may leave the house; it names the seal of the `whole` one. `db` is rewritten by it."""
    aside = partial_folder(out)
    with locks.whole_or_gone(aside, _OURS):
        names = redact.Pseudonyms(redact.own_key())
        original = provenance.sealed_file(whole / reporting.SEAL).sha256
        reporting.write(audit, db, rules, policy, aside, (), names=names, redacted_from=original)
        aside.rename(out)


_OURS = re.compile(r"(source|backup-\d+)\.jsonl(\.partial(\.old|\.tmp)?)?|" + "|".join(map(re.escape, reporting.NAMES)))
"""What an audit writes, and so all that a stopped one can have left."""


def partial_folder(out: Path) -> Path:
    """Where an audit is while it is being made."""
    return out.with_name(out.name + ".partial")


def must_be_new(order: Order, out: Path, other: str = "another folder with -o") -> None:
    """Raises: BadOutput where the report, or a file of it, cannot be `out`: it is there already, or would lie in what
    is audited. `other` is what to choose instead."""
    if out.exists():
        raise BadOutput(f"{out} is there already; nothing is written over. Choose {other}")
    where = out.resolve()
    for one in (order.source, *order.backups):
        root = one.place.folder if one.place is not None else None
        if root is not None and (root == where or root in where.parents):
            raise BadOutput(f"the report {out} would lie inside {one.spec}, which is audited; choose {other}")


def _begin(order: Order, out: Path) -> Path:
    must_be_new(order, out)
    folder = partial_folder(out)
    locks.begin(folder, _OURS)
    return folder
