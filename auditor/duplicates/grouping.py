"""Groups of files that show the same: by bytes, by image data, by pixels; what only looks alike stands apart.

Nothing here is transitive. Each member was compared with the kept file itself; image data with one digest are one
picture and are compared once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from auditor import workers
from auditor.duplicates import crowds
from auditor.duplicates.inventory import Inventory
from auditor.duplicates.keep import Ranking, rank
from auditor.duplicates.pictures import More, NoPicture, Picture, Refusal, load_from
from auditor.duplicates.verify import Doubt, Match, Relation, closeness, compare, is_blank
from auditor.model import Kind
from auditor.places import Place

MOST_COMPARED = 64
"""A picture is compared with so many of those that look like it, nearest first; a crowd of screenshots has an end."""
MOST_HELD = 400
"""Pictures of one crowd that are held for comparison (0.5 MB each)."""

PRELOAD = ("auditor.duplicates.pictures",)
DOUBTS = {
    Doubt.TOO_SMALL: "looks the same, but is too small to tell (under 768 pixels)",
    Doubt.NO_TEXTURE: "looks the same, but shows too little to tell",
    Doubt.FRAMES: "looks the same, but is animated or has several pages",
    Doubt.CLIP: "the same picture, with a motion clip that the other lacks",
    Doubt.TAKEN_APART: "looks the same, but was taken at another moment",
}


@dataclass(frozen=True, slots=True)
class Member:
    """A file beside the kept one: what it is to it, and in words what the pixels or the digests say."""

    item: int
    relation: Relation
    detail: str


@dataclass(frozen=True, slots=True)
class Group:
    """The kept file and the others; `ranking` says why it is that one. `proven`: the members may be planned to go."""

    kept: int
    members: tuple[Member, ...]
    ranking: Ranking
    proven: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """`groups`: what is the same, then what only looks alike. `not_compared`: files no picture could be had of."""

    groups: tuple[Group, ...]
    not_compared: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Link:
    """Two nodes that were compared: the better one and the other, each by its first file."""

    better: int
    other: int
    relation: Relation
    detail: str


def find(inventory: Inventory, members: Sequence[int], reasons: Sequence[str], *, jobs: int) -> Findings:
    """The groups among these files. Pictures of candidates are decoded in worker processes.

    Raises: BadPolicy where `reasons` names one that there is not.
    """
    nodes = _nodes(inventory, members, reasons)
    links, not_compared = _compared(inventory, list(nodes), reasons, jobs)
    same: dict[int, list[_Link]] = defaultdict(list)
    alike: dict[int, list[_Link]] = defaultdict(list)
    for link in links:
        (same if link.relation is Relation.SAME_PICTURE else alike)[link.better].append(link)
    groups: list[Group] = []
    inside = {link.other for links_ in same.values() for link in links_}
    for node, files in nodes.items():
        if node in inside or (len(files) == 1 and node not in same):
            continue
        found = [m for k in files if k != node for m in [_exact(inventory, node, k)]]
        for link in same[node]:
            found += [Member(k, Relation.SAME_PICTURE, link.detail) for k in nodes[link.other]]
        everyone = [node, *(member.item for member in found)]
        groups.append(Group(node, tuple(found), rank(inventory, everyone, reasons), proven=True))
    for node, around in alike.items():
        found = [Member(link.other, link.relation, link.detail) for link in around]
        everyone = [node, *(member.item for member in found)]
        groups.append(Group(node, tuple(found), rank(inventory, everyone, reasons), proven=False))
    return Findings(tuple(groups), tuple(not_compared))


def _exact(inventory: Inventory, kept: int, other: int) -> Member:
    ours, theirs = inventory.items[kept].facts, inventory.items[other].facts
    if ours.sha256 == theirs.sha256:
        return Member(other, Relation.SAME_BYTES, "every byte is the same")
    return Member(other, Relation.SAME_IMAGE_DATA, "the image data are the same; only the metadata differ")


def _nodes(inventory: Inventory, members: Sequence[int], reasons: Sequence[str]) -> dict[int, list[int]]:
    """Files with one image: the best of them, and all of them, best first."""
    facts = [item.facts for item in inventory.items]
    by_image: dict[tuple[Kind, str], list[int]] = defaultdict(list)
    image_of_bytes = {facts[k].sha256: facts[k].image_sha256 for k in members if facts[k].image_sha256}
    for k in members:
        image = facts[k].image_sha256 or image_of_bytes.get(facts[k].sha256)
        by_image[facts[k].kind, f"image {image}" if image else f"bytes {facts[k].sha256}"].append(k)
    ordered = [rank(inventory, files, reasons).order for files in by_image.values()]
    return {files[0]: list(files) for files in ordered}


def _compared(
    inventory: Inventory, nodes: list[int], reasons: Sequence[str], jobs: int
) -> tuple[list[_Link], list[tuple[int, str]]]:
    """What comes of comparing every picture with the better ones that look like it, best first."""
    photos = [k for k in nodes if inventory.items[k].facts.kind is Kind.PHOTO]
    found = [
        replace(crowd, nodes=rank(inventory, crowd.nodes, reasons).order) for crowd in crowds.find(inventory, photos)
    ]
    links: list[_Link] = []
    failed: list[tuple[int, str]] = []
    pictures = _pictures(inventory, [node for crowd in found for node in crowd.nodes], jobs)
    for crowd in found:
        held: dict[int, Picture] = {}
        links += _reranked(inventory, _crowd_links(crowd, pictures, held, failed), held, reasons)
    return links, failed


def _crowd_links(
    crowd: crowds.Crowd,
    pictures: Iterator[Picture | NoPicture],
    held: dict[int, Picture],
    failed: list[tuple[int, str]],
) -> list[_Link]:
    links: list[_Link] = []
    leaders: dict[int, list[int]] = defaultdict(list)
    blank: int | None = None
    for node in crowd.nodes:
        picture = next(pictures)
        if isinstance(picture, NoPicture):
            failed.append((node, picture.detail))
            continue
        if is_blank(picture):
            if blank is not None:
                links.append(_Link(blank, node, Relation.SIMILAR, DOUBTS[Doubt.NO_TEXTURE]))
            blank = node if blank is None else blank
            continue
        around = [leader for h in crowd.near[crowd.hash_of[node]] for leader in leaders[h]][:MOST_COMPARED]
        link = _best_link(node, picture, [(leader, held[leader]) for leader in around])
        if link is not None:
            links.append(link)
        if len(held) < MOST_HELD:
            held[node] = picture
            if link is None or link.relation is not Relation.SAME_PICTURE:
                leaders[crowd.hash_of[node]].append(node)
    return links


def _reranked(
    inventory: Inventory, links: list[_Link], held: dict[int, Picture], reasons: Sequence[str]
) -> list[_Link]:
    """The links with the best of each group in its middle. Files are ranked anew among those that show the same, and
    where that brings another one to the front, every member is compared with it."""
    done: list[_Link] = [link for link in links if link.relation is not Relation.SAME_PICTURE]
    stars: dict[int, list[_Link]] = defaultdict(list)
    for link in links:
        if link.relation is Relation.SAME_PICTURE:
            stars[link.better].append(link)
    for leader, around in stars.items():
        best = rank(inventory, [leader, *(link.other for link in around)], reasons).order[0]
        if best == leader or best not in held:
            done += around
            continue
        for node in (leader, *(link.other for link in around if link.other != best)):
            again = _best_link(node, held[node], [(best, held[best])]) if node in held else None
            # One that agrees with the former but not with the new one is left for a person.
            done.append(again or _Link(best, node, Relation.SIMILAR, "looks alike, and something in it differs"))
    return done


def _best_link(node: int, picture: Picture, leaders: list[tuple[int, Picture]]) -> _Link | None:
    """The better file that this one is the same as, or else the one that it looks most like."""
    best: _Link | None = None
    nearest = (False, 0)
    for leader, theirs in leaders:
        match = compare(theirs, picture)
        if match.relation is Relation.SAME_PICTURE:
            if More.CLIP not in picture.more - theirs.more:
                return _Link(leader, node, Relation.SAME_PICTURE, _in_words(match))
            match = replace(match, relation=Relation.SIMILAR, doubt=Doubt.CLIP)
        if match.relation is not Relation.DIFFERENT and (best is None or closeness(match) > nearest):
            best = _Link(leader, node, match.relation, _in_words(match))
            nearest = closeness(match)
    return best


def _in_words(match: Match) -> str:
    if match.doubt is not None:
        return DOUBTS[match.doubt]
    if match.relation is Relation.SAME_PICTURE:
        turned = ", turned" if match.turn != 1 else ""
        return f"the same picture{turned}: its worst part agrees by {100 * (match.tile_correlation or 0):.0f} %"
    if match.relation is Relation.EDITED and match.change is not None:
        return f"changed: {match.change}"
    return "looks alike, and something in it differs"


def _pictures(inventory: Inventory, nodes: list[int], jobs: int) -> Iterator[Picture | NoPicture]:
    """The pictures of these files in their order, decoded in workers; one a dying decoder could not give says so."""
    tasks = [
        workers.Job(_Task(inventory.sources[item.source].place, item.facts.path), item.facts.size_bytes or 0)
        for item in (inventory.items[k] for k in nodes)
    ]
    for outcome in workers.run(_load, tasks, workers=jobs, preload=PRELOAD):
        yield NoPicture(Refusal.DIED, outcome.reason) if isinstance(outcome, workers.Died) else outcome


@dataclass(frozen=True, slots=True)
class _Task:
    place: Place | None
    path: str


def _load(task: _Task) -> Picture | NoPicture:
    if task.place is None:
        return NoPicture(Refusal.NO_BYTES, "only a list of it is at hand")
    return load_from(task.place, task.path)
