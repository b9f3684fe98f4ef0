"""Is one file the same picture as another, at the full size at which they differ?

A first look at 768 px tells most pairs apart at little cost. What passes it is compared once more at the size of the
smaller one, spot by spot (`detail`). What a reduction makes unknowable is said as a doubt: the small print of a page
whose letters are too small in the copy, and a RAW file of which only a small preview can be compared.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pillow_heif
import scipy
from PIL import Image, ImageCms

from auditor.pictures import detail, loading, verify
from auditor.pictures.loading import NoPicture, Picture
from auditor.pictures.verify import Doubt, Match, Relation
from auditor.readers.limits import pillow_limits
from auditor.readers.perceptual import displayed
from auditor.readers.sniff import sniff

MOST_PIXELS = 120_000_000
"""Of a larger picture nothing is said at full size: two of them would not fit into a worker."""
NEARLY_AS_LARGE = 0.95
LEAST_LETTER_PX = 6.0
"""Letters of a page that are lower than this in a reduced copy cannot be told from others (measured: docs)."""
INK = 40
"""Levels by which a letter stands out from the paper around it."""
PAPER_PX = 41


def compare_files(ours: bytes, theirs: bytes) -> Match | NoPicture:
    """What the second file's picture is to the first one's; NoPicture where one of them gives none.

    SAME_PICTURE is said only of pictures that agree at the size of the smaller one.
    """
    a = loading.load(ours)
    if isinstance(a, NoPicture):
        return a
    b = loading.load(theirs)
    return b if isinstance(b, NoPicture) else confirm(verify.compare(a, b), (a, ours), (b, theirs))


def confirm(match: Match, first: tuple[Picture, bytes], second: tuple[Picture, bytes]) -> Match:
    """The match of a first look, held against the pictures at full size where it says that they are the same."""
    (a, ours), (b, theirs) = first, second
    if match.relation is not Relation.SAME_PICTURE:
        return match
    b = b.turned(match.turn)
    for raw, data, beside in ((a, ours, b), (b, theirs, a)):
        if sniff(data) not in loading.PILLOW_FORMATS and raw.width < NEARLY_AS_LARGE * beside.width:
            return replace(match, relation=Relation.SIMILAR, doubt=Doubt.PREVIEW)
    width, height = min((a.width, a.height), (b.width, b.height))
    if width * height > MOST_PIXELS:
        return replace(match, relation=Relation.SIMILAR, doubt=Doubt.TOO_LARGE)
    worst = 0.0
    for translated in (False, True) if a.translated or b.translated else (False,):
        one = _planes(ours, 1, (width, height), translated)
        other = _planes(theirs, match.turn, (width, height), translated)
        worst = detail.worst_spot(one, other).excess
        if worst < 1:
            break
    if worst >= 1:
        return replace(match, relation=Relation.SIMILAR, change=verify.Change.DETAIL)
    larger, data, turn = (a, ours, 1) if a.width * a.height > b.width * b.height else (b, theirs, match.turn)
    scale = width / larger.width
    if scale < NEARLY_AS_LARGE and verify.is_page(larger):
        letters = _letter_px(_planes(data, turn, (larger.width, larger.height), False)[0])
        if letters is not None and letters * scale < LEAST_LETTER_PX:
            return replace(match, relation=Relation.SIMILAR, doubt=Doubt.LETTERS)
    return match


def _planes(data: bytes, turn: int, size: tuple[int, int], translated: bool) -> detail.Planes:
    """Y, Cb and Cr at this size as displayed, then turned; with `translated`, brought to sRGB."""
    pillow_limits()
    pillow_heif.register_heif_opener()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image, orientation = loading.opened(data)
        with image:
            profile = loading.foreign_profile(image) if translated else None
            shown = loading.on_white(image)
    if profile is not None:
        with suppress(ImageCms.PyCMSError, OSError):  # as it is, then
            shown = ImageCms.profileToProfile(shown, profile, loading.SRGB, outputMode="RGB") or shown
    planes = np.asarray(shown.convert("YCbCr")).transpose(2, 0, 1)
    for step in (orientation, turn):
        if step in range(2, 9):
            planes = np.stack([displayed(plane, step) for plane in planes])
    if (planes.shape[2], planes.shape[1]) == size:
        return np.ascontiguousarray(planes)
    return np.stack([np.asarray(Image.fromarray(plane).resize(size, loading.FILTER)) for plane in planes])


def _letter_px(brightness: detail.Planes) -> float | None:
    """How high the smaller letters of a page are, in pixels; None where there are none to speak of."""
    grey = brightness.astype(np.float32)
    ink = np.abs(grey - scipy.ndimage.uniform_filter(grey, PAPER_PX)) > INK
    found, count = scipy.ndimage.label(ink)
    if count == 0:
        return None
    heights = np.asarray([rows.stop - rows.start for rows, _ in scipy.ndimage.find_objects(found)])
    # Dots and commas are lower than letters, rules and pictures are higher.
    letters = heights[(heights >= 4) & (heights <= 200)]
    return float(np.quantile(letters, 0.2)) if letters.size >= 20 else None
