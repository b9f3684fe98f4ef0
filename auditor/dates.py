"""Dates as lists write them: RFC 3339 in UTC, and back; of which month a photo is. For people: `words`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)

HOUR_NS = 3_600_000_000_000
ZONES_H = 26
"""So many hours lie between the zones that are farthest apart."""

MONTH = "(19|20)[0-9]{2}-(0[1-9]|1[0-2])"
"""How a date begins that a calendar has: cameras without a clock write others, which are none. A regular expression for
Python and DuckDB."""


def month_of(taken_at: str | None, mtime: str | None) -> str | None:
    """The month (`2026-05`) in which a photo was taken or, where that is not known, of its file; None for neither.

    Takes both as lists write them.
    """
    found = (re.match(MONTH, date) for date in (taken_at, mtime) if date)
    return next((month[0] for month in found if month), None)


def rfc3339(mtime_ns: int) -> str:
    """Nanoseconds since 1970 as RFC 3339 in UTC, with as many decimals as there are, none for whole seconds.

    Raises: OverflowError outside the years 1 to 9999, for which there is no such date; rows leave it out.
    """
    seconds, nanos = divmod(mtime_ns, 1_000_000_000)
    whole = _FIRST + timedelta(seconds=seconds)
    return f"{whole:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + f".{nanos:09d}".rstrip("0").rstrip(".") + "Z"


def is_as_listed(listed_ns: int | None, now_ns: int | None, *, may_shift: bool) -> bool:
    """Whether a file's date (ns) is the one that was listed, which is None where it was not known. `may_shift`: off by
    whole hours it is so too, as all dates of a FAT disk are once daylight saving has begun or another zone was set."""
    if listed_ns is None or now_ns == listed_ns:
        return True
    if now_ns is None or not may_shift:
        return False
    apart = abs(now_ns - listed_ns)
    return apart % HOUR_NS == 0 and apart <= ZONES_H * HOUR_NS


def utc(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def mtime_ns(text: str) -> int:
    """The inverse of `rfc3339`.

    Raises: ValueError where the text is no such date.
    """
    found = _DATE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no date in UTC")
    whole = datetime.fromisoformat(found[1] + "+00:00") - _FIRST
    return (whole.days * 86_400 + whole.seconds) * 1_000_000_000 + int((found[2] or "").ljust(9, "0"))


def ns_or_none(date: object) -> int | None:
    """Nanoseconds since 1970 of an RFC 3339 date; None for none, for one without a zone, and for zero dates."""
    if not isinstance(date, str) or not date.strip():
        return None
    text = date.strip()
    try:
        if text.endswith("Z"):
            return mtime_ns(text) or None
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
        if moment.tzinfo is None:
            return None
        return mtime_ns(rfc3339(round(moment.timestamp() * 1_000_000) * 1000)) or None
    except (ValueError, OverflowError, OSError):
        return None
