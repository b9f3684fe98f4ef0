"""What the demo's pictures show: people, houses, hills, the sea, drawn from simple shapes. The same in every run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1024, 768

Colour = tuple[int, int, int]
Place = tuple[float, float]
"""In shares of the picture's height, from its upper left corner, so that what is round stays round."""

_SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((62, 120, 190), (206, 228, 242)),  # noon
    ((52, 60, 118), (250, 178, 118)),  # evening
    ((120, 138, 156), (220, 222, 220)),  # rain
    ((104, 104, 172), (250, 208, 194)),  # morning
)
_GREENS: tuple[Colour, ...] = ((74, 112, 62), (104, 132, 58), (58, 98, 78), (128, 138, 74))
_ROCKS: tuple[Colour, ...] = ((108, 112, 124), (126, 116, 112), (92, 104, 118))
_SEAS: tuple[Colour, ...] = ((42, 96, 128), (54, 122, 138), (66, 92, 122))
_WALLS: tuple[Colour, ...] = ((232, 218, 190), (206, 160, 132), (222, 226, 230), (186, 196, 168), (240, 204, 120))
_ROOFS: tuple[Colour, ...] = ((150, 66, 52), (92, 78, 76), (174, 98, 62))
_SKINS: tuple[Colour, ...] = ((242, 206, 176), (214, 164, 124), (150, 102, 72), (108, 72, 52))
_HAIRS: tuple[Colour, ...] = ((52, 38, 30), (122, 82, 44), (206, 170, 96), (150, 150, 152), (146, 70, 36))
_CLOTHES: tuple[Colour, ...] = ((184, 62, 58), (52, 92, 148), (236, 190, 70), (82, 130, 96), (120, 84, 140))
_WHITE: Colour = (246, 246, 242)
_DARK: Colour = (48, 40, 40)
_GLASS: Colour = (92, 118, 140)

_FINER = 2
"""How much larger a picture is drawn than it is, so that its edges are soft."""
_GRAIN = 5
"""How far a sensor's noise moves a value, up or down: without it, a flat sky would hold nothing to compare."""


class _Canvas:
    """A picture while it is drawn, and the chances by which it is."""

    def __init__(self, seed: int, width: int, height: int) -> None:
        self.chances = np.random.default_rng(seed)
        self.image = Image.new("RGB", (width * _FINER, height * _FINER))
        self.wide = width / height
        self._draw, self._tall = ImageDraw.Draw(self.image), height * _FINER

    def between(self, least: float, most: float) -> float:
        return float(self.chances.uniform(least, most))

    def one_of(self, colours: Sequence[Colour]) -> Colour:
        return colours[int(self.chances.integers(len(colours)))]

    def shape(self, corners: Sequence[Place], colour: Colour) -> None:
        self._draw.polygon([(x * self._tall, y * self._tall) for x, y in corners], fill=colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour, round_: float = 0) -> None:
        size = self._tall
        box = (left * size, top * size, right * size, bottom * size)
        if round_:
            self._draw.rounded_rectangle(box, round_ * self._tall, fill=colour)
        else:
            self._draw.rectangle(box, fill=colour)

    def oval(self, at: Place, wide: float, tall: float, colour: Colour, part: tuple[int, int] = (0, 360)) -> None:
        """`part` are the angles from which and to which it is drawn, clockwise from the right."""
        (x, y), size = at, self._tall
        box = ((x - wide) * size, (y - tall) * size, (x + wide) * size, (y + tall) * size)
        self._draw.chord(box, *part, fill=colour)

    def finished(self) -> Image.Image:
        small = np.asarray(self.image.reduce(_FINER), np.int16)
        grain = self.chances.integers(-_GRAIN, _GRAIN, small.shape, np.int8, endpoint=True)
        return Image.fromarray(np.clip(small + grain, 0, 255).astype(np.uint8))


@lru_cache(2)  # some are encoded twice
def scene(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """A picture as families take them; no two seeds give pictures that look alike."""
    canvas = _Canvas(seed, width, height)
    _sky(canvas)
    _MOTIFS[seed % len(_MOTIFS)](canvas)
    return canvas.finished()


def _village(canvas: _Canvas) -> None:
    _hills(canvas, canvas.between(0.4, 0.5), 0.1)
    _ground(canvas, 0.66)
    left = canvas.between(0.02, 0.12)
    while left < canvas.wide - 0.2:
        width, height = canvas.between(0.2, 0.34), canvas.between(0.18, 0.3)
        _house(canvas, (left, canvas.between(0.7, 0.78)), width, height)
        left += width + canvas.between(0.06, 0.16)
    for _ in range(int(canvas.between(2, 6))):
        _tree(canvas, (canvas.between(0, canvas.wide), canvas.between(0.84, 0.95)), canvas.between(0.12, 0.22))


def _portrait(canvas: _Canvas) -> None:
    _hills(canvas, canvas.between(0.5, 0.62), 0.12)
    _tree(canvas, (canvas.between(0.05, 0.25), 0.9), canvas.between(0.3, 0.5))
    _person(canvas, (canvas.between(0.5, canvas.wide - 0.35), canvas.between(0.42, 0.48)), canvas.between(0.17, 0.22))


def _sea(canvas: _Canvas) -> None:
    horizon = canvas.between(0.4, 0.58)
    if canvas.between(0, 1) < 0.6:
        _hills(canvas, horizon - 0.06, 0.06)
    water = canvas.one_of(_SEAS)
    canvas.box(0, horizon, canvas.wide, 1, water)
    for _ in range(90):
        deep = canvas.between(0, 1) ** 1.5
        x, y, long = canvas.between(0, canvas.wide), horizon + 0.01 + deep * (0.98 - horizon), 0.02 + deep * 0.12
        canvas.oval((x, y), long, 0.0015 + deep * 0.005, _mixed(water, _WHITE, canvas.between(0.15, 0.5)))
    for _ in range(int(canvas.between(1, 4))):
        deep = canvas.between(0.1, 0.6)
        _boat(canvas, (canvas.between(0.15, canvas.wide - 0.15), horizon + deep * (0.9 - horizon)), 0.08 + deep * 0.2)


def _family(canvas: _Canvas) -> None:
    _hills(canvas, canvas.between(0.35, 0.45), 0.1)
    _ground(canvas, 0.6)
    _house(
        canvas, (canvas.between(0.02, canvas.wide - 0.5), 0.68), canvas.between(0.32, 0.46), canvas.between(0.26, 0.4)
    )
    people = int(canvas.between(2, 5))
    for number in range(people):
        x = canvas.wide * (number + 0.5) / people + canvas.between(-0.04, 0.04)
        _person(canvas, (x, canvas.between(0.56, 0.72)), canvas.between(0.07, 0.1))


def _mountains(canvas: _Canvas) -> None:
    rock = canvas.one_of(_ROCKS)
    for number in range(int(canvas.between(4, 8))):
        x, top, foot = canvas.between(0, canvas.wide), canvas.between(0.12, 0.42), 0.85
        half = (foot - top) * canvas.between(0.6, 0.85)
        side = canvas.between(-0.08, 0.08)
        lit = _mixed(rock, _WHITE, 0.12 + 0.03 * number)
        peak = (x + side, top)
        canvas.shape(((x - half, foot), peak, (x + half, foot)), lit)
        canvas.shape(((x + side * 0.5, foot), peak, (x + half, foot)), _mixed(lit, _DARK, 0.35))
        down = (foot - top) * 0.24
        left, right = x + side - (half + side) * 0.24, x + side + (half - side) * 0.24
        canvas.shape(((left, top + down), peak, (right, top + down), (x + side, top + down * 0.6)), _WHITE)
    _hills(canvas, canvas.between(0.62, 0.7), 0.08)
    for _ in range(int(canvas.between(8, 20))):
        _fir(canvas, (canvas.between(0, canvas.wide), canvas.between(0.82, 1.02)), canvas.between(0.12, 0.3))


_MOTIFS: tuple[Callable[[_Canvas], None], ...] = (_portrait, _village, _sea, _family, _mountains)


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with a share (0 to 1) of `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _sky(canvas: _Canvas) -> None:
    above, below = _SKIES[int(canvas.chances.integers(len(_SKIES)))]
    for step in range(96):
        canvas.box(0, step / 96, canvas.wide, (step + 2) / 96, _mixed(above, below, step / 95))
    canvas.oval((canvas.between(0.1, canvas.wide - 0.1), canvas.between(0.08, 0.3)), 0.06, 0.06, (255, 240, 204))
    for _ in range(int(canvas.between(1, 5))):
        x, y = canvas.between(0, canvas.wide), canvas.between(0.05, 0.3)
        colour = _mixed(below, _WHITE, 0.7)
        for _ in range(7):
            canvas.oval(
                (x + canvas.between(-0.14, 0.14), y + canvas.between(-0.02, 0.02)),
                canvas.between(0.04, 0.1),
                canvas.between(0.015, 0.035),
                colour,
            )


def _hills(canvas: _Canvas, top: float, high: float) -> None:
    """Three ranges, the farthest first, which is as pale as air makes it."""
    green = canvas.one_of(_GREENS)
    across = np.linspace(0, canvas.wide, 60)
    for number in range(3):
        edge = np.full_like(across, top + number * 0.09)
        for _ in range(3):
            edge += np.sin(across * canvas.between(2, 9) + canvas.between(0, 6)) * canvas.between(0.2, 0.5) * high
        colour = _mixed(green, (176, 196, 210), 0.5 - 0.22 * number)
        canvas.shape(((0, 1), *zip(across, edge, strict=True), (canvas.wide, 1)), colour)


def _ground(canvas: _Canvas, top: float) -> None:
    """A meadow with flowers."""
    green = canvas.one_of(_GREENS)
    canvas.box(0, top, canvas.wide, 1, _mixed(green, _WHITE, 0.12))
    for _ in range(160):
        near = canvas.between(0, 1)
        at, size = (canvas.between(0, canvas.wide), top + 0.01 + near * (1 - top)), 0.003 + 0.006 * near
        canvas.oval(at, size, size, canvas.one_of((*_CLOTHES, _WHITE, _mixed(green, _DARK, 0.4))))


def _house(canvas: _Canvas, foot: Place, width: float, height: float) -> None:
    """Its lower left corner is at `foot`."""
    (left, bottom), wall, roof = foot, canvas.one_of(_WALLS), canvas.one_of(_ROOFS)
    right, top = left + width, bottom - height
    chimney = left + width * canvas.between(0.6, 0.75)
    canvas.box(chimney, top - height * 0.5, chimney + width * 0.09, top, _mixed(roof, _DARK, 0.4))
    canvas.box(left, top, right, bottom, wall)
    canvas.shape(((left - 0.03, top), (left + width / 2, top - height * 0.55), (right + 0.03, top)), roof)
    columns, rows = int(canvas.between(2, 5)), int(canvas.between(1, 3))
    for column in range(columns):
        for row in range(rows):
            x, y = left + width * (column + 0.5) / columns, top + height * (0.12 + 0.4 * row)
            half, tall = width * 0.26 / columns, height * 0.22
            canvas.box(x - half * 1.25, y - 0.006, x + half * 1.25, y + tall + 0.006, _WHITE)
            canvas.box(x - half, y, x + half, y + tall, _GLASS)
            canvas.box(x - half * 0.1, y, x + half * 0.1, y + tall, _WHITE)
    door = left + width * canvas.between(0.2, 0.7)
    canvas.box(door, bottom - height * 0.36, door + width * 0.15, bottom, _mixed(canvas.one_of(_CLOTHES), _DARK, 0.3))


def _tree(canvas: _Canvas, foot: Place, size: float) -> None:
    (x, y), green = foot, canvas.one_of(_GREENS)
    canvas.box(x - size * 0.06, y - size * 0.8, x + size * 0.06, y, (92, 70, 52))
    for number in range(14):
        shade = _mixed(green, _DARK if number < 6 else _WHITE, canvas.between(0.05, 0.3))
        at = x + canvas.between(-0.34, 0.34) * size, y - size * canvas.between(0.7, 1.3)
        canvas.oval(at, size * 0.24, size * 0.22, shade)


def _fir(canvas: _Canvas, foot: Place, size: float) -> None:
    (x, y), green = foot, _mixed(canvas.one_of(_GREENS), _DARK, canvas.between(0.2, 0.5))
    for number in range(4):
        top, half = y - size * (1 - 0.2 * number), size * (0.12 + 0.07 * number)
        bottom, colour = top + size * 0.4, _mixed(green, _DARK, 0.1 * number)
        canvas.shape(((x - half, bottom), (x, top), (x + half, bottom)), colour)


def _boat(canvas: _Canvas, at: Place, size: float) -> None:
    (x, y), keel = at, size * 0.7
    bottom, top = y + size * 0.3, y - size * 0.1
    canvas.shape(((x - size, y), (x + size, y), (x + keel, bottom), (x - keel, bottom)), canvas.one_of(_CLOTHES))
    for mast, high, wide in ((x, 1.9, 0.8), (x - size * 0.08, 1.7, -0.52)):
        canvas.shape(((mast, y - size * high), (mast, top), (mast + size * wide, top)), _WHITE)


def _person(canvas: _Canvas, face: Place, size: float) -> None:
    """Head and body, as far as the picture shows them; `size` is half the head's height."""
    skin, hair, coat = canvas.one_of(_SKINS), canvas.one_of(_HAIRS), canvas.one_of(_CLOTHES)
    has_long_hair = canvas.between(0, 1) < 0.5

    def box(left: float, top: float, right: float, bottom: float, colour: Colour, round_: float = 0) -> None:
        """Measured from the middle of the face, in its size, as all that follows."""
        (x, y), edges = face, (left * size, top * size, right * size, bottom * size)
        canvas.box(x + edges[0], y + edges[1], x + edges[2], y + edges[3], colour, round_ * size)

    def oval(x: float, y: float, wide: float, tall: float, colour: Colour, part: tuple[int, int] = (0, 360)) -> None:
        canvas.oval((face[0] + x * size, face[1] + y * size), wide * size, tall * size, colour, part)

    if has_long_hair:
        box(-0.95, -0.5, 0.95, 1.35, hair, 0.5)
    box(-1.6, 1.25, 1.6, 9, coat, 0.8)
    box(-0.3, 0.7, 0.3, 1.45, _mixed(skin, _DARK, 0.15), 0.2)
    oval(0, -0.12, 0.92, 1.08, hair)
    oval(0, 0, 0.78, 1, skin)
    oval(0, -0.28, 0.84, 0.86, hair, (200, 340))
    for side in (-1, 1):
        oval(side * 0.3, -0.05, 0.13, 0.09, _WHITE)
        oval(side * 0.3, -0.05, 0.07, 0.08, _DARK)
        box(side * 0.3 - 0.16, -0.28, side * 0.3 + 0.16, -0.23, _mixed(hair, _DARK, 0.3))
        oval(side * 0.45, 0.3, 0.14, 0.1, _mixed(skin, (220, 90, 80), 0.25))
    oval(0, 0.12, 0.09, 0.14, _mixed(skin, _DARK, 0.15))
    oval(0, 0.48, 0.3, 0.2, (168, 60, 58), (0, 180))
