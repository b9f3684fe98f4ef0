"""What a picture's EXIF says of when, where and by what it was taken. Dates stay local, as the camera wrote them.

A block in which all is as the standard has it is read from its directories, for a fraction of what Pillow takes. All
others are Pillow's, and exifread takes over where Pillow finds nothing (on HEIC and damaged files the two differ).
Source: EXIF 2.32 (CIPA DC-008); Apple's MakerNote as exiftool documents it.
"""

from __future__ import annotations

import io
import math
import re
import struct
import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from auditor.readers.examination import Metadata
from auditor.readers.tiff import ifd

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _ORIENTATION = 271, 272, 274
_DATES = ((36867, 37521, 36881), (36868, 37522, 36882), (306, 37520, 36880))
"""Taken, digitised, changed: each with its fraction of a second and its offset from UTC."""
_UNIQUE_ID, _MAKER_NOTE = 42016, 37500
_WANTED = frozenset({_MAKE, _MODEL, _ORIENTATION, _UNIQUE_ID, _MAKER_NOTE, -1, -2, -3, -4, *sum(_DATES, ())})
_HEADS = (b"II*\0", b"MM\0*")
_ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 2, 3, 4, 5, 7
_TYPES = {
    _ORIENTATION: _SHORT,
    _MAKER_NOTE: _UNDEFINED,
    _EXIF_IFD: _LONG,
    _GPS_IFD: _LONG,
    -2: _RATIONAL,
    -4: _RATIONAL,
}
"""Of the wanted fields that are no text. Source: EXIF 2.32, 4.6."""
_MOST_TYPE = 16
_SLOT_BYTES = 4
_DATE = re.compile(r"(\d{4})[:\-/.](\d{1,2})[:\-/.](\d{1,2})[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?")
_OFFSET = re.compile(r"[+-]\d\d:\d\d")


def metadata_of_exif(block: bytes) -> Metadata:
    """The metadata in an EXIF block, with or without its leading `Exif\\0\\0`; empty where it cannot be understood.

    Does not raise for any content.
    """
    block = block[6:] if block[:6] in (b"Exif\0\0", b"Exif\0\xff") else block
    if len(block) < 8:
        return Metadata()
    tags = _by_directories(block)
    if tags is None:
        tags = _by_pillow(block)
    if not tags:
        tags = _by_exifread(block)
    return _metadata(tags) if tags else Metadata()


def _by_directories(block: bytes) -> dict[int, Any] | None:
    """The same as `_by_pillow`; None where anything in the directories is not quite as it should be."""
    head = ifd.header(block) if block[:4] in _HEADS else None
    if head is None:
        return None
    tags: dict[int, Any] = {_ORIENTATION: None}
    for pointer, sign in ((None, 1), (_EXIF_IFD, 1), (_GPS_IFD, -1)):
        offset = tags.get(pointer) if pointer else head.first
        if offset is None:
            continue
        table = ifd.table(block, head, offset)
        if table is None or not _is_plain(table, len(block)):
            return None
        for entry in table.fields:
            tag = sign * entry.tag
            if entry.place is None or not (tag in _WANTED or (pointer is None and tag in (_EXIF_IFD, _GPS_IFD))):
                continue
            value = _value(block[entry.place[0] : entry.place[1]], entry, tag, head.order)
            if value is None:
                return None
            tags[tag] = value
    return tags


def _is_plain(table: ifd.Table, size: int) -> bool:
    """Whether each field of a directory stands there once, is of a known type, and lies in a block of `size` bytes."""
    lengths = [entry.place[1] - entry.place[0] for entry in table.fields if entry.place and entry.type <= _MOST_TYPE]
    tags = {entry.tag for entry in table.fields}
    return len(tags) == len(lengths) == len(table.fields) and all(lengths) and sum(lengths) <= size


def _value(content: bytes, entry: ifd.Field, tag: int, order: str) -> Any:
    """The value of a wanted field; None where it is not of the type that the standard gives it."""
    kind = _TYPES.get(tag, _ASCII)
    if entry.type != kind or (kind in (_SHORT, _LONG) and entry.count != 1):
        return None
    if kind == _ASCII:
        return content.decode("latin-1")
    if kind == _UNDEFINED:
        return content
    if kind != _RATIONAL:
        return int.from_bytes(content, "little" if order == "<" else "big")
    pairs = struct.iter_unpack(order + "2I", content)
    return tuple(above / below if below else math.nan for above, below in pairs)


def _by_pillow(block: bytes) -> dict[int, Any]:
    """The wanted fields of the three directories by tag, GPS ones as negative numbers, since its tags begin at 0 again;
    empty only where there is no field at all."""
    from PIL import Image

    exif = Image.Exif()
    tags: dict[int, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exif.load(block)
        except Exception:
            # Anything may come of hostile bytes; the other parser is asked next.
            return tags
        for directory, sign in ((exif, 1), (_EXIF_IFD, 1), (_GPS_IFD, -1)):
            try:
                fields: Mapping[int, Any] = exif.get_ifd(directory) if isinstance(directory, int) else directory
                held = [sign * tag for tag in fields]
                tags.update({tag: fields[sign * tag] for tag in held if tag in _WANTED})
                if held:
                    tags.setdefault(_ORIENTATION, None)
            except Exception:  # noqa: S112  one broken directory leaves the others
                continue
    return tags


_EXIFREAD_NAMES = {
    "Image Make": _MAKE,
    "Image Model": _MODEL,
    "Image Orientation": _ORIENTATION,
    "Image DateTime": 306,
    "EXIF DateTimeOriginal": 36867,
    "EXIF DateTimeDigitized": 36868,
    "EXIF SubSecTime": 37520,
    "EXIF SubSecTimeOriginal": 37521,
    "EXIF SubSecTimeDigitized": 37522,
    "EXIF OffsetTime": 36880,
    "EXIF OffsetTimeOriginal": 36881,
    "EXIF OffsetTimeDigitized": 36882,
    "EXIF ImageUniqueID": _UNIQUE_ID,
    "GPS GPSLatitudeRef": -1,
    "GPS GPSLatitude": -2,
    "GPS GPSLongitudeRef": -3,
    "GPS GPSLongitude": -4,
}


def _by_exifread(block: bytes) -> dict[int, Any]:
    import logging

    import exifread

    logging.getLogger("exifread").setLevel(logging.CRITICAL)
    try:
        found = exifread.process_file(io.BytesIO(block), details=False)
    except Exception:
        # exifread lets AssertionError, IndexError and more escape on bytes it does not understand.
        return {}
    tags: dict[int, Any] = {}
    for name, tag in _EXIFREAD_NAMES.items():
        if name in found:
            values = found[name].values
            tags[tag] = values[0] if tag == _ORIENTATION and values else values
    return tags


def _metadata(tags: Mapping[int, Any]) -> Metadata:
    taken_at, taken_subsec, taken_offset = _taken(tags)
    orientation = tags.get(_ORIENTATION)
    position = position_of(tags)
    return Metadata(
        taken_at=taken_at,
        taken_offset=taken_offset,
        taken_subsec=taken_subsec,
        camera_make=text_of(tags.get(_MAKE)),
        camera_model=text_of(tags.get(_MODEL)),
        orientation=orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else None,
        latitude=position[0] if position else None,
        longitude=position[1] if position else None,
        image_id=_content_identifier(tags.get(_MAKER_NOTE)) or _unique_id(tags.get(_UNIQUE_ID)),
    )


def _taken(tags: Mapping[int, Any]) -> tuple[str | None, str | None, str | None]:
    for date_tag, fraction_tag, offset_tag in _DATES:
        taken_at = date_of(text_of(tags.get(date_tag)))
        if taken_at is not None:
            fraction = text_of(tags.get(fraction_tag)) or ""
            offset = text_of(tags.get(offset_tag)) or ""
            return (
                taken_at,
                fraction if fraction.isascii() and fraction.isdigit() else None,
                offset if _OFFSET.fullmatch(offset) else None,
            )
    return None, None, None


def date_of(text: str | None) -> str | None:
    """`YYYY-MM-DDTHH:MM:SS` from a date as cameras write it; None where it is none (zeros, blanks, 31 February)."""
    found = _DATE.match(text or "")
    if found is None:
        return None
    try:
        return datetime(*(int(part or 0) for part in found.groups())).isoformat()  # type: ignore[arg-type]
    except ValueError:
        return None


def text_of(value: object) -> str | None:
    """Text up to its first NUL, without outer blanks and unprintable characters; None where nothing is left."""
    if isinstance(value, bytes):
        value = value.split(b"\0")[0].decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    text = value.split("\0")[0]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return text.strip() or None


def position_of(tags: Mapping[int, Any]) -> tuple[float, float] | None:
    """Degrees, north and east positive; None where any part is missing, not a number, or out of range.

    0, 0 without hemispheres is what is left where a phone zeroed the location before it handed the file out.
    """
    latitude, longitude = _degrees(tags.get(-2)), _degrees(tags.get(-4))
    if latitude is None or longitude is None or latitude > 90 or longitude > 180:
        return None
    north, east = text_of(tags.get(-1)), text_of(tags.get(-3))
    if latitude == 0 and longitude == 0 and (north is None or east is None):
        return None
    return (
        -latitude if (north or "N").upper().startswith("S") else latitude,
        -longitude if (east or "E").upper().startswith("W") else longitude,
    )


def _degrees(value: Any) -> float | None:
    try:
        parts = [float(part) for part in value][:3] if isinstance(value, (tuple, list)) else [float(value)]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    degrees = sum(part / 60**i for i, part in enumerate(parts))
    return round(degrees, 8) if parts and math.isfinite(degrees) and min(parts) >= 0 else None


def _unique_id(value: object) -> str | None:
    """ImageUniqueID; some cameras fill it with zeros."""
    text = text_of(value)
    return text if text and text.strip("0 ") else None


def _content_identifier(note: object) -> str | None:
    """Apple's ContentIdentifier, which a Live Photo's still and film share: MakerNote tag 0x0011."""
    if not isinstance(note, bytes) or not note.startswith(b"Apple iOS\0") or note[12:14] != b"MM":
        return None
    table = ifd.directory(note, ifd.Header(">", False, 14, 0), 14)
    return text_of(ifd.content(note, table, 0x0011)) if table else None
