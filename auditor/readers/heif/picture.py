"""A HEIF picture in grey as displayed, put together from its decoded tiles, for the perceptual hash.

Source: ISO/IEC 23008-12 (HEIF), sections 6.5.9 (clap), 6.5.10 (irot), 6.5.12 (imir), 6.6.2 (derived pictures).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from auditor.readers import perceptual
from auditor.readers.examination import Buffer
from auditor.readers.heif.check import grid_of
from auditor.readers.heif.items import CODED_KINDS, Item, Items

Grey = npt.NDArray[np.uint8]


def size_as_coded(item: Item) -> tuple[int, int] | None:
    """Width and height in pixels before the picture is cropped and turned; None where the file does not say."""
    ispe = item.property(b"ispe")
    if ispe is None or len(ispe) < 12:
        return None
    return int.from_bytes(ispe[4:8], "big"), int.from_bytes(ispe[8:12], "big")


def size_as_displayed(item: Item) -> tuple[int, int] | None:
    """Width and height in pixels as displayed; None where the file does not say."""
    size = size_as_coded(item)
    for prop in item.properties if size else ():
        if prop.kind == b"clap":
            crop = _crop(prop.body)
            size = (int(crop[0]), int(crop[1])) if crop else size
        elif prop.kind == b"irot" and prop.body and prop.body[0] & 1 and size:
            size = size[1], size[0]
    return size


def normalised(data: Buffer, items: Items, tiles: Mapping[int, Grey], factor: int) -> Grey | None:
    """The primary picture in the one size of the perceptual hash; None where it cannot be put together.

    `tiles` are the grey pictures of the coded items, each reduced by `factor`.
    """
    primary = items.items.get(items.primary)
    size = size_as_coded(primary) if primary else None
    if primary is None or size is None:
        return None
    grey = _whole(data, items, primary, tiles, 0)
    if grey is None:
        return None
    if factor == 1:
        factor = perceptual.reduction(*size)
        grey = reduced(grey, factor)
    # A picture that ends inside a block of the reduction keeps its part of it: the exact size may be a fraction.
    width, height = min(size[0] / factor, grey.shape[1]), min(size[1] / factor, grey.shape[0])
    turns = primary.properties
    crop = next((_crop(p.body) for p in turns if p.kind == b"clap"), None)
    if crop:
        grey, width, height = _cropped(grey, crop, width, height, factor)
    return turned(perceptual.normalise(grey, width, height, None), primary)


def turned(grey: Grey, item: Item) -> Grey:
    """The picture turned and mirrored as the item's properties ask, in their order."""
    for prop in item.properties:
        if prop.kind == b"irot" and prop.body:
            grey = np.rot90(grey, prop.body[0] & 3)
        elif prop.kind == b"imir" and prop.body:
            grey = grey[:, ::-1] if prop.body[0] & 1 else grey[::-1, :]
    return np.ascontiguousarray(grey)


def orientation(item: Item) -> int | None:
    """The orientation, as in EXIF, that shows a picture as its properties ask; None where it has none of them."""
    if not any(prop.kind in (b"irot", b"imir") for prop in item.properties):
        return None
    corners = np.arange(4, dtype=np.uint8).reshape(2, 2)
    shown = turned(corners, item)
    return next(n for n in range(1, 9) if np.array_equal(perceptual.displayed(corners, n), shown))


def reduced(grey: Grey, factor: int) -> Grey:
    """The picture with each block of `factor` by `factor` pixels averaged to one; blocks at the edge may be less."""
    from PIL import Image

    return np.asarray(Image.fromarray(grey).reduce(factor))


def _whole(data: Buffer, items: Items, item: Item, tiles: Mapping[int, Grey], depth: int) -> Grey | None:
    if item.kind in CODED_KINDS:
        return tiles.get(item.number)
    parts = [items.items[n] for n in items.parts(item.number) if n in items.items]
    if depth > 3 or not parts:
        return None
    if item.kind in (b"iden", b"tmap"):
        return _whole(data, items, parts[0], tiles, depth + 1)
    grid = grid_of(data, item) if item.kind == b"grid" else None
    greys = [_whole(data, items, part, tiles, depth + 1) for part in parts]
    if grid is None or len(greys) != grid.rows * grid.columns:
        return None
    present = [grey for grey in greys if grey is not None]
    if len(present) < len(greys) or len({grey.shape for grey in present}) != 1:
        return None
    rows = [np.hstack(present[r * grid.columns : (r + 1) * grid.columns]) for r in range(grid.rows)]
    return np.vstack(rows)


def _crop(clap: bytes) -> tuple[Fraction, Fraction, Fraction, Fraction] | None:
    """Width, height and the offsets of the centre that a `clap` property states; None where it cannot be."""
    if len(clap) < 32:
        return None
    fields = [int.from_bytes(clap[i : i + 4], "big", signed=i % 8 == 0) for i in range(0, 32, 4)]
    if not all(fields[1::2]) or fields[0] <= 0 or fields[2] <= 0:
        return None
    width, height, right, down = (Fraction(fields[i], fields[i + 1]) for i in (0, 2, 4, 6))
    return width, height, right, down


def _cropped(
    grey: Grey, crop: tuple[Fraction, Fraction, Fraction, Fraction], width: float, height: float, factor: int
) -> tuple[Grey, float, float]:
    wide, high = float(crop[0]) / factor, float(crop[1]) / factor
    left = max(0.0, (width - wide) / 2 + float(crop[2]) / factor)
    top = max(0.0, (height - high) / 2 + float(crop[3]) / factor)
    part = grey[round(top) :, round(left) :]
    if 0 in part.shape:
        return grey, width, height
    return part, min(wide, part.shape[1]), min(high, part.shape[0])
