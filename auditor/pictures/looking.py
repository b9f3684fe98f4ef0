"""Two files opened and laid side by side: one question, one answer. Runs in a worker."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from auditor.errors import AuditorError
from auditor.model import Kind
from auditor.pictures import parts
from auditor.pictures.as_listed import AsListed, read
from auditor.pictures.contents import mapped, same_contents
from auditor.pictures.differing import differing
from auditor.pictures.full import compare_files
from auditor.pictures.likeness import Aim, Answer, Likeness, Side
from auditor.pictures.loading import MAX_BYTES, NoPicture
from auditor.pictures.verify import Doubt, Relation
from auditor.readers.sniff import kind_by_name


@dataclass(frozen=True, slots=True)
class Look:
    """Two files to lay side by side."""

    original: AsListed
    copy: AsListed
    aim: Aim = Aim.PICTURE


def look_at(look: Look) -> Answer:
    """What the second file is to the first."""
    if look.aim is Aim.CONTENT:
        return same_contents(look.original, look.copy)
    if look.aim is Aim.PARTS and kind_by_name(look.original.path) is Kind.VIDEO:
        return _film_parts(look)
    data = [_read(file) for file in (look.original, look.copy)]
    for name, side, content in zip(("original", "copy"), (Side.ORIGINAL, Side.COPY), data, strict=True):
        if isinstance(content, str):
            if look.aim is Aim.PARTS:
                return Answer(Likeness.CANNOT_TELL)
            return Answer(Likeness.CANNOT_TELL, f"the {name} gave no picture: {content}", side)
    ours, theirs = (content for content in data if isinstance(content, bytes))
    if look.aim is Aim.PARTS:
        lost = {str(part) for part in parts.held(ours) - parts.held(theirs)}
        named = differing(look.original.path, ours, theirs, lost)
        return Answer(Likeness.CANNOT_TELL, "; ".join(filter(None, (_without(lost), named))))
    match = compare_files(ours, theirs)
    if isinstance(match, NoPicture):
        return Answer(Likeness.CANNOT_TELL, f"one of them gave no picture: {match.detail}")
    if match.doubt is not None:
        return Answer(Likeness.CANNOT_TELL, DOUBTS[match.doubt])
    if match.relation is not Relation.SAME_PICTURE:
        return Answer(Likeness.DIFFERENT)
    return _reduced(parts.contents(ours), parts.contents(theirs))


def _reduced(original: parts.Contents, copy: parts.Contents) -> Answer:
    """What a smaller picture of the same is, by what it lacks.

    The data of the sensor and a gain map are finer ways to show the same; without the others something is lost that no
    picture holds, and a mark that stayed in the copy does not hold it either.
    """
    lost = parts.missing(copy, original)
    finer = {str(part) for part in (parts.Part.RAW, parts.Part.GAIN_MAP)}
    if not finer.issuperset(lost):
        return Answer(Likeness.CANNOT_TELL, f"it is {_without(set(lost) - {str(parts.Part.RAW)})}")
    if parts.perhaps_missing(copy, original):
        return Answer(Likeness.CANNOT_TELL, "nobody could look whether something shines through the original")
    is_without_map = parts.Part.GAIN_MAP in original.parts - copy.parts  # another gain map is one too
    return Answer(Likeness.SAME, _without({str(parts.Part.GAIN_MAP)}) if is_without_map else "")


def _without(lost: Collection[str]) -> str:
    return f"without the {' and the '.join(sorted(lost))} of the original" if lost else ""


def _film_parts(look: Look) -> Answer:
    """What another program sees in both films; where that is the same, which of their other parts differ."""
    answer = same_contents(look.original, look.copy)
    if answer.likeness is not Likeness.SAME:
        return answer
    named = ""
    with suppress(OSError, ValueError, AuditorError):
        with mapped(look.original) as ours, mapped(look.copy) as theirs:
            told = differing(look.original.path, ours, theirs)
        named = told  # on leaving, nobody had written to either
    return Answer(Likeness.SAME, "; ".join(filter(None, (SAME_FILM, named))))


def _read(file: AsListed) -> bytes | str:
    """The file's content as it was listed; in words why not."""
    try:
        data = read(file, MAX_BYTES)
    except (OSError, AuditorError) as error:
        return str(error)
    return data if len(data) <= MAX_BYTES else "it is too large"


SAME_FILM = (
    "another program sees the same frames, sound and times in both, as where a film was only put into a new file;"
    " whether something else was lost, nobody can tell for certain"
)
DOUBTS = {
    Doubt.TOO_SMALL: "it is too small to tell for certain",
    Doubt.NO_TEXTURE: "the picture has too little in it to tell for certain",
    Doubt.FRAMES: "one of them is an animation or has several pages, and only the first was compared",
    Doubt.TAKEN_APART: "the two say that they were taken at different times",
    Doubt.LETTERS: "the letters of the page are too small in it to tell for certain",
    Doubt.PREVIEW: "of the RAW file only a small preview could be compared",
    Doubt.TOO_LARGE: "it has too many pixels to be compared at full size",
}
