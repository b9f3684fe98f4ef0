"""Two lists to one status a file: every due file is laid beside its best counterpart in each backup.

Content first, then image data, then picture, then what is left of a broken copy. Names alone prove nothing. Each step
takes only what the steps before left open; from the second step on a counterpart serves one file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from auditor.database.connection import Database
from auditor.database.pairs import content, remains, rest, step
from auditor.database.pairs.content import Refused
from auditor.database.pairs.step import OneBackup, Pair
from auditor.model import DIGESTS
from auditor.pictures.likeness import Aim, Answer, Likeness, Question, Side, Verifier
from auditor.pictures.look_alikes import look_alikes


def pair(db: Database, labels: Sequence[str], verify: Verifier | None) -> None:
    """Fills `pairs` with one row a due file and backup.

    `verify` opens files again and compares what they show; None where only lists are at hand: then what looks like a
    reduced copy is `not_checked`, and of what has one image digest the digest decides.
    """
    for number, label in enumerate(labels):
        with step.beside(db, label, number) as one:
            content.identical(one)
            content.claimed(one)
            content.shown(one, DIGESTS)
            _metadata_changed(one, verify)
            content.shown(one, ("image_sha256",))
            _differs_elsewhere(one, verify)
            _reduced(one, verify)
            remains.damaged(one)
            remains.undecided(one)
            rest.unreadable(one)
            content.contradicted(one)
            rest.missing(one)


def _asked(one: OneBackup, pairs: Sequence[Pair], verify: Verifier, aim: Aim) -> Iterable[tuple[Pair, Answer]]:
    answers = verify([Question(pair.path, one.label, pair.backup_path, aim) for pair in pairs]) if pairs else ()
    return zip(pairs, answers, strict=True)


def _metadata_changed(one: OneBackup, verify: Verifier | None) -> None:
    """The same image data with other metadata around it, in a copy that was looked into and can be opened.

    Where both files are at hand, independent decoders must see the same in them. A copy in which they do not is no
    proof for any file; the next one is tried.
    """
    for key in content.IMAGE_KEYS:
        is_settled = False
        while not is_settled:
            pairs = content.of_one_image(one, key)
            refused = [
                Refused(pair.id, answer.reason, answer.side is Side.ORIGINAL)
                for pair, answer in (_asked(one, pairs, verify, Aim.CONTENT) if verify else ())
                if answer.likeness not in (Likeness.SAME, Likeness.UNSEEN)
            ]
            content.settle(one, refused)
            is_settled = not refused
    content.tell_refused(one)


def _differs_elsewhere(one: OneBackup, verify: Verifier | None) -> None:
    """The same coded picture in a file that differs in more than known metadata: what its copy lacks is told."""
    while pairs := remains.differs_elsewhere(one):
        answers = _asked(one, pairs, verify, Aim.PARTS) if verify else ()
        remains.tell(one, [(pair.id, answer.reason) for pair, answer in answers if answer.reason])


def _reduced(one: OneBackup, verify: Verifier | None) -> None:
    """The same picture re-encoded: near perceptual hashes propose, the pixels decide."""
    asked = look_alikes(*remains.hashed(one))
    if not asked:
        return
    answers = (
        list(verify([Question(file.path, one.label, copy.path) for file, copy in asked]))
        if verify
        else [Answer(Likeness.UNSEEN, "its pixels were not at hand")] * len(asked)
    )
    taken_files: set[int] = set()
    taken_copies: set[int] = set()
    # Every proof first: a file that could be proven must not lose its counterpart to one that cannot.
    for wanted, is_proven in ((Likeness.SAME,), True), ((Likeness.CANNOT_TELL, Likeness.UNSEEN), False):
        alike = []
        for (file, copy), answer in zip(asked, answers, strict=True):
            if answer.likeness in wanted and file.id not in taken_files and copy.id not in taken_copies:
                taken_files.add(file.id)
                taken_copies.add(copy.id)
                alike.append((file.id, copy.id, answer.reason))
        if alike:
            remains.put_look_alikes(one, alike, is_proven=is_proven)
