"""Two files opened and laid side by side: one question, one answer. Runs in a worker."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.pictures import loading, verify
from auditor.pictures.contents import same_contents
from auditor.pictures.likeness import Aim, Answer, Likeness
from auditor.places import Place


@dataclass(frozen=True, slots=True)
class Look:
    """Two files to lay side by side; paths as the places know them."""

    source: Place
    path: str
    backup: Place
    backup_path: str
    aim: Aim = Aim.PICTURE


def look_at(look: Look) -> Answer:
    """What the second file is to the first."""
    if look.aim is Aim.CONTENT:
        return same_contents(look.source, look.path, look.backup, look.backup_path)
    original = loading.load_from(look.source, look.path)
    if isinstance(original, loading.NoPicture):
        return Answer(Likeness.CANNOT_TELL, f"the original gave no picture: {original.detail}")
    copy = loading.load_from(look.backup, look.backup_path)
    if isinstance(copy, loading.NoPicture):
        return Answer(Likeness.CANNOT_TELL, f"the copy gave no picture: {copy.detail}")
    match = verify.compare(original, copy)
    if match.relation is verify.Relation.SAME_PICTURE and loading.More.CLIP in original.more - copy.more:
        return Answer(Likeness.CANNOT_TELL, _DOUBTS[verify.Doubt.CLIP])
    if match.doubt is not None:
        return Answer(Likeness.CANNOT_TELL, _DOUBTS[match.doubt])
    return Answer(Likeness.SAME if match.relation is verify.Relation.SAME_PICTURE else Likeness.DIFFERENT)


_DOUBTS = {
    verify.Doubt.TOO_SMALL: "it is too small to tell for certain",
    verify.Doubt.NO_TEXTURE: "the picture has too little in it to tell for certain",
    verify.Doubt.FRAMES: "one of them is an animation or has several pages, and only the first was compared",
    verify.Doubt.CLIP: "the copy lacks the motion clip of the original",
    verify.Doubt.TAKEN_APART: "the two say that they were taken at different times",
}
