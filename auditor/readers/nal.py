"""What can be proven of coded pictures without decoding them: lengths that add up, headers and bytes that can be.

AVC and HEVC forbid 00 00 00, 00 00 01 and 00 00 02 inside a NAL unit, so a wiped block is found without decoding.
Source: ISO/IEC 14496-10 and 23008-2, section 7.3.1 and 7.4.1; 14496-15 (length fields); AV1 specification, section 5.3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from auditor.model import Damage
from auditor.readers.examination import Buffer
from auditor.readers.wording import zero_block


class NalCodec(Enum):
    """Whose NAL units they are."""

    AVC = "avc"
    HEVC = "hevc"


@dataclass(frozen=True, slots=True)
class NalFormat:
    """How a sample's NAL units are laid out: the codec, and the width of the length field before each, in bytes."""

    codec: NalCodec
    length_bytes: int


ZERO_RUN_BYTES = 1024
"""A run of this many zeros inside compressed data is a wiped block: no coder writes it."""

_ZEROS = bytes(ZERO_RUN_BYTES)
_IMPOSSIBLE = re.compile(rb"\0\0[\0-\2]")
_NEVER_USED_BY_AVC = frozenset({0, 24, 25, 26, 27, 29, 31})
"""Of the kinds left to applications, Dolby Vision uses 28 and 30."""
_PADDING_BYTES = 16
"""Zeros after the last byte of a NAL unit that writers are known to leave."""


def nal_format(configuration_kind: bytes, configuration: bytes) -> NalFormat | None:
    """The layout that an `avcC`, `hvcC` or `lhvC` record states; None for other codecs or where it is cut."""
    if configuration_kind == b"avcC" and len(configuration) > 4:
        return NalFormat(NalCodec.AVC, (configuration[4] & 3) + 1)
    if configuration_kind == b"hvcC" and len(configuration) > 21:
        return NalFormat(NalCodec.HEVC, (configuration[21] & 3) + 1)
    return None


def zero_run(data: Buffer, start: int, end: int) -> tuple[int, int] | None:
    """Offset and length of the first long run of zeros between two offsets; None where there is none."""
    at = data.find(_ZEROS, start, end)
    if at < 0:
        return None
    stop = at + ZERO_RUN_BYTES
    while stop < end and data[stop : stop + 1] == b"\0":
        # Whole blocks first: a wiped file may be gigabytes of zeros.
        stop += len(_ZEROS) if data[stop : min(stop + len(_ZEROS), end)] == _ZEROS else 1
    return at, min(stop, end) - at


def wiped(data: Buffer, start: int, end: int, where: str) -> Damage | None:
    """A block of zeros where compressed data must be; `where` in words. None where there is none."""
    run = zero_run(data, start, end)
    return zero_block(*run, where) if run else None


def check_nals(data: Buffer, start: int, end: int, layout: NalFormat, where: str) -> Damage | None:
    """The first proof that the NAL units between two offsets are broken; None where there is none.

    `where` names the sample for a person ("frame 12 of the video").
    """
    hevc = layout.codec is NalCodec.HEVC
    width = layout.length_bytes
    at = start
    while at < end:
        if at + width > end:
            return _broken(f"{where} ends within a length field", at)
        length = int.from_bytes(data[at : at + width], "big")
        begin = at + width
        at = begin + length
        if at > end:
            run = zero_run(data, start, end)
            if run:
                return zero_block(*run, where)
            return _broken(f"{where} has a part of {length} bytes where {end - begin} are left", begin - width)
        if length == 0:
            continue
        fault = _bad_header(data[begin : begin + 2], hevc)
        if fault:
            return wiped(data, begin, at, where) or _broken(f"{where} {fault}", begin)
        damage = _bad_bytes(data, begin, at, where, _is_picture(data[begin], hevc))
        if damage:
            return damage
    return None


def beside_bytes(content: bytes, layout: NalFormat) -> int:
    """How many bytes of a sample lie in NAL units that are neither slices nor parameter sets: messages, fillers, and
    what is left to applications."""
    found = at = 0
    while at + layout.length_bytes < len(content):
        begin = at + layout.length_bytes
        length = int.from_bytes(content[at:begin], "big")
        kind = content[begin] >> 1 & 63 if layout.codec is NalCodec.HEVC else content[begin] & 31
        shown = kind < 22 or 32 <= kind <= 34 if layout.codec is NalCodec.HEVC else kind in (1, 2, 3, 4, 5, 7, 8)
        found += 0 if shown else length
        at = begin + length
    return found


def _bad_header(header: bytes, hevc: bool) -> str | None:
    if header[0] & 0x80:
        return "has a forbidden bit set"
    if hevc:
        kind = header[0] >> 1
        if 22 <= kind <= 31 or 41 <= kind <= 47:
            return f"has a part of the reserved kind {kind}"
        if len(header) < 2 or not header[1] & 7:
            return "has a part whose header cannot be"
        return None
    kind = header[0] & 31
    return f"has a part of the unspecified kind {kind}" if kind in _NEVER_USED_BY_AVC else None


def _is_picture(first_byte: int, hevc: bool) -> bool:
    return first_byte >> 1 < 32 if hevc else first_byte & 31 in (1, 2, 3, 4, 5, 20)


def _bad_bytes(data: Buffer, begin: int, end: int, where: str, picture: bool) -> Damage | None:
    """Impossible bytes in one NAL unit. Only long runs count in those that hold no picture: makers' own notes in
    them are not always escaped as they should be."""
    if not picture:
        return wiped(data, begin, end, where)
    stop = end
    while stop > begin and data[stop - 1 : stop] == b"\0":
        stop -= 1
    if end - stop > _PADDING_BYTES:
        return zero_block(stop, end - stop, where)
    hit = _IMPOSSIBLE.search(data, begin, stop)
    if hit is None:
        return None
    at = hit.start()
    run = zero_run(data, at, stop)
    if run and run[0] == at:
        return zero_block(*run, where)
    return _broken(f"{where} holds bytes that its coding forbids, at offset {at:,}", at)


def check_obus(data: Buffer, start: int, end: int, where: str) -> Damage | None:
    """The first proof that the AV1 units (OBUs) between two offsets are broken; None where there is none."""
    at = start
    while at < end:
        header = data[at]
        if header & 0x81:
            return wiped(data, at, end, where) or _broken(f"{where} has a reserved bit set", at)
        padding = (header >> 3) & 15 == 15
        begin = at + 1 + ((header >> 2) & 1)
        if header & 2:
            size, shift = 0, 0
            while True:
                if begin >= end or shift > 56:
                    return _broken(f"{where} ends within a length field", at)
                byte = data[begin]
                size |= (byte & 127) << shift
                begin, shift = begin + 1, shift + 7
                if not byte & 128:
                    break
        else:
            size = end - begin
        if begin + size > end:
            return _broken(f"{where} has a part of {size} bytes where {end - begin} are left", at)
        damage = None if padding else wiped(data, begin, begin + size, where)
        if damage:
            return damage
        at = begin + size
    return None


def _broken(detail: str, offset: int) -> Damage:
    return Damage("bad_data", detail, offset)
