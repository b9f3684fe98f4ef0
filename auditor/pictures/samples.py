"""Do two films hold the same compressed samples, as FFmpeg's demuxer reads them?"""

from __future__ import annotations

from typing import BinaryIO

from auditor.pictures.likeness import Answer, Likeness, Side
from auditor.readers.film_compare import compared, demuxed
from auditor.readers.film_open import DEMUXERS
from auditor.readers.sniff import sniff

_HEAD_BYTES = 4096


def same_samples(ours: BinaryIO, theirs: BinaryIO) -> Answer:
    """Whether both films have the same streams: codecs and their setup, samples, and when each is shown.

    Turns, names and dates are metadata, and are not looked at.
    """
    found = []
    for side, name, stream in ((Side.ORIGINAL, "the original", ours), (Side.COPY, "the copy", theirs)):
        form = sniff(stream.read(_HEAD_BYTES))
        stream.seek(0)
        try:
            seen = demuxed(stream, form) if form in DEMUXERS else f"it is a film of an unknown form, {form}"
        except Exception as error:  # the one-file boundary: demuxers raise anything
            seen = f"{type(error).__name__}: {error}"
        if isinstance(seen, str):
            return Answer(Likeness.CANNOT_TELL, f"{name} cannot be opened ({seen})", side)
        found.append(seen)
    likeness = compared(*found)
    if likeness.same:
        return Answer(Likeness.SAME)
    return Answer(Likeness.DIFFERENT, f"a program that opens both sees two different films: {likeness.reason}")
