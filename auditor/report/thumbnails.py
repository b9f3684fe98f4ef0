"""Small pictures for the report: which it shows, also of what is damaged, how they are made, and that they carry no
metadata."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import pillow_heif
import rawpy
from PIL import Image, ImageOps

from auditor.errors import AuditorError
from auditor.model import Kind
from auditor.pictures.loading import PILLOW_FORMATS
from auditor.places import Place
from auditor.readers.limits import pillow_limits, refusal
from auditor.readers.sniff import format_by_name, kind_by_name, kind_of, sniff
from auditor.report import salvage

LIMIT = 2_000  # about 7 MB in the page
MOST_COPIES = 1_000
SMALL = 160
LARGE = 480
"""The longest side of a picture in pixels: one of a table, and one that is to be looked at or compared with another."""
MOST_LARGE = 120  # of the files' own and of the copies beside them in a report: about 5 MB each
_MAX_BYTES = 1 << 30
_PICTURE_CHUNKS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}  # all others of a WebP are metadata, profiles or animation


@dataclass(frozen=True, slots=True)
class Shown:
    """What the report shows of one file: bare WebP, or None where nothing can be; `words` say of a damaged file how
    much of it can be seen, and are empty for a whole one."""

    webp: bytes | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """One file of a place; `path` as the place knows it. Of a damaged one what is left is shown. `side` is the longest
    side of its picture in pixels."""

    place: Place
    path: str
    damaged: bool = False
    side: int = SMALL


def take(subject: Subject) -> Shown:
    """What can be shown of one file of a place, a photo or a film. Runs in a worker."""
    try:
        with subject.place.open(subject.path) as stream:
            if kind_by_name(subject.path) is Kind.VIDEO:
                if not stream.seekable():
                    return Shown(None)
                # Of a film only the index and a frame are read, not all its gigabytes.
                form = sniff(stream.read(1 << 16)) or format_by_name(subject.path)
                if kind_of(form) is Kind.VIDEO:
                    stream.seek(0)
                    return _shown(salvage.of_film(stream, form), salvage.FILM if subject.damaged else "", subject.side)
                stream.seek(0)
            data = stream.read(_MAX_BYTES + 1)
    except (AuditorError, OSError, AttributeError):
        return Shown(None)
    if len(data) > _MAX_BYTES:
        return Shown(None)
    return make(data, subject.damaged, format_by_name(subject.path), subject.side)


def make(data: bytes, damaged: bool = False, promised: str | None = None, side: int = SMALL) -> Shown:
    """A WebP of at most `side` x `side` pixels of the picture in a file's content, upright, without any metadata.

    `promised` is the format that the file's name says, for content that no longer says what it is. Decoders are hostile
    territory: call it in a worker.
    """
    pillow_limits()
    pillow_heif.register_heif_opener()
    form = sniff(data)
    try:
        if kind_of(form) is Kind.PHOTO and not damaged:
            return Shown(_webp(data if form in PILLOW_FORMATS else _preview(data), side))
        if kind_of(form) is Kind.VIDEO:
            return _shown(salvage.of_film(io.BytesIO(data), form), salvage.FILM if damaged else "", side)
    except Exception:  # the one-file boundary: decoders raise anything
        # A sound file of which no picture can be made here is not one of which nothing can be seen.
        if damaged:
            return Shown(None)
        return dataclasses.replace(_shown(*salvage.of_photo(data, form), side), words="")
    if not damaged or kind_of(form or promised) is not Kind.PHOTO:
        return Shown(None, salvage.NOTHING if damaged else "")
    return _shown(*salvage.of_photo(data, form), side)


def _shown(image: Image.Image | None, words: str, side: int) -> Shown:
    if image is None:
        return Shown(None, salvage.NOTHING if words else "")
    image.thumbnail((side, side))
    return Shown(_bare(image), words)


def _preview(data: bytes) -> bytes:
    """The JPEG that a camera stored in its RAW file."""
    with rawpy.imread(io.BytesIO(data)) as raw:
        preview = raw.extract_thumb()
    return bytes(preview.data) if preview.format == rawpy.ThumbFormat.JPEG else b""


def _webp(data: bytes, side: int) -> bytes | None:
    with Image.open(io.BytesIO(data)) as image:
        if refusal(*image.size):
            return None
        image.draft("RGB", (2 * side, 2 * side))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((side, side))
        return _bare(upright)


def _bare(small: Image.Image) -> bytes:
    """The picture alone, on white, as WebP."""
    seen = small.convert("RGBA")
    bare = Image.new("RGB", seen.size, "white")
    bare.paste(seen, mask=seen.getchannel("A"))
    out = io.BytesIO()
    bare.save(out, "WEBP", quality=60, method=4)
    return out.getvalue()


K = TypeVar("K")


def vetted(pictures: Mapping[K, Shown], keys: Iterable[K]) -> dict[K, Shown]:
    """What is shown of those files, without every picture that carries metadata or is no bare WebP."""
    return {
        key: shown if shown.webp is None or _is_bare_webp(shown.webp) else Shown(None, shown.words)
        for key in keys
        if (shown := pictures.get(key)) is not None
    }


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
