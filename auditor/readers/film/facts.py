"""What a film says of itself: when, where and by what it was taken, how long and how large it is.

Source: ISO/IEC 14496-12, section 8.2.2 (mvhd); QuickTime File Format (Apple), "User Data Atoms" and "Metadata";
3GPP TS 26.244, section 8 (loci). Apple's keys as its documents name them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from auditor.readers.examination import Buffer, Metadata
from auditor.readers.isobmff.boxes import Box, inside, meta_boxes, number

_APPLE = "com.apple.quicktime."
_MOST_TEXT_BYTES = 4096
_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"(\d{4})[-:](\d\d)[-:](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))? ?(?:(Z)|([+-]\d\d):?(\d\d))?$")
_PLACE = re.compile(r"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)")


def metadata_of(data: Buffer, moov: Box) -> Metadata:
    """The film's metadata; fields that it does not state, or states wrongly, are None.

    The camera's own date with its offset wins; the header's date is UTC and is given as that.
    """
    texts = dict(_texts(data, moov))

    def text(*names: str) -> str | None:
        return next((texts[name] for name in names if texts.get(name)), None)

    found = Metadata(
        camera_make=text(_APPLE + "make", "com.android.manufacturer", "\xa9mak", "manu"),
        camera_model=text(_APPLE + "model", "com.android.model", "\xa9mod", "modl"),
        image_id=text(_APPLE + "content.identifier"),
    )
    place = _PLACE.match(text(_APPLE + "location.ISO6709", "\xa9xyz", "location", "loci") or "")
    if place:
        latitude, longitude = _degrees(place[1], 2), _degrees(place[2], 3)
        if abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude or longitude):
            found = dataclasses.replace(found, latitude=latitude, longitude=longitude)
    for stated in (texts.get(_APPLE + "creationdate"), texts.get("\xa9day"), texts.get("creation_time")):
        taken = _taken(stated)
        if taken:
            return dataclasses.replace(found, taken_at=taken[0], taken_subsec=taken[1], taken_offset=taken[2])
    header = _header_date(data, moov)
    if header:
        return dataclasses.replace(found, taken_at=header, taken_offset="+00:00")
    return found


def duration_s(data: Buffer, moov: Box) -> float | None:
    """How long the film plays, in seconds, by its header; None where that does not say."""
    mvhd = inside(data, moov).first(b"mvhd")
    if mvhd is None:
        return None
    wide = 8 if data[mvhd.body] == 1 else 4
    try:
        at = mvhd.body + 4 + 2 * wide
        scale, ticks = number(data, at, 4), number(data, at + 4, wide)
    except IndexError:
        return None
    if not scale or not ticks or ticks == (1 << 8 * wide) - 1:
        return None
    return round(ticks / scale, 3)


def _header_date(data: Buffer, moov: Box) -> str | None:
    """Date and time of the film's header, UTC; None where it is unset or impossible."""
    mvhd = inside(data, moov).first(b"mvhd")
    if mvhd is None:
        return None
    try:
        seconds = number(data, mvhd.body + 4, 8 if data[mvhd.body] == 1 else 4)
    except IndexError:
        return None
    if not 0 < seconds < 1 << 34:
        return None
    # Some cameras count from 1970 instead of 1904.
    for epoch in (_EPOCH, _UNIX_EPOCH):
        moment = epoch + timedelta(seconds=seconds)
        if 1990 <= moment.year < 2100:
            return moment.strftime("%Y-%m-%dT%H:%M:%S")
    return None


def _taken(text: str | None) -> tuple[str, str | None, str | None] | None:
    """Local time, fraction of a second and offset of a date as films state them; None for less than a whole one."""
    match = _DATE.match(text.strip()) if text else None
    if not match:
        return None
    year, month, day, hour, minute, second = (int(match[i]) for i in range(1, 7))
    try:
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    offset = "+00:00" if match[8] else f"{match[9]}:{match[10]}" if match[9] else None
    return moment.isoformat(), match[7], offset


def _degrees(text: str, whole_digits: int) -> float:
    """Degrees of an ISO 6709 coordinate: degrees, or degrees and minutes, or those and seconds, by its digits."""
    sign = -1.0 if text[0] == "-" else 1.0
    digits, _, fraction = text[1:].partition(".")
    value = float(f"{digits}.{fraction or 0}")
    if len(digits) == whole_digits + 2:
        degrees, minutes = divmod(value, 100)
        return sign * (degrees + minutes / 60)
    if len(digits) == whole_digits + 4:
        degrees, rest = divmod(value, 10000)
        minutes, seconds = divmod(rest, 100)
        return sign * (degrees + minutes / 60 + seconds / 3600)
    return sign * value


def _texts(data: Buffer, moov: Box) -> Iterator[tuple[str, str]]:
    """Every text that the film carries, with its key. Later ones with the same key are rarer spellings of the first."""
    found: dict[str, str] = {}
    boxes = inside(data, moov)
    for udta in boxes.all(b"udta"):
        for box in inside(data, udta):
            if box.end > udta.end:
                break
            if box.kind == b"meta":
                found = {**_keyed(data, box), **found}
            elif box.kind == b"loci":
                place = _loci(data, box)
                found = {"loci": place, **found} if place else found
            elif box.kind[:1] == b"\xa9" or box.kind in (b"manu", b"modl"):
                text = _user_text(data, box)
                found = {box.kind.decode("latin-1"): text, **found} if text else found
    for meta in boxes.all(b"meta"):
        found = {**found, **_keyed(data, meta)}
    yield from found.items()


def _keyed(data: Buffer, meta: Box) -> dict[str, str]:
    """Texts of a `meta` box: by number into its `keys`, or by four letters."""
    try:
        boxes = meta_boxes(data, meta)
        keys, ilst = boxes.first(b"keys"), boxes.first(b"ilst")
        names = [_decoded(data, box.body, box.end) or "" for box in inside(data, keys, 8)] if keys else []
        found: dict[str, str] = {}
        for entry in inside(data, ilst) if ilst else ():
            value = inside(data, entry).first(b"data")
            if value is None or value.end > meta.end or number(data, value.body, 4) not in (1, 0):
                continue
            index = int.from_bytes(entry.kind, "big")
            name = names[index - 1] if 0 < index <= len(names) else entry.kind.decode("latin-1")
            text = _decoded(data, value.body + 8, value.end)
            if text:
                found.setdefault(name, text)
        return found
    except IndexError:
        return {}


def _user_text(data: Buffer, box: Box) -> str | None:
    """A user-data text: QuickTime leads it with its length and language, others do not."""
    head = bytes(data[box.body : box.body + 4])
    length = int.from_bytes(head[:2], "big")
    start = box.body + 4 if len(head) == 4 and 0 < length <= box.end - box.body - 4 else box.body
    end = start + length if start > box.body else box.end
    if box.kind in (b"manu", b"modl"):
        start, end = box.body + 6, box.end
    return _decoded(data, start, end)


def _loci(data: Buffer, box: Box) -> str | None:
    """A 3GPP location as ISO 6709."""
    body = bytes(data[box.body : min(box.end, box.body + _MOST_TEXT_BYTES)])
    name_end = body.find(b"\0\0", 6) + 2 if body[6:8] in (b"\xfe\xff", b"\xff\xfe") else body.find(b"\0", 6) + 1
    fields = body[name_end + 1 : name_end + 9]
    if name_end < 7 or len(fields) < 8:
        return None
    longitude, latitude = (int.from_bytes(fields[i : i + 4], "big", signed=True) / 65536 for i in (0, 4))
    return f"{latitude:+08.4f}{longitude:+09.4f}/"


def _decoded(data: Buffer, start: int, end: int) -> str | None:
    raw = bytes(data[start : min(end, start + _MOST_TEXT_BYTES)])
    text = raw.decode("utf-8", "replace").split("\0", 1)[0].strip()
    return text or None
