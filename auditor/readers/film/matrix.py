"""How a track's picture is laid on the screen: turned and mirrored, or anything else.

Source: ISO/IEC 14496-12, sections 6.2.2 and 8.3.2 (the matrix a b u, c d v, x y w: x' = ax + cy + x, y' = bx + dy + y).
"""

from __future__ import annotations

import struct

_ONE, _WHOLE = 1 << 16, 1 << 30
_ORIENTATIONS = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}
"""Signs of a, b, c, d, and the orientation of the same meaning in EXIF."""


def orientation(matrix: bytes) -> int | None:
    """The orientation, as in EXIF, that the nine numbers of a matrix ask for; None where they ask for anything but
    quarter turns and mirrorings (a scale, a shear, nothing at all)."""
    if len(matrix) < 36:
        return None
    a, b, u, c, d, v, _, _, w = struct.unpack(">9i", matrix[:36])
    if (u, v, w) != (0, 0, _WHOLE) or any(abs(value) not in (0, _ONE) for value in (a, b, c, d)):
        return None
    return _ORIENTATIONS.get((a // _ONE, b // _ONE, c // _ONE, d // _ONE))


def turns_only(matrix: bytes, size: bytes) -> bool:
    """Whether a matrix does nothing but turn, mirror, and move back what left the screen by that. `size` is the track's
    width and height as its header states them, 4 bytes each."""
    if orientation(matrix) is None:
        return False
    a, b, _, c, d, _, x, y, _ = struct.unpack(">9i", matrix[:36])
    sides = {0, *struct.unpack(">2i", size[:8].ljust(8, b"\0"))}
    return (x == 0 or (x in sides and min(a, c) < 0)) and (y == 0 or (y in sides and min(b, d) < 0))
