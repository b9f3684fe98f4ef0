"""Files that seem to show the same, proven: every one is laid beside the very file that is to be kept for it.

Both are opened as they stand, by other programs than our own walk: with one digest of image data they must show the
same to the last bit, else the same picture at full size. What is not proven is left to a person, and so is a file that
holds something that the one to keep lacks.

Which one is kept is known only here, where both are open: one that holds all that the other one does, and more, comes
before it, wherever it lies. For two encodings of one picture that means content (a motion clip, a gain map); words that
somebody wrote into a copy never put it before its original.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from auditor.duplicates.steps import Steps, counted, unheard
from auditor.errors import AuditorError
from auditor.isolation import pool
from auditor.model import Kind
from auditor.pictures import parts, written
from auditor.pictures.as_listed import AsListed, read
from auditor.pictures.contents import mapped, same_contents, same_to_the_last_bit
from auditor.pictures.full import compare_files
from auditor.pictures.inventory import Inventory
from auditor.pictures.keep import gives_way, larger, may_be_reduction, rank, size_words
from auditor.pictures.likeness import Likeness, Side
from auditor.pictures.loading import MAX_BYTES, NoPicture
from auditor.pictures.looking import DOUBTS
from auditor.pictures.reduction import is_reduction
from auditor.pictures.verify import Match, Relation
from auditor.words import percent

MOST_ROUNDS = 12
"""Files of a cluster that are not the best one's are laid beside the next best, so many times."""
PRELOAD = ("auditor.pictures.full",)


@dataclass(frozen=True, slots=True)
class Proof:
    """What one file is to the one to keep, and in words what that rests on.

    `lacks` names in words what it holds and the one to keep does not, `more` what the one to keep holds and it does
    not. `fuller`: it is the one to keep itself, since it holds more. `blind`: the one to keep could not be opened.
    `may_be_original`: it is not known whether the picture of the one to keep holds all that its own does.
    """

    relation: Relation
    detail: str
    lacks: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    fuller: bool = False
    blind: bool = False
    may_be_original: bool = False

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


def prove(
    inventory: Inventory,
    clusters: Iterable[Sequence[int]],
    reasons: Sequence[str],
    *,
    jobs: int,
    steps: Steps = unheard,
) -> Proven:
    """Proves clusters of files that seem to show the same. Files are opened in worker processes."""
    found = Proven()
    first = _First(inventory, tuple(reasons))
    left = [list(cluster) for cluster in clusters]
    for _ in range(MOST_ROUNDS):
        stars = [first.star(cluster) for cluster in left]
        asked = [(star[0][0], content[0]) for star in stars for content in star[1:]]
        answers = iter(_answers(inventory, asked, jobs, steps))
        left = []
        for star in stars:
            proofs = [next(answers) for _ in star[1:]]
            if first.fuller_found(star, proofs):
                left.append([k for content in star for k in content])
                continue
            kept, *others = star
            same = dict.fromkeys(kept[1:], SAME_BYTES)
            rest: list[int] = []
            for content, proof in zip(others, proofs, strict=True):
                if proof.same:
                    same |= dict.fromkeys(content, proof)
                    continue
                rest += content
                pair = (kept[0], content[0])
                if proof.blind:
                    first.blind.add(inventory.items[kept[0]].facts.sha256)
                    pair = (content[0], kept[0])
                found.doubted.append((*pair, proof))
            if same:
                found.groups.append((kept[0], same))
            if rest:
                left.append(rest)
        if not left:
            break
    for cluster in left:  # only what has the same bytes is known of these
        for content in first.star(cluster):
            if len(content) > 1:
                found.groups.append((content[0], dict.fromkeys(content[1:], SAME_BYTES)))
    return found


@dataclass(slots=True)
class _First:
    """Which content of a cluster the others are laid beside: the best by the reasons, unless it was `blind` or another
    one was found `fuller`; of these the one found last, which holds more than the one before."""

    inventory: Inventory
    reasons: tuple[str, ...]
    blind: set[str | None] = field(default_factory=set)
    fuller: dict[str | None, int] = field(default_factory=dict)

    def star(self, cluster: Sequence[int]) -> list[list[int]]:
        """The files by content, each best first, and the content of the one to keep before all."""
        contents: dict[str | None, list[int]] = {}
        for k in rank(self.inventory, cluster, self.reasons).order:
            contents.setdefault(self.inventory.items[k].facts.sha256, []).append(k)
        order = sorted(contents, key=lambda sha256: (sha256 in self.blind, -self.fuller.get(sha256, 0)))
        return [contents[sha256] for sha256 in order]

    def fuller_found(self, star: Sequence[Sequence[int]], proofs: Sequence[Proof]) -> bool:
        """Whether the cluster has to be laid anew around one of the others, which is remembered."""
        items = self.inventory.items
        kept = items[star[0][0]]
        for content, proof in zip(star[1:], proofs, strict=True):
            other = items[content[0]]
            if proof.fuller and other.facts.sha256 not in self.fuller and gives_way(kept, other):
                self.fuller[other.facts.sha256] = len(self.fuller) + 1
                return True
        return False


@dataclass(frozen=True, slots=True)
class _Pair:
    """The file to keep and another one. `exact`: their image data have one digest. `smaller`: the other one may be a
    small copy. `larger`: in words, the size of the other one's picture where it has more pixels."""

    kept: AsListed
    other: AsListed
    kind: Kind
    exact: bool
    smaller: bool = False
    larger: str = ""


def _answers(inventory: Inventory, asked: Sequence[tuple[int, int]], jobs: int, steps: Steps) -> list[Proof]:
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
        more_pixels = size_words(theirs) if larger(theirs, ours) else ""
        files = AsListed.by(places[0], ours.facts), AsListed.by(places[1], theirs.facts)
        pair = _Pair(*files, theirs.facts.kind, exact, may_be_reduction(theirs, ours), more_pixels)
        size = (ours.facts.size_bytes or 0) + (theirs.facts.size_bytes or 0)
        work.append(pool.Job(pair, (8 << 20) + size))
    running = pool.run(_prove, work, workers=jobs, preload=PRELOAD)
    for outcome in counted(running, "Comparing at full size", len(work), steps):
        if isinstance(outcome, pool.Died):
            outcome = Proof(Relation.SIMILAR, f"could not be compared at full size: {outcome.reason}")
        answers.append(outcome)
    return answers


def _prove(pair: _Pair) -> Proof:
    """Runs in a worker."""
    if pair.exact:
        answer = same_contents(pair.kept, pair.other)
        if answer.likeness is not Likeness.SAME:
            # Of two, one of which does not open, the one that does is the better.
            blind = answer.side in (Side.ORIGINAL, Side.BOTH)
            better, it = ("the copy", "the original") if blind else ("the original", "the copy")
            reason = answer.reason.replace(better, "the better one").replace(it, "it")
            return Proof(Relation.SIMILAR, f"has the same image data, but {reason}", blind=blind)
    if pair.exact and pair.kind is not Kind.PHOTO:
        try:
            with mapped(pair.kept) as ours, mapped(pair.other) as theirs:
                notes = written.film_notes(ours), written.film_notes(theirs)
        except (OSError, ValueError, AuditorError) as error:
            return Proof(Relation.SIMILAR, f"could not be read again: {error}")
        lacks, more = tuple(written.missing(*notes)), tuple(written.missing(*reversed(notes)))
        return Proof(Relation.SAME_IMAGE_DATA, EXACT, lacks, more, fuller=bool(lacks) and not more)
    try:
        kept, other = read(pair.kept, MAX_BYTES), read(pair.other, MAX_BYTES)
    except (OSError, AuditorError) as error:
        return Proof(Relation.SIMILAR, f"could not be read again: {error}")
    if pair.exact:
        return _weighed(Proof(Relation.SAME_IMAGE_DATA, EXACT), pair, kept, other)
    match = compare_files(kept, other)
    proof = _proof(match)
    turn = 1 if isinstance(match, NoPicture) else match.turn
    return _weighed(proof, pair, kept, other, turn) if proof.same else proof


EXACT = "the image data are the same; only the metadata differ"


def _weighed(proof: Proof, pair: _Pair, kept: bytes, other: bytes, turn: int = 1) -> Proof:
    """With what each of two pictures that are the same holds and the other does not. `turn` is the EXIF orientation
    that shows the other one like the file to keep."""
    ours, theirs = parts.contents(kept), parts.contents(other)
    notes, their_notes = written.notes(kept), written.notes(other)
    content = parts.missing(ours, theirs)
    lacks = [*content, *written.missing(notes, their_notes)]
    more = [*parts.missing(theirs, ours), *written.missing(their_notes, notes)]
    # What nobody could look at is no reason to keep a file before another one, and a reason to ask.
    fuller = bool(lacks if pair.exact else content) and not (more or ours.unseen or theirs.unseen)
    lacks += parts.perhaps_missing(ours, theirs)
    may_be_original = False
    if pair.larger and not pair.exact:
        lacks.append(f"more pixels ({pair.larger})")
    else:
        made_of_it = pair.exact or same_to_the_last_bit(kept, other)
        may_be_original = not (made_of_it or (pair.smaller and is_reduction(other, kept, turn)))
    return Proof(
        proof.relation, proof.detail, tuple(lacks), tuple(more), fuller=fuller, may_be_original=may_be_original
    )


def _proof(match: Match | NoPicture) -> Proof:
    if isinstance(match, NoPicture):
        return Proof(Relation.SIMILAR, f"could not be compared at full size: {match.detail}")
    if match.doubt is not None:
        return Proof(Relation.SIMILAR, f"looks the same, but {DOUBTS[match.doubt]}")
    if match.relation is Relation.SAME_PICTURE:
        turned = ", turned" if match.turn != 1 else ""
        worst = percent(match.tile_correlation or 0)
        return Proof(match.relation, f"the same picture{turned} at full size; its worst part agrees by {worst}")
    if match.relation is Relation.EDITED and match.change is not None:
        return Proof(match.relation, f"changed: {match.change}")
    return Proof(Relation.SIMILAR, "looks alike, and something in it differs")
