"""Small pictures for the report: which ones it shows, how they are made, and that they carry no metadata."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import BinaryIO

import duckdb
from PIL import Image, ImageOps

LIMIT = 2_000  # about 7 MB in the page
_SIDE = 160
_MAX_PIXELS = 250_000_000
_PICTURE_CHUNKS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}  # all others of a WebP are metadata, profiles or animation


def wanted(con: duckdb.DuckDBPyConnection, limit: int = LIMIT) -> list[str]:
    """Paths of the source's pictures that the report would show: files that are not safe or not checked, and files in
    groups of duplicates; the worst findings first, and of each rule its first rows before its later ones."""
    con.execute(
        "SELECT path FROM (SELECT f.path, min(list_position(['error', 'warning', 'info'], f.severity)) AS worst,"
        " min(f.nth) AS nth FROM (SELECT *, row_number() OVER (PARTITION BY rule ORDER BY path) AS nth FROM findings"
        " WHERE side = 'source' AND path IS NOT NULL AND status <> 'waived') f JOIN files s ON s.path = f.path"
        " WHERE s.kind = 'photo' AND (s.verdict IN ('not_safe', 'not_checked') OR s.status = 'damaged'"
        " OR f.rule IN ('same-picture', 'same-bytes')) GROUP BY f.path)"
        " ORDER BY worst, nth, path LIMIT ?",
        [limit],
    )
    return [path for (path,) in con.fetchall()]


def make(stream: BinaryIO) -> bytes | None:
    """A WebP of at most 160 x 160 pixels of the picture, upright, without any metadata; None where it is none.

    Decoders are hostile territory: call it in a worker process with limits.
    """
    try:
        with Image.open(stream) as image:
            if image.width * image.height > _MAX_PIXELS:
                return None
            image.draft("RGB", (2 * _SIDE, 2 * _SIDE))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((_SIDE, _SIDE))
            bare = Image.new("RGB", upright.size, "white")
            rgba = upright.convert("RGBA")
            bare.paste(rgba, mask=rgba.getchannel("A"))
            out = io.BytesIO()
            bare.save(out, "WEBP", quality=60, method=4)
    except (OSError, ValueError, SyntaxError, ArithmeticError, LookupError, TypeError, Image.DecompressionBombError):
        return None
    return out.getvalue()


def vetted(pictures: Mapping[str, bytes], paths: Iterable[str]) -> dict[str, bytes]:
    """The pictures of those paths that are bare WebP; whatever carries metadata or is something else is left out."""
    found = {}
    for path in paths:
        data = pictures.get(path)
        if data is not None and _is_bare_webp(data):
            found[path] = data
    return found


def _is_bare_webp(data: bytes) -> bool:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or int.from_bytes(data[4:8], "little") + 8 != len(data):
        return False
    at = 12
    while at + 8 <= len(data):
        if data[at : at + 4] not in _PICTURE_CHUNKS:
            return False
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return at == len(data)
