"""The structure of TIFF-shaped files, RAW ones too: directories, and where their strips, tiles and previews lie.

Sources: TIFF 6.0; Adobe, "Digital Negative (DNG) Specification 1.7".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.model import Damage
from auditor.readers import ifd
from auditor.readers.examination import Buffer
from auditor.readers.wording import cut_short, share

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_SAMPLES, _SUB_IFDS, _EXIF, _BLACK_LEVEL = 277, 330, 0x8769, 50714
_DATA = ((273, 279), (324, 325))
_PREVIEW = (513, 514)
_LAYOUT = (_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, 266, 278, 284, 317, 322, 323, 338, 339)
_SELDOM = (290, 291, 292, 293, 301, 318, 319, 332, 333, 336, 529, 530, 531, 532)
"""Grey curves, fax options, transfer function, white point and primaries, inks, and how YCbCr becomes RGB."""
_DEVELOPED = (33421, 50711, *range(50713, 50733), 50829, 50964, 50965, *range(51008, 51010), 51022, 51125)
"""DNG: what a developer needs of the sensor: its colour filter, levels, crop, colours, and corrections (opcodes)."""
_BLOBS = (320, 347, 34675, 33422, 50712)  # palette, JPEG tables, ICC profile, colour filter, linearisation
_MOST_DIRECTORIES = 256
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
    for image in images:
        if image.compression != 1 or image.black_level <= 0:
            continue
        for start, end in image.parts:
            run = data.find(_ZERO_RUN, start, end)
            if run >= 0:
                detail = f"zeros overwrite the picture at {share(run, len(data))} % of the file"
                return Damage("zero_block", detail, run)
    return None


def image_sha256(data: Buffer, walked: TiffWalk) -> str | None:
    """The digest of the pictures as coded and of how to read them, previews left out; None where there are none.

    Of a DNG what its previews' directories say of the sensor's colours counts too: they stand there.
    """
    kept = [image for image in walked.images if not image.reduced]
    if not kept:
        return None
    digest = hashlib.sha256()
    for image in kept:
        for tag in _LAYOUT:
            digest.update(f"{tag}={ifd.numbers(data, image.table, tag)};".encode())
        for tag in _BLOBS:
            digest.update(ifd.content(data, image.table, tag))
        for start, end in image.parts:
            digest.update(data[start:end])
    for tags, images in ((_SELDOM, kept), (_DEVELOPED, walked.images)):
        for image in images:
            for tag in tags:
                if tag in image.table.entries:
                    digest.update(f"{tag}=".encode() + ifd.content(data, image.table, tag))
    return digest.hexdigest()
