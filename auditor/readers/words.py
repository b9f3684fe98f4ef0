"""How amounts are said to people, the same in every reader."""

from __future__ import annotations


def amount(size_bytes: float) -> str:
    """`2.1 MB`, `64.0 kB` or `12 bytes`."""
    if size_bytes >= 100_000:
        return f"{size_bytes / 1e6:.1f} MB"
    return f"{size_bytes / 1e3:.1f} kB" if size_bytes >= 1000 else f"{int(size_bytes)} bytes"


def cut_short(left_bytes: int, whole_bytes: int) -> str:
    """`cut short at 61 %: 2.1 MB of 3.4 MB`, where the file itself says how long it was."""
    return f"cut short at {share(left_bytes, whole_bytes)} %: {amount(left_bytes)} of {amount(whole_bytes)}"


def share(part: int, whole: int) -> int:
    """Whole per cent, rounded down, so that 100 means all of it."""
    return part * 100 // max(1, whole)
