"""A film's digest covers all that its decoder needs: a hit byte of its tables never passes for the same film."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model import Depth, Soundness
from auditor.readers import examine
from auditor.readers.film.ebml import element, elements
from auditor.readers.isobmff.boxes import Box, inside
from auditor.readers.isobmff.container import read_container
from tests import media_video as media

NEEDED = (b"stsd", b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco")
KINDS = {
    "h264.mp4": lambda: media.film(frames=30),
    "hevc.mov": lambda: media.film("mov", "libx265", "pcm_s16le", frames=30),
}


@functools.cache
def made(name: str) -> bytes:
    return KINDS[name]()


@functools.cache
def spans(name: str) -> tuple[tuple[int, int], ...]:
    """Where the bytes lie that a decoder needs: the tables, and of the descriptions the decoder's configuration."""
    data, found = made(name), []

    def descend(box: Box, skip: int = 0) -> None:
        for child in inside(data, box, skip):
            if child.kind in (b"trak", b"mdia", b"minf", b"stbl"):
                descend(child)
            elif child.kind == b"stsd":
                for entry in inside(data, child, 8):
                    found.extend((c.body, c.end) for c in inside(data, entry, 78) if c.kind in (b"avcC", b"hvcC"))
            elif child.kind in NEEDED:
                found.append((child.body + 4, child.end))

    moov = read_container(data).first(b"moov")
    assert moov
    descend(moov)
    return tuple(found)


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=120, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_changed_byte_of_a_table_changes_the_digest_or_is_damage(name: str, data: st.DataObject) -> None:
    own = examine(name, made(name), Depth.HASH).image_sha256
    start, end = data.draw(st.sampled_from(spans(name)))
    at = data.draw(st.integers(start, end - 1))
    content = bytearray(made(name))
    content[at] ^= data.draw(st.integers(1, 255))
    if examine(name, bytes(content), Depth.HASH).image_sha256 == own:
        assert examine(name, bytes(content), Depth.DECODE).soundness is Soundness.DAMAGED, f"byte {at}"


def test_dates_and_names_change_nothing() -> None:
    name = "h264.mp4"
    own = examine(name, made(name), Depth.HASH).image_sha256
    moov = read_container(made(name)).first(b"moov")
    assert moov
    content = bytearray(made(name))
    for box in inside(made(name), moov):
        if box.kind == b"mvhd":
            content[box.body + 4 : box.body + 12] = bytes.fromhex("dd112233dd112244")
        if box.kind == b"trak":
            header = inside(made(name), box).first(b"tkhd")
            assert header
            content[header.body + 4 : header.body + 12] = bytes.fromhex("dd112233dd112244")
    assert bytes(content) != made(name)
    assert examine(name, bytes(content), Depth.HASH).image_sha256 == own
    tagged = media.film(frames=30, metadata={"title": "x" * 300, "location": "+48.1000+011.5000/"})
    assert examine(name, tagged, Depth.HASH).image_sha256 == own


def _with(name: str, path: tuple[bytes, ...], at: int, value: bytes) -> bytes:
    """The film with other bytes `at` in the box that `path` leads to, of its first track."""
    data = made(name)
    box = read_container(data).first(b"moov")
    for kind in path:
        assert box
        box = inside(data, box).first(kind)
    assert box
    return data[: box.body + at] + value + data[box.body + at + len(value) :]


@pytest.mark.parametrize(
    ("path", "at", "value"),
    [
        pytest.param((b"trak", b"edts", b"elst"), 8, (500).to_bytes(4, "big"), id="only half a second is shown"),
        pytest.param((b"trak", b"edts", b"elst"), 12, (20_000).to_bytes(4, "big"), id="the beginning is passed over"),
        pytest.param((b"trak", b"edts", b"elst"), 12, b"\xff" * 4, id="nothing is shown"),
        pytest.param((b"trak", b"edts", b"elst"), 16, (2 << 16).to_bytes(4, "big"), id="twice as fast"),
        pytest.param((b"trak", b"tkhd"), 3, b"\0", id="the track is switched off"),
    ],
)
def test_a_film_of_which_less_is_shown_is_not_the_same(path: tuple[bytes, ...], at: int, value: bytes) -> None:
    name = "h264.mp4"
    cut = examine(name, _with(name, path, at, value), Depth.DECODE)
    assert cut.soundness is Soundness.SOUND
    assert cut.image_sha256 != examine(name, made(name), Depth.HASH).image_sha256


def test_an_edit_list_counts_even_where_it_shows_all_but_the_frames_are_found_again() -> None:
    """It shifts the sound against the picture by what players make of it: only the frames are the same for sure."""
    name = "h264.mp4"
    without = _with(name, (b"trak", b"edts"), -4, b"free")
    assert without != made(name)
    seen, own = (examine(name, data, Depth.HASH) for data in (without, made(name)))
    assert seen.image_sha256 != own.image_sha256
    assert seen.coded_sha256 == own.coded_sha256


UNIT, WHOLE = (1 << 16).to_bytes(4, "big"), (1 << 30).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("path", "at", "value"),
    [
        pytest.param((b"mvhd",), 12, (250).to_bytes(4, "big"), id="the film's clock"),
        pytest.param((b"trak", b"mdia", b"mdhd"), 12, (9999).to_bytes(4, "big"), id="the track's clock"),
        pytest.param((b"trak", b"tkhd"), 40, bytes(36), id="no matrix"),
        pytest.param((b"trak", b"tkhd"), 40, (1 << 15).to_bytes(4, "big"), id="half as wide"),
        pytest.param((b"trak", b"tkhd"), 40 + 24, (99 << 16).to_bytes(4, "big"), id="moved aside"),
        pytest.param((b"trak", b"tkhd"), 76, bytes(8), id="no size"),
        pytest.param((b"trak", b"tkhd"), 36, b"\1\0", id="the volume"),
        pytest.param((b"mvhd",), 24, b"\0\0", id="the film's volume"),
        pytest.param((b"trak", b"mdia", b"hdlr"), 8, b"auxv", id="what the track is for"),
    ],
)
def test_how_it_is_shown_is_content(path: tuple[bytes, ...], at: int, value: bytes) -> None:
    name = "h264.mp4"
    own = examine(name, made(name), Depth.HASH)
    seen = examine(name, _with(name, path, at, value), Depth.HASH)
    assert own.image_sha256 not in (None, seen.image_sha256)


@pytest.mark.parametrize(
    ("orientation", "a", "b", "c", "d"),
    [(6, 0, 1, -1, 0), (3, -1, 0, 0, -1), (8, 0, -1, 1, 0), (2, -1, 0, 0, 1), (4, 1, 0, 0, -1), (5, 0, 1, 1, 0)],
)
def test_quarter_turns_and_mirrorings_are_metadata_that_is_told(
    orientation: int, a: int, b: int, c: int, d: int
) -> None:
    name = "h264.mp4"
    numbers = (a, b, 0, c, d, 0, 192 if a + c < 0 else 0, 192 if b < 0 else 128 if d < 0 else 0)
    matrix = b"".join((n << 16).to_bytes(4, "big", signed=True) for n in numbers) + WHOLE
    own = examine(name, made(name), Depth.HASH)
    turned = examine(name, _with(name, (b"trak", b"tkhd"), 40, matrix), Depth.HASH)
    assert turned.image_sha256 == own.image_sha256
    assert (own.metadata.orientation, turned.metadata.orientation) == (None, orientation)


def _colour_changed(data: bytes) -> bytes:
    at = data.index(b"colrnclx") + 8
    return data[:at] + bytes.fromhex("000900100009") + data[at + 6 :]


def _replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data and len(old) == len(new)
    return data.replace(old, new, 1)


OTHER_FILMS = {
    "colours.mp4": lambda: (_coloured("mp4"), _colour_changed(_coloured("mp4"))),
    "clock.mkv": lambda: (
        media.film("matroska", frames=15),
        _replaced(media.film("matroska", frames=15), b"\x2a\xd7\xb1\x83\x0f\x42\x40", b"\x2a\xd7\xb1\x83\x5b\x8d\x80"),
    ),
    "size.mkv": lambda: (
        media.film("matroska", frames=15),
        _replaced(media.film("matroska", frames=15), b"\xb0\x81\xc0", b"\xb0\x81\xc8"),
    ),
    "rate.avi": lambda: (_avi(), _at(_avi(), _avi().index(b"strh") + 8 + 24, b"\1")),
    "sound's kind.avi": lambda: (_avi(), _replaced(_avi(), b"auds", b"\xc7uds")),
    "picture's kind.avi": lambda: (_avi(), _replaced(_avi(), b"vids", b"vidz")),
    "unknown chunk.avi": lambda: (_avi(), _replaced(_avi(), b"JUNK", b"JUNX")),
}


def _avi() -> bytes:
    return media.film("avi", "mpeg4", "pcm_s16le", frames=15)


def _at(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def _coloured(container: str) -> bytes:
    """A film whose container describes its colours."""
    data = media.film(container, frames=15, audio=None)
    colr = media.box(b"colr", b"nclx", bytes.fromhex("00010001000100"))
    at = data.index(b"avcC") - 4
    grown = bytearray(data[:at] + colr + data[at:])
    for kind in (b"avc1", b"stsd", b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        place = data.index(kind) - 4
        grown[place : place + 4] = (int.from_bytes(grown[place : place + 4], "big") + len(colr)).to_bytes(4, "big")
    return bytes(grown)


@pytest.mark.parametrize("name", OTHER_FILMS)
def test_what_is_not_known_to_describe_is_content(name: str) -> None:
    own, other = (examine(name, data, Depth.DECODE) for data in OTHER_FILMS[name]())
    assert own.soundness is Soundness.SOUND
    assert own.image_sha256 not in (None, other.image_sha256)


def test_a_film_in_which_ffmpeg_sees_something_else_is_not_sound() -> None:
    seen = examine("film.avi", _replaced(_avi(), b"auds", b"\xc7uds"), Depth.DECODE)
    assert seen.soundness is not Soundness.SOUND
    assert "FFmpeg" in str(seen.error)


def test_a_later_picture_of_an_animation_counts() -> None:
    own, other = media.animated_avif(), media.animated_avif(seeds=(1, 2, 3, 9))
    assert examine("a.avif", own, Depth.DECODE).soundness is Soundness.SOUND
    assert examine("a.avif", other, Depth.HASH).image_sha256 != examine("a.avif", own, Depth.HASH).image_sha256


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<r:Description r:about="" xmlns:n="%s" n:name="%s"/></r:RDF></x:xmpmeta>'
)


def _box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind + body


@pytest.mark.parametrize(
    ("namespace", "describes"),
    [
        (b"http://purl.org/dc/elements/1.1/", True),
        (b"http://ns.adobe.com/xap/1.0/", True),
        (b"http://ns.google.com/photos/1.0/depthmap/", False),
        (b"http://ns.google.com/videos/1.0/spherical/", False),
        (b"http://example.com/a-program-of-tomorrow/", False),
    ],
)
def test_only_xmp_that_is_known_to_describe_is_left_out(namespace: bytes, describes: bool) -> None:
    own, *others = (
        made("h264.mp4") + _box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + packet)
        for packet in (b"", XMP % (namespace, b"one"), XMP % (namespace, b"two"))
    )
    digests = [examine("a.mp4", film, Depth.HASH).image_sha256 for film in (own, *others)]
    assert None not in digests
    assert len(set(digests)) == (1 if describes else 3)


def test_what_lies_behind_a_lists_last_text_is_content() -> None:
    """The list of texts is the last box of the file, so nothing else moves."""
    film = media.film(frames=15, metadata={"title": "a day"})
    at = film.rindex(b"ilst") - 4
    assert at + int.from_bytes(film[at : at + 4], "big") == len(film)
    digests = set()
    for more in (b"", b"\0" * 6, b"hidden"):
        longer = bytearray(film + more)
        for kind in (b"moov", b"udta", b"meta", b"ilst"):
            start = longer.rindex(kind) - 4
            size = int.from_bytes(longer[start : start + 4], "big") + len(more)
            longer[start : start + 4] = size.to_bytes(4, "big")
        digests.add(examine("a.mp4", bytes(longer), Depth.HASH).image_sha256)
    assert len(digests) == 2 and None not in digests


@pytest.mark.parametrize(
    ("kind", "content", "describes"),
    [
        (b"SDLN", b"SEQ_PLAY", True),
        (b"SDLN", b"SLOWPLAY", False),
        (b"smrd", b"TRUEBLUE", True),
        (b"smrd", b"TRUEBLUE and more", False),
        (b"smta", bytes(4), True),
        (b"smta", bytes(4) + _box(b"svss", b"slow from 2 to 5"), False),
        (b"what", bytes(4), False),
    ],
)
def test_of_samsungs_user_data_only_fixed_words_and_nothing_are_left_out(
    kind: bytes, content: bytes, describes: bool
) -> None:
    plain = media.film(frames=15, metadata={"title": "a day"})
    at, more = plain.rindex(b"udta") - 4, _box(kind, content)
    moov = plain.rindex(b"moov") - 4
    film = bytearray(plain)
    for start in (at, moov):
        film[start : start + 4] = (int.from_bytes(film[start : start + 4], "big") + len(more)).to_bytes(4, "big")
    film[at + 8 : at + 8] = more
    own, other = (examine("a.mp4", bytes(data), Depth.HASH).image_sha256 for data in (film, plain))
    assert None not in (own, other)
    assert (own == other) is describes


def _keyed(key: bytes, value: bytes, type_: int = 1) -> bytes:
    """A film with one value under one key, in the way of Apple and Android."""
    film = bytearray(media.film(frames=15))
    names = _box(b"keys", bytes(4) + (1).to_bytes(4, "big") + _box(b"mdta", key))
    data = _box(b"data", type_.to_bytes(4, "big") + bytes(4) + value)
    handler = _box(b"hdlr", bytes(8) + b"mdta" + bytes(13))
    more = _box(b"meta", handler + names + _box(b"ilst", _box((1).to_bytes(4, "big"), data)))
    return bytes(_in_moov(film, more))


def _in_moov(film: bytearray, more: bytes) -> bytearray:
    """The film with a box behind all else in its index, which stands at its end."""
    at = film.rindex(b"moov") - 4
    assert at + int.from_bytes(film[at : at + 4], "big") == len(film)
    film[at : at + 4] = (len(film) - at + len(more)).to_bytes(4, "big")
    return film + more


@pytest.mark.parametrize(
    ("key", "describes"),
    [
        (b"com.apple.quicktime.title", True),
        (b"com.apple.quicktime.location.ISO6709", True),
        (b"com.apple.quicktime.rating.user", True),
        (b"com.android.version", True),
        (b"com.android.capture.fps", False),
        (b"com.apple.quicktime.full-frame-rate-playback-intent", False),
        (b"com.apple.quicktime.live-photo.auto", False),
        (b"com.apple.quicktime.spatial.format-version", False),
        (b"com.example.a-key-of-tomorrow", False),
    ],
)
def test_a_key_that_is_not_known_to_describe_is_content(key: bytes, describes: bool) -> None:
    plain, *others = media.film(frames=15), _keyed(key, b"one"), _keyed(key, b"two")
    digests = [examine("a.mp4", film, Depth.HASH).image_sha256 for film in (plain, *others)]
    assert None not in digests
    assert len(set(digests)) == (1 if describes else 3)


HIDDEN = bytes(range(256)) * 8
"""No text, and no padding."""


@pytest.mark.parametrize("kind", [b"free", b"skip", b"wide"])
def test_padding_with_something_in_it_is_content(kind: bytes) -> None:
    film = media.film(frames=15)
    bodies = (b"", bytes(2048), b"IsoMedia File Produced with GPAC 2.2.1\0", HIDDEN)
    plain, *digests = (
        examine("a.mp4", content, Depth.HASH).image_sha256
        for content in (film, *(film + _box(kind, b) for b in bodies))
    )
    assert [digest == plain for digest in digests] == [True, True, True, False]


@pytest.mark.parametrize("kind", [b"\xa9cmt", b"titl", b"manu", b"Xtra"])
def test_a_text_that_is_none_is_content(kind: bytes) -> None:
    film = media.film(frames=15)
    longer = bytes(_in_moov(bytearray(film), _box(b"udta", _box(kind, HIDDEN))))
    own, other = (examine("a.mp4", content, Depth.HASH).image_sha256 for content in (film, longer))
    assert None not in (own, other) and own != other


def test_junk_of_an_avi_that_is_not_empty_is_content() -> None:
    own = _avi()
    at = own.rindex(b"JUNK", 0, own.index(b"movi")) + 8
    assert not any(own[at : at + 64])
    digests = [examine("a.avi", film, Depth.HASH).image_sha256 for film in (own, _at(own, at, HIDDEN[:64]))]
    assert None not in digests and digests[0] != digests[1]


def _element(number: int, *bodies: bytes) -> bytes:
    """An element of EBML with its size in eight bytes (RFC 8794, 4)."""
    body = b"".join(bodies)
    return number.to_bytes((number.bit_length() + 7) // 8, "big") + (1 << 56 | len(body)).to_bytes(8, "big") + body


def _in_segment(more: bytes) -> bytes:
    """A film in Matroska with an element behind all else in its segment."""
    film = bytearray(media.film("matroska", frames=15))
    at = film.index(b"\x18\x53\x80\x67\x01") + 4
    size = int.from_bytes(film[at + 1 : at + 8], "big")
    assert at + 8 + size == len(film)
    film[at + 1 : at + 8] = (size + len(more)).to_bytes(7, "big")
    return bytes(film) + more


def _tagged(name: bytes) -> bytes:
    return _element(0x1254C367, _element(0x7373, _element(0x67C8, _element(0x45A3, name), _element(0x4487, b"1"))))


def _sought(number: bytes) -> bytes:
    return _element(0x114D9B74, _element(0x4DBB, _element(0x53AB, number), _element(0x53AC, b"\x20")))


MATROSKA = {
    "empty padding": (_element(0xEC, bytes(2048)), True),
    "padding with something in it": (_element(0xEC, HIDDEN), False),
    "a place": (_sought(b"\x15\x49\xa9\x66"), True),
    "something in a table of places": (_sought(HIDDEN), False),
    "an element that is no place": (_element(0x114D9B74, _element(0x4DBB, _element(0x9A, b"\1"))), False),
    "a title": (_tagged(b"TITLE"), True),
    "statistics": (_tagged(b"_STATISTICS_WRITING_APP"), True),
    "how it is played": (_tagged(b"ALPHA_MODE"), False),
    "a tag that nobody knows": (_tagged(b"X-TOMORROW"), False),
}


@pytest.mark.parametrize(("more", "describes"), MATROSKA.values(), ids=MATROSKA)
def test_what_a_matroska_film_holds_beside_its_frames(more: bytes, describes: bool) -> None:
    own, other = (examine("a.mkv", film, Depth.HASH).image_sha256 for film in (_in_segment(b""), _in_segment(more)))
    assert None not in (own, other)
    assert (own == other) is describes


def _parts(film: bytes) -> tuple[bytes, list[bytes]]:
    """A Matroska film's head, and the parts of its one segment."""
    head = element(film, 0, len(film)).end or 0
    segment = element(film, head, len(film))
    return film[:head], [film[part.start : part.end] for part in elements(film, segment.body, len(film))]


def _film_of(head: bytes, parts: Sequence[bytes]) -> bytes:
    content = b"".join(parts)
    return head + b"\x18\x53\x80\x67\x01" + len(content).to_bytes(7, "big") + content


def test_where_the_tracks_of_a_matroska_film_stand_is_no_content() -> None:
    head, parts = _parts(media.film("matroska", frames=15))
    tracks = next(part for part in parts if part[:4] == b"\x16\x54\xae\x6b")
    moved = [part for part in parts if part is not tracks] + [tracks]
    own, other = (examine("a.mkv", _film_of(head, order), Depth.HASH).image_sha256 for order in (parts, moved))
    assert own == other is not None


def test_a_number_of_matroska_counts_by_its_value() -> None:
    """Nothing at all stands for the default, which is no zero."""
    digests = []
    for flag in (b"\x88\x81\1", b"\x88\x82\0\1", b"\x88\x81\0", b"\x88\x80"):
        head, parts = _parts(media.film("matroska", frames=15))
        at = next(i for i, part in enumerate(parts) if part[:4] == b"\x16\x54\xae\x6b")
        start = element(parts[at], 0, len(parts[at])).body
        entries = [
            parts[at][entry.body : entry.end] if entry.kind == 0xAE else b""
            for entry in elements(parts[at], start, len(parts[at]))
        ]
        held = b"".join(b"\xae\x20" + (len(e) + len(flag)).to_bytes(2, "big") + e + flag for e in entries if e)
        parts[at] = b"\x16\x54\xae\x6b\x10" + len(held).to_bytes(3, "big") + held
        digests.append(examine("a.mkv", _film_of(head, parts), Depth.HASH).image_sha256)
    assert digests[0] == digests[1] is not None
    assert len(set(digests)) == 3
