"""What stands in a place for metadata is left out of the digest only where it is what the place is for."""

from __future__ import annotations

import base64
import io
import random
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from auditor.model import Depth, Soundness
from auditor.readers import examine
from auditor.readers.bounds import is_note, is_text
from auditor.readers.inner_files import is_makers_data
from tests import media, media_video

SIZE = (320, 240)
SMALL = media.jpeg(7, (64, 48))
LARGE = media.jpeg(7, (640, 480), quality=30)
NOISE = random.Random(1).randbytes(3000)
LETTER = "Grüße aus dem Süden, und an alle. " * 30
CYRILLIC = "Привет с юга. " * 40
ARCHIVE = b"PK\3\4" + NOISE[:600]
CODED = base64.b64encode(LARGE)

Field = tuple[int, int, bytes]
"""A field of a directory: its tag, its type, and its value as it stands."""


def directory(fields: list[Field], at: int, following: int = 0) -> bytes:
    """A TIFF directory at an offset, its values behind it."""
    values, entries = b"", b""
    start = at + 2 + 12 * len(fields) + 4
    for tag, type_, value in sorted(fields):
        count = len(value) // {1: 1, 2: 1, 3: 2, 4: 4, 7: 1}[type_]
        slot = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", start + len(values))
        entries += struct.pack("<HHI", tag, type_, count) + slot
        values += value + bytes(len(value) % 2) if len(value) > 4 else b""
    return struct.pack("<H", len(fields)) + entries + struct.pack("<I", following if following else 0) + values


def block(fields: list[Field] = [], thumbnail: list[Field] | None = None, unused: bytes = b"") -> bytes:  # noqa: B006
    """An EXIF block: one directory, one of a thumbnail whose data lies at the end, and bytes that nothing refers to."""
    own = [(271, 2, b"Maker\0"), *fields]
    first = directory(own, 8)
    if thumbnail is not None:
        first = directory(own, 8, 8 + len(first))
        first += directory(thumbnail, 8 + len(first))
    return b"II*\0" + struct.pack("<I", 8) + first + unused


def jpeg_thumbnail(content: bytes) -> bytes:
    """An EXIF block with a JPEG as its thumbnail."""
    at = len(block([], [(513, 4, bytes(4)), (514, 4, bytes(4))]))
    return block([], [(513, 4, struct.pack("<I", at)), (514, 4, struct.pack("<I", len(content)))], content)


def plain_thumbnail(width: int, height: int, content: bytes) -> bytes:
    """An EXIF block with plain pixels as its thumbnail."""

    def fields(at: int) -> list[Field]:
        numbers = {256: width, 257: height, 259: 1, 262: 2, 273: at, 277: 3, 279: len(content)}
        return [(tag, 4, struct.pack("<I", value)) for tag, value in numbers.items()]

    return block([], fields(len(block([], fields(0)))), content)


EXIF: dict[str, tuple[bytes, bool]] = {
    "nothing": (block(), True),
    "a thumbnail": (jpeg_thumbnail(SMALL), True),
    "a thumbnail with a Casio's two bytes": (jpeg_thumbnail(SMALL[:-2] + b"\x12\x34\xff\xd9"), True),
    "more than these": (jpeg_thumbnail(SMALL[:-2] + b"\x12\x34\x56" * 9 + b"\xff\xd9"), False),
    "a picture larger than the picture": (jpeg_thumbnail(LARGE), False),
    "no picture as the thumbnail": (jpeg_thumbnail(NOISE), False),
    "a thumbnail that does not decode": (jpeg_thumbnail(SMALL[:-300] + NOISE[:298] + b"\xff\xd9"), False),
    "a file behind the thumbnail": (jpeg_thumbnail(SMALL + ARCHIVE), False),
    "a file within the thumbnail": (jpeg_thumbnail(media.with_segment(SMALL, 0xE7, ARCHIVE)), False),
    "a picture in the thumbnail's EXIF": (
        jpeg_thumbnail(media.with_segment(SMALL, 0xE1, b"Exif\0\0" + jpeg_thumbnail(LARGE))),
        False,
    ),
    "a thumbnail beyond the end": (block([], [(513, 4, struct.pack("<I", 9000)), (514, 4, b"\0\1\0\0")]), True),
    "a thumbnail that is cut": (plain_thumbnail(40, 30, NOISE * 2)[: -len(NOISE * 2)], True),
    "a thumbnail of plain pixels": (plain_thumbnail(40, 30, (NOISE * 2)[:3600]), True),
    "more than its pixels": (plain_thumbnail(40, 30, NOISE * 2), False),
    "a text": (block([(270, 2, LETTER.encode() + b"\0")]), True),
    "a comment in UTF-16": (block([(37510, 7, b"UNICODE\0" + CYRILLIC.encode("utf-16-le"))]), True),
    "keywords of Windows": (block([(40094, 1, CYRILLIC.encode("utf-16-le"))]), True),
    "padding of Windows": (block([(59932, 7, b"\x1c\xea\0\0" + bytes(2000))]), True),
    "a file in the padding": (block([(59932, 7, b"\x1c\xea\0\0" + NOISE)]), False),
    "a file in a text": (block([(270, 2, NOISE)]), False),
    "a file in a comment": (block([(37510, 7, b"UNICODE\0" + NOISE)]), False),
    "a picture in letters": (block([(270, 2, CODED[:9000])]), False),
    "a maker's note": (block([(37500, 7, NOISE)]), True),
    "a preview in the note": (block([(37500, 7, NOISE + SMALL + NOISE)]), True),
    "a picture in the note": (block([(37500, 7, NOISE + LARGE)]), False),
    "an archive in the note": (block([(37500, 7, NOISE + ARCHIVE)]), False),
    "remnants": (block(unused=NOISE[:900]), True),
    "padding": (block(unused=bytes(2000) + b"\xff" * 2000), True),
    "what nothing refers to": (block(unused=NOISE), False),
    "what only the note may refer to": (block([(37500, 7, b"note" * 9)], unused=NOISE), True),
    "a picture nothing refers to": (block([(37500, 7, b"note" * 9)], unused=NOISE + LARGE), False),
    "a small file nothing refers to": (block(unused=ARCHIVE), False),
    "IPTC": (block([(33723, 7, b"\x1c\x02\x78" + struct.pack(">H", len(LETTER)) + LETTER.encode("latin-1"))]), True),
    "a file in IPTC": (block([(33723, 7, b"\x1c\x02\x78" + struct.pack(">H", len(NOISE)) + NOISE)]), False),
}


def _same(name: str, own: bytes, other: bytes) -> bool:
    before, after = (examine(name, content, Depth.DECODE) for content in (own, other))
    assert before.soundness is after.soundness is Soundness.SOUND, (before, after)
    assert before.coded_sha256 == after.coded_sha256 is not None
    return before.image_sha256 == after.image_sha256


def _chunk(type_: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + type_ + body + struct.pack(">I", zlib.crc32(type_ + body))


def _with_chunk(type_: bytes, body: bytes) -> bytes:
    own = media.png(1, SIZE)
    end = own.index(b"IEND") - 4
    return own[:end] + _chunk(type_, body) + own[end:]


@pytest.mark.parametrize("case", EXIF)
def test_exif_holds_what_its_fields_are_for(case: str) -> None:
    exif, same = EXIF[case]
    own = media.jpeg(1, SIZE)
    assert _same("a.jpg", own, media.with_segment(own, 0xE1, b"Exif\0\0" + exif)) is same
    assert _same("a.png", media.png(1, SIZE), _with_chunk(b"eXIf", exif)) is same


def test_thumbnails_in_thumbnails_have_an_end() -> None:
    content = SMALL
    while len(content) < 60_000:
        grown = media.with_segment(SMALL, 0xE1, b"Exif\0\0" + jpeg_thumbnail(content))
        if len(grown) > 65_000:
            break
        content = grown
    own = media.jpeg(1, SIZE)
    assert not _same("a.jpg", own, media.with_segment(own, 0xE1, b"Exif\0\0" + jpeg_thumbnail(content)[:65_000]))


def test_a_thumbnail_of_many_strips_that_overlap_takes_no_memory() -> None:
    strips = 7000
    numbers = [struct.pack(f"<{strips}I", *[number] * strips) for number in (8, 60_000)]
    exif = block([], [(273, 4, numbers[0]), (279, 4, numbers[1])])
    assert len(exif) < 65_000
    own = media.jpeg(1, SIZE)
    tracemalloc.start()
    assert not _same("a.jpg", own, media.with_segment(own, 0xE1, b"Exif\0\0" + exif))
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


def test_a_note_of_nothing_but_beginnings_is_soon_judged() -> None:
    assert not is_makers_data(b"\xff\xd8\xff" * 20_000, SIZE)


def _iptc(number: int, content: bytes) -> bytes:
    """A Photoshop segment with one dataset of IPTC's second record."""
    datum = b"\x1c\x02" + bytes([number]) + b"\x80\x04" + struct.pack(">I", len(content)) + content
    return _resource(0x0404, datum)


def _resource(number: int, content: bytes) -> bytes:
    head = b"8BIM" + struct.pack(">HH", number, 0)
    return b"Photoshop 3.0\0" + head + struct.pack(">I", len(content)) + content + bytes(len(content) % 2)


@pytest.mark.parametrize(
    ("body", "same"),
    [
        pytest.param(_iptc(120, LETTER.encode()), True, id="caption"),
        pytest.param(_iptc(202, SMALL), True, id="preview"),
        pytest.param(_iptc(202, LARGE), False, id="larger preview"),
        pytest.param(_iptc(202, NOISE), False, id="no preview"),
        pytest.param(_iptc(120, NOISE), False, id="file as a caption"),
        pytest.param(_resource(0x2710, bytes(10)), True, id="how it is printed"),
        pytest.param(_resource(0x2710, NOISE * 3), False, id="file in its place"),
        pytest.param(_resource(0x2710, ARCHIVE), False, id="small file in its place"),
        pytest.param(_resource(0x043A, NOISE), True, id="settings of a printer"),
        pytest.param(_resource(0x0422, block()), True, id="EXIF"),
        pytest.param(_resource(0x0422, LARGE), False, id="picture in the place of EXIF"),
    ],
)
def test_photoshops_resources_hold_what_they_are_for(body: bytes, same: bool) -> None:
    own = media.jpeg(1, SIZE)
    assert _same("a.jpg", own, media.with_segment(own, 0xED, body)) is same


@pytest.mark.parametrize(
    ("type_", "body", "same"),
    [
        pytest.param(b"tEXt", b"Comment\0" + LETTER.encode("latin-1"), True, id="text"),
        pytest.param(b"tEXt", b"Comment\0" + NOISE, False, id="no text"),
        pytest.param(b"tEXt", b"xmp:Rating\x005", True, id="property"),
        pytest.param(b"tEXt", b"xmp:Thumbnails\0" + CODED, False, id="picture as a property"),
        pytest.param(b"tEXt", b"Thumb::MTime\x001700000000", True, id="desktop's thumbnail"),
        pytest.param(b"tEXt", b"Thumb::Image\0" + NOISE, False, id="file under its name"),
        pytest.param(b"zTXt", b"Comment\0\0" + zlib.compress(LETTER.encode()), True, id="packed text"),
        pytest.param(b"zTXt", b"Comment\0\0" + zlib.compress(NOISE), False, id="packed file"),
        pytest.param(b"zTXt", b"Comment\0\0" + zlib.compress(b"a") + NOISE, False, id="file behind a packed text"),
        pytest.param(b"zTXt", b"Comment\0\0" + NOISE, False, id="nothing packed"),
        pytest.param(b"iTXt", b"Title\0\0\0de\0Titel\0" + LETTER.encode(), True, id="text with its language"),
        pytest.param(b"iTXt", b"Title\0\0\0" + NOISE.replace(b"\0", b"") + b"\0\0a", False, id="file as a language"),
        pytest.param(b"tIME", bytes(7), True, id="time"),
        pytest.param(b"tIME", NOISE, False, id="file as a time"),
        pytest.param(b"pHYs", bytes(9), True, id="square pixels"),
        pytest.param(b"pHYs", bytes(9) + NOISE, False, id="file as square pixels"),
    ],
)
def test_texts_of_a_png_are_texts(type_: bytes, body: bytes, same: bool) -> None:
    assert _same("a.png", media.png(1, SIZE), _with_chunk(type_, body)) is same


@pytest.mark.parametrize(("content", "same"), [(LETTER.encode("latin-1"), True), (NOISE, False), (CODED, False)])
def test_a_comment_of_a_gif_is_a_text(content: bytes, same: bool) -> None:
    own = media.gif(1, (160, 120))
    at = own.rindex(b";")
    parts = [content[i : i + 255] for i in range(0, len(content), 255)]
    comment = b"\x21\xfe" + b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
    assert _same("a.gif", own, own[:at] + comment + own[at:]) is same


@pytest.mark.parametrize(("content", "same"), [(LETTER, True), (NOISE, False), (LETTER.encode() * 200, False)])
def test_a_description_of_a_tiff_is_a_text(content: str | bytes, same: bool) -> None:
    def described(text: str | bytes) -> bytes:
        out = io.BytesIO()
        value = text if isinstance(text, bytes) else text.encode()
        media.image(1, (64, 48)).save(out, "TIFF", tiffinfo=_tags(value))
        return out.getvalue()

    assert _same("a.tif", described("sea"), described(content)) is same


def _tags(value: bytes) -> Image.Exif:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    tags = ImageFileDirectory_v2()
    tags.tagtype[270] = 7
    tags[270] = value
    return tags  # type: ignore[return-value]


_THUMBNAIL = (
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/" xmpGImg:image='
)


@pytest.mark.parametrize(
    ("attributes", "same"),
    [
        pytest.param(f'{_THUMBNAIL}"{base64.b64encode(SMALL).decode()}"', True, id="thumbnail"),
        pytest.param(f'{_THUMBNAIL}"{CODED.decode()}"', False, id="larger picture"),
        pytest.param(f'{_THUMBNAIL}"{base64.b64encode(NOISE).decode()}"', False, id="no picture"),
        pytest.param(f'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="{LETTER}"', True, id="text"),
        pytest.param(
            f'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="{CODED.decode()}"', False, id="picture as a text"
        ),
        pytest.param(f'GCamera:hdrp_makernote="SERSUAI{"A" * 3000}"', True, id="note of Google's camera"),
        pytest.param(f'GCamera:hdrp_makernote="{CODED.decode()}"', False, id="picture in its place"),
    ],
)
def test_properties_of_xmp_are_texts(attributes: str, same: bool) -> None:
    own = media.jpeg(1, SIZE)
    assert _same("a.jpg", own, media.with_xmp(own, attributes)) is same


def _heic(thumbnail: bool) -> bytes:
    out = io.BytesIO()
    image = pillow_heif.from_bytes("RGB", (192, 128), media_video.photo(192, 128).tobytes())
    if thumbnail:
        image.info["thumbnails"] = [64]
    image.save(out, quality=80)
    return out.getvalue()


def test_a_thumbnail_of_a_heic_is_smaller_than_the_picture() -> None:
    own, plain = _heic(True), _heic(False)
    assert b"thmb" in own
    assert _same("a.heic", own, plain)
    at = own.rindex(struct.pack(">4sIII", b"ispe", 0, 64, 64)) + 8
    larger = own[:at] + struct.pack(">II", 256, 170) + own[at + 8 :]
    first, second = (examine("a.heic", content, Depth.HASH) for content in (own, larger))
    assert first.image_sha256 != second.image_sha256


def _in_boxes(content: bytes, path: Sequence[bytes], more: bytes) -> bytes:
    """A HEIC with bytes at the end of one of its boxes: those around it grow, and what lies behind moves."""
    changed, within = bytearray(content), 0
    for kind in path:
        within = content.index(kind, within)
        size = int.from_bytes(content[within - 4 : within], "big")
        changed[within - 4 : within] = (size + len(more)).to_bytes(4, "big")
    end = within - 4 + size
    meta = content.index(b"meta")
    if end <= meta - 4 + int.from_bytes(content[meta - 4 : meta], "big"):
        at = content.index(b"iloc") + 8
        assert content[at] == 0x44 and content[at + 1] >> 4 in (0, 4), "places of four bytes"
        wide, base = 2, content[at + 1] >> 4
        version, at = content[at - 4], at + 4
        for _ in range(int.from_bytes(content[at - 2 : at], "big")):
            at += wide + 2 * (version > 0) + 2
            places = [at] if base else []
            at += base + 2
            for _ in range(int.from_bytes(content[at - 2 : at], "big")):
                places += [] if base else [at]
                at += 8
            for place in places:
                moved = int.from_bytes(content[place : place + 4], "big") + len(more)
                changed[place : place + 4] = moved.to_bytes(4, "big")
    return bytes(changed[:end] + more + changed[end:])


@pytest.mark.parametrize(
    ("path", "more", "same"),
    [
        pytest.param((b"meta", b"iprp", b"ipco"), media_video.box(b"pixi", NOISE), False, id="property of nothing"),
        pytest.param((b"meta", b"iprp", b"ipco"), media_video.box(b"free", bytes(900)), True, id="padding"),
        pytest.param((b"meta", b"iprp"), media_video.box(b"abcd", NOISE), False, id="box beside the properties"),
        pytest.param((b"meta", b"iloc"), NOISE, False, id="behind the places"),
        pytest.param((b"meta", b"iloc"), bytes(8), True, id="zeros behind the places"),
        pytest.param((b"meta", b"iref", b"thmb"), NOISE, False, id="behind the references"),
        pytest.param((b"meta", b"pitm"), NOISE, False, id="behind the primary one"),
        pytest.param((b"meta",), media_video.box(b"iinf", NOISE), False, id="second list"),
    ],
)
def test_what_belongs_to_no_item_of_a_heic_counts(path: Sequence[bytes], more: bytes, same: bool) -> None:
    own = _heic(True)
    first, second = (examine("a.heic", content, Depth.HASH) for content in (own, _in_boxes(own, path, more)))
    assert first.coded_sha256 == second.coded_sha256 is not None
    assert (first.image_sha256 == second.image_sha256) is same


@pytest.mark.parametrize(("more", "same"), [(bytes(40), True), (NOISE, False), (ARCHIVE, False)])
def test_what_no_field_of_a_list_of_pictures_refers_to(more: bytes, same: bool) -> None:
    own = media.multi_picture(media.jpeg(1, SIZE), SMALL, attributes=0x010001)
    at = own.index(b"MPF\0") - 4 + 2
    length = int.from_bytes(own[at : at + 2], "big")
    place = own.index(b"MPF\0") + 4 + 50 + 16 + 8
    longer = bytearray(own)
    longer[at : at + 2] = (length + len(more)).to_bytes(2, "big")
    offset = int.from_bytes(own[place : place + 4], "big") + len(more)
    longer[place : place + 4] = offset.to_bytes(4, "big")
    assert _same("a.jpg", own, bytes(longer[: at + length]) + more + own[at + length :]) is same


def test_what_texts_and_notes_are() -> None:
    assert is_text(LETTER.encode()) and is_text(b"\xff\xfe" + CYRILLIC.encode("utf-16-le"))
    assert is_note(CYRILLIC.encode("utf-16-le")) and is_note(CYRILLIC.encode("utf-16-be")) and is_note(NOISE[:256])
    assert not is_note(NOISE) and not is_text(b"a" * 70_000)
    # Sound in eight bits holds no control characters, and no Unicode either; a letter of before Unicode is short.
    sound = bytes(32 + byte % 224 for byte in random.Random(2).randbytes(4000))
    assert not is_text(sound) and is_text("Grüße aus dem Süden. ".encode("latin-1") * 40)
    assert not is_text(CODED) and not is_text(b"data:image/jpeg;base64," + CODED)
    assert not is_note(CODED.decode().encode("utf-16-le"))


@pytest.mark.parametrize("make", [media.png, media.webp, media.gif, media_video.heic, media_video.film, media.jpeg])
def test_files_are_found_in_makers_data(make: Callable[[], bytes]) -> None:
    assert is_makers_data(NOISE, SIZE)
    assert not is_makers_data(NOISE + make()[:5000] + NOISE, (64, 48))


def test_most_noise_is_no_file() -> None:
    numbers = np.random.default_rng(1)
    assert sum(not is_makers_data(numbers.bytes(30_000), SIZE) for _ in range(60)) == 0
