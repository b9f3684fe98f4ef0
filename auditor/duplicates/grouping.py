"""Groups of files that show the same: by bytes, by image data, by pixels; what only looks alike stands apart.

Nothing here is transitive. Each member was laid beside the kept file itself (`proving`); of files with one digest of
image data one stands for all in the first look at the pixels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.duplicates import clustering, comparing, proving
from auditor.duplicates.steps import Steps, unheard
from auditor.model import Kind
from auditor.pictures.inventory import Inventory
from auditor.pictures.keep import Ranking, rank
from auditor.pictures.verify import Relation


@dataclass(frozen=True, slots=True)
class Member:
    """A file beside the kept one: what it is to it, and in words what the pixels or the digests say. `lacks` names what
    it holds and the kept one does not, `more` what the kept one holds and it does not. `may_be_original`: the picture
    of the kept one may have been made of its own."""

    item: int
    relation: Relation
    detail: str
    lacks: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    may_be_original: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The kept file and the others; `ranking` says why it is that one. `proven`: the members may be planned to go."""

    kept: int
    members: tuple[Member, ...]
    ranking: Ranking
    proven: bool

    def why(self, member: Member) -> str:
        """In words, why the other one is kept and not this member: it holds more, or the first reason that tells."""
        order = self.ranking.order
        if order.index(member.item) < order.index(self.kept):
            return f"it holds more: {', '.join(member.more)}" if member.more else "it holds more than one of the others"
        return self.ranking.why(self.kept, member.item)


@dataclass(frozen=True, slots=True)
class Findings:
    """`groups`: what is the same, then what only looks alike. `not_compared`: files no picture could be had of.
    `pairs`: how many pairs of pictures were compared."""

    groups: tuple[Group, ...]
    not_compared: tuple[tuple[int, str], ...]
    pairs: int


def find(
    inventory: Inventory, members: Sequence[int], reasons: Sequence[str], *, jobs: int, steps: Steps = unheard
) -> Findings:
    """The groups among these files. Pictures of candidates are decoded and compared in worker processes.

    Raises: BadPolicy where `reasons` names one that there is not.
    """
    nodes = _nodes(inventory, members, reasons)
    photos = [k for k in nodes if inventory.items[k].facts.kind is Kind.PHOTO]
    links, not_compared, pairs = comparing.linked(inventory, clustering.find(inventory, photos), reasons, jobs, steps)
    around: dict[int, list[int]] = defaultdict(list)
    alike: dict[int, dict[int, Member]] = defaultdict(dict)
    for link in links:
        if link.relation is Relation.SAME_PICTURE:
            around[link.better].append(link.other)
        else:
            alike[link.better][link.other] = Member(link.other, link.relation, link.detail)
    inside = {node for others in around.values() for node in others}
    clusters = [[k for node_ in (node, *around[node]) for k in nodes[node_]] for node in nodes if node not in inside]
    proven = proving.prove(
        inventory, [cluster for cluster in clusters if len(cluster) > 1], reasons, jobs=jobs, steps=steps
    )
    groups: list[Group] = []
    placed: set[int] = set()
    for kept, same in proven.groups:
        members_ = tuple(
            Member(k, proof.relation, proof.detail, proof.lacks, proof.more, proof.may_be_original)
            for k, proof in same.items()
        )
        placed |= same.keys()
        groups.append(Group(kept, members_, rank(inventory, [kept, *same], reasons), proven=True))
    for better, other, proof in proven.doubted:
        if other not in placed:
            alike[better].setdefault(other, Member(other, proof.relation, proof.detail))
    for node, others in alike.items():
        everyone = [node, *others]
        groups.append(Group(node, tuple(others.values()), rank(inventory, everyone, reasons), proven=False))
    return Findings(tuple(groups), tuple(not_compared), pairs)


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
