"""One cluster of pictures compared, in a worker process: each is decoded once, and stays there.

A worker that dies of a cluster costs nothing but time: each picture is then decoded by itself, and only one that cannot
be is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from auditor.duplicates.clustering import Cluster
from auditor.duplicates.steps import Steps, counted, unheard
from auditor.isolation import pool
from auditor.pictures.as_listed import AsListed
from auditor.pictures.inventory import Inventory
from auditor.pictures.keep import rank
from auditor.pictures.loading import NoPicture, Picture, Refusal, load_from
from auditor.pictures.verify import Doubt, Match, Relation, closeness, compare, is_blank
from auditor.words import percent

MOST_COMPARED = 64
"""A picture is compared with so many of those that look like it, nearest first; a cluster of screenshots has an end."""
MOST_HELD = 400
"""Pictures of one cluster that are held for comparison (0.5 MB each)."""

_LEAST_BYTES = 4 << 20
"""Comparing costs the same however few bytes a picture takes: it counts for a worker's limits as at least so many."""

PRELOAD = ("auditor.pictures.verify",)
DOUBTS = {
    Doubt.TOO_SMALL: "looks the same, but is too small to tell (under 768 pixels)",
    Doubt.NO_TEXTURE: "looks the same, but shows too little to tell",
    Doubt.FRAMES: "looks the same, but is animated or has several pages",
    Doubt.TAKEN_APART: "looks the same, but was taken at another moment",
}


@dataclass(frozen=True, slots=True)
class Link:
    """Two nodes that were compared: the better one and the other, each by its first file."""

    better: int
    other: int
    relation: Relation
    detail: str


def linked(
    inventory: Inventory, found: Sequence[Cluster], reasons: Sequence[str], jobs: int, steps: Steps = unheard
) -> tuple[list[Link], list[tuple[int, str]], int]:
    """What the pictures of these clusters are to one another; the files that gave none, and why; how many pairs were
    compared. Each picture is compared with the better ones that look like it, best first."""
    largest_first = sorted(found, key=lambda cluster: -len(cluster.nodes))  # a large one begun last would be waited for
    found = [replace(cluster, nodes=rank(inventory, cluster.nodes, reasons).order) for cluster in largest_first]
    tasks = [_task(inventory, cluster, reasons) for cluster in found]
    work = [pool.Job(task, task.size_bytes) for task in tasks]
    running = pool.run(_compare_cluster, work, workers=jobs, preload=PRELOAD)
    outcomes = list(counted(running, "Comparing pictures", len(work), steps))
    links: list[Link] = []
    failed: list[tuple[int, str]] = []
    pairs = 0
    for cluster, task, outcome in zip(found, tasks, outcomes, strict=True):
        if isinstance(outcome, pool.Died):
            outcome = _linked(task, _pictures(task, jobs))
        links += [replace(x, better=cluster.nodes[x.better], other=cluster.nodes[x.other]) for x in outcome.links]
        failed += [(cluster.nodes[node], why) for node, why in outcome.failed]
        pairs += outcome.pairs
    return links, failed, pairs


@dataclass(frozen=True, slots=True)
class _Task:
    """A cluster as a worker gets it: `inventory` holds its files alone, in the order of `cluster.nodes`, best first.

    `hash_of` and `near` are the cluster's, by the files' numbers in this inventory.
    """

    inventory: Inventory
    hash_of: tuple[int, ...]
    near: Mapping[int, Sequence[int]]
    reasons: tuple[str, ...]

    @property
    def size_bytes(self) -> int:
        return sum(max(_LEAST_BYTES, item.facts.size_bytes or 0) for item in self.inventory.items)


@dataclass(frozen=True, slots=True)
class _Linked:
    """What comes of one cluster; files by their numbers in its task."""

    links: list[Link]
    failed: list[tuple[int, str]]
    pairs: int


def _task(inventory: Inventory, cluster: Cluster, reasons: Sequence[str]) -> _Task:
    sources = tuple(replace(source, rows=()) for source in inventory.sources)
    items = tuple(inventory.items[k] for k in cluster.nodes)
    hash_of = tuple(cluster.hash_of[k] for k in cluster.nodes)
    return _Task(Inventory(sources, items), hash_of, cluster.near, tuple(reasons))


def _compare_cluster(task: _Task) -> _Linked:
    """Runs in a worker: each picture is decoded once, and compared there."""
    return _linked(task, (_load(file) for file in _files(task)))


def _linked(task: _Task, pictures: Iterator[Picture | NoPicture]) -> _Linked:
    found = _Comparison(task)
    return _Linked(found.links(pictures), found.failed, found.pairs)


@dataclass(slots=True)
class _Comparison:
    """The comparing of one cluster: pictures held for it, files that gave none, and how many pairs were compared."""

    task: _Task
    held: dict[int, Picture] = field(default_factory=dict)
    failed: list[tuple[int, str]] = field(default_factory=list)
    pairs: int = 0

    def links(self, pictures: Iterator[Picture | NoPicture]) -> list[Link]:
        """Each picture, in the order of the files, against those before it that stand for themselves."""
        links: list[Link] = []
        leaders: dict[int, list[int]] = defaultdict(list)
        blank: int | None = None
        for node, picture in enumerate(pictures):
            if isinstance(picture, NoPicture):
                self.failed.append((node, picture.detail))
                continue
            if is_blank(picture):
                if blank is not None:
                    links.append(Link(blank, node, Relation.SIMILAR, DOUBTS[Doubt.NO_TEXTURE]))
                blank = node if blank is None else blank
                continue
            own = self.task.hash_of[node]
            link = self._best_link(node, picture, [k for h in self.task.near[own] for k in leaders[h]][:MOST_COMPARED])
            if link is not None:
                links.append(link)
            if len(self.held) < MOST_HELD:
                self.held[node] = picture
                if link is None or link.relation is not Relation.SAME_PICTURE:
                    leaders[own].append(node)
        return links

    def _best_link(self, node: int, picture: Picture, leaders: Sequence[int]) -> Link | None:
        """The better file that this one is the same as, or else the one that it looks most like, the best of equals:
        an edit is shown beside its original rather than beside another edit."""
        best: Link | None = None
        nearest = ((False, 0), 0)
        for leader in leaders:
            theirs = self.held[leader]
            self.pairs += 1
            match = compare(theirs, picture)
            if match.relation is Relation.SAME_PICTURE:
                return Link(leader, node, Relation.SAME_PICTURE, _in_words(match))
            near = (closeness(match), -leader)  # files are numbered best first
            if match.relation is not Relation.DIFFERENT and (best is None or near > nearest):
                best = Link(leader, node, match.relation, _in_words(match))
                nearest = near
        return best


def _in_words(match: Match) -> str:
    if match.doubt is not None:
        return DOUBTS[match.doubt]
    if match.relation is Relation.SAME_PICTURE:
        turned = ", turned" if match.turn != 1 else ""
        return f"the same picture{turned}: its worst part agrees by {percent(match.tile_correlation or 0)}"
    if match.relation is Relation.EDITED and match.change is not None:
        return f"changed: {match.change}"
    return "looks alike, and something in it differs"


def _files(task: _Task) -> list[AsListed | None]:
    """The files of a cluster; None where only a list is at hand."""
    places = [source.place for source in task.inventory.sources]
    return [AsListed.by(place, i.facts) if (place := places[i.source]) else None for i in task.inventory.items]


def _pictures(task: _Task, jobs: int) -> Iterator[Picture | NoPicture]:
    """The pictures of a cluster, each decoded by itself in a worker; one a dying decoder could not give says so."""
    sizes = [item.facts.size_bytes or 0 for item in task.inventory.items]
    work = [pool.Job(file, size) for file, size in zip(_files(task), sizes, strict=True)]
    for outcome in pool.run(_load, work, workers=jobs, preload=PRELOAD):
        yield NoPicture(Refusal.DIED, outcome.reason) if isinstance(outcome, pool.Died) else outcome


def _load(file: AsListed | None) -> Picture | NoPicture:
    if file is None:
        return NoPicture(Refusal.NO_BYTES, "only a list of it is at hand")
    return load_from(file)
