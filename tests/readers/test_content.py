"""What only looks like metadata is content: a copy that lost it is not the same picture."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from auditor.model import Depth, ErrorKind, Soundness
from auditor.readers import Examination, examine
from auditor.readers.isobmff.boxes import Box, inside, meta_boxes
from auditor.readers.isobmff.container import read_container
from auditor.readers.jpeg.parts import Part, find_parts
from auditor.readers.jpeg.walk import walk
from auditor.readers.tiff import ifd
from tests import media, media_video

SMALL = (160, 120)
DATA = next((p / "shared/data" for p in Path(__file__).resolve().parents if (p / "shared/data").exists()), Path("none"))


def _judge(content: bytes) -> Examination:
    return examine("a.jpg", content, Depth.DECODE)


def _same(own: bytes, other: bytes) -> bool:
    before, after = _judge(own), _judge(other)
    assert before.soundness is Soundness.SOUND, (before.damage, before.error)
    assert after.soundness is Soundness.SOUND, (after.damage, after.error)
    assert before.coded_sha256 == after.coded_sha256 is not None
    return before.image_sha256 == after.image_sha256


PLAIN = media.jpeg(1, SMALL)
_GDEPTH = 'xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" '


def _extended(content: bytes, named: bool = True) -> bytes:
    """A JPEG with a depth map in XMP that takes two segments."""
    guid = b"0123456789ABCDEF0123456789ABCDEF"
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description {_GDEPTH}GDepth:Data="{"QUJD" * 20000}"/></rdf:RDF></x:xmpmeta>'
    ).encode()
    for start in range(0, len(packet), 60000)[::-1]:
        head = b"http://ns.adobe.com/xmp/extension/\0" + guid + struct.pack(">II", len(packet), start)
        content = media.with_segment(content, 0xE1, head + packet[start : start + 60000])
    link = f'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{guid.decode()}"' if named else ""
    return media.with_xmp(content, link)


CONTENT: dict[str, Callable[[bytes], bytes]] = {
    "depth in XMP": lambda c: media.with_xmp(c, _GDEPTH + 'GDepth:Data="AAAA"'),
    "depth in XMP that goes on": _extended,
    "gain map": lambda c: media.with_xmp(c, 'hdrgm:Version="1.0" hdrgm:GainMapMax="2"'),
    "panorama": lambda c: media.with_xmp(
        c, 'xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" GPano:ProjectionType="equirectangular"'
    ),
    "raw thermal data": lambda c: media.with_segment(c, 0xE1, b"FLIR\0\1\0\0" + bytes(range(200))),
    "an unknown segment": lambda c: media.with_segment(c, 0xE5, b"maker's own"),
    "a stereo picture's layout": lambda c: media.with_segment(c, 0xE3, b"_JPSJPS_\0\4"),
    "Photoshop's path": lambda c: media.with_segment(
        c, 0xED, b"Photoshop 3.0\x008BIM\x07\xd0\0\0" + struct.pack(">I", 26) + bytes(26)
    ),
    "Adobe RGB by EXIF": lambda c: media.with_segment(c, 0xE1, _adobe_rgb()),
    "bytes behind": lambda c: c + b"what is this?",
    "a sound in Samsung's trailer": lambda c: c + media.seft((0x0100, b"SoundShot_000", b"sound" * 99)),
    "broken XMP": lambda c: media.with_segment(c, 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><a"),
}


def _parts(content: bytes) -> tuple[Part, ...]:
    walked = walk(content)
    return find_parts(content, walked.segments, walked.end or 0).parts


def _adobe_rgb() -> bytes:
    block = Image.Exif()
    block._ifds[0x8769] = {40961: 65535, 40965: {1: "R03"}}
    return b"Exif\0\0" + block.tobytes().removeprefix(b"Exif\0\0")


@pytest.mark.parametrize("add", CONTENT.values(), ids=CONTENT)
def test_a_jpeg_that_lost_it_is_another(add: Callable[[bytes], bytes]) -> None:
    assert not _same(add(PLAIN), PLAIN)


def test_what_follows_a_preview_in_one_of_samsungs_blocks_is_content() -> None:
    preview = media.jpeg(2, SMALL)
    own = media.multi_picture(PLAIN, preview)
    kind = own.index(b"MPF\0") + 4 + 50 + 16
    own = own[:kind] + (0x010001).to_bytes(4, "big") + own[kind + 4 :]  # by the index it repeats the picture

    def trailed(more: bytes) -> bytes:
        content = own.removesuffix(preview) + media.seft((0x0100, b"Preview", preview + more))
        offset = int.from_bytes(own[kind + 8 : kind + 12], "big") + 8 + len(b"Preview")
        return content[: kind + 8] + offset.to_bytes(4, "big") + content[kind + 12 :]

    (part,) = _parts(trailed(b""))
    assert not part.essential
    assert _same(trailed(b"sound one"), trailed(b"sound one"))
    assert not _same(trailed(b"sound one"), trailed(b"sound two"))


def test_nothing_hides_in_the_names_and_the_index_of_samsungs_trailer() -> None:
    def trailed(name: bytes, more: bytes = b"") -> bytes:
        end = media.seft((0x0100, name, b"content"))
        size = int.from_bytes(end[-8:-4], "little") + len(more)
        return PLAIN + end[:-8] + more + size.to_bytes(4, "little") + b"SEFT"

    assert _same(trailed(b"name"), trailed(b"name"))
    assert not _same(trailed(b"x" * 300 + b"1"), trailed(b"x" * 300 + b"2"))
    assert not _same(trailed(b"name", b"one"), trailed(b"name", b"two"))


DESCRIPTIVE: dict[str, Callable[[bytes], bytes]] = {
    "a rating": lambda c: media.with_xmp(c, 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"'),
    "a burst's id": lambda c: media.with_xmp(c, 'GCamera:BurstID="x"'),
    "IPTC": lambda c: media.with_segment(
        c, 0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", 8) + b"\x1c\x02\x78\0\3sea"
    ),
    "a comment": lambda c: media.with_segment(c, 0xFE, b"hello"),
    "zeros behind": lambda c: c + bytes(100),
}


def _adobe(transform: int) -> bytes:
    """A JPEG with JFIF's header and Adobe's, which decoders ask for the colours where JFIF's is gone."""
    return media.with_segment(PLAIN, 0xEE, b"Adobe\0\x64" + bytes(4) + bytes([transform]))


@pytest.mark.parametrize(("transform", "same"), [(1, True), (0, False)])
def test_without_jfif_adobes_segment_says_the_colours(transform: int, same: bool) -> None:
    own = _adobe(transform)
    length = int.from_bytes(own[4:6], "big")
    assert own[6:10] == b"JFIF"
    assert _same(own, own[:2] + own[4 + length :]) is same


def test_the_size_of_a_related_picture_is_metadata_where_some_phones_write_it() -> None:
    block = Image.Exif()
    block[0x1001], block[0x1002] = 2272, 1704
    assert _same(media.with_segment(PLAIN, 0xE1, b"Exif\0\0" + block.tobytes().removeprefix(b"Exif\0\0")), PLAIN)


@pytest.mark.parametrize("add", DESCRIPTIVE.values(), ids=DESCRIPTIVE)
def test_a_jpeg_that_lost_it_is_the_same(add: Callable[[bytes], bytes]) -> None:
    assert _same(add(PLAIN), PLAIN)


@pytest.mark.parametrize(
    "packet",
    [
        '<rdf:Description><GDepth:Data GDepth:Mime="image/png">{0}</GDepth:Data></rdf:Description>',
        "<rdf:Description><GDepth:Data><GDepth:Mime>x</GDepth:Mime>{0}</GDepth:Data></rdf:Description>",
        '<rdf:Description><GDepth:Data rdf:resource="x" GDepth:Mime="{0}"/></rdf:Description>',
        '<rdf:Description><GDepth:Data rdf:resource="{0}" GDepth:Mime="x"/></rdf:Description>',
        "<rdf:Description><GDepth:Data><rdf:Seq><rdf:li>x</rdf:li></rdf:Seq><GDepth:Map>{0}</GDepth:Map></GDepth:Data>"
        "</rdf:Description>",
        "<rdf:Description><GDepth:Data><rdf:Seq>{0}<rdf:li>x</rdf:li></rdf:Seq></GDepth:Data></rdf:Description>",
        "<rdf:Description><GDepth:Data><rdf:Description>{0}</rdf:Description></GDepth:Data></rdf:Description>",
        "<rdf:Description>{0}<GDepth:Near>1</GDepth:Near></rdf:Description>",
        "{0}<rdf:Description/>",
    ],
)
def test_nothing_hides_in_xmp_that_is_not_as_xmp_must_be(packet: str) -> None:
    """A program that looks for one property finds it in forms that the standard does not know, too."""

    def photo(content: str) -> bytes:
        return media.with_segment(PLAIN, 0xE1, _XMP % packet.format(content).encode())

    assert not _same(photo("AAAA"), photo("BBBB"))
    assert _same(photo("AAAA"), photo("AAAA"))


_XMP = (
    b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/" '
    b'xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">%s</rdf:RDF></x:xmpmeta>'
)


def test_how_a_property_is_written_changes_nothing() -> None:
    attribute = media.with_xmp(PLAIN, _GDEPTH + 'GDepth:Near="1.5" GDepth:Far="9"')
    elements = media.with_xmp(PLAIN, _GDEPTH, "<GDepth:Far>9</GDepth:Far><GDepth:Near>1.5</GDepth:Near>")
    assert _same(attribute, elements)
    assert not _same(attribute, media.with_xmp(PLAIN, _GDEPTH + 'GDepth:Near="1.6" GDepth:Far="9"'))


def test_a_depth_map_that_nothing_names_any_more_is_lost() -> None:
    assert not _same(_extended(PLAIN), _extended(PLAIN, named=False))


def test_a_gain_map_that_does_not_lie_where_the_index_says_is_another() -> None:
    own = media.ultra_hdr(1, (320, 240))
    entry = own.index(b"MPF\0") + 4 + 50 + 16
    assert int.from_bytes(own[entry + 4 : entry + 8], "big") > 1000
    moved = own[: entry + 8] + (int.from_bytes(own[entry + 8 : entry + 12], "big") + 7).to_bytes(4, "big")
    assert not _same(own, moved + own[entry + 12 :])


@pytest.mark.parametrize(
    ("at", "value"),
    [(22, 1), (22, 3), (14, 3), (18, 2), (12, 9), (2, 1), (10, 49), (26, 1), (33, 15)],
    ids=["one picture", "three", "SHORT", "two numbers", "no number", "version's type", "version", "type", "length"],
)
def test_an_index_that_readers_count_otherwise_is_another(at: int, value: int) -> None:
    own = media.multi_picture(PLAIN, media.jpeg(2))
    place = own.index(b"MPF\0") + 4 + 10 + at
    assert not _same(own, own[:place] + bytes([value]) + own[place + 1 :])


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_chunks_cannot_be_cut_anew() -> None:
    rows = [zlib.compress(b"".join(b"\0" + bytes([v]) * 30 for _ in range(10))) for v in (0, 200)]
    head = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 10, 8, 2, 0, 0, 0))
    profile, gamma = b"icc\0\0" + zlib.compress(b"x" * 200), struct.pack(">I", 45455)
    one = _chunk(b"iCCP", profile) + _chunk(b"IDAT", rows[0] + b"gAMA" + gamma + b"IDAT" + rows[1])
    two = _chunk(b"iCCP", profile + b"IDAT" + rows[0]) + _chunk(b"gAMA", gamma) + _chunk(b"IDAT", rows[1])
    seen = [_judge(head + middle + _chunk(b"IEND", b"")) for middle in (one, two)]
    assert len({s.image_sha256 for s in seen}) == len({s.coded_sha256 for s in seen}) == 2


def test_how_a_pngs_data_is_cut_up_is_nothing() -> None:
    own = media.png(1, SMALL)
    at = own.index(b"IDAT") - 4
    length = int.from_bytes(own[at : at + 4], "big")
    body = own[at + 8 : at + 8 + length]
    cut = own[:at] + _chunk(b"IDAT", body[:100]) + _chunk(b"IDAT", body[100:]) + own[at + 12 + length :]
    assert _same(own, cut)


@pytest.mark.parametrize(
    ("keyword", "same"), [(b"Comment", True), (b"mxfile", False), (b"Raw profile type icc", False)]
)
def test_texts_of_a_png(keyword: bytes, same: bool) -> None:
    own = media.png(1, SMALL)
    end = own.index(b"IEND") - 4
    assert _same(own[:end] + _chunk(b"tEXt", keyword + b"\0text") + own[end:], own) is same


def _packet(attributes: str) -> bytes:
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:xmp="http://ns.adobe.com/xap/1.0/">'
        f"<rdf:Description {attributes}/></rdf:RDF>"
    ).encode()


@pytest.mark.parametrize(
    ("kind", "block", "same"),
    [
        (b"xmp", _packet('xmp:Rating="5"'), True),
        (b"xmp", _packet(_GDEPTH + 'GDepth:Data="AAAA"'), False),
        (b"APP1", b"http://ns.adobe.com/xap/1.0/\0" + _packet(_GDEPTH + 'GDepth:Data="AAAA"'), False),
        (b"exif", media_video.exif(), True),
        (b"exif", _adobe_rgb(), False),
        (b"iptc", b"8BIM\4\4\0\0\0\0\0\6\x1c\2\x78\0\1x", True),
        (b"8bim", b"8BIM\x07\xd0\0\0\0\0\0\4path", False),
        (b"apples", b"what is this?", False),
    ],
)
@pytest.mark.parametrize("type_", [b"tEXt", b"zTXt"])
def test_a_profile_that_a_png_keeps_as_text_counts_as_what_it_is(
    type_: bytes, kind: bytes, block: bytes, same: bool
) -> None:
    text = b"\n%s\n%8d\n%s\n" % (kind, len(block), block.hex().encode())
    rest = text if type_ == b"tEXt" else b"\0" + zlib.compress(text)
    own = media.png(1, SMALL)
    end = own.index(b"IEND") - 4
    assert _same(own[:end] + _chunk(type_, b"Raw profile type " + kind + b"\0" + rest) + own[end:], own) is same


@pytest.mark.parametrize(("across", "down", "same"), [(300, 300, True), (204, 98, False)])
def test_the_shape_of_a_tiffs_pixels_counts(across: int, down: int, same: bool) -> None:
    picture = Image.linear_gradient("L")
    files = [io.BytesIO(), io.BytesIO()]
    picture.save(files[0], "TIFF", x_resolution=across, y_resolution=down, resolution_unit=2)
    picture.save(files[1], "TIFF", x_resolution=72, y_resolution=72, resolution_unit=2)
    assert _same(files[0].getvalue(), files[1].getvalue()) is same


@pytest.mark.parametrize(
    ("content", "same"), [(b"1700000000000", True), (b"PK\3\4" + bytes(range(30)), False), (b"1" * 9000, False)]
)
def test_a_note_of_samsungs_is_a_few_letters(content: bytes, same: bool) -> None:
    assert _same(PLAIN + media.seft((0x0A01, b"Image_UTC_Data", content)), PLAIN) is same


@pytest.mark.parametrize("kind", [b"prVW", b"caBX", b"pHYs", b"gAMA"])
def test_other_chunks_of_a_png_count(kind: bytes) -> None:
    own = media.png(1, SMALL)
    at = own.index(b"IDAT") - 4
    body = struct.pack(">IIB", 1, 2, 0) if kind == b"pHYs" else struct.pack(">I", 45455)
    assert not _same(own[:at] + _chunk(kind, body) + own[at:], own)


def test_where_the_pixels_of_a_bitmap_begin_counts() -> None:
    own = media.bmp(1, (64, 48)) + bytes(9)
    other = bytearray(own)
    other[10] -= 9
    assert _judge(bytes(other)).image_sha256 != _judge(own).image_sha256


def _box(content: bytes, kind: bytes) -> Box:
    meta = read_container(content).first(b"meta")
    assert meta
    boxes = list(meta_boxes(content, meta))
    found = next((box for box in (meta, *boxes) if box.kind == kind), None)
    return found or next(box for outer in boxes for box in inside(content, outer) if box.kind == kind)


@pytest.mark.parametrize("kind", [b"meta", b"iinf", b"iloc", b"ipma", b"iref", b"pitm"])
def test_a_list_of_an_unknown_version_is_not_sound(kind: bytes) -> None:
    content = bytearray(media_video.grid_heic(media_video.photo(192, 128), tile=64))
    content[_box(bytes(content), kind).body] = 4
    found = examine("a.heic", bytes(content), Depth.DECODE)
    assert found.soundness is Soundness.NOT_CHECKED
    assert found.error and found.error.kind is ErrorKind.UNSUPPORTED


@pytest.mark.parametrize("make", [media_video.heic, media_video.avif], ids=["HEIC", "AVIF"])
def test_a_list_that_counts_wrongly_is_not_sound(make: Callable[[], bytes]) -> None:
    content = bytearray(make())
    content[_box(bytes(content), b"iinf").body + 5] += 1
    assert examine("a.heic", bytes(content), Depth.DECODE).soundness is Soundness.NOT_CHECKED


def test_bytes_between_the_items_of_a_heic_count() -> None:
    content = media_video.heic(media_video.photo(96, 64))
    mdat = next(box for box in read_container(content).boxes if box.kind == b"mdat")
    assert mdat.end == len(content), "the picture comes last"
    size = (mdat.end - mdat.start + 9).to_bytes(4, "big")
    longer = content[: mdat.start] + size + content[mdat.start + 4 :]
    assert not _same(content, longer + b"unrelated")
    assert _same(content, longer + bytes(9))


@pytest.mark.parametrize(("padding", "same"), [(bytes(40), True), (b"a letter hidden in the padding", False)])
def test_padding_of_a_heic_is_empty_or_counts(padding: bytes, same: bool) -> None:
    content = media_video.heic(media_video.photo(96, 64))
    padded = content + (len(padding) + 8).to_bytes(4, "big") + b"free" + padding
    assert _same(content, padded) is same


@pytest.mark.parametrize(("tag", "same"), [(306, True), (272, False), (50778, False)])
def test_a_raw_picture_is_its_maker_and_settings_too(tag: int, same: bool) -> None:
    own = media.dng(1)
    head = ifd.header(own)
    table = ifd.directory(own, head, head.first) if head else None
    assert table
    place = table.entries[tag].offset
    other = own[:place] + bytes([own[place] ^ 1]) + own[place + 1 :]
    assert _same(own, other) is same


@pytest.mark.skipif(not (DATA / "attacks").exists(), reason="the files of the hostile test are not here")
@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("attacks/24bpp-10x10.bmp", 10, 0x2D),
        ("attacks/DC50.kdc", 856, 0xFF),
        ("attacks/32Bit-72dpi-sRGB-800x600.avif", 211, 1),
        ("photos/heic/IMG_5195.HEIC", 32, 4),
    ],
)
def test_one_byte_that_other_programs_stumble_over(name: str, at: int, value: int) -> None:
    own = (DATA / name).read_bytes()
    before, after = (
        examine(name, content, Depth.DECODE) for content in (own, own[:at] + bytes([value]) + own[at + 1 :])
    )
    assert before.soundness is Soundness.SOUND
    assert after.soundness is not Soundness.SOUND or after.image_sha256 != before.image_sha256


def _photoshop_thumbnail(picture: bytes) -> bytes:
    body = bytes(28) + picture
    block = b"8BIM\x04\x0c\0\0" + struct.pack(">I", len(body)) + body + bytes(len(body) % 2)
    return b"Photoshop 3.0\0" + block


_HIDDEN = bytes(range(256)) * 8
_REMNANT = media.jpeg(8, (64, 48))[-500:] + b"\xff" * 99
"""What an Olympus D-320L leaves behind its thumbnail, in a place of one size for all."""


@pytest.mark.parametrize(
    ("marker", "body", "same"),
    [
        pytest.param(0xFE, "Grüße aus dem Süden".encode("latin-1"), True, id="comment"),
        pytest.param(0xFE, media.jpeg(7, (64, 48)), False, id="picture in a comment"),
        pytest.param(0xE0, b"JFXX\0\x10" + media.jpeg(7, (64, 48)), True, id="thumbnail"),
        pytest.param(0xE0, b"JFXX\0\x10" + media.jpeg(7, (640, 480)), False, id="thumbnail larger than the picture"),
        pytest.param(0xE0, b"JFXX\0\x10" + media.jpeg(7, (64, 48)) + b"hidden", False, id="file behind a thumbnail"),
        pytest.param(0xE0, b"JFXX\0\x10" + media.jpeg(7, (64, 48)) + _REMNANT, True, id="remnant of an older one"),
        pytest.param(0xE0, b"JFXX\0\x10" + media.jpeg(7, (64, 48)) + _HIDDEN + _REMNANT, False, id="file before it"),
        pytest.param(0xE0, b"JFXX\0\x13\x02\x01" + b"rgbrgb", True, id="thumbnail in plain pixels"),
        pytest.param(0xE0, b"JFXX\0\x13\x02\x01" + _HIDDEN, False, id="more than its pixels"),
        pytest.param(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1" + b"rgb", True, id="JFIF's thumbnail"),
        pytest.param(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1" + _HIDDEN, False, id="more than JFIF's thumbnail"),
        pytest.param(0xEC, b"Ducky\0\1\0\4\0\0\0F\0\0", True, id="quality for the web"),
        pytest.param(0xEC, b"Ducky\0\1\0\4\0\0\0F\0\0" + _HIDDEN, False, id="file behind it"),
        pytest.param(0xED, _photoshop_thumbnail(media.jpeg(7, (64, 48))), True, id="Photoshop's thumbnail"),
        pytest.param(0xED, _photoshop_thumbnail(_HIDDEN), False, id="file in its place"),
    ],
)
def test_only_what_is_what_its_name_says_is_left_out(marker: int, body: bytes, same: bool) -> None:
    own = media.jpeg(1, (320, 240))
    assert _same(own, media.with_segment(own, marker, body)) is same
