"""Small real still pictures, made in memory: the same seed gives the same bytes. Films are made by media_video.py."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

SIZE = (640, 480)


def image(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """An RGB picture with coarse shapes, edges and texture, so that hashes and detectors have something to see."""
    rng = np.random.default_rng(seed)
    width, height = size
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    pixels = np.asarray(coarse).astype(np.int16)
    for _ in range(6):
        left, top = int(rng.integers(0, width * 3 // 4)), int(rng.integers(0, height * 3 // 4))
        right, bottom = left + int(rng.integers(8, width // 3)), top + int(rng.integers(8, height // 3))
        pixels[top:bottom, left:right] += rng.integers(-70, 70, 3, dtype=np.int16)
    pixels += rng.normal(0, 4, pixels.shape).astype(np.int16)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def exif(
    taken: str | None = "2024:05:06 07:08:09",
    *,
    orientation: int | None = None,
    gps: tuple[float, float] | None = None,
    make: str = "Maker",
    model: str = "Phone 1",
    subsec: str | None = None,
    offset: str | None = None,
    image_id: str | None = None,
    maker_note: bytes | None = None,
) -> bytes:
    """An EXIF block, `Exif\\0\\0` first. `taken` as cameras write it, `gps` in degrees, north and east positive."""
    block = Image.Exif()
    block[271], block[272] = make, model
    if orientation is not None:
        block[274] = orientation
    inner: dict[int, Any] = {36867: taken, 37521: subsec, 36881: offset, 42016: image_id, 37500: maker_note}
    block._ifds[0x8769] = {tag: value for tag, value in inner.items() if value is not None}
    if gps is not None:
        block._ifds[0x8825] = {
            1: "S" if gps[0] < 0 else "N",
            2: _sexagesimal(gps[0]),
            3: "W" if gps[1] < 0 else "E",
            4: _sexagesimal(gps[1]),
        }
    return b"Exif\0\0" + block.tobytes()[6:] if block.tobytes()[:4] == b"Exif" else b"Exif\0\0" + block.tobytes()


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    whole, rest = divmod(abs(degrees) * 3600, 3600)
    return whole, rest // 60, round(rest % 60, 4)


def apple_maker_note(content_identifier: str) -> bytes:
    """Apple's MakerNote with only the identifier that a Live Photo's two halves share."""
    text = content_identifier.encode() + b"\0"
    return b"Apple iOS\0\0\1MM" + struct.pack(">HHHII", 1, 0x0011, 2, len(text), 32) + bytes(4) + text


def encoded(picture: Image.Image, format_: str, **options: Any) -> bytes:
    """`picture` as Pillow encodes it."""
    out = io.BytesIO()
    picture.save(out, format_, **options)
    return out.getvalue()


def jpeg(seed: int = 0, size: tuple[int, int] = SIZE, quality: int = 88, **options: Any) -> bytes:
    """A JPEG; `progressive=True`, `exif=exif(...)`, `icc_profile=...` and the like go to Pillow."""
    return encoded(image(seed, size), "JPEG", quality=quality, **options)


def png(seed: int = 0, size: tuple[int, int] = SIZE, **options: Any) -> bytes:
    """A PNG."""
    return encoded(image(seed, size), "PNG", **options)


def webp(seed: int = 0, size: tuple[int, int] = SIZE, **options: Any) -> bytes:
    """A WebP, lossy unless `lossless=True`."""
    return encoded(image(seed, size), "WEBP", **options)


def gif(seed: int = 0, size: tuple[int, int] = (320, 240), frames: int = 1) -> bytes:
    """A GIF of one or more frames."""
    pictures = [image(seed + i, size).quantize(128) for i in range(frames)]
    more = {"save_all": True, "append_images": pictures[1:], "duration": 100} if frames > 1 else {}
    return encoded(pictures[0], "GIF", **more)


def tiff(seed: int = 0, size: tuple[int, int] = SIZE, compression: str = "tiff_lzw", **options: Any) -> bytes:
    """A TIFF."""
    return encoded(image(seed, size), "TIFF", compression=compression, **options)


def bmp(seed: int = 0, size: tuple[int, int] = SIZE) -> bytes:
    """A BMP."""
    return encoded(image(seed, size), "BMP")


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _after_app_segments(content: bytes) -> int:
    at = 2
    while content[at + 1] in (0xE0, 0xE1):
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return at


def with_segment(content: bytes, marker: int, body: bytes) -> bytes:
    """A JPEG with one more segment behind its JFIF and EXIF ones."""
    at = _after_app_segments(content)
    return content[:at] + _segment(marker, body) + content[at:]


def with_xmp(content: bytes, attributes: str, inside: str = "") -> bytes:
    """A JPEG with an XMP packet of Google's namespaces."""
    names = {
        "GCamera": "http://ns.google.com/photos/1.0/camera/",
        "Container": "http://ns.google.com/photos/1.0/container/",
        "Item": "http://ns.google.com/photos/1.0/container/item/",
        "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    }
    spaces = " ".join(f'xmlns:{name}="{url}"' for name, url in names.items())
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces} {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )
    return with_segment(content, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode())


def _directory(*items: tuple[str, str, int]) -> str:
    rows = "".join(
        '<rdf:li rdf:parseType="Resource"><Container:Item '
        f'Item:Mime="{mime}" Item:Semantic="{semantic}" Item:Length="{length}" Item:Padding="0"/></rdf:li>'
        for mime, semantic, length in items
    )
    return f"<Container:Directory><rdf:Seq>{rows}</rdf:Seq></Container:Directory>"


def motion_photo(clip: bytes, still: bytes | None = None) -> bytes:
    """Google's motion photo: the clip (an MP4) behind the still, told of by a Container directory."""
    items = _directory(("image/jpeg", "Primary", 0), ("video/mp4", "MotionPhoto", len(clip)))
    return with_xmp(still or jpeg(), 'GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"', items) + clip


def micro_video(clip: bytes, still: bytes | None = None) -> bytes:
    """Google's older motion photo: the clip's length is counted from the end of the file."""
    return with_xmp(still or jpeg(), f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(clip)}"') + clip


def samsung_motion(clip: bytes, still: bytes | None = None) -> bytes:
    """Samsung's motion photo: blocks with their own headers, an index, and SEFT last."""
    return (still or jpeg()) + seft((0x0A30, b"MotionPhoto_Data", clip), (0x0A01, b"Image_UTC_Data", b"1700000000000"))


def seft(*blocks: tuple[int, bytes, bytes]) -> bytes:
    """A Samsung trailer of (type, name, content) blocks."""
    body, index = b"", []
    for type_, name, content in blocks:
        block = struct.pack("<HHI", 0, type_, len(name)) + name + content
        index.append((type_, len(body), len(block)))
        body += block
    head = b"SEFH" + struct.pack("<II", 106, len(index))
    head += b"".join(struct.pack("<HHII", 0, type_, len(body) - start, length) for type_, start, length in index)
    return body + head + struct.pack("<I", len(head)) + b"SEFT"


def multi_picture(still: bytes, *others: bytes, attributes: int = 0) -> bytes:
    """A JPEG with further JPEGs behind it and the MPF index that says where. Source: CIPA DC-007."""
    count = 1 + len(others)
    head = b"MPF\0" + b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", 3)
    head += struct.pack(">HHI4s", 0xB000, 7, 4, b"0100") + struct.pack(">HHII", 0xB001, 4, 1, count)
    head += struct.pack(">HHII", 0xB002, 7, 16 * count, 50) + bytes(4)
    at = _after_app_segments(still)
    base = at + 4 + 4
    total = len(still) + 4 + len(head) + 16 * count
    entries, start = struct.pack(">IIIHH", 0x20030000, total, 0, 0, 0), total
    for other in others:
        entries += struct.pack(">IIIHH", attributes, len(other), start - base, 0, 0)
        start += len(other)
    return with_segment(still, 0xE2, head + entries) + b"".join(others)


def ultra_hdr(seed: int = 0, size: tuple[int, int] = SIZE, still: bytes | None = None) -> bytes:
    """Google's Ultra HDR: a gain map behind the picture, in the Container directory and the MPF index."""
    small = image(seed, (size[0] // 4, size[1] // 4)).convert("L")
    gain = with_xmp(encoded(small, "JPEG", quality=85), 'hdrgm:Version="1.0" hdrgm:GainMapMax="2.3"')
    items = _directory(("image/jpeg", "Primary", 0), ("image/jpeg", "GainMap", len(gain)))
    return multi_picture(with_xmp(still or jpeg(seed, size), 'hdrgm:Version="1.0"', items), gain)


def dng(seed: int = 0, size: tuple[int, int] = (512, 384)) -> bytes:
    """A DNG with uncompressed 16-bit Bayer strips in a sub-directory and a JPEG preview in the first one."""
    width, height = size
    colours = np.asarray(image(seed, size)).astype(np.float32)
    bayer = np.empty((height, width), np.float32)
    bayer[0::2, 0::2], bayer[1::2, 1::2] = colours[0::2, 0::2, 0], colours[1::2, 1::2, 2]
    bayer[0::2, 1::2], bayer[1::2, 0::2] = colours[0::2, 1::2, 1], colours[1::2, 0::2, 1]
    sensor = np.clip((bayer / 255) ** 2.2 * 15000 + 512, 0, 16383).astype("<u2")
    preview = jpeg(seed, (width // 2, height // 2))
    rows = 64
    strips = [sensor[y : y + rows].tobytes() for y in range(0, height, rows)]
    matrix = [(1, 1), (0, 1), (0, 1), (0, 1), (1, 1), (0, 1), (0, 1), (0, 1), (1, 1)]

    def first(sub: int, preview_at: int) -> list[tuple[int, int, Any]]:
        return [
            (254, 4, 1), (256, 4, width // 2), (257, 4, height // 2), (258, 3, [8, 8, 8]), (259, 3, 7), (262, 3, 6),
            (271, 2, b"Maker"), (272, 2, b"Phone 1"), (273, 4, preview_at), (274, 3, 1), (277, 3, 3),
            (278, 4, height // 2), (279, 4, len(preview)), (306, 2, b"2024:05:06 07:08:09"), (330, 4, sub),
            (50706, 1, [1, 4, 0, 0]), (50707, 1, [1, 1, 0, 0]), (50708, 2, b"Phone 1"), (50721, 10, matrix),
            (50728, 5, [(1, 2), (1, 1), (1, 2)]), (50778, 3, 21),
        ]  # fmt: skip

    def inner(offsets: list[int]) -> list[tuple[int, int, Any]]:
        return [
            (254, 4, 0), (256, 4, width), (257, 4, height), (258, 3, 16), (259, 3, 1), (262, 3, 32803),
            (273, 4, offsets), (277, 3, 1), (278, 4, rows), (279, 4, [len(s) for s in strips]), (33421, 3, [2, 2]),
            (33422, 1, [0, 1, 1, 2]), (50714, 3, 512), (50717, 3, 16383),
        ]  # fmt: skip

    sub_at = 8 + len(_ifd(first(0, 0), 8))
    preview_at = sub_at + len(_ifd(inner([0] * len(strips)), sub_at))
    offsets, at = [], preview_at + len(preview) + len(preview) % 2
    for strip in strips:
        offsets.append(at)
        at += len(strip)
    return (
        b"II*\0\x08\0\0\0"
        + _ifd(first(sub_at, preview_at), 8)
        + _ifd(inner(offsets), sub_at)
        + preview.ljust(len(preview) + len(preview) % 2, b"\0")
        + b"".join(strips)
    )


def _ifd(fields: list[tuple[int, int, Any]], base: int) -> bytes:
    """A little-endian TIFF directory at `base`, with the values that do not fit into it behind it."""
    pack: dict[int, Callable[[Any], bytes]] = {
        1: lambda v: struct.pack(f"<{len(v)}B", *v),
        3: lambda v: struct.pack(f"<{len(v)}H", *v),
        4: lambda v: struct.pack(f"<{len(v)}I", *v),
        5: lambda v: b"".join(struct.pack("<II", *pair) for pair in v),
        10: lambda v: b"".join(struct.pack("<ii", *pair) for pair in v),
    }
    table, beyond = struct.pack("<H", len(fields)), b""
    beyond_at = base + 2 + 12 * len(fields) + 4
    for tag, type_, value in sorted(fields, key=lambda field: field[0]):
        values = value if isinstance(value, (list, bytes)) else [value]
        raw = values + b"\0" if isinstance(values, bytes) else pack[type_](values)
        count = len(raw) if type_ == 2 else len(values)
        if len(raw) <= 4:
            table += struct.pack("<HHI", tag, type_, count) + raw.ljust(4, b"\0")
        else:
            table += struct.pack("<HHII", tag, type_, count, beyond_at + len(beyond))
            beyond += raw + bytes(len(raw) % 2)
    return table + bytes(4) + beyond
