"""How things are said to people, the same on the screen, in the report and in the tables: numbers, sizes, dates;
names from outside, in which nothing acts instead of showing; and commands to type."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from datetime import datetime, timedelta, tzinfo

from auditor.model import FileVerdict, NextStep, Status

# What a terminal, a spreadsheet or a browser acts on instead of showing it: control characters, the marks that turn
# the reading direction or break lines, invisible characters that make two names look alike, and lone surrogates.
# Joiners (U+200C, U+200D) and variation selectors stay: names in Persian and family emoji are written with them.
INVISIBLE = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_INVISIBLE = re.compile(INVISIBLE.replace("]", "\ud800-\udfff]"))

# Where a spreadsheet takes text for a formula (OWASP, "CSV Injection": also after a line break, in full-width forms,
# and after a semicolon, at which a German or French Excel splits cells whatever the quotes say; a comma within quotes
# begins a new cell in none).
SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
FORMULA = f"^[{SIGNS}\t\r\n\x00]"
NEXT_CELL = f';[ "]*[{SIGNS}]'
_STARTS_FORMULA = re.compile(FORMULA)
_SPLITS = re.compile(f'(;[ "]*)(?=[{SIGNS}])')
_LIKE_BYTES = re.compile(r"\\x[89a-f][0-9a-f]")  # as `visible` writes what is not UTF-8
_ACTS = re.compile(f'{INVISIBLE}|(?<=;)[ "]*[{SIGNS}]')


def visible(name: str) -> str:
    """The name with every character that would act instead of show written out: `<U+202E>`; bytes that are not UTF-8
    (surrogate escapes) as `\\xff`. Safe on a terminal, in a table and in a page that escapes markup.

    Source: Unicode Technical Report 36, section 2.4 (bidirectional text spoofing).
    """
    return _INVISIBLE.sub(lambda match: _written_out(ord(match[0])), name)


def defuse(text: str) -> str:
    """One cell of a CSV as it is written: never a formula, and everything in it shows."""
    return ("'" if _STARTS_FORMULA.match(text) else "") + _SPLITS.sub(r"\1'", visible(text))


def is_exact(name: str) -> bool:
    """Whether a CSV holds a name as it is: else its cell would be the exact name of another file."""
    return defuse(name) == name and not _LIKE_BYTES.search(name)


def acts(text: str) -> bool:
    """Whether something in it, not at its beginning, acts in a spreadsheet or on a terminal instead of showing."""
    return _ACTS.search(text) is not None


def escaped(text: str) -> str:
    """The text with what acts as the bytes of its UTF-8, `\\x1b`: exact, where the reader knows such escapes."""
    return _ACTS.sub(lambda match: "".join(f"\\x{byte:02x}" for byte in match[0].encode()), text)


def _written_out(code: int) -> str:
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"<U+{code:04X}>"


DUE = "must be backed up"
"""Files of which the verdict speaks."""
VERDICTS = {
    FileVerdict.PROVEN: "proven safe",
    FileVerdict.NOT_SAFE: "not safe",
    FileVerdict.NOT_CHECKED: "not checked",
    FileVerdict.WAIVED: "left out on purpose",
    FileVerdict.NOT_DUE: "needs no backup",
}
"""What the audit concludes for a file, behind a number or alone."""
STATUSES = {
    Status.IDENTICAL: "in the backup with exactly the same content",
    Status.METADATA_CHANGED: "in the backup with the same picture; only its data on date, place or camera differs",
    Status.REDUCED: "in the backup as the same picture in another size or encoding",
    Status.NOT_CHECKED: "neither proven nor known to be lost",
    Status.DAMAGED: "in the backup, but broken there",
    Status.MISSING: "in none of the backups",
    Status.NOT_DUE: "",
}
"""What became of a file, behind "it is"; of one that needs no backup, nothing is said."""
COLUMNS = {
    **dict.fromkeys(("path", "path_bytes"), "what files are called"),
    "size_bytes": "how large files are",
    **dict.fromkeys(("mtime", "mtime_trusted"), "when files were last changed"),
    **dict.fromkeys(("file_id", "changed"), "whether a file is still the same"),
    **dict.fromkeys(("read_at", "digest_origin"), "who read the files, and when"),
    **dict.fromkeys(("sha256", "md5", "sha1", "quickxor", "dropbox", "head_sha256"), "what is in the files, by digest"),
    **dict.fromkeys(("kind", "format"), "what kind of files they are"),
    **dict.fromkeys(("width", "height"), "how many pixels pictures have"),
    "orientation": "which way up pictures are",
    "duration_s": "how long films are",
    **dict.fromkeys(("taken_at", "taken_offset", "taken_subsec"), "when pictures were taken"),
    **dict.fromkeys(("latitude", "longitude"), "where pictures were taken"),
    **dict.fromkeys(("camera_make", "camera_model"), "with which camera pictures were taken"),
    **dict.fromkeys(("image_id", "companion_of"), "which files belong together"),
    "sidecar": "which files describe others",
    **dict.fromkeys(("image_sha256", "coded_sha256", "phash", "phash_turned"), "what is to be seen in pictures"),
    **dict.fromkeys(("soundness", "checked", "damage", "notes"), "whether files are whole"),
    **dict.fromkeys(("error_kind", "error"), "which files could not be read"),
}
"""What the columns of a list say, behind "the list does not say"."""

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


def step(action: str, *arguments: str, words: str = "COMMAND") -> NextStep:
    """The next step of which one command with these arguments is all; `words` are the sentence, with COMMAND where
    the command stands as it is typed."""
    command = " ".join(("auditor", action, *map(typed, arguments)))
    return NextStep(words.replace("COMMAND", command, 1), action, arguments)


def count(number: int) -> str:
    """A number with commas between the thousands: `12,345`."""
    return f"{number:,}"


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun: `1 file`, `12,345 files`."""
    return f"{number:,} {one if number == 1 else many}"


def troubles(number: int) -> str:
    """What an audit's checks look for, one each, said the same wherever they are counted: `42 kinds of trouble`."""
    return counted(number, "kind of trouble", "kinds of trouble")


def looked_for(number: int) -> str:
    """How much was looked for in vain, as a sentence without its full stop."""
    return f"{troubles(number)} {'was' if number == 1 else 'were'} looked for, and not found"


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


def about(seconds: float) -> str:
    """How long something takes, as people say it: `about 40 seconds`, `about 4 minutes`, `about 3 hours`."""
    if seconds < 95:
        return f"about {counted(max(1, round(seconds / 10)) * 10, 'second', 'seconds')}"
    if seconds < 100 * 60:
        return f"about {counted(round(seconds / 60), 'minute', 'minutes')}"
    return f"about {counted(round(seconds / 3600), 'hour', 'hours')}"


def percent(share: float) -> str:
    """A share (0 to 1) as people say it: `60%`, `2.5%`, `0.04%`; a little never reads as nothing."""
    whole = share * 100
    digits = 0 if whole >= 9.95 or not whole else 1 if whole >= 0.995 else 2
    return f"{max(whole, 0.01) if whole else 0:.{digits}f}".removesuffix(".0") + "%"


def percent_of(part: int, whole: int) -> str:
    """A part of a whole in whole per cent, rounded down, so that `100%` means all of it."""
    return f"{part * 100 // max(1, whole)}%"


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
    words = f"{when.day} {_MONTHS[when.month - 1]} {when.year}"
    if len(stamp) == len("2026-06-15"):
        return words  # of a day, nobody knows the time
    words += f", {when:%H:%M}"
    offset = when.utcoffset()
    return words if offset is None else f"{words} ({_utc(offset)})"


def day(stamp: str | None, zone: tzinfo | None = None) -> str:
    """The day of an RFC 3339 time in words: `15 June 2026`, in `zone` (None: this machine's own); as `moment`."""
    words = moment(stamp, zone)
    return words.partition(",")[0]


def _utc(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02d}" if rest else "")


def month(name: str) -> str:
    """A month written as `2026-05` in words: `May 2026`."""
    return f"{_MONTHS[int(name[5:7]) - 1]} {name[:4]}"


def taken(taken_at: str | None) -> str:
    """The camera's local time to the minute: `2026-05-03 18:02`; empty where not known."""
    return visible(taken_at[:16].replace("T", " ")) if taken_at else ""
