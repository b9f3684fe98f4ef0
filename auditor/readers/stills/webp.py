"""WebP: the RIFF container says how long everything is; Pillow (libwebp) decodes every frame.

Source: Google, "WebP Container Specification"; RFC 9649.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

from auditor.model import Damage, Depth, Kind, Soundness, Tier
from auditor.readers import exif
from auditor.readers.examination import Buffer, Examination, Metadata
from auditor.readers.limits import refusal
from auditor.readers.rest import Piece, unclaimed, whole_sha256
from auditor.readers.stills import pillow
from auditor.readers.stills.webp_probe import left_over
from auditor.readers.tiff.rest import exif_rest
from auditor.readers.wording import cut_short
from auditor.readers.xmp_rest import xmp_rest
from auditor.words import percent_of

_CODED = frozenset((b"VP8 ", b"VP8L", b"ALPH"))
_HEADER_BYTES = 10
_ALPHA, _DESCRIBED = 0x10, 0x0C
"""Flags of the VP8X header: transparency, EXIF and XMP."""
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
    """See `auditor.readers.examine`. `coded_sha256` covers the coded frames; `image_sha256` that and their places and
    times on the canvas, the order, lengths and contents of all chunks but the descriptive part of EXIF and XMP, and
    what the header announces but for these two."""
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
    coded = _coded_sha256(data, walked.chunks)
    notes = [loaded.note] if loaded.note else []
    if walked.end < len(data):
        notes.append(f"{len(data) - walked.end} bytes after the end of the picture")
    return dataclasses.replace(
        seen,
        soundness=Soundness.SOUND,
        notes=tuple(notes),
        coded_sha256=coded,
        image_sha256=whole_sha256(coded, _rest(data, walked, size or (0, 0))),
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
            detail = f"what begins at {percent_of(at, size)} of the file is no chunk of a WebP"
            return _Walk(tuple(chunks), end, damage or Damage("bad_chunk", detail, at))
        if body + length > end:
            chunks.append(_Chunk(type_, body, end))
            detail = f"the chunk at {percent_of(at, size)} of the file is longer than the file"
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
        # Lossy coding makes long runs of zeros of what is black, white or grey; whether its decoder comes out at the
        # end tells these from others. Uncompressed transparency is what it is.
        compressed = chunk.type == b"VP8L" or (chunk.type == b"ALPH" and head[:1] != b"" and head[0] & 3)
        if compressed and (damage := _zeros(data, chunk)):
            return damage
    return None


def _zeros(data: Buffer, chunk: _Chunk) -> Damage | None:
    run = data.find(_ZERO_RUN, chunk.body, chunk.end)
    if run < 0:
        return None
    return Damage("zero_block", f"zeros overwrite the picture at {percent_of(run, len(data))} of the file", run)


def _left_over(data: Buffer, chunks: tuple[_Chunk, ...], pixels: int) -> Damage | None:
    most = max(1, pillow.MOST_ANIMATED_PIXELS // max(1, pixels))
    for chunk in [c for c in chunks if c.type in (b"VP8 ", b"VP8L")][:most]:
        if left_over(chunk.type, bytes(data[chunk.body : chunk.end])):
            detail = "the picture data is corrupt: the decoder is done before its end"
            return _zeros(data, chunk) or Damage("corrupt_data", detail, chunk.body)
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


def _coded_sha256(data: Buffer, chunks: tuple[_Chunk, ...]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        if chunk.type in _CODED:
            digest.update(chunk.type + (chunk.end - chunk.body).to_bytes(8, "big"))
            digest.update(data[chunk.body : chunk.end])
    return digest.hexdigest()


def _rest(data: Buffer, walked: _Walk, size: tuple[int, int]) -> list[Piece]:
    """All chunks in order, coded frames by their names, what is known to be descriptive left out."""
    pieces = [(b"VP8X", b"%d %d %d" % (*size, _announced(data, walked.chunks)))]
    described: list[Piece] = []
    profiled = any(chunk.type == b"ICCP" for chunk in walked.chunks)
    for chunk in walked.chunks:
        end = chunk.body + 16 if chunk.type == b"ANMF" else chunk.end
        content = b"" if chunk.type in _CODED else bytes(data[chunk.body : end])
        if chunk.type == b"EXIF":
            described += exif_rest(content, size, profiled=profiled)
        elif chunk.type in (b"XMP ", b"XMP\0"):
            described += xmp_rest(content, size)
        elif chunk.type != b"VP8X":
            # Of an animation's frame its place and time: the picture in it is a chunk that follows.
            length = b" %d" % (chunk.end - chunk.body) if chunk.type == b"ANMF" else b""
            pieces.append((chunk.type + length, content))
    return [*pieces, *sorted(described), *unclaimed(b"behind the end", bytes(data[walked.end :]))]


def _announced(data: Buffer, chunks: tuple[_Chunk, ...]) -> int:
    """The header's flags but for EXIF and XMP; what a file without that header would say in it."""
    header = next((bytes(data[c.body : c.end]) for c in chunks if c.type == b"VP8X"), b"")
    if len(header) == _HEADER_BYTES:
        return header[0] & ~_DESCRIBED
    first = chunks[0] if chunks else None
    lossless = first is not None and first.type == b"VP8L"
    return _ALPHA if first and lossless and data[first.body + 4] & 0x10 else 0
