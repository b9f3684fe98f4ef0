"""The whole search: places in, groups and a plan out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.duplicates import different, films, grouping, planning
from auditor.duplicates.grouping import Group
from auditor.duplicates.planning import Plan
from auditor.duplicates.steps import Steps, unheard
from auditor.judge.policy import Policy
from auditor.model import Kind
from auditor.pictures import inventory
from auditor.pictures.inventory import Inventory, Source
from auditor.pictures.keep import check_order


@dataclass(frozen=True, slots=True)
class Search:
    """What was found. `not_compared`: files of which no picture could be had, each with the reason. `pairs`: how many
    pairs of pictures were compared."""

    inventory: Inventory
    groups: tuple[Group, ...]
    plan: Plan
    not_compared: tuple[tuple[int, str], ...]
    pairs: int


def search(sources: Sequence[Source], policy: Policy, *, jobs: int, steps: Steps = unheard) -> Search:
    """Finds what is there twice or more, decides what is kept, and plans what may go. `steps` is told how far it is.

    Raises: BadPolicy where the policy's order of reasons names one that there is not.
    """
    check_order(policy.keep)
    found = inventory.take(sources, policy.excluded())
    photos = inventory.media(found)
    same = grouping.find(found, photos, policy.keep, jobs=jobs, steps=steps)
    re_encoded = films.find(
        found, inventory.media(found, (Kind.VIDEO,)), same.groups, policy.keep, jobs=jobs, steps=steps
    )
    groups = different.apart(found, (*same.groups, *re_encoded))
    lists = frozenset(k for k, source in enumerate(found.sources) if source.place is None)
    return Search(found, groups, planning.plan(found, groups, lists), same.not_compared, same.pairs)
