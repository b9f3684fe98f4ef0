"""Small pictures for the report: which ones it shows, how they are made, and that they carry no metadata."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import pillow_heif
import rawpy
from PIL import Image, ImageOps

from auditor.duplicates.pictures import PILLOW_FORMATS
from auditor.model import Kind
from auditor.places import Place
from auditor.readers.limits import pillow_limits, refusal
from auditor.readers.sniff import kind_of, sniff

LIMIT = 2_000  # about 7 MB in the page
_SIDE = 160
_MAX_BYTES = 1 << 30
_PICTURE_CHUNKS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}  # all others of a WebP are metadata, profiles or animation


def wanted(con: duckdb.DuckDBPyConnection, limit: int = LIMIT) -> list[str]:
    """Paths of the source's pictures that the report would show: files that are not safe or not checked, and files in
    groups of duplicates; the worst findings first, and of each rule its first rows before its later ones."""
    con.execute(
        """
        WITH counting AS (
            SELECT path, evidence, list_position(['error', 'warning', 'info'], severity) AS severity,
                row_number() OVER (PARTITION BY rule ORDER BY path) AS nth
            FROM findings WHERE side = 'source' AND path IS NOT NULL AND status <> 'waived'
        )
        SELECT c.path FROM counting c JOIN files s ON s.path = c.path
        WHERE s.kind = 'photo' AND (s.verdict IN ('not_safe', 'not_checked') OR s.status = 'damaged'
            OR c.evidence LIKE '%"group"%')
        GROUP BY c.path ORDER BY min(c.severity), min(c.nth), c.path LIMIT ?
        """,
        [limit],
    )
    return [path for (path,) in con.fetchall()]


@dataclass(frozen=True, slots=True)
class Subject:
    """One picture of a place; `path` as the place knows it."""

    place: Place
    path: str


def take(subject: Subject) -> bytes | None:
    """The thumbnail of one file of a place; None where its bytes or its picture cannot be had. Runs in a worker."""
    try:
        with subject.place.open(subject.path) as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError:
        return None
    return make(data) if len(data) <= _MAX_BYTES else None


def make(data: bytes) -> bytes | None:
    """A WebP of at most 160 x 160 pixels of the picture in a file's content, upright, without any metadata.

    None where there is no picture that can be shown. Decoders are hostile territory: call it in a worker.
    """
    pillow_limits()
    pillow_heif.register_heif_opener()
    try:
        form = sniff(data)
        if kind_of(form) is not Kind.PHOTO:
            return None
        return _webp(data if form in PILLOW_FORMATS else _preview(data))
    except Exception:  # the one-file boundary: decoders raise anything
        return None


def _preview(data: bytes) -> bytes:
    """The JPEG that a camera stored in its RAW file."""
    with rawpy.imread(io.BytesIO(data)) as raw:
        preview = raw.extract_thumb()
    return bytes(preview.data) if preview.format == rawpy.ThumbFormat.JPEG else b""


def _webp(data: bytes) -> bytes | None:
    with Image.open(io.BytesIO(data)) as image:
        if refusal(*image.size):
            return None
        image.draft("RGB", (2 * _SIDE, 2 * _SIDE))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((_SIDE, _SIDE))
        seen = upright.convert("RGBA")
        bare = Image.new("RGB", seen.size, "white")
        bare.paste(seen, mask=seen.getchannel("A"))
    out = io.BytesIO()
    bare.save(out, "WEBP", quality=60, method=4)
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
