"""Groups of files that show the same: by bytes, by image data, by pixels; what only looks alike stands apart.

Nothing here is transitive. Each member was compared with the kept file itself; image data with one digest are one
picture and are compared once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.duplicates import comparing, crowds
from auditor.duplicates.comparing import Link
from auditor.duplicates.inventory import Inventory
from auditor.duplicates.keep import Ranking, rank
from auditor.model import Kind
from auditor.pictures.verify import Relation


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
    """`groups`: what is the same, then what only looks alike. `not_compared`: files no picture could be had of.
    `pairs`: how many pairs of pictures were compared."""

    groups: tuple[Group, ...]
    not_compared: tuple[tuple[int, str], ...]
    pairs: int


def find(inventory: Inventory, members: Sequence[int], reasons: Sequence[str], *, jobs: int) -> Findings:
    """The groups among these files. Pictures of candidates are decoded and compared in worker processes.

    Raises: BadPolicy where `reasons` names one that there is not.
    """
    nodes = _nodes(inventory, members, reasons)
    photos = [k for k in nodes if inventory.items[k].facts.kind is Kind.PHOTO]
    links, not_compared, pairs = comparing.linked(inventory, crowds.find(inventory, photos), reasons, jobs)
    same: dict[int, list[Link]] = defaultdict(list)
    alike: dict[int, list[Link]] = defaultdict(list)
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
    return Findings(tuple(groups), tuple(not_compared), pairs)


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
