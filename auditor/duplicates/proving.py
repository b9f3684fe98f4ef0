"""Files that seem to show the same, proven: every one is laid beside the very file that is to be kept for it.

Both are opened as they stand, by other programs than our own walk: with one digest of image data they must show the
same to the last bit, else the same picture at full size. What is not proven is left to a person, and so is a file that
holds something that the one to keep lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from auditor.errors import AuditorError
from auditor.isolation import pool
from auditor.model import Kind
from auditor.pictures import written
from auditor.pictures.contents import mapped, same_contents
from auditor.pictures.full import compare_files
from auditor.pictures.inventory import Inventory
from auditor.pictures.keep import rank
from auditor.pictures.likeness import Likeness, Side
from auditor.pictures.loading import MAX_BYTES, NoPicture
from auditor.pictures.looking import DOUBTS
from auditor.pictures.verify import Match, Relation
from auditor.places import Place

MOST_ROUNDS = 12
"""Files of a cluster that are not the best one's are laid beside the next best, so many times."""
PRELOAD = ("auditor.pictures.full",)


@dataclass(frozen=True, slots=True)
class Proof:
    """What one file is to the one to keep, and in words what that rests on.

    `lacks` names in words what it holds and the one to keep does not. `blind`: the one to keep could not be opened.
    """

    relation: Relation
    detail: str
    lacks: tuple[str, ...] = ()
    blind: bool = False

    @property
    def same(self) -> bool:
        """Whether the two show the same."""
        return self.relation in (Relation.SAME_IMAGE_DATA, Relation.SAME_PICTURE)


@dataclass(slots=True)
class Proven:
    """What came of the clusters: groups of the same (the kept file, and the others with their proofs), and pairs that a
    person has to look at."""

    groups: list[tuple[int, dict[int, Proof]]] = field(default_factory=list)
    doubted: list[tuple[int, int, Proof]] = field(default_factory=list)


SAME_BYTES = Proof(Relation.SAME_BYTES, "every byte is the same")


def prove(inventory: Inventory, clusters: Iterable[Sequence[int]], reasons: Sequence[str], *, jobs: int) -> Proven:
    """Proves clusters of files that seem to show the same. Files are opened in worker processes."""
    found = Proven()
    blind: set[str | None] = set()
    left = [list(cluster) for cluster in clusters]
    for _ in range(MOST_ROUNDS):
        stars = [_star(inventory, cluster, reasons, blind) for cluster in left]
        asked = [(star[0][0], content[0]) for star in stars for content in star[1:]]
        answers = iter(_answers(inventory, asked, jobs))
        left = []
        for kept, *others in stars:
            same = dict.fromkeys(kept[1:], SAME_BYTES)
            rest: list[int] = []
            for content, proof in zip(others, [next(answers) for _ in others], strict=True):
                if proof.same:
                    same |= dict.fromkeys(content, proof)
                    continue
                rest += content
                pair = (kept[0], content[0])
                if proof.blind:
                    blind.add(inventory.items[kept[0]].facts.sha256)
                    pair = (content[0], kept[0])
                found.doubted.append((*pair, proof))
            if same:
                found.groups.append((kept[0], same))
            if rest:
                left.append(rest)
        if not left:
            break
    for cluster in left:  # only what has the same bytes is known of these
        for content in _star(inventory, cluster, reasons, blind):
            if len(content) > 1:
                found.groups.append((content[0], dict.fromkeys(content[1:], SAME_BYTES)))
    return found


def _star(
    inventory: Inventory, cluster: Sequence[int], reasons: Sequence[str], blind: set[str | None]
) -> list[list[int]]:
    """The files by content, each best first, and the content of the one to keep before all: one that no program opens
    comes last."""
    contents: dict[str | None, list[int]] = {}
    for k in rank(inventory, cluster, reasons).order:
        contents.setdefault(inventory.items[k].facts.sha256, []).append(k)
    return [contents[sha256] for sha256 in sorted(contents, key=lambda sha256: sha256 in blind)]


@dataclass(frozen=True, slots=True)
class _Pair:
    """The file to keep and another one. `exact`: their image data have one digest."""

    kept: Place
    kept_path: str
    place: Place
    path: str
    kind: Kind
    exact: bool


def _answers(inventory: Inventory, asked: Sequence[tuple[int, int]], jobs: int) -> list[Proof]:
    answers: list[Proof] = []
    work: list[pool.Job[_Pair] | pool.Known[Proof]] = []
    for kept, other in asked:
        ours, theirs = inventory.items[kept], inventory.items[other]
        places = inventory.sources[ours.source].place, inventory.sources[theirs.source].place
        if places[0] is None or places[1] is None:
            words = "seems to show the same, but only a list of it is at hand"
            work.append(pool.Known(Proof(Relation.SIMILAR, words)))
            continue
        exact = ours.facts.image_sha256 is not None and ours.facts.image_sha256 == theirs.facts.image_sha256
        pair = _Pair(places[0], ours.facts.path, places[1], theirs.facts.path, theirs.facts.kind, exact)
        size = (ours.facts.size_bytes or 0) + (theirs.facts.size_bytes or 0)
        work.append(pool.Job(pair, (8 << 20) + size))
    for outcome in pool.run(_prove, work, workers=jobs, preload=PRELOAD):
        if isinstance(outcome, pool.Died):
            outcome = Proof(Relation.SIMILAR, f"could not be compared at full size: {outcome.reason}")
        answers.append(outcome)
    return answers


def _prove(pair: _Pair) -> Proof:
    """Runs in a worker."""
    if pair.exact:
        answer = same_contents(pair.kept, pair.kept_path, pair.place, pair.path)
        if answer.likeness is not Likeness.SAME:
            # Of two, one of which does not open, the one that does is the better.
            blind = answer.side in (Side.ORIGINAL, Side.BOTH)
            better, it = ("the copy", "the original") if blind else ("the original", "the copy")
            reason = answer.reason.replace(better, "the better one").replace(it, "it")
            return Proof(Relation.SIMILAR, f"has the same image data, but {reason}", blind=blind)
    if pair.exact and pair.kind is not Kind.PHOTO:
        try:
            with mapped(pair.kept, pair.kept_path) as ours, mapped(pair.place, pair.path) as theirs:
                lacks = tuple(written.film_lacks(ours, theirs))
        except (OSError, ValueError, AuditorError) as error:
            return Proof(Relation.SIMILAR, f"could not be read again: {error}")
        return Proof(Relation.SAME_IMAGE_DATA, "the image data are the same; only the metadata differ", lacks)
    try:
        kept, other = _read(pair.kept, pair.kept_path), _read(pair.place, pair.path)
    except (OSError, AuditorError) as error:
        return Proof(Relation.SIMILAR, f"could not be read again: {error}")
    if pair.exact:
        proof = Proof(Relation.SAME_IMAGE_DATA, "the image data are the same; only the metadata differ")
    else:
        proof = _proof(compare_files(kept, other))
    lacks = tuple(written.lacks(kept, other)) if proof.same else ()
    return Proof(proof.relation, proof.detail, lacks)


def _read(place: Place, path: str) -> bytes:
    with place.open(path) as stream:
        return stream.read(MAX_BYTES + 1)


def _proof(match: Match | NoPicture) -> Proof:
    if isinstance(match, NoPicture):
        return Proof(Relation.SIMILAR, f"could not be compared at full size: {match.detail}")
    if match.doubt is not None:
        return Proof(Relation.SIMILAR, f"looks the same, but {DOUBTS[match.doubt]}")
    if match.relation is Relation.SAME_PICTURE:
        turned = ", turned" if match.turn != 1 else ""
        worst = 100 * (match.tile_correlation or 0)
        return Proof(match.relation, f"the same picture{turned} at full size; its worst part agrees by {worst:.0f} %")
    if match.relation is Relation.EDITED and match.change is not None:
        return Proof(match.relation, f"changed: {match.change}")
    return Proof(Relation.SIMILAR, "looks alike, and something in it differs")
