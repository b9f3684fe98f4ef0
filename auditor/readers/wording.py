"""Damage in words for a person: the same sentence for the same thing, whatever the format."""

from __future__ import annotations

from auditor.model import Damage
from auditor.words import percent_of, size


def cut_short(have_bytes: int, declared_bytes: int, at_least: bool = False) -> Damage:
    """The file ends before the end that it declares. `at_least`: more may have followed the declared end."""
    share = percent_of(min(have_bytes, declared_bytes - 1), declared_bytes)
    have, declared = size(have_bytes), size(declared_bytes)
    if have == declared:
        have, declared = f"{have_bytes}", f"{declared_bytes} bytes"
    elif have.rpartition(" ")[2] == declared.rpartition(" ")[2]:
        have = have.rpartition(" ")[0]
    more = "at least " if at_least else ""
    return Damage("truncated", f"cut short at {share}: {have} of {more}{declared}", have_bytes)


def zero_block(offset: int, length_bytes: int, where: str) -> Damage:
    """Bytes that hold the picture or the film were overwritten with zeros."""
    return Damage("zero_block", f"{size(length_bytes)} of zeros at offset {offset:,}, in {where}", offset)
