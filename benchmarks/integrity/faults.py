"""Seeded harm and harmless change to a file's bytes: what disks, cards, cables and interrupted copies do.

The same content and seed give the same faults. A fault is harm to the picture or film unless said otherwise; whether it
can be seen, or only breaks the file, is not asked.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from auditor.readers.heif.items import read_items
from auditor.readers.isobmff.container import read_container

BLOCK_BYTES = 4096
FILMS = ("mp4", "mov", "3gp")
_HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head><body>Welcome</body></html>\n"
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True, slots=True)
class Fault:
    """One changed file. `group` is the row of the table; `harmful` False where no judge should mind."""

    group: str
    name: str
    content: bytes
    offset: int
    length: int
    harmful: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the coded picture or film lies, and where what hangs behind the picture begins (the size if nothing)."""

    start: int
    end: int
    trailer: int


def layout(format_: str, content: bytes) -> Layout:
    """The coded data of a sound file; for formats that are not walked here, the middle three quarters."""
    size = len(content)
    if format_ == "jpeg":
        segments, scan, end = jpeg_segments(content)
        return Layout(scan, end - 2, end) if segments else Layout(size // 4, size, size)
    if format_ in ("heic", "avif"):
        return _coded_items(content)
    if format_ in FILMS:
        boxes = [(a, b) for kind, a, b in _boxes(content) if kind == b"mdat"]
        if boxes:
            return Layout(*max(boxes, key=lambda box: box[1] - box[0]), size)
    if format_ == "png":
        at, spans = 8, []
        while at + 12 <= size:
            length = int.from_bytes(content[at : at + 4], "big")
            if content[at + 4 : at + 8] == b"IDAT":
                spans.append((at + 8, at + 8 + length))
            at += 12 + length
        return Layout(spans[0][0], spans[-1][1], size)
    return Layout(size // 4, size * 97 // 100, size)


def _coded_items(content: bytes) -> Layout:
    """From the first coded picture to the end of the last one: EXIF and XMP lie behind them."""
    items = read_items(content, read_container(content).first(b"meta"))  # type: ignore[arg-type]
    spans = [
        (extent.offset, extent.offset + extent.length)
        for item in items.items.values()
        if item.kind in (b"hvc1", b"av01")
        for extent in item.extents
    ]
    return Layout(min(start for start, _ in spans), max(end for _, end in spans), len(content))


def _boxes(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 0
    while at + 8 <= len(content):
        size, head = int.from_bytes(content[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        size = size or len(content) - at
        if size < head:
            return
        yield content[at + 4 : at + 8], at + head, min(at + size, len(content))
        at += size


def jpeg_segments(content: bytes) -> tuple[list[tuple[int, int, int]], int, int]:
    """(marker, offset, length) of the header's segments, where the first scan's data begins, one past EOI."""
    segments, at, scan = [], 2, 0
    while at + 2 <= len(content):
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if content[at] != 0xFF or marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            return segments, scan, at + 2
        if not scan:
            segments.append((marker, at, 2 + length))
        at += 2 + length
        if marker == 0xDA:
            scan = scan or at
            found = _SCAN_END.search(content, at)
            if not found:
                break
            at = found.start()
    return [], 0, len(content)


def general(format_: str, content: bytes, seed: str) -> Iterator[Fault]:
    """Faults that befall every format alike, and two harmless changes."""
    rng, size, place = random.Random(seed), len(content), layout(format_, content)
    for share in (10, 50, 90, 99):
        at = size * share // 100
        yield Fault("cut at 10-99 %", f"cut_{share}", content[:at], at, size - at)
    yield Fault("last byte lost", "cut_last", content[:-1], size - 1, 1)
    yield from _tails(content)
    block = min(BLOCK_BYTES, max(16, (place.end - place.start) // 8))
    for i in range(2 if format_ not in FILMS else 6):
        at = rng.randrange(place.start, max(place.start + 1, place.end - block))
        yield _overwritten("4 KiB of zeros", f"zeros_{i}", content, at, bytes(block))
        at = rng.randrange(place.start, max(place.start + 1, place.end - block))
        yield _overwritten("4 KiB of noise", f"noise_{i}", content, at, rng.randbytes(block))
    for i in range(4 if format_ not in FILMS else 16):
        at = rng.randrange(place.start, place.end)
        yield _overwritten("one bit flipped", f"flip_{i}", content, at, bytes([content[at] ^ 1 << rng.randrange(8)]))
    head = min(BLOCK_BYTES, size // 4)
    yield _overwritten("header wiped", "wiped", content, 0, bytes(head))
    yield from _replaced(size)
    yield Fault("harmless: zeros behind", "tail_zeros", content + bytes(4096), size, 4096, harmful=False)
    yield Fault("harmless: noise behind", "tail_noise", content + rng.randbytes(1000), size, 1000, harmful=False)
    if size - place.trailer > 64:
        yield from _trailer(content, place.trailer, rng)


def _tails(content: bytes) -> Iterator[Fault]:
    size = len(content)
    at = size * 70 // 100
    yield Fault("last 30 % zero", "zero_tail", content[:at] + bytes(size - at), at, size - at)


def _replaced(size: int) -> Iterator[Fault]:
    yield Fault("replaced by a web page", "html", _HTML, 0, size)
    yield Fault("all zero", "all_zero", bytes(size), 0, size)
    yield Fault("empty", "empty", b"", 0, size)


def _overwritten(group: str, name: str, content: bytes, at: int, with_: bytes) -> Fault:
    return Fault(group, name, content[:at] + with_ + content[at + len(with_) :], at, len(with_))


def _trailer(content: bytes, start: int, rng: random.Random) -> Iterator[Fault]:
    size = len(content)
    length = size - start
    yield Fault("part behind missing", "part_missing", content[:start], start, length)
    half = start + length // 2
    yield Fault("part behind cut", "part_half", content[:half], half, size - half)
    yield Fault("part behind zeroed", "part_zeroed", content[:start] + bytes(length), start, length)
    block = min(BLOCK_BYTES, length // 8)
    at = rng.randrange(start + length // 5, size - block)
    yield _overwritten("part behind, 4 KiB of zeros", "part_zeros", content, at, bytes(block))
    at = rng.randrange(start + length // 5, size - block)
    yield _overwritten("part behind, 4 KiB of noise", "part_noise", content, at, rng.randbytes(block))


def jpeg(content: bytes, other: bytes, seed: str) -> Iterator[Fault]:
    """The faults of JPEG photos: blocks and halves of other photos, swapped clusters, single header bytes."""
    segments, scan, end = jpeg_segments(content)
    rng, size = random.Random(seed), len(content)
    for share in (10, 50, 90, 99):
        at = size * share // 100
        yield Fault("cut at 10-99 %", f"cut_{share}", content[:at], at, size - at)
    yield Fault("end marker lost", "cut_eoi", content[: end - 2], end - 2, 2)
    for share in (50, 90):
        at = size * share // 100
        yield Fault("tail of zeros", f"zeros_{share}", content[:at] + bytes(size - at), at, size - at)
        yield Fault("tail of FF", f"ff_{share}", content[:at] + b"\xff" * (size - at), at, size - at)
    at = max(size // 2, scan + BLOCK_BYTES - 1) // BLOCK_BYTES * BLOCK_BYTES
    middle = len(other) // 2 // BLOCK_BYTES * BLOCK_BYTES
    foreign = other[middle : middle + BLOCK_BYTES].ljust(BLOCK_BYTES, b"\0")
    yield _overwritten("4 KiB of zeros", "zeros", content, at, bytes(BLOCK_BYTES))
    yield _overwritten("4 KiB of noise", "noise", content, at, rng.randbytes(BLOCK_BYTES))
    yield _overwritten("4 KiB of another photo", "foreign", content, at, foreign)
    yield from _swapped(content, scan, end)
    for i in range(3):
        at = rng.randrange(scan, end - 2)
        yield _overwritten("one bit flipped", f"flip_{i}", content, at, bytes([content[at] ^ 1 << rng.randrange(8)]))
    for name, markers, first in (("DQT", (0xDB,), 5), ("DHT", (0xC4,), 5), ("SOF", (0xC0, 0xC1, 0xC2), 4)):
        found = [s for s in segments if s[0] in markers]
        _, offset, length = found[rng.randrange(len(found))]
        at = offset + rng.randrange(first, length)
        changed = bytes([content[at] ^ rng.randrange(1, 256)])
        yield _overwritten(f"a byte of {name} changed", name.lower(), content, at, changed)
    yield _overwritten("header wiped", "wiped", content, 0, bytes(512))
    yield from _replaced(size)


def _swapped(content: bytes, scan: int, end: int) -> Iterator[Fault]:
    region = 1 << 16
    while region > BLOCK_BYTES and 2 * region + 2 * BLOCK_BYTES > end - scan:
        region //= 2
    first = (scan + BLOCK_BYTES - 1) // BLOCK_BYTES * BLOCK_BYTES
    last = (end - region - first) // BLOCK_BYTES * BLOCK_BYTES + first
    second = max(first + region, last - (last - first) // 4 // BLOCK_BYTES * BLOCK_BYTES)
    a, b = content[first : first + region], content[second : second + region]
    swapped = content[:first] + b + content[first + region : second] + a + content[second + region :]
    yield Fault("two 64 KiB regions swapped", "swap", swapped, first, second + region - first)


def jpeg_harmless(content: bytes, other: bytes, seed: str) -> Iterator[Fault]:
    """What writers do and no reader minds."""
    segments, _, end = jpeg_segments(content)
    rng, first, before_scan = random.Random(seed), segments[0][1], segments[-1][1]
    clip = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\1\0mdat" + rng.randbytes(248)
    changes: dict[str, Callable[[], bytes]] = {
        "zeros behind": lambda: content + bytes(4096),
        "noise behind": lambda: content + rng.randbytes(3000).replace(b"\xff", b"\xfe"),
        "a film behind": lambda: content + clip,
        "a JPEG behind": lambda: content[:end] + other[:60000] + b"\xff\xd9",
        "fill bytes": lambda: content[:first] + b"\xff\xff\xff" + content[first:],
        "stray bytes": lambda: content[:before_scan] + b"\0\x11\x22" + content[before_scan:],
        "a comment": lambda: content[:first] + b"\xff\xfe\0\x0bharmless!" + content[first:],
    }
    for name, change in changes.items():
        yield Fault(f"harmless: {name}", name.replace(" ", "_"), change(), len(content), 0, harmful=False)
