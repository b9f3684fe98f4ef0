"""duplicates.html: the groups side by side with what differs, and a person's choices among them; one page that asks no
network. Without its script it shows the same, and nothing can be chosen."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from auditor import words as text
from auditor.config import typed_whole
from auditor.duplicates.grouping import Group, Member
from auditor.duplicates.planning import Action, PlanRow, numbered
from auditor.duplicates.search import Search
from auditor.duplicates.steps import Steps, counted, unheard
from auditor.isolation import pool
from auditor.model import Kind
from auditor.pictures.inventory import Item
from auditor.report import html, thumbnails

_CHOICES = "--choices FILE"
MOST_GROUPS = 2_000
"""Groups of a section that are shown; all are in duplicates.csv."""
MOST_MEMBERS = 12
MOST_LARGE = 200
"""Pictures that are large enough to be compared; some 7 MB in the page."""


@dataclass(frozen=True, slots=True)
class Written:
    """The plan that the page is of: where its file will lie, its SHA-256, and the rows that are not in it."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """One file of a group. `number` is its place among all files of the page. `chip` says what becomes of it, `because`
    why, and `mood` how its card is framed; `reason` is what it is to the kept one; `facts` are words, each with whether
    it differs from the kept file's. `link` opens the file itself, None where it is in no folder of this machine."""

    number: int
    name: str
    folder: str
    chip: str
    mood: str
    relation: str
    reason: str
    because: str
    facts: tuple[tuple[str, bool], ...]
    picture: str | None
    link: str | None


@dataclass(frozen=True, slots=True)
class _Group:
    """`number` is that of the plan and of duplicates.csv; `going` says that the plan lets something of it go.
    `asks`: the numbers of the files that a person decides about, those that are not shown among them."""

    number: int
    going: bool
    asks: tuple[int, ...]
    members: tuple[_Shown, ...]


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    words: str
    mood: str
    proven: bool
    total: int
    groups: tuple[_Group, ...]


def sentence(found: Search) -> str:
    """What was found; the same words as on the screen."""
    fates = _fates(found)
    going = sum(Action.REMOVE in actions for actions in fates)
    asking = sum(Action.ASK in actions for actions in fates)
    freed = f"{text.size(found.plan.freed_bytes)} in {text.counted(going, 'group', 'groups')} can be freed"
    asks = _asks(fates)
    if going:
        return f"{freed}; {asks}." if asking else f"{freed}."
    if asking:
        return f"Nothing can be freed without a look; {asks}."
    if found.groups:
        return "No duplicates that could be removed."
    if not found.inventory.items and _is_whole(found):
        return "No photo or video lies there, so nothing was compared."
    return "Nothing is there twice." if _is_whole(found) else "Nothing of what could be read is there twice."


def _asks(fates: Sequence[Set[Action]]) -> str:
    """How many groups need a decision; those named that are among the groups with something to go as well."""
    asking = [actions for actions in fates if Action.ASK in actions]
    both = sum(Action.REMOVE in actions for actions in asking)
    these = "" if len(asking) == 1 else f"{both} of "
    also = f", {these}which also {'has' if both == 1 else 'have'} something that can go" if both else ""
    return f"{text.counted(len(asking), 'group needs', 'groups need')} your decision{also}"


def caveats(found: Search) -> list[str]:
    """What was not compared, where nothing goes in any case, and why."""
    in_part = [source for source in found.inventory.sources if source.not_listed]
    unread = [f"{text.visible(one.label)} could not be read whole ({_first(one.not_listed)})" for one in in_part]
    untouched = [f"{text.visible(why)}." for why in found.plan.untouched]
    return [*(f"{why}: the rest was not compared." for why in unread), *untouched]


def _is_whole(found: Search) -> bool:
    """Whether all places were read whole."""
    return not any(source.not_listed for source in found.inventory.sources)


def _first(reasons: Sequence[str]) -> str:
    """The first of several reasons, and how many there are besides."""
    more = f", and {text.counted(len(reasons) - 1, 'more reason', 'more reasons')}" if len(reasons) > 1 else ""
    return f"{text.visible(reasons[0])}{more}"


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


def render(found: Search, plan: Written, *, jobs: int, pictures: bool = True, steps: Steps = unheard) -> str:
    """The page of a search and its plan. With `pictures`, thumbnails are made in worker processes, each file's once."""
    groups = numbered(found.groups)
    proven = [(number, group) for number, group in groups if group.proven]
    alike = [(number, group) for number, group in groups if not group.proven]
    shown = [k for _, group in (*alike[:MOST_GROUPS], *proven[:MOST_GROUPS]) for k in _members(group)]
    small = _thumbnails(found, list(dict.fromkeys(shown))[: thumbnails.LIMIT], jobs, steps) if pictures else {}
    page = _Page(found, plan, small)
    sections = (
        page.section(proven, "The same", "info", "Proven on bytes, image data or pixels. One is kept."),
        page.section(
            alike,
            "Only alike",
            "warning",
            "Edits, bursts, screens, dark frames. Nothing here is removed unless you say so.",
        ),
    )
    items = found.inventory.items
    command = text.visible(f"auditor clean {typed_whole(plan.path)}")  # the page is opened later, wherever it lies
    return (
        html.environment(None)
        .get_template("duplicates.html.j2")
        .render(
            **html.assets(("report.css", "duplicates.css"), ("copy.js", "duplicates.js")),
            sentence=sentence(found),
            is_settled=bool(items) and _is_whole(found) and not found.plan.asking_groups,
            caveats=caveats(found),
            places=[text.visible(source.label) for source in found.inventory.sources],
            choices=_CHOICES,
            removing=found.plan.removing_groups,
            asking=found.plan.asking_groups,
            command=command,
            data={"command": f"{command} {_CHOICES}", **page.data(sections)},
            same_file=found.inventory.same_file,
            sections=sections,
            not_compared=[(items[k].facts.path, why) for k, why in found.not_compared],
        )
    )


def _members(group: Group) -> list[int]:
    return [group.kept, *(member.item for member in group.members)][:MOST_MEMBERS]


@dataclass(frozen=True)
class _Page:
    """What is said of a search on its page, with the pictures by the number of their file."""

    found: Search
    plan: Written
    pictures: Mapping[int, str]

    @cached_property
    def planned(self) -> Mapping[tuple[str, str], Action]:
        return _planned(self.found)

    @cached_property
    def rows(self) -> Mapping[tuple[int, str, str], PlanRow]:
        """The plan's row of each file of each group that has one, by the group's number, place and path."""
        return {(row.group, row.place, row.path): row for row in self.found.plan.rows if not row.moves_with}

    def section(self, groups: Sequence[tuple[int, Group]], title: str, mood: str, words: str) -> _Section:
        shown = tuple(self._group(number, group) for number, group in groups[:MOST_GROUPS])
        heading = f"{title} ({text.counted(len(groups), 'group', 'groups')})"
        fates = [{_action(self.found, self.planned, member.item) for member in group.members} for _, group in groups]
        counts = {
            "can go": sum(Action.REMOVE in actions for actions in fates),
            "ask": sum(Action.ASK in actions for actions in fates),
            "stay": sum(actions == {Action.KEEP} for actions in fates),
        }
        said = [
            text.counted(counts["can go"], "group holds", "groups hold") + " something that can go",
            _asks(fates),
            text.counted(counts["stay"], "group stays", "groups stay") + " untouched",
        ]
        told = "; ".join(words for words, number in zip(said, counts.values(), strict=True) if number)
        return _Section(heading, f"{words} {told}.", mood, mood == "info", len(groups), shown)

    def _group(self, number: int, group: Group) -> _Group:
        items = self.found.inventory.items
        kept = items[group.kept]
        actions = {member.item: _action(self.found, self.planned, member.item) for member in group.members}
        going = Action.REMOVE in actions.values()
        asks = [k for k, action in actions.items() if action is Action.ASK]
        if asks and not group.proven:
            asks = [group.kept, *asks]  # no better than the others
        kept_words = "Kept" if going else "Best to keep"
        first = f"{kept_words} because {group.why(group.members[0])}." if group.proven else _LOOK if asks else ""
        cards = [self._card(group.kept, kept, _first_chip(group), "", "", first)]
        for member in group.members[: MOST_MEMBERS - 1]:
            action = actions[member.item]
            because = self._because(number, group, member, action)
            words = (member.relation.value, _sentence(member.detail), because)
            cards.append(self._card(member.item, kept, _CHIPS[action], *words))
        return _Group(number, going, tuple(asks), tuple(cards))

    def _because(self, number: int, group: Group, member: Member, action: Action) -> str:
        """Why this becomes of a file, beside what it is to the kept one."""
        items, sources = self.found.inventory.items, self.found.inventory.sources
        if action is Action.REMOVE:
            name = items[group.kept].facts.path.rpartition("/")[2]
            return f"Goes, as {name} is kept: {group.why(member)}." if group.proven else "It goes by another group."
        item = items[member.item]
        row = self.rows.get((number, sources[item.source].name, item.facts.path))
        if row is None or row.action is not action:
            return ""
        return _LOOK if row.reason == member.detail else _sentence(row.reason)

    def _card(self, number: int, kept: Item, chip: tuple[str, str], relation: str, reason: str, because: str) -> _Shown:
        item = self.found.inventory.items[number]
        folder, _, name = item.facts.path.rpartition("/")
        source = self.found.inventory.sources[item.source]
        where = f"{source.label}/{folder}" if folder else source.label
        facts = tuple((mine, mine != theirs) for mine, theirs in zip(_facts(item), _facts(kept), strict=True) if mine)
        link = (source.root / item.facts.path).absolute().as_uri() if source.root is not None else None
        return _Shown(number, name, where, *chip, relation, reason, because, facts, self.pictures.get(number), link)

    def data(self, sections: Sequence[_Section]) -> dict[str, Any]:
        """What the page's script works with: the files that can be chosen, each with its size, whether it may go, and
        what moves with it; of which of them each group is, and which of them it leaves to a person. A file has one
        number, however many groups it is in."""
        items, sources = self.found.inventory.items, self.found.inventory.sources
        files: dict[int, dict[str, Any]] = {}
        groups: list[dict[str, Any]] = []
        for section in sections:
            for group in section.groups:
                chosen = []
                for card in group.members:
                    item = items[card.number]
                    row = self.rows.get((group.number, sources[item.source].name, item.facts.path))
                    if row is None or row.in_no_table is not None:
                        continue
                    chosen.append(card.number)
                    files[card.number] = {
                        "name": [row.place, row.path],
                        "size": sum(items[k].facts.size_bytes or 0 for k in (card.number, *item.parts)),
                        "free": row.may_go,
                        "goes": self.planned.get((row.place, row.path)) is Action.REMOVE,
                        "parts": [[items[k].facts.path.rpartition("/")[2], items[k].facts.sha256] for k in item.parts],
                    }
                groups.append({"number": group.number, "files": chosen, "suggested": group.going, "asks": group.asks})
        return {"plan_sha256": self.plan.sha256, "files": files, "groups": groups}


_CHIPS = {
    Action.KEEP: ("✓ STAYS", "stays"),
    Action.REMOVE: ("→ GOES", "goes"),
    Action.ASK: ("? YOU DECIDE", "asks"),
}
"""What becomes of a file, in words with a sign, and how its card is framed."""


_LOOK = "Nothing proves that they are the same: look at them."


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _first_chip(group: Group) -> tuple[str, str]:
    """Where nothing is decided, the first file is no better than the others: they are only compared with it."""
    return ("✓ KEEP", "keep") if group.proven else ("COMPARED WITH", "")


def _facts(item: Item) -> tuple[str, ...]:
    facts = item.facts
    pixels = f"{facts.width} x {facts.height}" if facts.width and facts.height else ""
    place = "with place" if facts.latitude is not None else "no place"
    return (pixels, text.size(facts.size_bytes), facts.format or "", text.taken(facts.taken_at) or "no date", place)


def _thumbnails(found: Search, wanted: Sequence[int], jobs: int, steps: Steps) -> dict[int, str]:
    subjects: dict[int, pool.Job[thumbnails.Subject]] = {}
    for nth, k in enumerate(wanted):
        side = thumbnails.LARGE if nth < MOST_LARGE else thumbnails.SMALL
        item = found.inventory.items[k]
        place = found.inventory.sources[item.source].place
        if place is not None and item.facts.kind is Kind.PHOTO:
            subjects[k] = pool.Job(thumbnails.Subject(place, item.facts.path, side=side), item.facts.size_bytes or 0)
    running = pool.run(thumbnails.take, subjects.values(), workers=jobs)
    made = counted(running, "Writing the page", len(subjects), steps)
    return {
        k: "data:image/webp;base64," + base64.b64encode(shown.webp).decode()
        for k, shown in zip(subjects, made, strict=True)
        if isinstance(shown, thumbnails.Shown) and shown.webp
    }
