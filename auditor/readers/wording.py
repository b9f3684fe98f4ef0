"""Damage in words for a person: the same sentence for the same thing, whatever the format."""

from __future__ import annotations

from auditor.model import Damage


def size_text(size_bytes: int) -> str:
    """A size for reading: `812 bytes`, `34.2 kB`, `3.4 MB`, `1.2 GB`."""
    if size_bytes < 10_000:
        return f"{size_bytes} bytes"
    for unit, scale in (("kB", 10**3), ("MB", 10**6)):
        if size_bytes < 1000 * scale:
            return f"{size_bytes / scale:.1f} {unit}"
    return f"{size_bytes / 10**9:.1f} GB"


def cut_short(have_bytes: int, declared_bytes: int, at_least: bool = False) -> Damage:
    """The file ends before the end that it declares. `at_least`: more may have followed the declared end."""
    percent = min(99, 100 * have_bytes // declared_bytes)
    have, declared = size_text(have_bytes), size_text(declared_bytes)
    if have == declared:
        have, declared = f"{have_bytes}", f"{declared_bytes} bytes"
    elif have.rpartition(" ")[2] == declared.rpartition(" ")[2]:
        have = have.rpartition(" ")[0]
    more = "at least " if at_least else ""
    return Damage("truncated", f"cut short at {percent} %: {have} of {more}{declared}", have_bytes)


def zero_block(offset: int, length_bytes: int, where: str) -> Damage:
    """Bytes that hold the picture or the film were overwritten with zeros."""
    return Damage("zero_block", f"{size_text(length_bytes)} of zeros at offset {offset:,}, in {where}", offset)


def share(part: int, whole: int) -> int:
    """Whole per cent, rounded down, so that 100 means all of it."""
    return part * 100 // max(1, whole)
