"""A search for still pictures that are called the same and are not: mutants of whole files, by a byte or a field.

A counterexample is a mutant that the readers call sound and give the digest of its original, so that an audit would
prove it as a copy with other metadata, while decoders that have nothing to do with our walkers see another picture in
it, or other parts of it.
"""

from __future__ import annotations

import hashlib
import io
import random
import re
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import rawpy
import simplejpeg
from PIL import Image

from auditor.model import Depth, Soundness
from auditor.readers import examine
from tests import media, media_video

DATA = next((p / "shared/data" for p in Path(__file__).resolve().parents if (p / "shared/data").exists()), Path("none"))
SMALL = (128, 96)


@dataclass(frozen=True, slots=True)
class Unit:
    """A box, chunk, segment or field: its range, and the ranges of its type and of its length."""

    start: int
    end: int
    type: tuple[int, int]
    length: tuple[int, int]


def _rgba() -> Image.Image:
    picture = media.image(1, SMALL).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(SMALL))
    return picture


SAMPLES: dict[str, Callable[[], bytes]] = {
    "plain.jpg": lambda: media.jpeg(1, SMALL, exif=media.exif(orientation=6, gps=(1, 2)), icc_profile=_profile()),
    "ultra-hdr.jpg": lambda: media.ultra_hdr(1, (256, 192)),
    "motion.jpg": lambda: media.motion_photo(
        media_video.film(frames=3, audio=None, size=(64, 48)), media.jpeg(1, SMALL)
    ),
    "a.heic": lambda: media_video.grid_heic(media_video.photo(192, 128), tile=64),
    "b.heic": lambda: media_video.heic(media_video.photo(96, 64)),
    "a.avif": lambda: media_video.avif(media_video.photo(96, 64)),
    "a.png": lambda: media.encoded(
        media.image(1, SMALL), "PNG", icc_profile=_profile(), exif=media.exif(), dpi=(72, 72)
    ),
    "palette.png": lambda: media.encoded(_rgba().quantize(64), "PNG"),
    "animated.png": lambda: media.encoded(
        media.image(1, SMALL), "PNG", save_all=True, append_images=[media.image(2, SMALL)], duration=100
    ),
    "a.webp": lambda: media.webp(1, SMALL, icc_profile=_profile(), exif=media.exif(), xmp=b"<x:xmpmeta/>"),
    "alpha.webp": lambda: media.encoded(_rgba(), "WEBP", quality=60),
    "animated.webp": lambda: media.encoded(
        media.image(1, SMALL), "WEBP", save_all=True, append_images=[media.image(2, SMALL)], duration=100
    ),
    "a.gif": lambda: media.gif(1, SMALL, frames=2),
    "a.bmp": lambda: media.bmp(1, SMALL),
    "a.tif": lambda: media.tiff(1, SMALL, icc_profile=_profile()),
    "deflate.tif": lambda: media.tiff(1, SMALL, compression="tiff_adobe_deflate"),
    "a.dng": lambda: media.dng(1, (192, 128)),
}
REAL = {
    "DC50.kdc": DATA / "attacks/DC50.kdc",
    "real.avif": DATA / "attacks/32Bit-72dpi-sRGB-800x600.avif",
    "real.heif": DATA / "photos/heic/samplefilehub.heif",
    "real.bmp": DATA / "attacks/24bpp-10x10.bmp",
    "real.webp": DATA / "phone-media/HTC Desire.webp",
}
"""Files that cameras wrote, looked at in addition where they are at hand."""


def _clip() -> bytes:
    return media_video.film(frames=3, audio=None, size=(64, 48))


def _profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def sample(name: str) -> bytes:
    """The content of one of SAMPLES or REAL."""
    return SAMPLES[name]() if name in SAMPLES else REAL[name].read_bytes()


def names() -> list[str]:
    """All samples that there are here."""
    return [*SAMPLES, *(name for name, path in REAL.items() if path.exists())]


def search(name: str, count: int, seed: int = 0) -> tuple[list[str], int]:
    """Counterexamples among `count` mutants of a sample, and how many mutants had the digest of the original."""
    own, rng = sample(name), random.Random(f"{name} {seed}")
    found: list[str] = []
    same = 0
    whole = examine(name, own, Depth.DECODE)
    assert whole.soundness is Soundness.SOUND, (name, whole.damage, whole.error)
    here = sight(name, own)
    for _ in range(count):
        how, mutant = mutate(name, own, rng)
        if mutant == own:
            continue
        seen = examine(name, mutant, Depth.DECODE)
        if seen.soundness is not Soundness.SOUND or seen.image_sha256 != whole.image_sha256:
            continue
        same += 1
        there = sight(name, mutant)
        different = sorted(key for key in {*here, *there} if here.get(key) != there.get(key))
        if different:
            found.append(f"{name}, {how}: {', '.join(different)} differ")
    return found, same


def mutate(name: str, own: bytes, rng: random.Random) -> tuple[str, bytes]:
    """One mutant, with what was done to make it."""
    parts = list(units(own))
    kind = rng.choice(("byte", "byte", "head", "type", "length", "remove", "swap", "duplicate", "inside"))
    if not parts or kind in ("byte", "head"):
        at = rng.randrange(len(own) if kind == "byte" or not parts else min(len(own), 1024))
        return _with(own, at, bytes([rng.randrange(256)]), f"byte {at}")
    unit = rng.choice(parts)
    if kind == "type":
        other = rng.choice(parts)
        value = own[slice(*other.type)] if rng.random() < 0.7 else rng.randbytes(unit.type[1] - unit.type[0])
        return _with(own, unit.type[0], value[: unit.type[1] - unit.type[0]], f"type at {unit.type[0]}")
    if kind == "length":
        width = unit.length[1] - unit.length[0]
        at = unit.length[0] + rng.randrange(max(1, width))
        return _with(own, at, bytes([own[at] ^ 1 << rng.randrange(8)]), f"length at {at}")
    if kind == "inside":
        at = rng.randrange(unit.start, min(unit.end, unit.start + 256))
        return _with(own, at, bytes([rng.randrange(256)]), f"byte {at}")
    content = own[unit.start : unit.end]
    if kind == "remove":
        return f"without {unit.start}:{unit.end}", own[: unit.start] + own[unit.end :]
    if kind == "duplicate":
        return f"twice {unit.start}:{unit.end}", own[: unit.end] + content + own[unit.end :]
    after = next((u for u in parts if u.start == unit.end), None)
    if after is None:
        return "nothing", own
    swapped = own[after.start : after.end] + content
    return f"swapped at {unit.end}", own[: unit.start] + swapped + own[after.end :]


def _with(own: bytes, at: int, value: bytes, how: str) -> tuple[str, bytes]:
    changed = own[:at] + value + own[at + len(value) :]
    return f"{how} = {value.hex()}", _checked(changed) if own[:4] == b"\x89PNG" else changed


def _checked(content: bytes) -> bytes:
    """A PNG with right checksums, so that more than these tells of a change."""
    out, at = bytearray(content[:8]), 8
    while at + 12 <= len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        if end + 4 > len(content):
            break
        out += content[at:end] + zlib.crc32(content[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(out) + content[at:]


def units(content: bytes) -> Iterator[Unit]:
    """The boxes, chunks, segments or fields of a file, by a parser of the test's own."""
    if content[4:8] == b"ftyp":
        yield from _boxes(content, 0, len(content))
    elif content[:4] == b"\x89PNG":
        at = 8
        while at + 12 <= len(content):
            end = at + 12 + int.from_bytes(content[at : at + 4], "big")
            yield Unit(at, min(end, len(content)), (at + 4, at + 8), (at, at + 4))
            at = end
    elif content[:4] == b"RIFF":
        at = 12
        while at + 8 <= len(content):
            length = int.from_bytes(content[at + 4 : at + 8], "little")
            end = at + 8 + length + length % 2
            yield Unit(at, min(end, len(content)), (at, at + 4), (at + 4, at + 8))
            at = end
    elif content[:2] == b"\xff\xd8":
        at = 2
        while content[at] == 0xFF and content[at + 1] not in (0xDA, 0xD9):
            end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
            yield Unit(at, end, (at + 1, at + 2), (at + 2, at + 4))
            at = end
    elif content[:4] in (b"II*\0", b"MM\0*"):
        yield from _fields(content)


_CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"iinf": 6, b"iref": 4, b"moov": 0, b"trak": 0, b"mdia": 0}


def _boxes(content: bytes, at: int, end: int) -> Iterator[Unit]:
    while at + 8 <= end:
        size = int.from_bytes(content[at : at + 4], "big")
        if size < 8 or at + size > end:
            return
        yield Unit(at, at + size, (at + 4, at + 8), (at, at + 4))
        kind = content[at + 4 : at + 8]
        if kind in _CONTAINERS:
            yield from _boxes(content, at + 8 + _CONTAINERS[kind], at + size)
        at += size


def _fields(content: bytes) -> Iterator[Unit]:
    order: Any = "little" if content[:2] == b"II" else "big"
    at, seen = int.from_bytes(content[4:8], order), set[int]()
    while 8 <= at < len(content) - 2 and at not in seen:
        seen.add(at)
        count = int.from_bytes(content[at : at + 2], order)
        for start in range(at + 2, min(at + 2 + 12 * count, len(content) - 12), 12):
            yield Unit(start, start + 12, (start, start + 4), (start + 4, start + 8))
        at = int.from_bytes(content[at + 2 + 12 * count :][:4], order)


def sight(name: str, content: bytes) -> dict[str, str]:
    """What independent decoders see in a file: its pictures before they are turned, colours, timing, and parts."""
    extension = name.rpartition(".")[2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if extension in ("heic", "heif"):
                return _by_libheif(content)
            if extension in ("dng", "kdc"):
                return _by_libraw(content)
            return {**_by_pillow(content), **(_jpeg_parts(content) if extension == "jpg" else {})}
        except Exception as error:
            return {"refused": f"{type(error).__name__}: {error}"}


def _digest(pixels: Any) -> str:
    """One digest for all eight ways to turn and mirror a picture."""
    array = np.asarray(pixels)
    options = [np.rot90(side, turns) for side in (array, array[:, ::-1]) for turns in range(4)]
    return min(hashlib.sha256(str(w.shape).encode() + np.ascontiguousarray(w).tobytes()).hexdigest() for w in options)


def _by_libheif(content: bytes) -> dict[str, str]:
    opened = pillow_heif.open_heif(content, convert_hdr_to_8bit=False)
    seen = {"primary": str(opened.primary_index)}
    for number, picture in enumerate(opened):
        info = picture.info
        seen[f"picture {number}"] = _digest(picture)
        seen[f"colours {number}"] = repr([info.get(k) for k in ("icc_profile", "nclx_profile", "bit_depth", "chroma")])
        for kind, numbers in info.get("aux", {}).items():
            for aux in numbers:
                seen[f"further {number} {kind}"] = _digest(picture.get_aux_image(aux))
        seen[f"depth {number}"] = repr([_digest(depth) for depth in info.get("depth_images", [])])
    return seen


def _by_libraw(content: bytes) -> dict[str, str]:
    with rawpy.imread(io.BytesIO(content)) as raw:
        seen = {"sensor": _digest(raw.raw_image)}
        seen["developed"] = _digest(raw.postprocess(half_size=True, user_flip=0, use_camera_wb=True))
        try:
            preview = raw.extract_thumb()
            # LibRaw puts an EXIF block of its own before a JPEG, with the date that the file names.
            is_jpeg = preview.format is rawpy.ThumbFormat.JPEG
            pixels = simplejpeg.decode_jpeg(preview.data, strict=False) if is_jpeg else preview.data
            seen["preview"] = _digest(pixels)
        except rawpy.LibRawError:
            seen["preview"] = "none"
    return seen


_SHOWN = ("icc_profile", "gamma", "chromaticity", "srgb", "transparency", "duration", "loop", "background", "blend")


def _by_pillow(content: bytes) -> dict[str, str]:
    seen: dict[str, str] = {}
    with Image.open(io.BytesIO(content)) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            seen[f"picture {number}"] = picture.mode + _digest(picture.convert("RGBA"))
            seen[f"shown {number}"] = repr([picture.info.get(key) for key in (*_SHOWN, "disposal", "adobe_transform")])
        across, down = picture.info.get("dpi", (1, 1))[:2]
        seen["pixel shape"] = f"{float(across) / float(down or 1):.3f}"
    return seen


def _jpeg_parts(content: bytes) -> dict[str, str]:
    seen = {"libjpeg": _digest(simplejpeg.decode_jpeg(content, strict=False))}
    for number, item in enumerate(re.findall(rb"<(?:\w+:)?Item\s[^>]*>", content)):
        length = re.search(rb"Length=\"(\d+)\"", item)
        if number and length:
            seen[f"part {number}"] = hashlib.sha256(content[-int(length[1]) :]).hexdigest()
    seen["gain"] = repr(re.findall(rb"hdrgm:\w+=\"[^\"]*\"", content))
    return seen
