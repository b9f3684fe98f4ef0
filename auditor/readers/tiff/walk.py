"""The structure of TIFF-shaped files, RAW ones too: directories, and where their strips, tiles and previews lie.

Sources: TIFF 6.0; Adobe, "Digital Negative (DNG) Specification 1.7".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auditor.model import Damage
from auditor.readers.examination import Buffer
from auditor.readers.rest import whole_sha256
from auditor.readers.tiff import ifd
from auditor.readers.tiff.rest import tiff_rest
from auditor.readers.wording import cut_short
from auditor.words import percent_of

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_SAMPLES, _SUB_IFDS, _EXIF, _BLACK_LEVEL = 277, 330, 0x8769, 50714
_DATA = ((273, 279), (324, 325))
_PREVIEW = (513, 514)
_MOST_DIRECTORIES = 256
_MOST_OFTEN = 4
_ZERO_RUN = bytes(1024)


@dataclass(frozen=True, slots=True)
class TiffImage:
    """One picture of the file. `reduced` says that it is a preview of another; `parts` are (start, end) of its data."""

    table: ifd.Directory
    width: int
    height: int
    compression: int
    reduced: bool
    parts: tuple[tuple[int, int], ...]
    black_level: int


@dataclass(frozen=True, slots=True)
class TiffWalk:
    """All pictures found, the previews stored as plain JPEG, and the first proof of damage."""

    images: tuple[TiffImage, ...]
    previews: tuple[tuple[int, int], ...]
    damage: Damage | None
    notes: tuple[str, ...]


def walk(data: Buffer) -> TiffWalk:
    """Walk the TIFF whose header is at the start of `data`. Does not raise for any content."""
    head = ifd.header(data)
    if head is None:
        return TiffWalk((), (), Damage("bad_header", "the file's header is cut or overwritten", 0), ())
    size = len(data)
    images: list[TiffImage] = []
    previews: list[tuple[int, int]] = []
    notes: list[str] = []
    damage: Damage | None = None
    todo, seen = [(head.first, True)], set[int]()
    while todo and len(seen) < _MOST_DIRECTORIES:
        offset, needed = todo.pop(0)
        if offset in seen:
            continue
        seen.add(offset)
        table = ifd.directory(data, head, offset)
        if table is None:
            if needed and damage is None:
                damage = _no_directory(head.base + offset, size)
            continue
        if table.beyond and damage is None:
            tags = ", ".join(map(str, table.beyond[:3]))
            damage = Damage("truncated", f"values of tag {tags} lie behind the end of the file: it is cut short", size)
        if table.odd > max(1, len(table.entries) // 4) and damage is None:
            damage = Damage("bad_header", f"the directory at byte {offset} is overwritten", head.base + offset)
        if table.next:
            todo.append((table.next, True))
        todo += [(sub, True) for sub in ifd.numbers(data, table, _SUB_IFDS, 64)]
        todo += [(sub, False) for sub in ifd.numbers(data, table, _EXIF, 4)]
        image, wrong = _image(data, head, table)
        if image is not None:
            images.append(image)
        damage = damage or wrong
        for start, length in zip(*(ifd.numbers(data, table, tag, 4) for tag in _PREVIEW), strict=False):
            previews.append((head.base + start, head.base + start + length))
    ends = [end for image in images for _, end in image.parts] + [end for _, end in previews]
    if damage is None and ends and max(ends) > size:
        damage = cut_short(size, max(ends), at_least=True)
    if damage is None and not images:
        damage = Damage("bad_header", "no directory of the file holds a picture", 0)
    return TiffWalk(tuple(images), tuple(previews), damage or _zeroed(data, images), tuple(notes))


def _no_directory(at: int, size: int) -> Damage:
    if at + 2 > size:
        return Damage("truncated", f"cut short: the directory at byte {at} is behind the end of the file", size)
    return Damage("bad_header", f"the directory at byte {at} is cut or overwritten", at)


def _image(data: Buffer, head: ifd.Header, table: ifd.Directory) -> tuple[TiffImage | None, Damage | None]:
    def first(tag: int, default: int) -> int:
        values = ifd.numbers(data, table, tag)
        return values[0] if values else default

    for offsets_tag, lengths_tag in _DATA:
        offsets, lengths = ifd.numbers(data, table, offsets_tag), ifd.numbers(data, table, lengths_tag)
        if not offsets or not lengths:
            continue
        width, height, compression = first(_WIDTH, 0), first(_HEIGHT, 0), first(_COMPRESSION, 1)
        bits = ifd.numbers(data, table, _BITS) or (1,)
        bits_a_pixel = sum(bits) if len(bits) > 1 else bits[0] * first(_SAMPLES, 1)
        if len(offsets) == 1 and compression == 1 and width and height:
            # Some writers overstate the one strip of a plain picture; what it must hold counts.
            lengths = (min(lengths[0], (width * bits_a_pixel + 7) // 8 * height),)
        parts = tuple((head.base + o, head.base + o + n) for o, n in zip(offsets, lengths, strict=False))
        levels = ifd.numbers(data, table, _BLACK_LEVEL)
        reduced = bool(first(_SUBFILE, 0) & 1)
        image = TiffImage(table, width, height, compression, reduced, parts, min(levels, default=0))
        if len(offsets) != len(lengths):
            return image, Damage("bad_header", "places and lengths of the picture's strips do not match", parts[0][0])
        return image, None
    return None, None


def _zeroed(data: Buffer, images: Sequence[TiffImage]) -> Damage | None:
    """Zeros where there can be none: sensors never reach zero where the black level is above it."""
    if _lies_over_again([part for image in images for part in image.parts], len(data)):
        return None
    for image in images:
        if image.compression != 1 or image.black_level <= 0:
            continue
        for start, end in image.parts:
            run = data.find(_ZERO_RUN, start, end)
            if run >= 0:
                detail = f"zeros overwrite the picture at {percent_of(run, len(data))} of the file"
                return Damage("zero_block", detail, run)
    return None


def _lies_over_again(parts: Iterable[tuple[int, int]], size: int) -> bool:
    """Whether strips share their bytes as no writer has them share: each is looked into."""
    return sum(max(0, min(end, size) - start) for start, end in parts) > _MOST_OFTEN * size


def coded_parts(walked: TiffWalk) -> dict[int, tuple[int, int]]:
    """(number, end) of each strip and tile by its start, in order; previews left out."""
    parts = [part for image in walked.images if not image.reduced for part in image.parts]
    return {start: (number, end) for number, (start, end) in enumerate(parts)}


def digests(data: Buffer, walked: TiffWalk, known: frozenset[int]) -> tuple[str | None, str | None]:
    """`coded_sha256`: of the strips and tiles of all pictures but previews. `image_sha256`: of these and all else but
    the tags that are `known` to be descriptive. None where there are none."""
    parts = coded_parts(walked)
    if not parts or _lies_over_again([(start, end) for start, (_, end) in parts.items()], len(data)):
        return None, None
    digest = hashlib.sha256()
    for start, (_, end) in parts.items():
        digest.update((end - start).to_bytes(8, "big"))
        digest.update(data[start:end])
    coded = digest.hexdigest()
    picture = max(((image.width, image.height) for image in walked.images), key=lambda size: size[0] * size[1])
    return coded, whole_sha256(coded, tiff_rest(data, known, picture, parts))
