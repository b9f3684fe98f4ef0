"""GIF: a walk of its blocks finds cuts and overwritten ones; Pillow decodes every frame.

Source: CompuServe, "Graphics Interchange Format, Version 89a".
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

from auditor import words
from auditor.model import Damage, Depth, Kind, Soundness, Tier
from auditor.readers.bounds import is_text
from auditor.readers.examination import Buffer, Examination
from auditor.readers.limits import refusal
from auditor.readers.rest import Piece, unclaimed, whole_sha256
from auditor.readers.stills import pillow
from auditor.readers.xmp_rest import xmp_rest

_EXTENSION, _IMAGE, _TRAILER, _GRAPHIC_CONTROL = 0x21, 0x2C, 0x3B, 0xF9
_COMMENT, _APPLICATION = 0xFE, 0xFF
_XMP_TRAILER = bytes([1, *range(255, -1, -1), 0])
"""XMP lies in GIF as plain text, which a reader of blocks must come to the end of. Source: XMP, part 3, 1.1.2."""
_ZERO_RUN = bytes(1024)
_MOST_CODE_BITS = 11
"""The standard ends at 8, but there are files with 11, which decoders read."""


@dataclass(frozen=True, slots=True)
class _Walk:
    """`kept` are the ranges that make the picture, `frames` how many frames are whole, `end` one past the trailer.

    `others` are the other blocks: how many of `kept` come before each, and its range.
    """

    kept: tuple[tuple[int, int], ...]
    frames: int
    end: int
    damage: Damage | None
    others: tuple[tuple[int, int, int], ...] = ()


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. `coded_sha256` covers the screen, palettes, frames and their timing;
    `image_sha256` that and all other blocks in their order (repeats, profiles, texts that are drawn), but comments and
    the descriptive part of XMP."""
    width, height = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    seen = Examination(format=format_, kind=Kind.PHOTO, width=width or None, height=height or None)
    if not depth.reaches(Depth.DECODE):
        return seen
    walked = _walk(data)
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE,))
    if walked.damage is not None:
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(walked.damage,))
    if too_large := refusal(width, height):
        return dataclasses.replace(seen, error=too_large)
    loaded = pillow.load(bytes(data), "GIF", None)
    if loaded.error is not None:
        return dataclasses.replace(seen, error=loaded.error)
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE, Tier.DECODE))
    if loaded.broken is not None:
        damage = Damage("corrupt_data", f"a frame cannot be decoded: {loaded.broken}")
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(damage,))
    digest = hashlib.sha256()
    for start, end in walked.kept:
        digest.update((end - start).to_bytes(8, "big"))
        digest.update(data[start:end])
    coded = digest.hexdigest()
    notes = [loaded.note] if loaded.note else []
    if walked.end < len(data):
        notes.append(f"{len(data) - walked.end} bytes after the end of the picture")
    return dataclasses.replace(
        seen,
        soundness=Soundness.SOUND,
        notes=tuple(notes),
        coded_sha256=coded,
        image_sha256=whole_sha256(coded, _rest(data, walked)),
        picture=loaded.picture,
    )


def _walk(data: Buffer) -> _Walk:
    size = len(data)
    kept: list[tuple[int, int]] = []
    others: list[tuple[int, int, int]] = []
    frames = 0

    def stopped(code: str, detail: str, at: int) -> _Walk:
        return _Walk(tuple(kept), frames, at, Damage(code, detail, at))

    if size < 13:
        return stopped("truncated", f"cut short after {words.size(size)}: not even the header is there", size)
    at = 13 + _palette_bytes(data[10])
    kept.append((6, at))
    while True:
        if at >= size:
            return stopped("truncated", _cut(size, frames), size)
        start, code = at, data[at]
        if code == _TRAILER:
            if frames == 0:
                return stopped("bad_header", "the file ends before any frame", at)
            return _Walk(tuple(kept), frames, at + 1, None, tuple(others))
        if code == _EXTENSION:
            at += 2
        elif code == _IMAGE and at + 10 <= size:
            at += 10 + _palette_bytes(data[at + 9]) + 1
            if at <= size and data[at - 1] > _MOST_CODE_BITS:
                return stopped("corrupt_data", f"impossible code size in frame {frames + 1}", at - 1)
        elif code != _IMAGE:
            detail = f"what begins at {words.percent_of(at, size)} of the file is no block of a GIF"
            return stopped("bad_block", detail, at)
        else:
            return stopped("truncated", _cut(size, frames), size)
        body = at
        while at < size and data[at]:
            at += 1 + data[at]
        if at >= size:
            return stopped("truncated", _cut(size, frames), size)
        at += 1
        if code == _IMAGE:
            run = data.find(_ZERO_RUN, body, at)
            if run >= 0:
                detail = f"zeros overwrite frame {frames + 1}, at {words.percent_of(run, size)} of the file"
                return stopped("zero_block", detail, run)
            frames += 1
        if code == _IMAGE or data[start + 1] == _GRAPHIC_CONTROL:
            kept.append((start, at))
        else:
            others.append((len(kept), start, at))


def _rest(data: Buffer, walked: _Walk) -> list[Piece]:
    """The blocks beside the picture's. The version counts only where there is more than one frame needs."""
    pieces: list[Piece] = []
    described: list[Piece] = []
    size = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    for before, start, end in walked.others:
        content = bytes(data[start:end])
        if content[1] == _COMMENT and is_text(_text(content)):
            continue
        if content[1] == _APPLICATION and content[3:14] == b"XMP DataXMP":
            described += xmp_rest(content[14:-258] if content.endswith(_XMP_TRAILER) else content[14:], size)
        else:
            pieces.append((b"block %d" % before, content))
    if pieces or len(walked.kept) > walked.frames + 1:
        pieces.append((b"version", bytes(data[3:6])))
    return [*pieces, *sorted(described), *unclaimed(b"behind the end", bytes(data[walked.end :]))]


def _text(block: bytes) -> bytes:
    """The content of a block, without the lengths of its sub-blocks."""
    at, parts = 2, list[bytes]()
    while at < len(block) and block[at]:
        parts.append(block[at + 1 : at + 1 + block[at]])
        at += 1 + block[at]
    return b"".join(parts)


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _cut(size: int, frames: int) -> str:
    whole = f"; {frames} whole frame{'s' if frames > 1 else ''} before the cut" if frames else ""
    return f"cut short after {words.size(size)}{whole}"
