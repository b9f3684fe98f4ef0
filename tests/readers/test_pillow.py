"""Pillow as a judge: what it refuses is not checked, and its words are the same in every run."""

from __future__ import annotations

from auditor.readers.stills import pillow
from tests import media


def test_what_it_does_not_know_is_refused_in_words_that_do_not_change() -> None:
    errors = {str(pillow.load(b"no picture at all", "PNG", None).error) for _ in range(3)}
    assert errors == {"decoder refuses the file: it does not know this kind of picture"}


def test_long_animations_are_decoded_up_to_a_limit() -> None:
    frames = 3
    content = media.gif(1, frames=frames)
    before = pillow.MOST_ANIMATED_PIXELS
    try:
        pillow.MOST_ANIMATED_PIXELS = 2 * 320 * 240
        load = pillow.load(content, "GIF", None)
    finally:
        pillow.MOST_ANIMATED_PIXELS = before
    assert load.note == "the last 1 of 3 frames were not decoded"
    assert pillow.load(content, "GIF", None).note is None
