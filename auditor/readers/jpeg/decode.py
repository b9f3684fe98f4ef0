"""Strict libjpeg decode of a JPEG to a small grey picture, with one check that libjpeg itself does not make.

At 1/8 scale a pixel is its block's mean, the DC coefficient times the first quantiser. No encoder writes a mean beyond
black or white, but data that was overwritten, swapped or flipped soon does, since means are coded as differences;
libjpeg clips them silently. So the decoder is given a smaller first quantiser: then the means of a sound picture fill
only part of the 256 levels, and what lies outside is proof. It costs nothing: the levels are stretched back afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import simplejpeg

from auditor.readers import perceptual
from auditor.readers.jpeg.walk import DQT, SOS, Frame

_SLACK = 1.125
"""How far from middle grey a block's mean may lie, in half ranges. Rounding makes 1.01 of sound ones."""
_JUDGING_FACTOR = 8
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
_MOST_LEFT_OVER_BYTES = 4
"""A Casio writes 2 bytes after its last block; more is no harmless habit of any camera seen."""


@dataclass(frozen=True, slots=True)
class Decode:
    """The grey picture, (height, width) uint8, reduced by `factor`; None with libjpeg's `message` where it refused.

    `impossible_row` is the first row, in pixels of the whole picture, whose values no encoder writes.
    """

    grey: perceptual.Grey | None
    factor: int
    message: str | None = None
    impossible_row: int | None = None


def decode(core: bytearray, frame: Frame, strict: bool) -> Decode:
    """Decode a JPEG that holds no metadata. Every libjpeg warning is a refusal if `strict`.

    `core` is changed while it is decoded, and given back as it was.
    """
    wanted = perceptual.reduction(frame.width, frame.height)
    if frame.components == 4:
        return _printed(core, frame, wanted, strict)
    judged = _grey(core, frame, _JUDGING_FACTOR, strict)
    if judged.grey is None or wanted == _JUDGING_FACTOR:
        return judged
    # A small picture is judged by its means all the same, then decoded again in the size that the hash needs.
    grey, message = _pixels(core, frame, wanted, strict, "GRAY")
    return Decode(grey, wanted, message, judged.impossible_row)


def is_whole(core: bytearray, frame: Frame) -> bool:
    """Whether a JPEG that holds no metadata decodes without a warning, but for a harmless one."""
    pixels, message = _pixels(core, frame, _JUDGING_FACTOR, True, "CMYK" if frame.components == 4 else "GRAY")
    return pixels is not None or harmless_bytes(message or "") > 0


def harmless_bytes(message: str) -> int:
    """How many bytes libjpeg complains of that follow the last block and are a camera's habit; 0 where it complains of
    more of them, or of anything else."""
    found = _EXTRANEOUS.search(message)
    return int(found[1]) if found and int(found[1]) <= _MOST_LEFT_OVER_BYTES else 0


def _grey(core: bytearray, frame: Frame, factor: int, strict: bool) -> Decode:
    with _headroom(core, frame) as scale:
        grey, message = _pixels(core, frame, factor, strict, "GRAY")
    if grey is None or scale == 1:
        return Decode(grey, factor, message)
    darkest, brightest, stretched = _stretching(scale)
    row = None
    if grey.min() < darkest or grey.max() > brightest:
        outside = (grey < darkest) | (grey > brightest)
        row = int(np.argmax(outside.any(axis=1))) * factor
    return Decode(stretched.take(grey), factor, None, row)


@lru_cache(maxsize=64)
def _stretching(scale: float) -> tuple[int, int, perceptual.Grey]:
    """The least and the greatest level that an encoder writes, and the level that each of the 256 stands for."""
    levels = (np.arange(256) - 128.0) * scale
    possible = np.flatnonzero(np.abs(levels) <= 128 * _SLACK)
    return int(possible[0]), int(possible[-1]), np.clip(np.rint(levels + 128), 0, 255).astype(np.uint8)


def _pixels(
    content: bytearray, frame: Frame, factor: int, strict: bool, colours: str
) -> tuple[perceptual.Grey | None, str | None]:
    least_height, least_width = -(-frame.height // factor), -(-frame.width // factor)
    try:
        pixels = simplejpeg.decode_jpeg(
            content,
            colours,
            min_height=least_height,
            min_width=least_width,
            min_factor=float(factor),
            strict=strict,
        )
    except ValueError as error:
        return None, str(error)
    return (pixels[:, :, 0] if colours == "GRAY" else pixels), None


def _printed(core: bytearray, frame: Frame, factor: int, strict: bool) -> Decode:
    """Pictures in the colours of print, which libjpeg does not turn into grey."""
    pixels, message = _pixels(core, frame, factor, strict, "CMYK")
    if pixels is None:
        return Decode(None, factor, message)
    # Adobe stores the inks inverted: 255 is no ink, so each light is its ink times black.
    light = pixels[:, :, :3].astype(np.uint32) * pixels[:, :, 3:] // 255
    return Decode((light @ np.array([77, 150, 29], dtype=np.uint32) >> 8).astype(np.uint8), factor)


@contextmanager
def _headroom(core: bytearray, frame: Frame) -> Iterator[float]:
    """Halves the first quantiser of the grey component at least, for a while, and gives the factor that undoes it.

    The factor is 1 where the quantiser is 1 already, or is defined more than once.
    """
    places: list[tuple[int, int]] = []
    at = 2
    while core[at + 1] != SOS:
        end = at + 2 + int.from_bytes(core[at + 2 : at + 4], "big")
        if core[at + 1] == DQT:
            table = at + 4
            while table + 65 <= end:
                wide = 1 + (core[table] >> 4 & 1)
                if core[table] & 15 == frame.grey_table:
                    places.append((table + 1, wide))
                table += 1 + 64 * wide
        at = end
    start, wide = places[0] if len(places) == 1 else (0, 0)
    quantiser = int.from_bytes(core[start : start + wide], "big")
    if quantiser < 2:
        yield 1.0
        return
    smaller = quantiser // 2
    core[start : start + wide] = smaller.to_bytes(wide, "big")
    try:
        yield quantiser / smaller
    finally:
        core[start : start + wide] = quantiser.to_bytes(wide, "big")
