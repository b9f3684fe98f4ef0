"""Sidecars: XMP, Apple's AAE and Takeout's JSON are read to their end; one that was cut off or overwritten cannot be.

Source: ISO 16684-1 (XMP); Apple's property lists; RFC 8259 (JSON).
"""

from __future__ import annotations

import json
import plistlib
from xml.parsers import expat

from auditor import words
from auditor.model import Damage, Depth, ErrorKind, Kind, Soundness, Tier, Trouble
from auditor.readers.examination import Buffer, Examination

_MOST_BYTES = 64 << 20
_PADDING = b" \t\r\n\0"
_PACKET_HEAD_BYTES = 64
_CUT_CODES = frozenset(
    expat.errors.codes[name]
    for name in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)
_JUNK_CODE = expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. What it says is read by others; here only whether it is whole."""
    seen = Examination(format=format_, kind=Kind.SIDECAR)
    if not depth.reaches(Depth.DECODE):
        return seen
    if len(data) > _MOST_BYTES:
        error = Trouble(ErrorKind.UNDECODABLE, f"too large for the limits: {words.size(len(data))} of text")
        return Examination(format=format_, kind=Kind.SIDECAR, error=error)
    damage = _damage(bytes(data), format_)
    if damage is None:
        checked = (Tier.STRUCTURE, Tier.DECODE)
        return Examination(format=format_, kind=Kind.SIDECAR, soundness=Soundness.SOUND, checked=checked)
    return Examination(
        format=format_, kind=Kind.SIDECAR, soundness=Soundness.DAMAGED, checked=(Tier.STRUCTURE,), damage=(damage,)
    )


def _damage(content: bytes, format_: str) -> Damage | None:
    if format_ == "takeout_json":
        return _json(content)
    if content.startswith(b"bplist"):
        return _binary_plist(content)
    return _xml(content)


def _json(content: bytes) -> Damage | None:
    try:
        json.loads(content.rstrip(_PADDING))
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc) or error.msg.startswith("Unterminated string")
        return _cut(content) if cut else _unreadable(error.pos)
    except (ValueError, RecursionError) as error:
        return Damage("corrupt_data", f"its text cannot be read: {error}")
    return None


def _xml(content: bytes) -> Damage | None:
    # Trailing padding is part of XMP's habits; a NUL in it is no XML.
    text = content.rstrip(_PADDING)
    parser = expat.ParserCreate()
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        if error.code in _CUT_CODES:
            return _cut(content)
        # Some writers leave two packets behind one another: what follows a whole document is no damage.
        return None if error.code == _JUNK_CODE else _unreadable(parser.ErrorByteIndex)
    packet = b"<?xpacket begin" in text[:_PACKET_HEAD_BYTES]
    return _cut(content) if packet and b"<?xpacket end" not in text else None


def _binary_plist(content: bytes) -> Damage | None:
    try:
        plistlib.loads(content)
    except (plistlib.InvalidFileException, ValueError, OverflowError, RecursionError, IndexError) as error:
        return Damage("corrupt_data", f"its property list cannot be read: {error}")
    return None


def _cut(content: bytes) -> Damage:
    return Damage("truncated", f"cut short after {words.size(len(content))}: its text does not end", len(content))


def _unreadable(at: int) -> Damage:
    return Damage("corrupt_data", f"its text cannot be read from byte {at} on", at)
