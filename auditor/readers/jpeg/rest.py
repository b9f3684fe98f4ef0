"""What a JPEG holds beside its coded picture and its descriptive metadata: the rest that `image_sha256` covers.

Sources: ITU-T T.81, annex B; T.871 (JFIF); Exif 3.0 (CIPA DC-008), 4.7; CIPA DC-007 (MPF); Adobe, "XMP specification
part 3", 1.1.3 (JPEG, extended XMP).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Literal

from auditor.readers.bounds import is_text
from auditor.readers.examination import Buffer
from auditor.readers.inner_files import is_makers_data
from auditor.readers.jpeg.parts import MPF_ENTRIES, MPF_THUMBNAILS, XMP_ID, Part
from auditor.readers.jpeg.walk import APP0, APP1, APP2, APP12, APP13, APP14, APP15, COM, EOI, SOS, Segment, Walk
from auditor.readers.photoshop_rest import photoshop_rest
from auditor.readers.rest import Piece, between, by_digest, unclaimed
from auditor.readers.samsung import read_trailer
from auditor.readers.thumbnail import is_ducky, is_jfif_thumbnail, is_jfxx_thumbnail, is_small_jpeg
from auditor.readers.tiff import ifd
from auditor.readers.tiff.rest import exif_rest
from auditor.readers.xmp_rest import xmp_rest

ICC_ID = b"ICC_PROFILE\0"
_EXTENDED_ID = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP_ID = b"Photoshop 3.0\0"
_MPF_ID = b"MPF\0"
_MPF_VERSION, _MPF_NUMBER = 0xB000, 0xB001
_MPF_COUNTED = frozenset({_MPF_VERSION, _MPF_NUMBER, MPF_ENTRIES})
_LONG, _UNDEFINED = 4, 7
_MPF_HEAD_BYTES = 8
_MOST_UNUSED_BYTES = 1024
_YCC = (1, 2, 3)
_GUID_BYTES = 32
_MOST_EXTENSIONS = 16
"""A packet names one."""


def jpeg_rest(
    data: Buffer, walked: Walk, parts: Sequence[Part], smaller_than: tuple[int, int] | None = None
) -> list[Piece]:
    """Every segment that is neither picture nor known metadata, what lies behind the picture, and stray bytes.

    Thumbnails are smaller than the picture, or than `smaller_than`, in pixels across and down.
    """
    segments = [s for s in walked.segments if APP0 <= s.marker <= APP15 or s.marker == COM]
    size = smaller_than or ((walked.frame.width, walked.frame.height) if walked.frame else (0, 0))
    profiled = any(_is(data, s, APP2, ICC_ID) for s in segments)
    essential = [part for part in parts if part.essential]
    pieces = _stray(data, walked)
    described: list[Piece] = []
    resources, packets, extensions = list[bytes](), list[bytes](), list[Segment]()
    colours = _colours(data, walked)
    seen_exif = False
    for segment in segments:
        body = bytes(data[segment.body : segment.end])
        if _is(data, segment, APP1, b"Exif\0") and not seen_exif:
            described += exif_rest(body, size, profiled=profiled, gain_map=bool(essential))
            seen_exif = True
        elif _is(data, segment, APP1, XMP_ID):
            described += xmp_rest(body[len(XMP_ID) :], size)
            packets.append(body)
        elif _is(data, segment, APP1, _EXTENDED_ID):
            extensions.append(segment)
        elif _is(data, segment, APP2, _MPF_ID):
            described += _multi_picture(data, segment, walked.end or 0, bool(essential), size)
        elif _is(data, segment, APP13, _PHOTOSHOP_ID):
            resources.append(body[len(_PHOTOSHOP_ID) :])
        elif _is(data, segment, APP0, b"JFIF\0"):
            described += _jfif(body, size) + colours
        elif not (_describes(segment, body) or _repeats(segment, body, size)):
            # Adobe's APP14 is hashed with the picture.
            pieces += [] if _is(data, segment, APP14, b"Adobe") else [(b"segment %d" % segment.marker, body)]
    described += photoshop_rest(b"".join(resources), size) + _extended(data, extensions, b"".join(packets), size)
    return [*pieces, *sorted(described), *_behind(data, walked.end or len(data), parts, size)]


def _counts(data: Buffer, part: Part, size: tuple[int, int]) -> bool:
    """Whether a part is more than a preview of the picture."""
    return part.essential or not is_small_jpeg(bytes(data[part.start : part.end]), *size)


def _is(data: Buffer, segment: Segment, marker: int, name: bytes) -> bool:
    return segment.marker == marker and data[segment.body : segment.body + len(name)] == name


def _describes(segment: Segment, body: bytes) -> bool:
    """Whether a segment is a comment, or Adobe's note for the web, and holds text."""
    if segment.marker == COM:
        return is_text(body)
    return segment.marker == APP12 and body.startswith(b"Ducky") and is_ducky(body)


def _repeats(segment: Segment, body: bytes, size: tuple[int, int]) -> bool:
    return segment.marker == APP0 and body.startswith(b"JFXX\0") and is_jfxx_thumbnail(body, *size)


def _stray(data: Buffer, walked: Walk) -> list[Piece]:
    """Bytes between segments that are no fill bytes (T.81, B.1.1.2)."""
    pieces: list[Piece] = []
    at, scans = 2, iter(walked.scans)
    for segment in walked.segments:
        if segment.start > at:
            pieces += unclaimed(b"stray", bytes(data[at : segment.start]).strip(b"\xff"))
        at = next(scans, (0, segment.end))[1] if segment.marker == SOS else segment.end
    end = walked.end or at
    return pieces + unclaimed(b"stray", bytes(data[at:end]).removesuffix(bytes([0xFF, EOI])).strip(b"\xff"))


def _jfif(body: bytes, size: tuple[int, int]) -> list[Piece]:
    """What JFIF's header holds: pixels that are not square, and what is no thumbnail."""
    pieces: list[Piece] = []
    if body[5:6] != b"\1":
        pieces.append((b"JFIF that is not known", body[5:7]))
    if not is_jfif_thumbnail(body, *size):
        pieces.append((b"JFIF's thumbnail", body[12:]))
    across, down = body[8:10], body[10:12]
    if across != down:
        pieces.append((b"pixel shape", across + down))
    return pieces


def _colours(data: Buffer, walked: Walk) -> list[Piece]:
    """What it says of the picture that there is a JFIF header: that three unusual components are YCbCr.

    Where the components are the usual ones, and nothing of Adobe's says otherwise, or Adobe's says the same, they are
    so without it. Source: libjpeg-turbo, jdapimin.c, `default_decompress_parms`.
    """
    marker = walked.frame.marker if walked.frame else None
    frame = next((data[s.body : s.end] for s in walked.segments if s.marker == marker), b"")
    # Adobe's transform 1 is YCbCr.
    adobe = {data[s.body + 11 : s.body + 12] for s in walked.segments if _is(data, s, APP14, b"Adobe")}
    alone = adobe == {b"\1"} if adobe else tuple(frame[6:15:3]) == _YCC
    return [(b"YCbCr", b"")] if len(frame) >= 15 and frame[5] == 3 and not alone else []


def _extended(data: Buffer, segments: Iterable[Segment], packets: bytes, size: tuple[int, int]) -> list[Piece]:
    """XMP that was too long for one segment, put together again; as it stands where that fails, or nothing names it."""
    chunks: dict[bytes, dict[int, bytes]] = {}
    lengths: dict[bytes, int] = {}
    for segment in segments:
        body = bytes(data[segment.body + len(_EXTENDED_ID) : segment.end])
        guid, sizes = body[:_GUID_BYTES], body[_GUID_BYTES : _GUID_BYTES + 8]
        lengths[guid] = int.from_bytes(sizes[:4], "big")
        chunks.setdefault(guid, {})[int.from_bytes(sizes[4:], "big")] = body[_GUID_BYTES + 8 :]
    pieces: list[Piece] = []
    few = len(chunks) <= _MOST_EXTENSIONS
    for guid, parts in chunks.items():
        ordered = sorted(parts.items())
        ends = [0, *accumulate(len(part) for _, part in ordered)]
        whole = b"".join(part for _, part in ordered)
        proper = [start for start, _ in ordered] == ends[:-1] and ends[-1] == lengths[guid] and few and guid in packets
        pieces += xmp_rest(whole, size) if proper else [(b"XMP that nothing names", guid + whole)]
    return pieces


def _multi_picture(data: Buffer, segment: Segment, end: int, essential: bool, size: tuple[int, int]) -> list[Piece]:
    """The index of further pictures: each one's kind, length and place behind the picture's end, previews left out,
    bytes that belong to no field, but for remnants, and how it begins, if that is not as it should be."""
    base = segment.body + len(_MPF_ID)
    head = ifd.header(data, base)
    table = ifd.table(data, head, head.first, segment.end) if head else None
    if head is None or table is None:
        return [(b"MPF that cannot be read", bytes(data[segment.body : segment.end]))]
    attributes_table = ifd.table(data, head, table.next, segment.end) if table.next else None
    tables = (table, attributes_table) if attributes_table else (table,)
    reached = [(base, base + _MPF_HEAD_BYTES), *((found.start, found.end) for found in tables)]
    reached += [field.place for found in tables for field in found.fields if field.place]
    unused = between(b"MPF unused", data, base, segment.end, reached)
    pieces = [] if is_makers_data(b"".join(gap for _, gap in unused), size, _MOST_UNUSED_BYTES) else unused
    if not essential:
        values = (bytes(data[f.place[0] : f.place[1]]) for found in tables for f in found.fields if f.place)
        return pieces + [
            (b"MPF value", value) for value in values if not is_makers_data(value, size, _MOST_UNUSED_BYTES)
        ]
    pieces += [
        (b"MPF.%d" % f.tag, bytes(data[f.place[0] : f.place[1]]) if f.place else f.slot)
        for f in table.fields
        if f.tag not in _MPF_COUNTED
    ]
    for field in attributes_table.fields if attributes_table else ():
        value = bytes(data[field.place[0] : field.place[1]]) if field.place else field.slot
        pieces.append((b"MPF attribute %d" % field.tag, value))
    place = next((f.place for f in table.fields if f.tag == MPF_ENTRIES and f.place), (0, 0))
    order: Literal["little", "big"] = "little" if head.order == "<" else "big"
    pieces += _odd_beginning(data, table.fields, (place[1] - place[0]) // 16, order)
    for at in range(place[0], place[1] - 15, 16):
        entry = bytes(data[at : at + 16])
        kind, length, offset = (int.from_bytes(entry[i : i + 4], order) for i in (0, 4, 8))
        if kind & 0xFFFFFF in MPF_THUMBNAILS:
            continue
        # The picture itself stands at 0, and is as long as its metadata makes it.
        lies = b"%d %d" % (length, base + offset - end) if offset else b"first"
        pieces.append((b"MPF picture", entry[:4] + entry[12:] + lies))
    return pieces


def _odd_beginning(
    data: Buffer, fields: Sequence[ifd.Field], number: int, order: Literal["little", "big"]
) -> list[Piece]:
    """Version, number of pictures and the form of their entries, where one of them is not there once, as it should be:
    readers differ then in which pictures they see. Source: CIPA DC-007, 5.2.3."""
    usual = [
        (_MPF_VERSION, _UNDEFINED, 4, b"0100"),
        (_MPF_NUMBER, _LONG, 1, number.to_bytes(4, order)),
        (MPF_ENTRIES, _UNDEFINED, 16 * number, b""),
    ]
    found = [
        (f.tag, f.type, f.count, b"" if f.tag == MPF_ENTRIES or not f.place else bytes(data[slice(*f.place)]))
        for f in fields
        if f.tag in _MPF_COUNTED
    ]
    return [] if found == usual else [(b"MPF beginning", repr(found).encode())]


def _behind(data: Buffer, end: int, parts: Sequence[Part], size: tuple[int, int]) -> list[Piece]:
    """All that lies behind the picture: its parts by their digests, Samsung's blocks, and bytes that belong to nothing;
    previews, Samsung's descriptive blocks and zeros left out."""
    known = [(part.start, part.end) for part in parts]
    pieces = [
        (b"part %+d" % part.moved, by_digest(data[part.start : part.end]))
        for part in parts
        if _counts(data, part, size)
    ]
    trailer = read_trailer(data, end)
    if trailer is not None and trailer.damage is None:
        pieces += trailer.rest(data, dict(known))
        known += trailer.stretches
    return pieces + between(b"behind the picture", data, end, len(data), known)
