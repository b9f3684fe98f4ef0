"""duplicates.html: the groups side by side, with what differs; one page without script that asks no network."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auditor import workers
from auditor.duplicates.grouping import Group
from auditor.duplicates.inventory import Item
from auditor.duplicates.search import Search
from auditor.model import Kind
from auditor.reporting import html, text, thumbnails

MOST_GROUPS = 500
"""Groups of a section that are shown; all are in duplicates.csv."""
MOST_MEMBERS = 12


@dataclass(frozen=True, slots=True)
class _Shown:
    """One file of a group. `facts` are words, each with whether it differs from the kept file's."""

    name: str
    folder: str
    keep: bool
    relation: str
    reason: str
    facts: tuple[tuple[str, bool], ...]
    picture: str | None


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    words: str
    mood: str
    proven: bool
    total: int
    groups: tuple[tuple[_Shown, ...], ...]


def sentence(found: Search) -> str:
    """What was found, in one sentence; the same words as on the screen."""
    plan = found.plan
    groups = text.counted(plan.removing_groups, "group", "groups")
    freed = f"{text.size(plan.freed_bytes)} in {groups} can be freed"
    eyes = f"{text.counted(plan.asking_groups, 'group wants', 'groups want')} your eyes"
    if plan.removing_groups:
        return f"{freed}; {eyes}." if plan.asking_groups else f"{freed}."
    if plan.asking_groups:
        return f"Nothing can be freed without a look; {eyes}."
    return "Nothing is there twice that could go." if found.groups else "Nothing is there twice."


def render(found: Search, *, jobs: int, pictures: bool = True) -> str:
    """The page. With `pictures`, thumbnails are made in worker processes, each file's once."""
    proven = [group for group in found.groups if group.proven]
    alike = [group for group in found.groups if not group.proven]
    shown = [k for group in (*proven[:MOST_GROUPS], *alike[:MOST_GROUPS]) for k in _members(group)]
    small = _thumbnails(found, list(dict.fromkeys(shown))[: thumbnails.LIMIT], jobs) if pictures else {}
    sections = (
        _section(found, proven, small, "The same", "info", "Proven on bytes, image data or pixels. One is kept."),
        _section(
            found,
            alike,
            small,
            "Only alike",
            "warning",
            "Edits, bursts, screens, dark frames: yours to decide. None goes.",
        ),
    )
    items = found.inventory.items
    assets = html.assets()
    return (
        html.environment(None)
        .get_template("duplicates.html.j2")
        .render(
            style=assets["style"],
            style_hash=assets["style_hash"],
            sentence=sentence(found),
            places=[text.visible(source.label) for source in found.inventory.sources],
            removing=found.plan.removing_groups,
            asking=found.plan.asking_groups,
            same_file=found.inventory.same_file,
            sections=sections,
            not_compared=[(items[k].facts.path, why) for k, why in found.not_compared],
        )
    )


def _members(group: Group) -> list[int]:
    return [group.kept, *(member.item for member in group.members)][:MOST_MEMBERS]


def _section(
    found: Search, groups: Sequence[Group], pictures: Mapping[int, str], title: str, mood: str, words: str
) -> _Section:
    shown = tuple(_cards(found, group, pictures) for group in groups[:MOST_GROUPS])
    heading = f"{title} ({text.counted(len(groups), 'group', 'groups')})"
    return _Section(heading, words, mood, mood == "info", len(groups), shown)


def _cards(found: Search, group: Group, pictures: Mapping[int, str]) -> tuple[_Shown, ...]:
    items = found.inventory.items
    kept = items[group.kept]
    first = f"Kept because {group.ranking.why(group.kept, group.members[0].item)}." if group.proven else ""
    cards = [_card(found, kept, kept, True, "", first, pictures.get(group.kept))]
    for member in group.members[: MOST_MEMBERS - 1]:
        item = items[member.item]
        words = member.detail[0].upper() + member.detail[1:] + "."
        cards.append(_card(found, item, kept, False, member.relation.value, words, pictures.get(member.item)))
    return tuple(cards)


def _card(found: Search, item: Item, kept: Item, keep: bool, relation: str, reason: str, picture: str | None) -> _Shown:
    folder, _, name = item.facts.path.rpartition("/")
    label = found.inventory.sources[item.source].label
    facts = tuple((mine, mine != theirs) for mine, theirs in zip(_facts(item), _facts(kept), strict=True) if mine)
    return _Shown(name, f"{label}/{folder}" if folder else label, keep, relation, reason, facts, picture)


def _facts(item: Item) -> tuple[str, ...]:
    facts = item.facts
    pixels = f"{facts.width} x {facts.height}" if facts.width and facts.height else ""
    place = "with place" if facts.latitude is not None else "no place"
    return (pixels, text.size(facts.size_bytes), facts.format or "", text.taken(facts.taken_at) or "no date", place)


def _thumbnails(found: Search, wanted: Sequence[int], jobs: int) -> dict[int, str]:
    subjects: dict[int, workers.Job[thumbnails.Subject]] = {}
    for k in wanted:
        item = found.inventory.items[k]
        place = found.inventory.sources[item.source].place
        if place is not None and item.facts.kind is Kind.PHOTO:
            subjects[k] = workers.Job(thumbnails.Subject(place, item.facts.path), item.facts.size_bytes or 0)
    made = workers.run(thumbnails.take, subjects.values(), workers=jobs)
    return {
        k: "data:image/webp;base64," + base64.b64encode(shown.webp).decode()
        for k, shown in zip(subjects, made, strict=True)
        if isinstance(shown, thumbnails.Shown) and shown.webp
    }
