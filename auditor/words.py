"""How a name from outside is shown on a terminal, in a table, in a page: nothing in it acts instead of showing."""

from __future__ import annotations

import re

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


def acts(text: str) -> bool:
    """Whether something in it, not at its beginning, acts in a spreadsheet or on a terminal instead of showing."""
    return _ACTS.search(text) is not None


def escaped(text: str) -> str:
    """The text with what acts as the bytes of its UTF-8, `\\x1b`: exact, where the reader knows such escapes."""
    return _ACTS.sub(lambda match: "".join(f"\\x{byte:02x}" for byte in match[0].encode()), text)


def _written_out(code: int) -> str:
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"<U+{code:04X}>"
