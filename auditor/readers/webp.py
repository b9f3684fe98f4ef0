"""WebP: the RIFF container says how long everything is; Pillow (libwebp) decodes every frame.

Source: Google, "WebP Container Specification"; RFC 9649.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

from auditor.model import Damage, Depth, Kind, Soundness, Tier
from auditor.readers import exif, pillow
from auditor.readers.examination import Buffer, Examination, Metadata
from auditor.readers.limits import refusal
from auditor.readers.webp_probe import left_over
from auditor.readers.wording import cut_short, share

_CODED = frozenset((b"VP8 ", b"VP8L", b"ALPH"))
_KEPT = frozenset((*_CODED, b"ANIM", b"ICCP"))
_ANNOUNCED = {b"ICCP": 0x20, b"ALPH": 0x10}
"""Chunks that count only where the header announces them, and its bit for each."""
_ZERO_RUN = bytes(1024)


@dataclass(frozen=True, slots=True)
class _Chunk:
    type: bytes
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class _Walk:
    chunks: tuple[_Chunk, ...]
    end: int
    damage: Damage | None


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. `image_sha256` covers coded frames, their places and times on the canvas, and the
    ICC profile."""
    walked = _walk(data)
    facts = _metadata(data, walked.chunks)
    seen = Examination(format=format_, kind=Kind.PHOTO, metadata=facts)
    size = _size(data, walked.chunks)
    if size is not None:
        shown = size[::-1] if (facts.orientation or 1) > 4 else size
        seen = dataclasses.replace(seen, width=shown[0], height=shown[1])
    if not depth.reaches(Depth.DECODE) and walked.damage is None:
        return seen
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE,))
    if damage := walked.damage or _coded_damage(data, walked.chunks):
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(damage,))
    if size is not None and (too_large := refusal(*size)):
        return dataclasses.replace(seen, error=too_large)
    loaded = pillow.load(bytes(data[: walked.end]), "WEBP", facts.orientation)
    if loaded.error is not None and (size is None or loaded.too_large):
        return dataclasses.replace(seen, error=loaded.error)
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE, Tier.DECODE))
    if loaded.picture is None:
        damage = Damage("corrupt_data", f"the picture cannot be decoded: {loaded.broken or loaded.refused}")
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(damage,))
    if damage := _left_over(data, walked.chunks, (size or (0, 0))[0] * (size or (0, 0))[1]):
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(damage,))
    notes = [loaded.note] if loaded.note else []
    if walked.end < len(data):
        notes.append(f"{len(data) - walked.end} bytes after the end of the picture")
    return dataclasses.replace(
        seen,
        soundness=Soundness.SOUND,
        notes=tuple(notes),
        image_sha256=_image_sha256(data, walked.chunks),
        picture=loaded.picture,
    )


def _walk(data: Buffer) -> _Walk:
    """All chunks, those within animation frames after their frame. Names may hold a NUL: a writer makes `XMP\\0`."""
    size = len(data)
    declared = 8 + int.from_bytes(data[4:8], "little")
    chunks: list[_Chunk] = []
    damage = cut_short(size, declared) if declared > size else None
    ends = [min(size, declared)]
    at = 12
    while ends:
        end = ends[-1]
        if at + 8 > end:
            at = max(at, ends.pop())
            continue
        type_ = bytes(data[at : at + 4])
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        body = at + 8
        if not type_.strip(b"\0") or not all(32 <= c < 127 or c == 0 for c in type_):
            detail = f"what begins at {share(at, size)} % of the file is no chunk of a WebP"
            return _Walk(tuple(chunks), end, damage or Damage("bad_chunk", detail, at))
        if body + length > end:
            chunks.append(_Chunk(type_, body, end))
            detail = f"the chunk at {share(at, size)} % of the file is longer than the file"
            return _Walk(tuple(chunks), end, damage or Damage("bad_chunk", detail, at))
        chunks.append(_Chunk(type_, body, body + length))
        if type_ == b"ANMF" and length >= 16 and len(ends) == 1:
            ends.append(body + length + length % 2)
            at = body + 16
        else:
            at = body + length + length % 2
    if damage is None and not any(c.type in (b"VP8 ", b"VP8L") for c in chunks):
        damage = Damage("bad_header", "there is no picture in the file", 12)
    return _Walk(tuple(chunks), min(size, declared), damage)


def _coded_damage(data: Buffer, chunks: tuple[_Chunk, ...]) -> Damage | None:
    """What is impossible in the coded pictures, without decoding them. Source: RFC 6386, 9.1; RFC 9649, 3.4."""
    for chunk in (c for c in chunks if c.type in _CODED):
        head = bytes(data[chunk.body : chunk.body + 10])
        if chunk.type == b"VP8 " and head[3:6] != b"\x9d\x01\x2a":
            return Damage("corrupt_data", "the coded picture does not begin as one", chunk.body)
        if chunk.type == b"VP8 " and (int.from_bytes(head[:3], "little") >> 5) + 10 > chunk.end - chunk.body:
            return Damage("corrupt_data", "the first part of the coded picture is longer than all of it", chunk.body)
        if chunk.type == b"VP8L" and head[:1] != b"\x2f":
            return Damage("corrupt_data", "the coded picture does not begin as one", chunk.body)
        run = data.find(_ZERO_RUN, chunk.body, chunk.end)
        if run >= 0:
            return Damage("zero_block", f"zeros overwrite the picture at {share(run, len(data))} % of the file", run)
    return None


def _left_over(data: Buffer, chunks: tuple[_Chunk, ...], pixels: int) -> Damage | None:
    most = max(1, pillow.MOST_ANIMATED_PIXELS // max(1, pixels))
    for chunk in [c for c in chunks if c.type in (b"VP8 ", b"VP8L")][:most]:
        if left_over(chunk.type, bytes(data[chunk.body : chunk.end])):
            detail = "the picture data is corrupt: the decoder is done before its end"
            return Damage("corrupt_data", detail, chunk.body)
    return None


def _size(data: Buffer, chunks: tuple[_Chunk, ...]) -> tuple[int, int] | None:
    for chunk in chunks:
        head = bytes(data[chunk.body : min(chunk.end, chunk.body + 10)])
        if len(head) < 5:
            continue
        if chunk.type == b"VP8X" and len(head) == 10:
            return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")
        if chunk.type == b"VP8 " and len(head) == 10:
            return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF
        if chunk.type == b"VP8L":
            bits = int.from_bytes(head[1:5], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None


def _metadata(data: Buffer, chunks: tuple[_Chunk, ...]) -> Metadata:
    return exif.metadata_of_exif(next((bytes(data[c.body : c.end]) for c in chunks if c.type == b"EXIF"), b""))


def _image_sha256(data: Buffer, chunks: tuple[_Chunk, ...]) -> str:
    digest = hashlib.sha256(_canvas(data, chunks))
    for chunk in chunks:
        if chunk.type in _KEPT or chunk.type == b"ANMF":
            digest.update(chunk.type)
            # Of an animation's frame only its place and time: the picture in it is a chunk that follows.
            digest.update(data[chunk.body : chunk.body + 16 if chunk.type == b"ANMF" else chunk.end])
    return digest.hexdigest()


def _canvas(data: Buffer, chunks: tuple[_Chunk, ...]) -> bytes:
    """What the header says of how frames are shown: an animation's canvas, and which chunks a decoder passes over."""
    header = next((bytes(data[c.body : c.end]) for c in chunks if c.type == b"VP8X"), b"")
    kinds = {chunk.type for chunk in chunks}
    if len(header) < 10:
        return b""
    unread = [kind for kind, bit in _ANNOUNCED.items() if kind in kinds and not header[0] & bit]
    return b"".join((header[4:10] if b"ANMF" in kinds else b"", *unread))
