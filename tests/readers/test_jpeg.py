"""JPEG: every gross fault is found, harmless oddities are notes, and each part behind the picture is judged."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable

import pytest

from auditor.model import Depth, ErrorKind, Soundness, Tier
from auditor.readers import READER_FAILED, Examination, examine
from auditor.readers.jpeg.parts import find_parts
from auditor.readers.jpeg.walk import walk
from tests import media

BASELINE = media.jpeg(1, (1024, 768), exif=media.exif())
PROGRESSIVE = media.jpeg(2, (1024, 768), progressive=True)
SMALL = media.jpeg(3, (200, 150))
RESTARTS = media.jpeg(4, (1024, 768), restart_marker_rows=1)
PHOTOS = {"baseline": BASELINE, "progressive": PROGRESSIVE, "small": SMALL, "restarts": RESTARTS}


def _judge(content: bytes) -> Examination:
    return examine("IMG_1.jpg", content, Depth.DECODE)


@pytest.mark.parametrize("content", PHOTOS.values(), ids=PHOTOS)
def test_sound_photos_are_sound_by_decoding(content: bytes) -> None:
    found = _judge(content)
    assert found.soundness is Soundness.SOUND
    assert found.checked == (Tier.STRUCTURE, Tier.DECODE)
    assert found.picture is not None and found.picture.shape == (32, 32)
    assert found.image_sha256 is not None and not found.notes


def _scan(content: bytes) -> tuple[int, int]:
    return walk(content).scans[-1] if len(walk(content).scans) == 1 else walk(content).scans[1]


def _block(filler: Callable[[int], bytes]) -> Callable[[bytes], bytes]:
    def fault(content: bytes) -> bytes:
        start, end = _scan(content)
        size = min(4096, (end - start) // 3)
        at = (start + end - size) // 2
        return content[:at] + filler(size) + content[at + size :]

    return fault


FAULTS: dict[str, Callable[[bytes], bytes]] = {
    "cut at 10 %": lambda c: c[: len(c) // 10],
    "cut at 50 %": lambda c: c[: len(c) // 2],
    "cut at 99 %": lambda c: c[: len(c) * 99 // 100],
    "last byte lost": lambda c: c[:-1],
    "end marker lost": lambda c: c[:-2],
    "tail of zeros": lambda c: c[: len(c) * 7 // 10].ljust(len(c), b"\0"),
    "tail of FF": lambda c: c[: len(c) * 7 // 10].ljust(len(c), b"\xff"),
    "block of zeros": _block(bytes),
    "block of noise": _block(random.Random(5).randbytes),
    "block of another photo": _block(lambda n: media.jpeg(9, (1024, 768))[9000 : 9000 + n].ljust(n, b"\0")),
    "first 512 bytes wiped": lambda c: bytes(512) + c[512:],
    "height doubled": lambda c: _with_height(c, 2),
}


@pytest.mark.parametrize("content", PHOTOS.values(), ids=PHOTOS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_gross_faults_are_damage(fault: Callable[[bytes], bytes], content: bytes) -> None:
    found = _judge(fault(content))
    assert found.soundness is Soundness.DAMAGED
    assert found.damage and all(d.code and d.detail for d in found.damage)
    assert found.image_sha256 is None and found.picture is None


def _with_height(content: bytes, times: int) -> bytes:
    frame = next(s for s in walk(content).segments if s.marker in (0xC0, 0xC2))
    height = int.from_bytes(content[frame.body + 1 : frame.body + 3], "big") * times
    return content[: frame.body + 1] + struct.pack(">H", height) + content[frame.body + 3 :]


def test_a_cut_photo_says_how_much_is_left() -> None:
    start, end = _scan(BASELINE)
    (damage,) = _judge(BASELINE[: (start + end) // 2]).damage
    assert damage.code == "truncated"
    share = int(damage.detail.split("%")[0].split()[-1])
    assert 35 <= share <= 65, damage.detail
    (damage,) = _judge(BASELINE[:-2]).damage
    assert "all rows" in damage.detail


def test_zeros_are_named_with_their_place() -> None:
    (damage,) = _judge(FAULTS["block of zeros"](BASELINE)).damage
    assert damage.code == "zero_block"
    start, end = _scan(BASELINE)
    assert damage.offset is not None and abs(damage.offset - ((start + end) // 2 - 2048)) <= 1


def test_a_marker_that_cannot_be_there_is_told_in_words_first() -> None:
    middle = sum(_scan(BASELINE)) // 2
    (damage,) = _judge(BASELINE[:middle] + b"\xff\x9f" + BASELINE[middle + 2 :]).damage
    assert re.fullmatch(r"the picture data is corrupt: impossible marker FF9F, at \d+% of the file", damage.detail)


def test_means_beyond_white_are_found_though_libjpeg_says_nothing() -> None:
    # A changed first difference lifts every mean behind it; no symbol becomes illegal and no byte is left over.
    found = 0
    start, end = _scan(BASELINE)
    rng = random.Random(7)
    for _ in range(30):
        at = rng.randrange(start, end - 2)
        flipped = BASELINE[:at] + bytes([BASELINE[at] ^ 1 << rng.randrange(8)]) + BASELINE[at + 1 :]
        found += _judge(flipped).soundness is Soundness.DAMAGED
    assert found >= 6


_APP = 0xE5
HARMLESS: dict[str, Callable[[bytes], bytes]] = {
    "zeros behind": lambda c: c + bytes(5000),
    "noise behind": lambda c: c + random.Random(1).randbytes(3000),
    "another JPEG behind": lambda c: c + SMALL,
    "fill bytes before a segment": lambda c: c[:2] + b"\xff\xff\xff" + c[2:],
    "stray bytes before a segment": lambda c: _before_scan(c, b"\x00\x17\x2a"),
    "comment": lambda c: media.with_segment(c, 0xFE, b"harmless"),
    "unknown segment": lambda c: media.with_segment(c, _APP, b"maker's own"),
    "odd JFIF version": lambda c: c.replace(b"JFIF\0\x01\x01", b"JFIF\0\x09\x09"),
    "undeclared video behind": lambda c: c + b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\1\0mdat" + bytes(range(248)),
}


def _before_scan(content: bytes, stray: bytes) -> bytes:
    at = next(s.start for s in walk(content).segments if s.marker == 0xDA)
    return content[:at] + stray + content[at:]


@pytest.mark.parametrize("content", PHOTOS.values(), ids=PHOTOS)
@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_harmless_oddities_are_sound(change: Callable[[bytes], bytes], content: bytes) -> None:
    found = _judge(change(content))
    assert found.soundness is Soundness.SOUND, (found.damage, found.notes, found.error)
    assert found.image_sha256 is not None


@pytest.mark.parametrize("fault", ["cut at 50 %", "block of noise", "tail of zeros"])
def test_header_noise_does_not_mask_damage(fault: str) -> None:
    assert _judge(FAULTS[fault](HARMLESS["stray bytes before a segment"](BASELINE))).soundness is Soundness.DAMAGED


def test_image_digest_ignores_metadata_and_sees_the_image() -> None:
    plain = media.jpeg(5)
    digest = _judge(plain).image_sha256
    tagged = media.jpeg(5, exif=media.exif(gps=(1, 2), orientation=6))
    assert _judge(tagged).image_sha256 == digest
    assert _judge(media.with_segment(plain, 0xFE, b"comment")).image_sha256 == digest
    assert _judge(media.jpeg(5, quality=87)).image_sha256 != digest
    assert _judge(media.jpeg(6)).image_sha256 != digest
    assert _judge(media.jpeg(5, icc_profile=b"profile")).image_sha256 != digest
    assert _judge(media.multi_picture(plain, SMALL)).image_sha256 != digest


PARTS = {"MPF": media.multi_picture(BASELINE, SMALL), "Ultra HDR": media.ultra_hdr(4)}


@pytest.mark.parametrize("content", PARTS.values(), ids=PARTS)
def test_parts_are_checked_as_files_of_their_own(content: bytes) -> None:
    assert _judge(content).soundness is Soundness.SOUND
    end = walk(content).end
    assert end is not None
    part = len(content) - end
    for fault in (
        content[:end],
        content[: end + part // 2],
        content[:-1],
        content[:end] + bytes(part),
        content[: end + part // 2] + bytes(part // 4) + content[end + part // 2 + part // 4 :],
    ):
        found = _judge(fault)
        assert found.soundness is Soundness.DAMAGED
        assert any("picture itself ends whole" in d.detail for d in found.damage)


CLIP = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + random.Random(3).randbytes(90_000)
MOTION = {
    "Google": media.motion_photo(CLIP, BASELINE),
    "Google, older": media.micro_video(CLIP, BASELINE),
    "Samsung": media.samsung_motion(CLIP, BASELINE),
}


@pytest.mark.parametrize("content", MOTION.values(), ids=MOTION)
def test_motion_clips_are_cut_out_exactly(content: bytes) -> None:
    walked = walk(content)
    assert walked.end is not None
    found = find_parts(content, walked.segments, walked.end)
    assert [content[p.start : p.end] for p in found.parts] == [CLIP]
    assert not found.damage and not found.notes


@pytest.mark.parametrize("content", MOTION.values(), ids=MOTION)
def test_a_motion_clip_that_is_missing_or_short_is_damage(content: bytes) -> None:
    end = walk(content).end
    assert end is not None
    gone = (content[:end], content[:end] + bytes(len(content) - end))
    for fault in (content[: end + len(CLIP) // 2], content[: end + 30]):
        assert _judge(fault).soundness is Soundness.DAMAGED
    if content.endswith(b"SEFT"):
        # Nothing in Samsung's JPEG says that there was a trailer; only zeros where it was are a sign.
        assert _judge(gone[1]).soundness is Soundness.SUSPICIOUS
    else:
        assert {_judge(fault).soundness for fault in gone} == {Soundness.DAMAGED}


@pytest.mark.parametrize("content", MOTION.values(), ids=MOTION)
def test_bytes_appended_behind_a_motion_clip_are_a_note(content: bytes) -> None:
    walked = walk(content + bytes(4096))
    assert walked.end is not None
    found = find_parts(content + bytes(4096), walked.segments, walked.end)
    assert not found.damage and found.notes
    assert [(content + bytes(4096))[p.start : p.end] for p in found.parts] == [CLIP]


def test_a_height_in_a_dnl_segment_is_unsupported_not_damaged() -> None:
    walked = walk(BASELINE)
    frame = next(s for s in walked.segments if s.marker == 0xC0)
    end = walked.scans[0][1]
    dnl = BASELINE[:end] + b"\xff\xdc\0\4" + struct.pack(">H", 768) + BASELINE[end:]
    found = _judge(dnl[: frame.body + 1] + b"\0\0" + dnl[frame.body + 3 :])
    assert found.soundness is Soundness.NOT_CHECKED
    assert found.error is not None and found.error.kind is ErrorKind.UNSUPPORTED


def test_a_doubled_huffman_symbol_is_suspicious() -> None:
    segment = next(s for s in walk(BASELINE).segments if s.marker == 0xC4 and s.end - s.body > 100)
    last = segment.end - 1
    content = BASELINE[:last] + BASELINE[last - 1 : last] + BASELINE[segment.end :]
    assert _judge(content).soundness in (Soundness.SUSPICIOUS, Soundness.DAMAGED)


def test_bombs_are_refused_by_their_declared_size() -> None:
    frame = next(s for s in walk(BASELINE).segments if s.marker == 0xC0)
    bomb = BASELINE[: frame.body + 1] + struct.pack(">HH", 60000, 60000) + BASELINE[frame.body + 5 :]
    found = _judge(bomb)
    assert found.soundness is Soundness.NOT_CHECKED
    assert found.error is not None and found.error.reason.startswith("too large for the limits: ")


def test_hash_depth_reads_headers_only() -> None:
    found = examine("a.jpg", BASELINE, Depth.HASH)
    assert (found.width, found.height, found.metadata.taken_at) == (1024, 768, "2024-05-06T07:08:09")
    assert found.soundness is Soundness.NOT_CHECKED and not found.checked and found.picture is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_is_as_displayed(orientation: int) -> None:
    found = _judge(media.jpeg(1, (320, 240), exif=media.exif(orientation=orientation)))
    assert (found.width, found.height) == ((240, 320) if orientation > 4 else (320, 240))


def test_print_colours_decode() -> None:
    found = _judge(media.encoded(media.image(1).convert("CMYK"), "JPEG"))
    assert found.soundness is Soundness.SOUND and found.picture is not None


@pytest.mark.parametrize("seed", range(8))
def test_nothing_makes_it_raise(seed: int) -> None:
    rng = random.Random(seed)
    content = bytearray(list(PARTS.values())[seed % 2] if seed % 3 else list(MOTION.values())[seed % 3])
    for _ in range(60):
        content[rng.randrange(3, len(content))] = rng.randrange(256)
        found = _judge(bytes(content))
        assert found.soundness is not Soundness.SOUND or found.checked
        assert not str(found.error).startswith(READER_FAILED)


@pytest.fixture(scope="module")
def film() -> bytes:
    from tests import media_video

    return media_video.film()


@pytest.mark.parametrize("make", [media.motion_photo, media.micro_video, media.samsung_motion])
def test_a_motion_clip_is_checked_as_a_film(make: Callable[[bytes], bytes], film: bytes) -> None:
    content = make(film)
    assert _judge(content).soundness is Soundness.SOUND
    end = walk(content).end
    assert end is not None
    middle = end + (len(content) - end) // 2
    found = _judge(content[:middle] + bytes(2048) + content[middle + 2048 :])
    assert found.soundness is Soundness.DAMAGED
    assert "motion clip" in found.damage[0].detail and "picture itself ends whole" in found.damage[0].detail
    assert _judge(content + bytes(5000)).soundness is Soundness.SOUND


def test_losing_the_clip_with_all_that_tells_of_it_is_not_the_same_image(film: bytes) -> None:
    still = media.jpeg(1)
    assert _judge(media.motion_photo(film, still)).image_sha256 != _judge(still).image_sha256


@pytest.mark.parametrize("own", [media.jpeg(1), media.ultra_hdr(1)], ids=["plain", "with a gain map"])
@pytest.mark.parametrize("between", [b"", bytes(16)], ids=["at once", "after a gap"])
@pytest.mark.parametrize("name", ["clip", "picture"])
def test_losing_what_no_index_speaks_of_is_not_the_same_image(
    own: bytes, between: bytes, name: str, film: bytes
) -> None:
    behind = film if name == "clip" else media.jpeg(2)
    seen, without = _judge(own + between + behind), _judge(own)
    assert seen.soundness is Soundness.SOUND
    assert seen.image_sha256 != without.image_sha256
    assert _judge(own + between).image_sha256 == without.image_sha256
