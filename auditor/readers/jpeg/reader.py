"""JPEG: structure, strict libjpeg decode at a reduced scale, and each part behind the picture as a file of its own.

libjpeg conceals damage unless every warning counts, and its wrappers report one warning a decode. So the decoder gets
only the bytes that make the picture: stray bytes and metadata, whose oddities are harmless, cannot mask later damage.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from contextvars import ContextVar

import numpy as np

from auditor import words
from auditor.model import Damage, Depth, ErrorKind, Kind, Soundness, Tier, Trouble
from auditor.readers import examine as examine_file
from auditor.readers import exif, perceptual
from auditor.readers.examination import Buffer, Examination, Metadata
from auditor.readers.jpeg.decode import decode, harmless_bytes
from auditor.readers.jpeg.parts import Part, find_parts
from auditor.readers.jpeg.rest import jpeg_rest
from auditor.readers.jpeg.walk import APP1, JPEG_LS, Walk, doubled_codes, picture_of, walk
from auditor.readers.limits import refusal, refused_by_decoder
from auditor.readers.opened import open_jpeg
from auditor.readers.rest import whole_sha256

_UNSUPPORTED = re.compile(r"Unsupported|not supported|not compiled|arithmetic|precision", re.IGNORECASE)
_ZERO_RUN = bytes(1024)
_SECTOR_BYTES = 512
_MOST_LEVELS = 3
_level: ContextVar[int] = ContextVar("level", default=0)
"""How many photos the bytes that are looked into are a part of."""


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`.

    `coded_sha256` covers the markers and bodies of all segments but APPn and COM, Adobe's APP14 (it says which colours
    the numbers are), and the coded data up to EOI. `image_sha256` covers that and the rest: the ICC profile, raw
    thermal data, depth and whatever else the APPn segments hold that is not known to be descriptive, and all that lies
    behind the picture but previews and padding (a photo that lost its motion clip is not the same photo).
    """
    walked = walk(data, headers_only=not depth.reaches(Depth.DECODE))
    facts = metadata(data, walked)
    width = height = None
    if walked.frame is not None and walked.frame.height:
        shown = (walked.frame.width, walked.frame.height)
        width, height = shown[::-1] if (facts.orientation or 1) > 4 else shown
    seen = Examination(format=format_, kind=Kind.PHOTO, width=width, height=height, metadata=facts)
    if walked.frame is None and any(segment.marker == JPEG_LS for segment in walked.segments):
        return dataclasses.replace(seen, error=Trouble(ErrorKind.UNSUPPORTED, "there is no decoder for JPEG-LS"))
    if not depth.reaches(Depth.DECODE):
        return _found(seen, walked.damage, (Tier.STRUCTURE,)) if walked.damage else seen
    seen = dataclasses.replace(seen, notes=walked.notes) if walked.notes else seen
    if walked.damage is None and walked.frame is None:
        return _found(seen, Damage("bad_header", "there is no frame header", 0), (Tier.STRUCTURE,))
    if walked.frame is not None:
        if too_large := refusal(walked.frame.width, walked.frame.height):
            return dataclasses.replace(seen, error=too_large, checked=(Tier.STRUCTURE,))
        if walked.frame.height == 0:
            error = Trouble(ErrorKind.UNSUPPORTED, "the height stands in a DNL segment behind the picture")
            return dataclasses.replace(seen, error=error, checked=(Tier.STRUCTURE,))
    core = picture_of(data, walked)
    if walked.damage is not None:
        return _found(seen, _with_what_is_left(walked, core, len(data)), (Tier.STRUCTURE,))
    return _decoded(data, walked, core, seen, depth)


def metadata(data: Buffer, walked: Walk) -> Metadata:
    """What the EXIF segment says; nothing where there is none."""
    for segment in walked.segments:
        if segment.marker == APP1 and data[segment.body : segment.body + 4] == b"Exif":
            return exif.metadata_of_exif(bytes(data[segment.body : segment.end]))
    return Metadata()


def _decoded(data: Buffer, walked: Walk, core: bytearray, seen: Examination, depth: Depth) -> Examination:
    assert walked.frame is not None and walked.end is not None
    checked: tuple[Tier, ...] = (Tier.STRUCTURE, Tier.DECODE)
    decoded = decode(core, walked.frame, strict=True)
    if decoded.message is not None and (stray := harmless_bytes(decoded.message)):
        seen = dataclasses.replace(seen, notes=(*seen.notes, f"{stray} stray bytes after the last row"))
        decoded = decode(core, walked.frame, strict=False)
    if decoded.grey is None:
        message = decoded.message or ""
        if _UNSUPPORTED.search(message):
            return dataclasses.replace(
                seen, error=Trouble(ErrorKind.UNSUPPORTED, f"{message}"), checked=(Tier.STRUCTURE,)
            )
        return _found(seen, _corrupt(walked, data, message), checked)
    if decoded.impossible_row is not None:
        share = words.percent_of(decoded.impossible_row, walked.frame.height)
        detail = f"the picture data is corrupt: brighter than white or darker than black from {share} of its rows on"
        return _found(seen, Damage("corrupt_data", detail), checked)
    parts = find_parts(data, walked.segments, walked.end)
    coded = hashlib.sha256(core).hexdigest()
    width, height = walked.frame.width / decoded.factor, walked.frame.height / decoded.factor
    seen = dataclasses.replace(
        seen,
        notes=seen.notes + parts.notes,
        checked=checked,
        soundness=Soundness.SOUND,
        coded_sha256=coded,
        picture=perceptual.normalise(decoded.grey, width, height, seen.metadata.orientation),
    )
    for part in parts.parts:
        content = data[part.start : part.end]
        seen = _with_part(seen, part, content, depth)
    if not parts.damage:
        rest = jpeg_rest(data, walked, parts.parts)
        seen = dataclasses.replace(seen, image_sha256=whole_sha256(coded, rest))
    for damage in parts.damage:
        seen = _found(seen, damage, checked)
    if seen.soundness is Soundness.SOUND and (refused := open_jpeg(data)):
        return dataclasses.replace(seen, soundness=Soundness.NOT_CHECKED, error=refused_by_decoder(refused))
    return _with_suspicion(data, walked, parts.wiped, seen)


def _with_part(seen: Examination, part: Part, content: bytes, depth: Depth) -> Examination:
    """The examination with what a part behind the picture adds to it: its damage, or that it could not be checked."""
    found = _examined(content, depth)
    if not part.declared:
        oddities = [d.detail for d in found.damage] + ([found.error.reason] if found.error else [])
        notes = [f"{part.name}, which the photo does not declare: {oddity}" for oddity in oddities]
        return dataclasses.replace(seen, notes=(*seen.notes, *notes))
    if found.soundness is Soundness.DAMAGED:
        for damage in found.damage:
            offset = None if damage.offset is None else part.start + damage.offset
            detail = f"{part.name}: {damage.detail}; the picture itself ends whole"
            seen = _found(seen, Damage(damage.code, detail, offset), seen.checked)
        return seen
    if seen.soundness is Soundness.SOUND and found.soundness is not Soundness.SOUND:
        error = found.error or Trouble(ErrorKind.UNDECODABLE, "; ".join(found.notes))
        return dataclasses.replace(seen, soundness=found.soundness, error=error.of(part.name))
    return seen


def _examined(content: bytes, depth: Depth) -> Examination:
    """What a part is; without a look at those that lie in a part of a part, since each may hold the next one often."""
    level = _level.get()
    if level == _MOST_LEVELS:
        return Examination(error=Trouble(ErrorKind.UNSUPPORTED, "nested too deeply to be looked into"))
    before = _level.set(level + 1)
    try:
        return examine_file("part", content, depth)
    finally:
        _level.reset(before)


def _with_suspicion(data: Buffer, walked: Walk, why: str | None, seen: Examination) -> Examination:
    """SUSPICIOUS instead of SOUND where the bytes look overwritten though the decoder had nothing to say."""
    if seen.soundness is not Soundness.SOUND:
        return seen
    doubled = doubled_codes(data, walked.segments)
    if doubled is not None:
        why = f"a Huffman table at byte {doubled} names one symbol twice; no camera writes that"
    for start, end in walked.scans:
        run = _zero_run(data, start, end)
        # A black picture may be a run of zeros; one that begins or ends with a disk sector was hardly written by it.
        if run >= 0:
            after = run + len(_ZERO_RUN)
            while after < end and data[after] == 0:
                after += 1
            if run % _SECTOR_BYTES == 0 or after % _SECTOR_BYTES == 0:
                why = f"{after - run} zero bytes on a sector boundary in the picture data at byte {run}"
    return dataclasses.replace(seen, soundness=Soundness.SUSPICIOUS, notes=(*seen.notes, why)) if why else seen


def _zero_run(data: Buffer, start: int, end: int) -> int:
    """Where a block of zeros begins between two offsets, -1 where there is none."""
    # A run of 1024 covers two places that are 512 apart: most pictures are seen to have none at a glance.
    return data.find(_ZERO_RUN, start, end) if b"\0\0" in data[start:end:_SECTOR_BYTES] else -1


def _corrupt(walked: Walk, data: Buffer, message: str) -> Damage:
    """What the decoder complains of, with its place where the bytes show one."""
    for start, end in walked.scans:
        run = _zero_run(data, start, end)
        if run >= 0:
            share = words.percent_of(run - start, end - start)
            return Damage("zero_block", f"zeros overwrite the picture data from {share} of it on", run)
    message = message.removeprefix("Corrupt JPEG data: ")
    return Damage("corrupt_data", f"the picture data is corrupt: {message}")


def _with_what_is_left(walked: Walk, core: bytearray, size: int) -> Damage:
    """The walk's damage, and how much of the picture can still be seen, as far as a lenient decoder tells."""
    damage = walked.damage
    assert damage is not None
    if damage.code != "truncated" or walked.frame is None or not walked.scans:
        if damage.offset is not None and damage.code == "corrupt_data":
            share = words.percent_of(damage.offset, size)
            return dataclasses.replace(damage, detail=f"{damage.detail}, at {share} of the file")
        return damage
    wiped = len(core) - len(core.rstrip(b"\0"))
    if wiped >= len(_ZERO_RUN) and not walked.frame.progressive:
        decoded = decode(core[:-wiped] + b"\xff\xd9", walked.frame, strict=False)
        detail = f"the last {words.size(wiped)} of the file are zeros"
        if decoded.grey is not None:
            detail += f"; {words.percent_of(*_rows_left(decoded.grey))} of the picture is there"
        return Damage("zero_block", detail, size - wiped)
    if walked.frame.progressive:
        return dataclasses.replace(
            damage, detail=f"cut short after {words.size(size)}: the picture is coarse or partial"
        )
    decoded = decode(core + b"\xff\xd9", walked.frame, strict=False)
    if decoded.grey is None:
        return dataclasses.replace(damage, detail=f"cut short after {words.size(size)}; nothing of it can be decoded")
    left, rows = _rows_left(decoded.grey)
    if left == rows:
        return Damage("truncated", "the end marker is missing; all rows of the picture are there", damage.offset)
    whole = f" of about {words.size(size * rows // left)}" if left else ""
    share = words.percent_of(left, rows)
    return dataclasses.replace(damage, detail=f"cut short at {share} of the picture: {words.size(size)}{whole}")


def _rows_left(grey: perceptual.Grey) -> tuple[int, int]:
    """How many rows of a cut picture were decoded, and how many it has."""
    # libjpeg paints what is missing in middle grey, 128 exactly.
    rows = np.flatnonzero((grey != 128).any(axis=1))
    return 0 if rows.size == 0 else int(rows[-1] + 1), grey.shape[0]


def _found(seen: Examination, damage: Damage | None, checked: tuple[Tier, ...]) -> Examination:
    added = () if damage is None else (damage,)
    return dataclasses.replace(seen, soundness=Soundness.DAMAGED, checked=checked, damage=seen.damage + added)
