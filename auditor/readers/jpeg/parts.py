"""What a JPEG declares to carry behind its picture: gain map, further pictures, motion clip. Each is cut out to be
checked as a file of its own.

Sources: CIPA DC-007 (MPF); Google's "Motion Photo format 1.0" and "Ultra HDR image format"; Samsung's SEF trailer as
exiftool documents it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from auditor import words
from auditor.model import Damage
from auditor.readers.examination import Buffer
from auditor.readers.jpeg.walk import APP1, APP2, Segment
from auditor.readers.samsung import read_trailer
from auditor.readers.tiff import ifd

XMP_ID = b"http://ns.adobe.com/xap/1.0/\0"
_ITEM_TAG = re.compile(rb"<(?:\w+:)?Item(?=[\s/>])[^<>]*>|</(?:\w+:)?Item>")
MPF_ENTRIES = 0xB002
MPF_THUMBNAILS = (0x010001, 0x010002)
_SEF_MOTION = 0x0A30
_WIPED_BYTES = 1 << 16
_MOST_CLAIMS = 256
_MOST_OFTEN = 4
"""In how many parts a byte may lie: up to three indexes speak of the same one, each with a length of its own."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part that the file declares, or that plainly lies behind its picture. `name` is for people (`motion clip`).

    `essential` is False for previews, which repeat the picture itself; `declared` for what merely looks like a part:
    whatever is wrong with it is no damage of this photo. `moved` is how far from its declared place it lies, in bytes.
    """

    name: str
    start: int
    end: int
    essential: bool = True
    declared: bool = True
    moved: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that are there, the proof that some are not, and harmless oddities.

    `wiped` says that what lies behind the picture looks like a part that was overwritten with zeros.
    """

    parts: tuple[Part, ...]
    damage: tuple[Damage, ...]
    notes: tuple[str, ...]
    wiped: str | None = None


@dataclass(frozen=True, slots=True)
class _Claim:
    """Where a part should lie, as one of the file's indexes says; `video` tells clip from picture."""

    name: str
    start: int
    length: int
    video: bool
    essential: bool = True


def find_parts(data: Buffer, segments: tuple[Segment, ...], end: int) -> Parts:
    """The parts behind the picture that ends at `end` (one past EOI), by every index that speaks of them."""
    size = len(data)
    trailer = size - end
    claims: list[_Claim] = []
    damage: list[Damage] = []
    notes: list[str] = []
    sef_end, sef_claims, sef_damage = _samsung(data, end)
    claims += sef_claims
    damage += sef_damage
    for segment in segments:
        if segment.marker == APP1 and data[segment.body : segment.body + len(XMP_ID)] == XMP_ID:
            xmp = bytes(data[segment.body + len(XMP_ID) : segment.end])
            # Samsung's own index is exact and tells where its clip lies; its XMP counts otherwise.
            claims += [] if sef_claims else _container(xmp, end)
            claims += [] if sef_claims else _micro_video(xmp, size)
        elif segment.marker == APP2 and data[segment.body : segment.body + 4] == b"MPF\0":
            claims += _multi_picture(data, segment)
    found: dict[tuple[int, int], Part] = {}

    @cache
    def first(video: bool) -> int:
        return data.find(b"ftyp", end) - 4 if video else data.find(b"\xff\xd8\xff", end)

    for claim in claims[:_MOST_CLAIMS]:
        part, wrong, note = _found(data, claim, end, first)
        if part is not None:
            found.setdefault((part.start, part.end), part)
        damage += [wrong] if wrong is not None else []
        notes += [note] if note else []
    damage = list(dict.fromkeys(damage))
    parts = list(found.values())
    if len(claims) > _MOST_CLAIMS or sum(part.end - part.start for part in parts) > _MOST_OFTEN * trailer:
        detail = "its indexes declare more parts than there is room for; the picture itself ends whole"
        return Parts((), (Damage("part_damaged", detail, end),), tuple(notes))
    if not damage:
        parts += _undeclared(data, end, parts)
    covered = max([end, sef_end, *(p.end for p in parts)])
    if trailer and covered < size and not damage:
        zeros = not any(data[covered : covered + _WIPED_BYTES])
        notes.append(f"{size - covered} {'zero ' if zeros else ''}bytes after the end of the file's own data")
        if zeros and size - covered >= _WIPED_BYTES:
            wiped = (
                f"{words.size(size - covered)} behind the picture begin with zeros: a motion clip may have been wiped"
            )
            return Parts(tuple(parts), (), tuple(notes), wiped)
    return Parts(tuple(parts), tuple(damage), tuple(notes))


def _undeclared(data: Buffer, end: int, parts: list[Part]) -> list[Part]:
    """Films, pictures and sounds behind the picture of which no index speaks: an editor that drops what it does not
    know leaves the clip and takes its index along, and the clip must not be lost unseen."""
    found = []
    at = end
    for start, stop in sorted([*((p.start, p.end) for p in parts), (len(data), len(data))]):
        begins = _media_begins(data, at, start) if at < start else None
        if begins is not None:
            kind = "video" if data[begins + 4 : begins + 8] == b"ftyp" else "picture or sound"
            found.append(Part(f"{kind} behind the picture", begins, start, declared=False))
        at = max(at, stop)
    return found


def _media_begins(data: Buffer, at: int, end: int) -> int | None:
    """Where the first film, picture or sound between two offsets begins; None where there is none."""
    film, picture, sound = (data.find(magic, at, end) for magic in (b"ftyp", b"\xff\xd8\xff", b"RIFF"))
    places = [place for place in (film - 4 if film >= at + 4 else -1, picture, sound) if place >= at]
    return min(places, default=None)


def _found(
    data: Buffer, claim: _Claim, end: int, first: Callable[[bool], int]
) -> tuple[Part | None, Damage | None, str | None]:
    """The part that a claim speaks of, at its place or, where bytes were added or taken away before it, where the first
    of its kind begins (`first`: of films or of pictures; before `end` there is none)."""
    size = len(data)
    start, note = claim.start, None
    if not _begins(data, start, claim.video) or start < end:
        moved = first(claim.video)
        if moved < end:
            there = max(0, size - end)
            what = "missing" if there < claim.length // 100 + 16 else "no longer readable as one"
            detail = f"the {claim.name} that the photo declares ({words.size(claim.length)}) is {what}"
            return None, Damage("part_missing", f"{detail}; the picture itself ends whole", end), None
        note = f"the {claim.name} lies {moved - start:+d} bytes from where the file says"
        start = moved
    if start + claim.length > size:
        left = size - start
        detail = (
            f"the {claim.name} is cut short at {words.percent_of(left, claim.length)}: "
            f"{words.size(left)} of {words.size(claim.length)}; the picture itself ends whole"
        )
        return None, Damage("truncated", detail, size), None
    return Part(claim.name, start, start + claim.length, claim.essential, moved=start - claim.start), None, note


def _begins(data: Buffer, at: int, video: bool) -> bool:
    return data[at + 4 : at + 8] == b"ftyp" if video else data[at : at + 2] == b"\xff\xd8"


def _container(xmp: bytes, end: int) -> list[_Claim]:
    """Google's Container: the items lie back to back behind the primary picture and its padding."""
    claims = []
    at = end
    for index, item in enumerate(_items(xmp)):
        length, padding = _number(item, rb"Length") or 0, _number(item, rb"Padding") or 0
        if index == 0:
            at += padding
            continue
        mime = _text(item, rb"Mime")
        semantic = _text(item, rb"Semantic")
        if length and mime.startswith((b"video/", b"image/jpeg")):
            name = {b"GainMap": "gain map", b"MotionPhoto": "motion clip"}.get(semantic, "further picture")
            claims.append(_Claim(name, at, length, mime.startswith(b"video/")))
        at += length + padding
    return claims


def _items(xmp: bytes) -> list[bytes]:
    """The container's items, with their properties as attributes, as cameras write them, or as elements, as editors do.

    One pass over the tags: however many begin and never end.
    """
    items: list[bytes] = []
    inner: list[bytes] = []
    begun: int | None = None
    for tag in _ITEM_TAG.finditer(xmp):
        if tag[0].endswith(b"/>"):
            (items if begun is None else inner).append(tag[0])
        elif not tag[0].startswith(b"</"):
            begun = tag.start() if begun is None else begun
        elif begun is not None:
            items.append(xmp[begun : tag.end()])
            begun, inner = None, []
    return items + inner


def _micro_video(xmp: bytes, size: int) -> list[_Claim]:
    """Google's older motion photos: the clip's length, counted from the end of the file."""
    found = re.search(rb"MicroVideoOffset(?:\s*=\s*[\"']|>)\s*(\d+)", xmp)
    length = int(found[1]) if found else 0
    return [_Claim("motion clip", size - length, length, True)] if length else []


def _number(item: bytes, name: bytes) -> int | None:
    text = _text(item, name)
    return int(text) if text.isdigit() and len(text) < 12 else None


def _text(item: bytes, name: bytes) -> bytes:
    found = re.search(rb"\b" + name + rb"(?:\s*=\s*[\"']([^\"']*)[\"']|\s*>([^<]*)<)", item)
    return (found[1] or (found[2] or b"").strip()) if found else b""


def _multi_picture(data: Buffer, segment: Segment) -> list[_Claim]:
    """The MPF index: further pictures by offset from its own TIFF header. Source: CIPA DC-007, 5.2.3.3."""
    base = segment.body + 4
    head = ifd.header(data, base)
    table = ifd.directory(data, head, head.first, segment.end) if head else None
    if head is None or table is None:
        return []
    order = "little" if head.order == "<" else "big"
    entries = ifd.content(data, table, MPF_ENTRIES)
    claims = []
    for at in range(16, len(entries) - 15, 16):
        attributes, length, offset = (int.from_bytes(entries[at + i : at + i + 4], order) for i in (0, 4, 8))  # type: ignore[arg-type]
        if length and offset:
            preview = attributes & 0xFFFFFF in MPF_THUMBNAILS
            name = "preview" if preview else "further picture or gain map"
            claims.append(_Claim(name, base + offset, length, False, not preview))
    return claims


def _samsung(data: Buffer, end: int) -> tuple[int, list[_Claim], list[Damage]]:
    """Samsung's trailer: one past its end, the clip that it holds, and the proof that it is broken."""
    size = len(data)
    trailer = read_trailer(data, end)
    if trailer is None:
        block = data.find(b"MotionPhoto_Data", end)
        if block >= 0 or data.find(b"SEFH", end) >= 0:
            what = "the trailer with the motion clip is cut short" if block >= 0 else "the trailer is cut short"
            return size, [], [Damage("truncated", f"{what}; the picture itself ends whole", size)]
        return end, [], []
    clips = [block for block in trailer.blocks if block.type == _SEF_MOTION and block.end > block.body]
    claims = [_Claim("motion clip", block.body, block.end - block.body, True) for block in clips]
    return trailer.end, claims, [trailer.damage] if trailer.damage else []
