"""Films with one byte or one field changed, and what must hold of each: called sound and the same, it is the same.

Every part of the header region is hit, and some of the frames. Deterministic: a seed gives the same mutants.
"""

from __future__ import annotations

import functools
import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from auditor.model import Depth, Soundness
from auditor.readers import Examination, examine
from auditor.readers.film import ebml
from auditor.readers.film.compare import demuxed
from auditor.readers.film.demuxer import Window, opened
from auditor.readers.isobmff import boxes
from tests import media_video as media

SOURCES: dict[str, Callable[[], bytes]] = {
    "film.mp4": lambda: media.film(frames=12, metadata={"title": "a day", "location": "+48.1000+011.5000/"}),
    "fragmented.mp4": lambda: media.film(
        frames=20, options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}, audio=None
    ),
    "hevc.mov": lambda: media.film("mov", "libx265", "pcm_s16le", frames=8),
    "film.avi": lambda: media.film("avi", "mpeg4", "pcm_s16le", frames=8, metadata={"title": "a day"}),
    "film.mkv": lambda: media.film("matroska", frames=12, metadata={"title": "a day"}),
    "film.webm": lambda: media.film("webm", "libvpx-vp9", "libopus", frames=6),
}
_INTERESTING = (0, 1, 2, 3, 4, 7, 8, 16, 0x7F, 0x80, 0xC7, 0xFF)


@dataclass(frozen=True, slots=True)
class Part:
    """A box, element or chunk: where it begins, where its content does, where it ends."""

    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Mutant:
    """`what` names the change, so that it can be made again."""

    what: str
    data: bytes


@functools.cache
def source(name: str) -> bytes:
    """The sound film that a name stands for."""
    return SOURCES[name]()


@functools.cache
def parts(name: str) -> tuple[Part, ...]:
    """Every part of a film, with those in them."""
    data = source(name)
    if name.endswith((".mp4", ".mov")):
        return tuple(_boxes(data, 0, len(data)))
    return tuple(_chunks(data, 0, len(data)) if name.endswith(".avi") else _elements(data, 0, len(data)))


@functools.cache
def blind(name: str) -> tuple[Part, ...]:
    """The small parts of which something is left out of the digest: where a mistake would hide; none where checksums
    tell of every byte."""
    data, own = source(name), _own(name).image_sha256
    found = []
    for part in parts(name):
        # A few places of each, and those of its head.
        step = max(3, (part.end - part.start) // 6)
        for at in range(part.start + 4, min(part.end, part.start + 1500), step):
            changed = data[:at] + bytes([data[at] ^ 0x11]) + data[at + 1 :]
            if examine(name, changed, Depth.HASH).image_sha256 == own:
                found.append(part)
                break
    return tuple(found)


def _boxes(data: bytes, start: int, end: int) -> Iterator[Part]:
    for box in boxes.walk(data, start, end):
        if box.end > end:
            return
        yield Part(box.start, box.body, box.end)
        skip = {b"stsd": 8, b"dref": 8, b"meta": 4, b"avc1": 78, b"hvc1": 78, b"mp4a": 28, b"keys": 8}.get(box.kind, 0)
        nested = b"moov trak mdia minf stbl dinf edts udta ilst mvex moof traf mfra \xa9nam \xa9too".split()
        if skip or box.kind in nested:
            yield from _boxes(data, box.body + skip, box.end)


def _chunks(data: bytes, start: int, end: int) -> Iterator[Part]:
    at = start
    while at + 8 <= end:
        stop = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        yield Part(at, at + 8, min(stop, end))
        if data[at : at + 4] in (b"RIFF", b"LIST"):
            yield from _chunks(data, at + 12, min(stop, end))
        at = stop + (stop & 1)


_NESTED = {0x18538067, 0x1F43B675, 0x1549A966, 0x1654AE6B, 0x114D9B74, 0x1C53BB6B, 0x1254C367, 0xAE, 0xE0, 0xE1}
_NESTED |= {0x7373, 0x67C8, 0x4DBB, 0xBB, 0xB7, 0x55B0, 0xA0, 0x1A45DFA3}


def _elements(data: bytes, start: int, end: int) -> Iterator[Part]:
    for found in ebml.elements(data, start, end):
        stop = min(found.end if found.end is not None else end, end)
        yield Part(found.start, found.body, stop)
        if found.kind in _NESTED:
            yield from _elements(data, found.body, stop)


def mutants(name: str, count: int, seed: int = 1) -> Iterator[Mutant]:
    """`count` changed films of one source."""
    data, rng = source(name), random.Random(f"{name} {seed}")
    every = parts(name)
    small = [part for part in every if part.end - part.body < 1500]
    for _ in range(count):
        part = rng.choice(rng.choice((blind(name) or small, small, small, every)))
        yield rng.choice(_KINDS)(data, part, every, rng)


def _byte(data: bytes, part: Part, every: tuple[Part, ...], rng: random.Random) -> Mutant:
    at = rng.randrange(part.start, max(part.start + 1, min(part.end, part.start + 4000)))
    value = rng.choice((rng.randrange(256), data[at] ^ 1 << rng.randrange(8), rng.choice(_INTERESTING)))
    return Mutant(f"byte {at} = {value}", data[:at] + bytes([value]) + data[at + 1 :])


def _field(data: bytes, part: Part, every: tuple[Part, ...], rng: random.Random) -> Mutant:
    width = rng.choice((2, 4))
    at = part.body + width * rng.randrange(max(1, min(part.end - part.body, 200) // width))
    order = rng.choice(("big", "little"))
    own = int.from_bytes(data[at : at + width], order)
    value = rng.choice((0, 1, 2, own + 1, max(own - 1, 0), own * 2, own // 2, 1 << 8 * width - 1, (1 << 8 * width) - 1))
    new = (value & (1 << 8 * width) - 1).to_bytes(width, order)
    return Mutant(f"{width} bytes at {at} = {value} ({order})", data[:at] + new + data[at + width :])


def _kind(data: bytes, part: Part, every: tuple[Part, ...], rng: random.Random) -> Mutant:
    other = rng.choice(every)
    new = rng.choice((data[other.start + 4 : other.start + 8], b"free", b"JUNK"))
    at = part.start + 4 if data[4:8] == b"ftyp" else part.start
    if data[:4] == b"\x1a\x45\xdf\xa3":
        new = data[other.start : other.start + 1]
    return Mutant(f"kind at {at} = {new!r}", data[:at] + new + data[at + len(new) :])


def _removed(data: bytes, part: Part, every: tuple[Part, ...], rng: random.Random) -> Mutant:
    return Mutant(f"{part} removed", data[: part.start] + data[part.end :])


def _blanked(data: bytes, part: Part, every: tuple[Part, ...], rng: random.Random) -> Mutant:
    return Mutant(f"{part} zeroed", data[: part.body] + bytes(part.end - part.body) + data[part.end :])


def _padding(data: bytes, part: Part, every: tuple[Part, ...], rng: random.Random) -> Mutant:
    """The part made into padding of the same length: nothing else moves."""
    length = part.end - part.start
    if data[4:8] == b"ftyp":
        new = length.to_bytes(4, "big") + b"free" + data[part.start + 8 : part.end]
    elif data[:4] == b"RIFF":
        new = b"JUNK" + data[part.start + 4 : part.end]
    else:
        new = b"\xec\x01" + (length - 9).to_bytes(7, "big") if length >= 9 else bytes([0xEC, 0x80 | length - 2])
        new += bytes(max(0, length - len(new)))
    return Mutant(f"{part} made padding", data[: part.start] + new + data[part.end :])


def _twice(data: bytes, part: Part, every: tuple[Part, ...], rng: random.Random) -> Mutant:
    return Mutant(f"{part} twice", data[: part.end] + data[part.start :])


def _swapped(data: bytes, part: Part, every: tuple[Part, ...], rng: random.Random) -> Mutant:
    after = next((p for p in every if p.start == part.end), None)
    if after is None:
        return _byte(data, part, every, rng)
    new = data[after.start : after.end] + data[part.start : part.end]
    return Mutant(f"{part} and {after} swapped", data[: part.start] + new + data[after.end :])


_KINDS = (_byte, _byte, _byte, _field, _field, _kind, _removed, _blanked, _padding, _twice, _swapped)


def fault(name: str, mutant: Mutant) -> str | None:
    """Why the program is wrong about a mutant; None where it is right: it is damaged, or not checked, or another film,
    or the same to FFmpeg's demuxer as well."""
    form = name.rpartition(".")[2]
    own = _own(name)
    if mutant.data == source(name) or examine(name, mutant.data, Depth.HASH).image_sha256 != own.image_sha256:
        return None
    seen = examine(name, mutant.data, Depth.DECODE)
    if seen.soundness is not Soundness.SOUND:
        return None
    there, here = demuxed(mutant.data, seen.format or form), demuxed(source(name), form)
    if isinstance(there, str):
        return f"{mutant.what}: FFmpeg refuses it: {there}"
    if [(s.medium, s.samples, s.setup, s.tick_s, s.times) for s in there] == [
        (s.medium, s.samples, s.setup, s.tick_s, s.times) for s in here
    ]:
        if _frames(mutant.data, seen.format or form) == _own_frames(name):
            return None
        return f"{mutant.what}: called the same and sound, but FFmpeg shows other frames"
    return f"{mutant.what}: called the same and sound, but FFmpeg sees another film"


def _frames(data: bytes, form: str) -> str:
    """All decoded frames of the video, with the moment of each."""
    digest = hashlib.sha256()
    with opened(Window(data), form) as film:
        for frame in film.decode(video=0):
            digest.update(f"{frame.pts} {frame.width} {frame.height} {frame.format.name}".encode())
            digest.update(np.ascontiguousarray(frame.to_ndarray()))
    return digest.hexdigest()


@functools.cache
def _own_frames(name: str) -> str:
    return _frames(source(name), name.rpartition(".")[2])


@functools.cache
def _own(name: str) -> Examination:
    seen = examine(name, source(name), Depth.DECODE)
    assert seen.soundness is Soundness.SOUND, seen
    assert seen.image_sha256
    return seen
