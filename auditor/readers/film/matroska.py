"""Matroska and WebM: elements that fit into one another and into the file, checksums, strict decode, metadata, digests.

Source: RFC 9559 (Matroska), RFC 8794 (EBML).
"""

from __future__ import annotations

import dataclasses
import struct
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from auditor import words
from auditor.model import Damage, Depth, Kind, Tier
from auditor.readers.bounds import is_padding, is_text
from auditor.readers.examination import Buffer, Examination, Metadata
from auditor.readers.film.decode import Believed
from auditor.readers.film.descriptive import describes_tag
from auditor.readers.film.digest import Rest, frames_sha256
from auditor.readers.film.ebml import BrokenElement, Element, element, elements, unsigned
from auditor.readers.film.soundness import judged
from auditor.readers.nal import NalFormat, check_nals, nal_format, wiped
from auditor.readers.wording import cut_short

_EBML, _SEGMENT, _CLUSTER, _INFO, _TRACKS = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1549A966, 0x1654AE6B
_SEEK_HEAD, _CUES, _TAGS, _CHAPTERS, _ATTACHMENTS = 0x114D9B74, 0x1C53BB6B, 0x1254C367, 0x1043A770, 0x1941A469
_TOP = frozenset({_CLUSTER, _INFO, _TRACKS, _SEEK_HEAD, _CUES, _TAGS, _CHAPTERS, _ATTACHMENTS})
_VOID, _CRC = 0xEC, 0xBF
_SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK, _SILENT = 0xA3, 0xA0, 0xA1, 0x5854
_IN_CLUSTER = frozenset({_SIMPLE_BLOCK, _BLOCK_GROUP, 0xE7, 0xA7, 0xAB, _SILENT, _VOID, _CRC, 0xAF})
_TRACK, _NUMBER, _TYPE, _CODEC, _PRIVATE, _ENCODINGS = 0xAE, 0xD7, 0x83, 0x86, 0x63A2, 0x6D80
_VIDEO, _WIDTH, _HEIGHT = 0xE0, 0xB0, 0xBA
_SCALE, _DURATION, _DATE = 0x2AD7B1, 0x4489, 0x4461
_TAG, _SIMPLE_TAG = 0x7373, 0x67C8
_AUDIO, _COLOUR = 0xE1, 0x55B0
_PARENTS = frozenset({_INFO, _TRACKS, _TRACK, _VIDEO, _AUDIO, _COLOUR})
_NUMBERS = frozenset(
    {_NUMBER, 0x73C5, _TYPE, 0xB9, 0x88, 0x55AA, 0x9C, 0x6DE7, 0x6DF8, 0x23E383, 0x234E7A, 0x55EE, 0x56AA, 0x56BB}
    | {0x9A, 0x9D, 0x53B8, 0x53C0, _WIDTH, _HEIGHT, 0x54AA, 0x54BB, 0x54CC, 0x54DD, 0x54B0, 0x54BA, 0x54B2}
    | {0x9F, 0x6264, _SCALE, *range(0x55B1, 0x55BE)}
)
"""Whole numbers without a sign, which a program may write with more zeros before them than another: RFC 9559, 5.1.2
and 5.1.4."""
_MOST_NUMBER_BYTES = 8
_DESCRIBES = frozenset(
    {_VOID, _CRC, _SEEK_HEAD, _CUES}  # padding, checksums, and where parts lie
    | {0xA7, 0xAB}  # where a cluster lies, and how long the one before it is
    | {0x7BA9, 0x4D80, 0x5741, _DATE, 0x73A4, 0x7384}  # title, muxer, writer, date, and the segment's id and file name
    | {0x22B59C, 0x22B59D}  # a track's language
    | {0x536E, 0x258688, 0x3A9697, 0x3B4040, 0x26B240}  # a track's name; the codec's name, settings and addresses
    | {0x63C0, 0x45A3, 0x447A, 0x447B, 0x4484, 0x44B4, 0x4487}  # a tag's target, name, languages, default and text
)
"""Elements that describe. All else is content: see docs/metadata-films.md."""
_PLACES = frozenset({_SEEK_HEAD, 0x4DBB, 0x53AB, 0x53AC}) | frozenset(
    {_CUES, 0xBB, 0xB3, 0xB7, 0xF7, 0xF1, 0xF0, 0xB2, 0x5378, 0xEA, 0xDB, 0x96}
)
"""All that may stand in a table of places. Source: RFC 9559, 5.1.1 and 5.1.5."""
_TABLES = frozenset({_SEEK_HEAD, 0x4DBB, _CUES, 0xBB, 0xB7, 0xDB})
_TAG_NAME = 0x45A3
_MEDIA = {1: b"video", 2: b"sound"}
_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)
_ENDLESS = 1 << 63
_MOST_CHECKED_BYTES = 64_000_000
_NEVER_ZERO = ("V_VP8", "V_VP9", "V_AV1", "V_MPEG4/ISO/ASP", "V_MPEG4/ISO/SP")


@dataclass(frozen=True, slots=True)
class _Track:
    """`kind` is 1 for video and 2 for sound; `plain`: its frames lie in the file as the codec made them."""

    kind: int
    codec: str
    private: bytes
    plain: bool

    @property
    def layout(self) -> NalFormat | None:
        record = {"V_MPEG4/ISO/AVC": b"avcC", "V_MPEGH/ISO/HEVC": b"hvcC"}.get(self.codec)
        return nal_format(record, self.private) if record and self.plain else None


@dataclass(slots=True)
class _Film:
    """What the walk has found so far."""

    tracks: dict[int, _Track] = field(default_factory=dict)
    frames: list[tuple[int, int, int]] = field(default_factory=list)
    rest: Rest = field(default_factory=Rest)
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    taken_at: str | None = None
    damage: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. DECODE decodes the key frames of the video, DEEP all of its frames."""
    film = _Film()
    try:
        _walk(data, film)
    except BrokenElement as error:
        film.damage.append(Damage("bad_data", str(error), error.offset))
    media = {number: _MEDIA.get(track.kind, b"data") for number, track in film.tracks.items()}
    image, coded = (None, None) if film.damage else frames_sha256(data, media, film.frames, film.rest)
    seen = Examination(
        format=format_,
        kind=Kind.VIDEO,
        width=film.width,
        height=film.height,
        duration_s=film.duration_s,
        metadata=Metadata(taken_at=film.taken_at, taken_offset="+00:00" if film.taken_at else None),
        image_sha256=image,
        coded_sha256=coded,
    )
    if not depth.reaches(Depth.DECODE):
        return seen
    film.damage.extend(_bad_frames(data, film))
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE,), notes=tuple(film.notes))
    return judged(seen, data, film.damage, depth, [Believed(medium.decode()) for medium in media.values()])


def _walk(data: Buffer, film: _Film) -> None:
    size = len(data)
    header = element(data, 0, size)
    at = header.end or size
    segment = element(data, at, size) if at < size else None
    if header.kind != _EBML or segment is None or segment.kind != _SEGMENT:
        film.damage.append(Damage("bad_index", "the film itself is missing behind its header", at))
        return
    end = segment.end if segment.end is not None else size
    if end > size:
        film.damage.append(cut_short(size, end))
    film.rest.region(b"header", data, header.body, at)
    film.rest.region(b"before", data, at, segment.start)
    _segment(data, segment.body, min(end, size), film)
    if end < size:
        film.rest.behind(data, end)
        film.notes.append(f"{words.size(size - end)} follow the end of the file's content")
    if not film.damage and not film.tracks:
        film.damage.append(Damage("bad_index", "the film's list of tracks is missing", segment.start))
    elif not film.damage and not film.frames:
        film.damage.append(Damage("bad_index", "the film holds no frames", segment.start))


def _segment(data: Buffer, at: int, limit: int, film: _Film) -> None:
    """Walk the film's parts. What stands beside the frames counts in one order, wherever a program put it."""
    beside: list[tuple[Element, int]] = []
    while at < limit:
        found = element(data, at, limit)
        if found.end is not None and found.end > limit:
            if not film.damage:
                film.damage.append(cut_short(len(data), found.end))
        elif found.kind not in (_VOID, _CRC) and not _checksum_holds(data, found):
            where = f"at offset {found.start:,}"
            film.damage.append(
                Damage("bad_crc", f"a part of {words.size((found.end or 0) - at)} {where} fails its check", at)
            )
        end = min(found.end if found.end is not None else limit, limit)
        if found.kind == _CLUSTER:
            film.rest.enter(b"cluster")
            at = _cluster(data, found, end, film)
            film.rest.leave()
            continue
        beside.append((found, end))
        if found.kind == _TRACKS:
            _tracks(data, found, end, film)
        elif found.kind == _INFO:
            _info(data, found, end, film)
        at = end
    for found, end in sorted(beside, key=lambda part: part[0].kind):
        _cover(data, found, end, film.rest)


def _checksum_holds(data: Buffer, found: Element) -> bool:
    """Whether the CRC-32 that may lead an element fits its content. Source: RFC 8794, section 11.3.1."""
    end = found.end
    if end is None or end - found.body < 6 or end - found.body > _MOST_CHECKED_BYTES:
        return True
    if data[found.body : found.body + 2] != b"\xbf\x84":
        return True
    stated = int.from_bytes(data[found.body + 2 : found.body + 6], "little")
    return zlib.crc32(data[found.body + 6 : end]) == stated


def _cluster(data: Buffer, cluster: Element, limit: int, film: _Film) -> int:
    """Walk one cluster's frames; where it ends. One of unknown size ends where the next part of the film begins."""
    at = cluster.body
    while at < limit:
        found = element(data, at, limit)
        if cluster.end is None and found.kind in _TOP:
            return at
        if found.kind not in _IN_CLUSTER:
            raise BrokenElement(at)
        if found.end is None:
            raise BrokenElement(at)
        if found.end > limit:
            if not film.damage:
                film.damage.append(
                    cut_short(len(data), found.end)
                    if found.end > len(data)
                    else Damage("bad_data", f"a frame at offset {at:,} is longer than the part that holds it", at)
                )
            return limit
        if found.kind == _SIMPLE_BLOCK:
            _block(data, found.body, found.end, film)
        elif found.kind == _BLOCK_GROUP:
            film.rest.enter(b"group")
            for part in elements(data, found.body, found.end):
                if part.kind == _BLOCK and part.end is not None and part.end <= found.end:
                    _block(data, part.body, part.end, film)
                else:
                    _cover(data, part, min(part.end or found.end, found.end), film.rest)
            film.rest.leave()
        else:
            _cover(data, found, found.end, film.rest)
        at = found.end
    return at


def _block(data: Buffer, start: int, end: int, film: _Film) -> None:
    if end - start < 4:
        raise BrokenElement(start)
    width = 9 - data[start].bit_length() if data[start] else 8
    track = int.from_bytes(data[start : start + width], "big") & ((1 << 7 * width) - 1)
    film.frames.append((track, start + width + 3, end))
    film.rest.part(b"block", bytes(data[start : start + width + 3]) + (end - start).to_bytes(8, "big"))


def _cover(data: Buffer, found: Element, end: int, rest: Rest) -> None:
    """Hand an element to the digest, but for what describes. `end` is where it ends within its parent."""
    if found.kind in _DESCRIBES and _holds_its_kind(data, found, end):
        return
    if found.kind == _TAGS:
        try:
            _cover_tags(data, found, end, rest)
        except BrokenElement:
            rest.region(b"tags", data, found.body, end)
        return
    kind = found.kind.to_bytes(4, "big")
    if found.kind in _NUMBERS and found.end is not None and end - found.body <= _MOST_NUMBER_BYTES:
        value = bytes(data[found.body : end])
        rest.part(kind, value.lstrip(b"\0") or value[:1])  # nothing at all stands for the default, RFC 8794, 6.1
        return
    try:
        inside = list(elements(data, found.body, end)) if found.kind in _PARENTS else None
    except BrokenElement:
        inside = None
    if inside is None:
        declared = _ENDLESS if found.end is None else found.end - found.body
        rest.region(kind, data, found.body, end, declared)
        return
    rest.enter(kind)
    for part in inside:
        _cover(data, part, min(end if part.end is None else part.end, end), rest)
    rest.leave()


def _holds_its_kind(data: Buffer, found: Element, end: int) -> bool:
    """Whether padding is empty, and a text is one; the other descriptive elements are numbers and places."""
    if found.kind == _VOID:
        return is_padding(data, found.body, end)
    if found.kind in _TABLES:
        return _holds_places(data, found, end)
    return is_text(bytes(data[found.body : end]))


def _holds_places(data: Buffer, found: Element, end: int) -> bool:
    """Whether a table holds nothing but numbers that say where parts lie, and padding."""
    try:
        for part in elements(data, found.body, end):
            if part.end is None or part.end > end:
                return False
            if part.kind == _VOID:
                fits = is_padding(data, part.body, part.end)
            elif part.kind in _TABLES:
                fits = _holds_places(data, part, part.end)
            else:
                fits = part.kind in (_PLACES | {_CRC}) and part.end - part.body <= 8
            if not fits:
                return False
    except BrokenElement:
        return False
    return True


def _cover_tags(data: Buffer, tags: Element, end: int, rest: Rest) -> None:
    """Hand to the digest what is no text among the tags (covers), and all of a tag that is not known to describe."""
    parts = list(elements(data, tags.body, end))
    name = next((bytes(data[part.body : part.end]) for part in parts if part.kind == _TAG_NAME), None)
    if name is not None and not describes_tag(name):
        rest.region(b"tag", data, tags.body, end)
        return
    for part in parts:
        stop = min(end if part.end is None else part.end, end)
        if part.kind in (_TAG, _SIMPLE_TAG):
            _cover_tags(data, part, stop, rest)
        else:
            _cover(data, part, stop, rest)


def _tracks(data: Buffer, tracks: Element, limit: int, film: _Film) -> None:
    for entry in elements(data, tracks.body, limit):
        if entry.kind != _TRACK or entry.end is None or entry.end > limit:
            continue
        fields = {e.kind: e for e in elements(data, entry.body, entry.end) if e.end is not None and e.end <= entry.end}
        codec, private = (
            bytes(data[fields[k].body : fields[k].end]) if k in fields else b"" for k in (_CODEC, _PRIVATE)
        )
        number, kind = (unsigned(data, fields[k]) if k in fields else 0 for k in (_NUMBER, _TYPE))
        name = codec.rstrip(b"\0").decode("ascii", "replace")
        film.tracks[number] = _Track(kind, name, private, _ENCODINGS not in fields)
        if kind == 1 and film.width is None and _VIDEO in fields:
            video = fields[_VIDEO]
            sizes = {e.kind: unsigned(data, e) for e in elements(data, video.body, video.end or limit)}
            film.width, film.height = sizes.get(_WIDTH) or None, sizes.get(_HEIGHT) or None


def _info(data: Buffer, info: Element, limit: int, film: _Film) -> None:
    scale, ticks = 1_000_000, 0.0
    for part in elements(data, info.body, limit):
        if part.end is None or part.end > limit:
            return
        raw = bytes(data[part.body : min(part.end, part.body + 8)])
        if part.kind == _SCALE:
            scale = unsigned(data, part) or scale
        elif part.kind == _DURATION and len(raw) in (4, 8):
            ticks = struct.unpack(">f" if len(raw) == 4 else ">d", raw)[0]
        elif part.kind == _DATE and len(raw) == 8:
            moment = _EPOCH + timedelta(microseconds=int.from_bytes(raw, "big", signed=True) // 1000)
            if 1990 <= moment.year < 2100:
                film.taken_at = moment.strftime("%Y-%m-%dT%H:%M:%S")
    seconds = ticks * scale / 1e9
    film.duration_s = round(seconds, 3) if 0 < seconds < 1e7 else None


def _bad_frames(data: Buffer, film: _Film) -> list[Damage]:
    """The first frame that holds what its coding forbids."""
    size = len(data)
    for place, (number, start, end) in enumerate(film.frames, 1):
        track = film.tracks.get(number)
        if track is None or track.kind != 1 or not track.plain or end > size:
            continue
        layout = track.layout
        damage = None
        if layout is not None:
            damage = check_nals(data, start, end, layout, f"frame {place} of the film")
        elif track.codec in _NEVER_ZERO:
            damage = wiped(data, start, end, f"frame {place} of the film")
        if damage:
            return [damage]
    return []
