"""duplicates.html: the groups side by side, with what differs; one page without script that asks no network."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auditor import words as text
from auditor.duplicates.grouping import Group
from auditor.duplicates.planning import Action
from auditor.duplicates.search import Search
from auditor.isolation import pool
from auditor.model import Kind
from auditor.pictures.inventory import Item
from auditor.report import PLAN, html, thumbnails

MOST_GROUPS = 500
"""Groups of a section that are shown; all are in duplicates.csv."""
MOST_MEMBERS = 12


@dataclass(frozen=True, slots=True)
class _Shown:
    """One file of a group. `chip` says what becomes of it, `mood` how its card is framed; `facts` are words, each with
    whether it differs from the kept file's."""

    name: str
    folder: str
    chip: str
    mood: str
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
    """What was found, and where nothing goes in any case; the same words as on the screen."""
    return " ".join([_sum(found), *(f"{text.visible(why)}." for why in found.plan.untouched)])


def _sum(found: Search) -> str:
    fates = _fates(found)
    going = sum(Action.REMOVE in actions for actions in fates)
    asking = sum(Action.ASK in actions for actions in fates)
    freed = f"{text.size(found.plan.freed_bytes)} in {text.counted(going, 'group', 'groups')} can be freed"
    asks = f"{text.counted(asking, 'group needs', 'groups need')} your decision"
    if going:
        return f"{freed}; {asks}." if asking else f"{freed}."
    if asking:
        return f"Nothing can be freed without a look; {asks}."
    return "No duplicates that could be removed." if found.groups else "Nothing is there twice."


def _fates(found: Search) -> list[frozenset[Action]]:
    """What the plan says of each group's members, in the order of the groups."""
    planned = _planned(found)
    return [frozenset(_action(found, planned, member.item) for member in group.members) for group in found.groups]


def _planned(found: Search) -> dict[tuple[str, str], Action]:
    """What becomes of a file, by place and path. One that goes is named as kept in another group at times: it goes."""
    planned: dict[tuple[str, str], Action] = {}
    for action in (Action.KEEP, Action.ASK, Action.REMOVE):
        planned.update({(row.place, row.path): action for row in found.plan.rows if row.action is action})
    return planned


def _action(found: Search, planned: Mapping[tuple[str, str], Action], item: int) -> Action:
    at = found.inventory.items[item]
    return planned.get((found.inventory.sources[at.source].name, at.facts.path), Action.KEEP)


def render(found: Search, *, jobs: int, plan: str = PLAN, pictures: bool = True) -> str:
    """The page. With `pictures`, thumbnails are made in worker processes, each file's once; `plan` is where plan.csv
    will lie."""
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
            "Edits, bursts, screens, dark frames. Nothing here is removed unless you say so.",
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
            command=text.visible(f"auditor clean {text.typed(plan)}"),
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
    planned = _planned(found)
    shown = tuple(_cards(found, group, pictures, planned) for group in groups[:MOST_GROUPS])
    heading = f"{title} ({text.counted(len(groups), 'group', 'groups')})"
    fates = [{_action(found, planned, member.item) for member in group.members} for group in groups]
    counts = {
        "can go": sum(Action.REMOVE in actions for actions in fates),
        "ask": sum(Action.ASK in actions for actions in fates),
        "stay": sum(actions == {Action.KEEP} for actions in fates),
    }
    said = [
        text.counted(counts["can go"], "group holds", "groups hold") + " something that can go",
        text.counted(counts["ask"], "group needs", "groups need") + " your decision",
        text.counted(counts["stay"], "group stays", "groups stay") + " untouched",
    ]
    told = "; ".join(words for words, number in zip(said, counts.values(), strict=True) if number)
    return _Section(heading, f"{words} {told}.", mood, mood == "info", len(groups), shown)


def _cards(
    found: Search, group: Group, pictures: Mapping[int, str], planned: Mapping[tuple[str, str], Action]
) -> tuple[_Shown, ...]:
    items = found.inventory.items
    kept = items[group.kept]
    first = f"Kept because {group.why(group.members[0])}." if group.proven else ""
    cards = [_card(found, kept, kept, _first_chip(group), "", first, pictures.get(group.kept))]
    for member in group.members[: MOST_MEMBERS - 1]:
        item = items[member.item]
        words = member.detail[0].upper() + member.detail[1:] + "."
        chip = _CHIPS[_action(found, planned, member.item)]
        cards.append(_card(found, item, kept, chip, member.relation.value, words, pictures.get(member.item)))
    return tuple(cards)


_CHIPS = {
    Action.KEEP: ("✓ STAYS", "stays"),
    Action.REMOVE: ("→ GOES", "goes"),
    Action.ASK: ("? YOU DECIDE", "asks"),
}
"""What becomes of a file, in words with a sign, and how its card is framed."""


def _first_chip(group: Group) -> tuple[str, str]:
    """Where nothing is decided, the first file is no better than the others: they are only compared with it."""
    return ("✓ KEEP", "keep") if group.proven else ("COMPARED WITH", "")


def _card(
    found: Search, item: Item, kept: Item, chip: tuple[str, str], relation: str, reason: str, picture: str | None
) -> _Shown:
    folder, _, name = item.facts.path.rpartition("/")
    label = found.inventory.sources[item.source].label
    facts = tuple((mine, mine != theirs) for mine, theirs in zip(_facts(item), _facts(kept), strict=True) if mine)
    return _Shown(name, f"{label}/{folder}" if folder else label, *chip, relation, reason, facts, picture)


def _facts(item: Item) -> tuple[str, ...]:
    facts = item.facts
    pixels = f"{facts.width} x {facts.height}" if facts.width and facts.height else ""
    place = "with place" if facts.latitude is not None else "no place"
    return (pixels, text.size(facts.size_bytes), facts.format or "", text.taken(facts.taken_at) or "no date", place)


def _thumbnails(found: Search, wanted: Sequence[int], jobs: int) -> dict[int, str]:
    subjects: dict[int, pool.Job[thumbnails.Subject]] = {}
    for k in wanted:
        item = found.inventory.items[k]
        place = found.inventory.sources[item.source].place
        if place is not None and item.facts.kind is Kind.PHOTO:
            subjects[k] = pool.Job(thumbnails.Subject(place, item.facts.path), item.facts.size_bytes or 0)
    made = pool.run(thumbnails.take, subjects.values(), workers=jobs)
    return {
        k: "data:image/webp;base64," + base64.b64encode(shown.webp).decode()
        for k, shown in zip(subjects, made, strict=True)
        if isinstance(shown, thumbnails.Shown) and shown.webp
    }
