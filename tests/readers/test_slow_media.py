"""Files made to be slow: what an index, a list or a text says over and over costs no more than the bytes of the file.

Each of these took minutes or, nested, longer than anyone lives. Steps are counted where there are few, or time is held
against that of one plain pass over the same file, measured beside it; elsewhere the file is so large that no test that
takes steps for each pair of its entries would end.
"""

from __future__ import annotations

import io
import re
import struct
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from PIL import Image

from auditor.model import Depth, ErrorKind, Soundness
from auditor.readers import examine, thumbnail
from auditor.readers.descriptive import TIFF_TAGS
from auditor.readers.heif.items import UnknownItems, read_items
from auditor.readers.heif.rest import heif_rest
from auditor.readers.isobmff.boxes import Box
from auditor.readers.isobmff.container import read_container
from auditor.readers.jpeg import reader
from auditor.readers.jpeg.parts import find_parts
from auditor.readers.jpeg.rest import jpeg_rest
from auditor.readers.jpeg.walk import walk
from auditor.readers.tiff.rest import exif_rest
from auditor.readers.tiff.walk import digests
from auditor.readers.tiff.walk import walk as tiff_walk
from tests import media, media_video

Made = TypeVar("Made")
MANY = 60_000


MOST_PASSES = 40
"""How many plain passes over a file may take as long as looking into it; for each pair of entries: hundreds."""


def _seconds(work: Callable[[], Made]) -> tuple[float, Made]:
    """Processor time, which other programs do not lengthen much, and what the work gives."""
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


def _small(edge: int = 16) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (edge, edge), 90).save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The sizes of the parts behind pictures that are looked into, each time that one is."""
    seen: list[int] = []
    real = reader.examine_file
    monkeypatch.setattr(
        reader, "examine_file", lambda name, data, depth: (seen.append(len(data)), real(name, data, depth))[1]
    )
    yield seen


def _index(still: bytes, lengths: list[int]) -> bytes:
    """A JPEG with an index of further pictures that all begin behind it; each has a length of its own."""
    made = media.multi_picture(still, *(b"" for _ in lengths))
    size = len(made)
    for number, length in enumerate(lengths):
        base = made.index(b"MPF\0") + 4
        at = base + 50 + 16 * (1 + number)
        made = made[:at] + struct.pack(">III", 0, length, size - base) + made[at + 12 :]
    return made


def test_parts_that_hold_the_same_parts_are_looked_into_a_few_times(looks: list[int]) -> None:
    content = _small()
    for _ in range(14):
        padded = content + bytes(4)
        content = _index(_small(), [len(padded) - spare for spare in range(3)]) + padded
    found = examine("x.jpg", content, Depth.DECODE)
    assert len(looks) <= 3 + 3 * 3 + 3 * 3 * 3
    assert found.soundness is Soundness.NOT_CHECKED
    assert found.error and found.error.kind is ErrorKind.UNSUPPORTED and "nested too deeply" in found.error.reason


@pytest.mark.parametrize("count", [20, 1000])
def test_more_parts_than_there_is_room_for_are_not_looked_into(count: int, looks: list[int]) -> None:
    behind = _small() + bytes(2000)
    found = examine("x.jpg", _index(_small(), [len(behind) - n for n in range(count)]) + behind, Depth.DECODE)
    assert not looks
    assert [damage.code for damage in found.damage] == ["part_damaged"]


def test_items_that_never_end_are_read_once() -> None:
    texts = [b"<Container:Item " * (60_000 // 16), b"<c:Item Item:Length>1" + b" \n" * 30_000 + b"1</c:Item>" * 2]
    segments = b"".join(
        media._segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + text) for text in texts for _ in range(4)
    )
    content = b"\xff\xd8" + segments + _small()[2:]
    walked = walk(content)
    floor, _ = _seconds(lambda: re.findall(rb"<[^<>]*", content))
    took, found = _seconds(lambda: find_parts(content, walked.segments, walked.end or 0))
    assert found.parts == ()
    assert took < MOST_PASSES * max(floor, 0.01)


ITEMS = {
    "attributes": b'<C:Item I:Mime="image/jpeg"/><C:Item I:Mime="video/mp4" I:Length="%d"/>',
    "elements": b"<C:Item><I:Mime>image/jpeg</I:Mime></C:Item><C:Item><I:Mime> video/mp4\n</I:Mime><I:Length>%d"
    b"</I:Length></C:Item>",
    "one without an end before": b'<C:Item/><C:Item I:Mime="video/mp4" I:Length="%d"/><C:Item I:Length="7">',
}


@pytest.mark.parametrize("items", ITEMS.values(), ids=ITEMS)
def test_items_are_read_however_they_are_written(items: bytes) -> None:
    clip = media_video.box(b"ftyp", b"isom\0\0\0\0") + bytes(100)
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + items % len(clip)
    content = media.with_segment(_small(), 0xE1, xmp) + clip
    walked = walk(content)
    (part,) = find_parts(content, walked.segments, walked.end or 0).parts
    assert (part.name, content[part.start : part.end]) == ("further picture", clip)


SEGMENTS = {"JFIF": 10_000, "XMP": 10_000, "resources": 10_000, "extensions": MANY, "pieces of one extension": MANY}
"""How many of each kind: so many that a pass over all for each of them tells, and still ends."""


def _segments(kind: str) -> Iterator[bytes]:
    jfif = media._segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    count = SEGMENTS[kind]
    for number in range(count):
        if kind == "JFIF":
            yield jfif
        elif kind == "XMP":
            yield media._segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b" " * 1000)
        elif kind == "resources":
            yield media._segment(0xED, b"Photoshop 3.0\x008BIM" + bytes(1000))
        else:
            whole = struct.pack(">II", 1, 0) + b"x"
            guid = b"%032d" % (number if kind == "extensions" else 0)
            place = b"" if kind == "extensions" else struct.pack(">II", count, number) + b"x"
            yield media._segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + guid + (place or whole))


@pytest.mark.parametrize("kind", SEGMENTS)
def test_segments_without_number_are_taken_up_once_each(kind: str) -> None:
    content = b"\xff\xd8" + b"".join(_segments(kind)) + _small()[2:]
    floor, walked = _seconds(lambda: walk(content))
    took, pieces = _seconds(lambda: jpeg_rest(content, walked, ()))
    assert bool(pieces) == (kind in ("resources", "extensions", "pieces of one extension"))
    assert took < MOST_PASSES * max(floor, 0.01)


def _exif(fields: list[tuple[int, int, int, int]], behind: bytes) -> bytes:
    """An EXIF block of fields (tag, type, count, value or place behind the directory) and what lies behind it."""
    start = 8 + 2 + 12 * len(fields) + 4
    table = b"".join(
        struct.pack("<HHII", tag, kind, count, value + (start if kind in (2, 7) or tag == 513 else 0))
        for tag, kind, count, value in fields
    )
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(fields)) + table + bytes(4) + behind


def test_fields_that_lie_upon_each_other_make_the_block_count_as_it_is() -> None:
    text = b"a text\n" * 2000
    once, often = _exif([(270, 2, len(text), 0)], text), _exif([(270, 2, len(text), 0)] * 3000, text)
    assert exif_rest(once, (100, 100), profiled=False) == []
    assert exif_rest(often, (100, 100), profiled=False) == [(b"EXIF that lies twice over", often)]


def test_a_thumbnail_that_two_fields_name_is_one() -> None:
    small = _small()
    fields = [(513, 4, 1, 0), (514, 4, 1, len(small)), (513, 4, 1, 0)]
    assert exif_rest(_exif(fields, small), (100, 100), profiled=False) == []


def test_a_thumbnail_may_lie_in_the_makers_note() -> None:
    small = _small()
    fields = [(37500, 7, len(small), 0), (513, 4, 1, 0), (514, 4, 1, len(small))]
    assert exif_rest(_exif(fields, small), (100, 100), profiled=False) == []


def test_thumbnails_in_thumbnails_are_decoded_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    real = thumbnail.is_whole
    monkeypatch.setattr(thumbnail, "is_whole", lambda core, frame: (decoded.append(frame.width), real(core, frame))[1])
    content = _small(8)
    for level in range(4, 10):
        lengths = [(513, 4, 1, 0), (514, 4, 1, len(content))]
        twice = b"Exif\0\0" + _exif([*lengths, (513, 4, 1, 0), (513, 4, 1, 0)], content)
        content = media.with_segment(_small(1 << level), 0xE1, twice)
    assert thumbnail.is_small_jpeg(content, 1000, 1000)
    assert sorted(decoded) == sorted({*decoded})


def test_strips_that_lie_upon_each_other_are_not_looked_into() -> None:
    behind = bytes(8 * MANY)
    size = 8 + 2 + 12 * 5 + 4 + len(behind)
    starts = struct.pack(f"<{MANY}I", *range(MANY))
    fields = [(256, 4, 1, 1000), (257, 4, 1, 1000), (273, 4, MANY, 74), (278, 4, 1, 1), (279, 4, MANY, 74 + 4 * MANY)]
    content = _exif(fields, starts + struct.pack(f"<{MANY}I", *range(size, size - MANY, -1)))
    walked = tiff_walk(content)
    assert len(walked.images[0].parts) == MANY
    assert digests(content, walked, TIFF_TAGS) == (None, None)


def test_a_thousand_oddities_are_told_by_the_first() -> None:
    assert 0 < len(walk(b"\xff\xd8" + b"\xff\x01" * MANY + _small()[2:]).notes) < 100


def _links(count: int, index: int) -> bytes:
    return media_video.full(b"ipma", 0, 0, struct.pack(">I", count), struct.pack(">HBB", 1, 1, index) * count)


def _list(properties: bytes, links: bytes, items: int = 1, references: bytes = b"") -> tuple[bytes, Box]:
    infe = (media_video.full(b"infe", 2, 0, struct.pack(">HH", n, 0), b"hvc1", b"\0") for n in range(1, items + 1))
    iinf = media_video.full(b"iinf", 0, 0, struct.pack(">H", items), *infe)
    places = (struct.pack(">HHHHII", n, 0, 0, 1, 0, 64) for n in range(1, items + 1))
    iloc = media_video.full(b"iloc", 1, 0, bytes([0x44, 0]), struct.pack(">H", items), *places)
    handler = media_video.full(b"hdlr", 0, 0, struct.pack(">I4s12sB", 0, b"pict", bytes(12), 0))
    pitm = media_video.full(b"pitm", 0, 0, struct.pack(">H", 1))
    iref = media_video.full(b"iref", 0, 0, references) if references else b""
    iprp = media_video.box(b"iprp", media_video.box(b"ipco", properties), links)
    content = media_video.full(b"meta", 0, 0, handler, pitm, iinf, iloc, iref, iprp)
    return content, Box(b"meta", 0, 8, len(content))


def test_a_property_that_one_item_has_again_and_again_is_told_each_time() -> None:
    content, meta = _list(media_video.box(b"irot", b"\1"), _links(MANY, 1))
    items = read_items(content, meta)
    assert len(items.items[1].properties) == MANY
    pieces = heif_rest(content, read_container(content), meta, items, (items.items[1],))
    assert pieces and not any(b"irot" in what for what, _ in pieces)


def test_a_turn_before_a_crop_counts_though_it_is_the_same_as_one_behind() -> None:
    links = media_video.full(b"ipma", 0, 0, struct.pack(">IHB", 1, 1, 3), b"\1\2\1")
    content, meta = _list(media_video.box(b"irot", b"\1") + media_video.box(b"clap", bytes(32)), links)
    items = read_items(content, meta)
    pieces = heif_rest(content, read_container(content), meta, items, (items.items[1],)) or []
    assert [what.split()[-1] for what, _ in pieces if b"irot" in what or b"clap" in what] == [
        b"irot",
        b"clap",
    ]


@pytest.mark.parametrize("many", ["contents", "properties"])
def test_bytes_that_lie_in_thousands_of_items_are_not_looked_into(many: str) -> None:
    count = 20_000
    if many == "contents":
        content, meta = _list(b"", _links(0, 1), count)
        content = content.replace(struct.pack(">II", 0, 64), struct.pack(">II", 0, len(content)))
    else:
        every = b"".join(struct.pack(">HBB", n, 1, 1) for n in range(1, count + 1))
        links = media_video.full(b"ipma", 0, 0, struct.pack(">I", count), every)
        content, meta = _list(media_video.box(b"colr", bytes(100_000)), links, count)
    with pytest.raises(UnknownItems, match="the same bytes into many items"):
        read_items(content, meta)


def test_tiles_and_references_without_number_are_taken_up_once_each() -> None:
    count = 20_000
    numbers = struct.pack(f">{count - 1}H", *range(2, count + 1))
    references = media_video.box(b"dimg", struct.pack(">HH", 1, count - 1), numbers)
    references += b"".join(media_video.box(b"cdsc", struct.pack(">HHH", n, 1, 1)) for n in range(2, count + 1))
    content, meta = _list(b"", _links(0, 1), count, references)
    items = read_items(content, meta)
    pieces = heif_rest(content, read_container(content), meta, items, (items.items[1],))
    assert pieces and sum(b"cdsc" in what for what, _ in pieces) == count - 1
    head = media_video.box(b"ftyp", b"heic\0\0\0\0mif1heic")
    assert examine("x.heic", head + content, Depth.DECODE).soundness is not Soundness.SOUND


def test_a_heic_of_tiles_is_still_sound() -> None:
    assert examine("x.heic", media_video.grid_heic(), Depth.DECODE).soundness is Soundness.SOUND
