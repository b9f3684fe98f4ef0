"""PNG: every byte is under a checksum, so damage is always proved; the pixels come from Pillow.

Source: W3C, "Portable Network Graphics (PNG) Specification, Third Edition".
"""

from __future__ import annotations

import dataclasses
import hashlib
import struct
import zlib
from dataclasses import dataclass

from auditor import words
from auditor.model import Damage, Depth, Kind, Soundness, Tier
from auditor.readers import exif
from auditor.readers.bounds import is_text
from auditor.readers.descriptive import PNG_KEYWORDS, PNG_KEYWORDS_LEADS
from auditor.readers.examination import Buffer, Examination, Metadata
from auditor.readers.iptc_rest import iptc_rest
from auditor.readers.limits import refusal, refused_by_decoder
from auditor.readers.opened import open_png
from auditor.readers.photoshop_rest import photoshop_rest
from auditor.readers.rest import Piece, unclaimed, whole_sha256
from auditor.readers.stills import pillow
from auditor.readers.tiff.rest import exif_rest
from auditor.readers.xmp_rest import xmp_rest

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PICTURE = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT"))
_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_COLOURS = frozenset((b"iCCP", b"gAMA", b"cHRM", b"sRGB", b"cICP"))
_PROFILE = b"Raw profile type "
_MOST_PROFILE_BYTES = 64 << 20
_TIME_BYTES, _SHAPE_BYTES = 7, 9
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


@dataclass(frozen=True, slots=True)
class _Chunk:
    type: bytes
    body: int
    end: int  # of the body; four bytes of checksum follow


@dataclass(frozen=True, slots=True)
class _Walk:
    chunks: tuple[_Chunk, ...]
    damage: Damage | None
    end: int


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. `coded_sha256` covers header, palette and image data of the picture and of an
    animation's frames; `image_sha256` that and the order, lengths and contents of all chunks but texts, times and the
    descriptive part of EXIF and XMP. Image data counts as one stream however it was cut up."""
    judged = depth.reaches(Depth.DECODE)
    walked = _walk(data, judged)
    seen = Examination(format=format_, kind=Kind.PHOTO, metadata=_metadata(data, walked.chunks))
    header = next((c for c in walked.chunks if c.type == b"IHDR" and c.end - c.body == 13), None)
    if header is not None:
        width, height = struct.unpack_from(">II", data[header.body : header.end])
        shown = (height, width) if (seen.metadata.orientation or 1) > 4 else (width, height)
        seen = dataclasses.replace(seen, width=shown[0], height=shown[1])
    if not judged and walked.damage is None:
        return seen
    seen = dataclasses.replace(seen, checked=(Tier.STRUCTURE,))
    damage = walked.damage
    if damage is None and (header is None or not any(c.type == b"IDAT" for c in walked.chunks)):
        damage = Damage("bad_header", "the picture's header or data is missing", 8)
    if damage is not None:
        if damage.code == "truncated" and judged and header is not None:
            damage = dataclasses.replace(damage, detail=_what_is_left(data, walked, header))
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(damage,))
    if too_large := refusal(seen.width or 0, seen.height or 0):
        return dataclasses.replace(seen, error=too_large)
    notes = (f"{len(data) - walked.end} bytes after the end of the picture",) if walked.end < len(data) else ()
    loaded = pillow.load(_picture_only(data, walked.chunks), "PNG", seen.metadata.orientation)
    if loaded.picture is None:
        # Its checksums prove that the file is as it was written; so its writer made what this decoder cannot read.
        return dataclasses.replace(seen, notes=notes, error=loaded.error or refused_by_decoder(loaded.broken))
    coded = _coded_sha256(data, walked.chunks)
    seen = dataclasses.replace(seen, notes=notes, coded_sha256=coded)
    if refused := open_png(bytes(data)):
        return dataclasses.replace(seen, error=refused_by_decoder(refused))
    return dataclasses.replace(
        seen,
        soundness=Soundness.SOUND,
        checked=(Tier.STRUCTURE, Tier.DECODE),
        image_sha256=whole_sha256(coded, _rest(data, walked)),
        picture=loaded.picture,
    )


def _walk(data: Buffer, checksums: bool) -> _Walk:
    """All chunks up to IEND; the damage at which the walk ended, if any."""
    size, at = len(data), len(_SIGNATURE)
    chunks: list[_Chunk] = []
    bad: Damage | None = None
    view = memoryview(data)
    while True:
        if at + 12 > size:
            return _Walk(tuple(chunks), bad or Damage("truncated", "cut short", size), at)
        length, type_ = struct.unpack_from(">I4s", view, at)
        if not type_.isalpha() or length > 0x7FFFFFFF or (not chunks and type_ != b"IHDR"):
            damage = Damage("bad_chunk", f"what begins at byte {at} is no chunk of a PNG", at)
            return _Walk(tuple(chunks), bad or damage, at)
        end = at + 8 + length
        if end + 4 > size:
            # The cut chunk is kept as far as it goes: it may hold rows that can still be seen.
            chunks.append(_Chunk(type_, at + 8, size))
            return _Walk(tuple(chunks), bad or Damage("truncated", "cut short", size), at)
        chunks.append(_Chunk(type_, at + 8, end))
        if checksums and bad is None and zlib.crc32(view[at + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            name = type_.decode("ascii")
            bad = Damage(
                "bad_crc", f"the checksum of the {name} chunk at {words.percent_of(at, size)} of the file is wrong", at
            )
        at = end + 4
        if type_ == b"IEND":
            return _Walk(tuple(chunks), bad, at)


def _metadata(data: Buffer, chunks: tuple[_Chunk, ...]) -> Metadata:
    block = next((bytes(data[c.body : c.end]) for c in chunks if c.type == b"eXIf"), b"")
    return exif.metadata_of_exif(block)


def _picture_only(data: Buffer, chunks: tuple[_Chunk, ...]) -> bytes:
    """The PNG without text, profiles and times, whose limits and oddities are nothing to its pixels."""
    kept = [bytes(data[c.body - 8 : c.end + 4]) for c in chunks if c.type in _PICTURE]
    return b"".join((_SIGNATURE, *kept, b"\0\0\0\0IEND\xaeB`\x82"))


def _coded_sha256(data: Buffer, chunks: tuple[_Chunk, ...]) -> str:
    """Each chunk is led by its type and length, but for image data, which is one stream of the length of all of it."""
    digest = hashlib.sha256()
    stream = sum(c.end - c.body for c in chunks if c.type == b"IDAT")
    for chunk in chunks:
        if chunk.type in _PICTURE or chunk.type == b"fdAT":
            length = stream if chunk.type == b"IDAT" else chunk.end - chunk.body
            if chunk.type != b"IDAT" or stream:
                digest.update(chunk.type + length.to_bytes(8, "big"))
            stream = 0 if chunk.type == b"IDAT" else stream
            digest.update(data[chunk.body : chunk.end])
    return digest.hexdigest()


def _rest(data: Buffer, walked: _Walk) -> list[Piece]:
    """All chunks in order, those of the coded picture by their names, what is known to be descriptive left out."""
    pieces: list[Piece] = []
    described: list[Piece] = []
    last = b""
    profiled = any(c.type in _COLOURS for c in walked.chunks)
    header = next(c.body for c in walked.chunks if c.type == b"IHDR")
    size = int.from_bytes(data[header : header + 4], "big"), int.from_bytes(data[header + 4 : header + 8], "big")
    for chunk in walked.chunks:
        content = b"" if chunk.type in _PICTURE or chunk.type == b"fdAT" else bytes(data[chunk.body : chunk.end])
        if chunk.type == b"eXIf":
            described += exif_rest(content, size, profiled=profiled)
        elif chunk.type in _TEXTS:
            described += _text_rest(chunk.type, content, size, profiled)
        elif chunk.type == b"pHYs" and content[:4] == content[4:8] and len(content) == _SHAPE_BYTES:
            continue  # square pixels, whatever their size
        elif chunk.type == b"tIME" and len(content) == _TIME_BYTES:
            last = chunk.type
        elif chunk.type != b"IDAT" or chunk.type != last:
            pieces.append((chunk.type, content))
            last = chunk.type
    return [*pieces, *sorted(described), *unclaimed(b"behind the end", bytes(data[walked.end :]))]


def _text_rest(type_: bytes, content: bytes, size: tuple[int, int], profiled: bool) -> list[Piece]:
    """A text that is not known to be descriptive, or is none; of XMP and EXIF what may be content. Source: PNG, third
    edition, 11.3.3."""
    keyword, _, rest = content.partition(b"\0")
    lead, text = _plain(type_, rest)
    if text is None or not is_text(lead):
        return [(b"text", content)]
    if keyword == b"XML:com.adobe.xmp":
        return xmp_rest(text, size)
    if keyword.startswith(_PROFILE):
        described = _profile_rest(keyword.removeprefix(_PROFILE).lower(), text, size, profiled)
        return [(b"text", content)] if described is None else described
    if (keyword in PNG_KEYWORDS or keyword.startswith(PNG_KEYWORDS_LEADS)) and is_text(text):
        return []
    return [(b"text", content)]


def _plain(type_: bytes, rest: bytes) -> tuple[bytes, bytes | None]:
    """What follows a text's keyword: its language and translated keyword, and the text, unpacked; None where it cannot
    be, is larger than any profile, or has something behind it."""
    if type_ == b"tEXt":
        return b"", rest
    lead, packed = b"", rest[1:]
    if type_ == b"iTXt":
        language, _, behind = rest[2:].partition(b"\0")
        translated, _, packed = behind.partition(b"\0")
        lead = language + translated
        if rest[:1] == b"\0":
            return lead, packed
    try:
        inflater = zlib.decompressobj()
        plain = inflater.decompress(packed, _MOST_PROFILE_BYTES)
    except zlib.error:
        return lead, None
    return lead, plain if inflater.eof and not inflater.unused_data else None


def _profile_rest(kind: bytes, text: bytes, size: tuple[int, int], profiled: bool) -> list[Piece] | None:
    """What of a block that ImageMagick and exiftool keep as a text in hexadecimal is not known to be descriptive; None
    where it is none that is known. Source: ImageMagick, `coders/png.c`, "Raw profile type"."""
    parts = text.strip().split(b"\n", 2)
    try:
        block = bytes.fromhex(parts[2].decode("ascii"))
    except (ValueError, IndexError):
        return None
    if kind in (b"exif", b"app1") and block[:6] == b"Exif\0\0":
        return exif_rest(block, size, profiled=profiled)
    if kind in (b"xmp", b"app1"):
        return xmp_rest(block.removeprefix(b"http://ns.adobe.com/xap/1.0/\0"), size)
    if kind in (b"8bim", b"iptc"):
        block = block.removeprefix(b"Photoshop 3.0\0")
        return iptc_rest(block, size) if block[:1] == b"\x1c" else photoshop_rest(block, size)
    return None


def _what_is_left(data: Buffer, walked: _Walk, header: _Chunk) -> str:
    width, height, bits, colours, _, _, interlace = struct.unpack(">IIBBBBB", data[header.body : header.end])
    row_bytes = 1 + (width * bits * _CHANNELS.get(colours, 4) + 7) // 8
    inflater, rows, most = zlib.decompressobj(), 0, row_bytes * height
    if interlace or refusal(width, height):
        return f"cut short after {words.size(len(data))}"
    try:
        for chunk in walked.chunks:
            if chunk.type == b"IDAT" and rows < most:
                rows += len(inflater.decompress(data[chunk.body : chunk.end], most - rows))
    except zlib.error:
        pass  # what was inflated before counts
    left = rows // row_bytes
    if left >= height:
        return "the end is missing; all rows of the picture are there"
    whole = f" of about {words.size(len(data) * height // left)}" if left else ""
    return f"cut short at {words.percent_of(left, height)} of the picture: {words.size(len(data))}{whole}"
