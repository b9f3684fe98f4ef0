"""How numbers, dates and names are put in words, the same on the screen, in the report and in the tables."""

from __future__ import annotations

import os
import shlex
import subprocess
from datetime import datetime, timedelta, tzinfo

from auditor.words import INVISIBLE as INVISIBLE
from auditor.words import visible as visible

# Never the machine's language: the same audit gives the same words everywhere.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_IN_DOUBLE_QUOTES = frozenset('$`"\\!')
_UNITS = ("kB", "MB", "GB", "TB", "PB")


def typed(word: str) -> str:
    """A word of a command as it is typed in this system's shell: quoted where it has spaces or signs in it."""
    if os.name == "nt":
        return subprocess.list2cmdline([word])
    # `"Anna's phone"` is easier to read than `'Anna'"'"'s phone'`; some signs mean something within such quotes.
    return f'"{word}"' if "'" in word and not _IN_DOUBLE_QUOTES.intersection(word) else shlex.quote(word)


def count(number: int) -> str:
    """A number with commas between the thousands: `12,345`."""
    return f"{number:,}"


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun: `1 file`, `12,345 files`."""
    return f"{number:,} {one if number == 1 else many}"


def size(size_bytes: int | None) -> str:
    """A size as people read it, in decimal units as phones and disks state theirs: `3.2 MB`; empty where not known."""
    if size_bytes is None:
        return ""
    if abs(size_bytes) < 1000:
        return counted(size_bytes, "byte", "bytes")
    amount = float(size_bytes)
    for unit in _UNITS:
        amount /= 1000
        if abs(amount) < 999.5 or unit == _UNITS[-1]:
            break
    return f"{amount:.1f} {unit}" if abs(amount) < 9.95 else f"{amount:,.0f} {unit}"


def percent(share: float) -> str:
    """A share (0 to 1) as people say it: `60%`, `2.5%`, `0.04%`; a little never reads as nothing."""
    whole = share * 100
    digits = 0 if whole >= 9.95 or not whole else 1 if whole >= 0.995 else 2
    return f"{max(whole, 0.01) if whole else 0:.{digits}f}".removesuffix(".0") + "%"


def moment(stamp: str | None, zone: tzinfo | None = None) -> str:
    """An RFC 3339 time in words: `15 June 2026, 12:00 (UTC+2)`, in `zone` (None: this machine's own).

    Empty where there is none; what is not a time comes back as it is, made visible.
    """
    if not stamp:
        return ""
    try:
        when = datetime.fromisoformat(stamp)
        if when.tzinfo is not None:
            when = when.astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return visible(stamp)
    words = f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M}"
    offset = when.utcoffset()
    return words if offset is None else f"{words} ({_utc(offset)})"


def _utc(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02d}" if rest else "")


def taken(taken_at: str | None) -> str:
    """The camera's local time to the minute: `2026-05-03 18:02`; empty where not known."""
    return visible(taken_at[:16].replace("T", " ")) if taken_at else ""
