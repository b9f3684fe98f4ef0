"""Names that the destination can hold: a reversible escape, twins told before they meet, paths that stay inside."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import BadManifest

_WINDOWS_FORBIDDEN = frozenset('\\:*?"<>|') | frozenset(map(chr, range(32))) | {"\x7f"}
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.IGNORECASE)
_ESCAPED = re.compile(rb"%([0-9A-F]{2})")
_LOOKS_ESCAPED = re.compile(r"%(?=[0-9A-F]{2})")


@dataclass(frozen=True, slots=True)
class NameRules:
    """What names a file system takes. The default is a plain POSIX one: any bytes but `/` and NUL, case kept apart.

    `max_name` counts UTF-16 units where `counts_utf16`, else bytes of UTF-8. `one_case` and `one_form`: names that
    differ only by case, or only by Unicode form, are one file there.
    """

    forbidden: frozenset[str] = frozenset()
    windows_words: bool = False  # CON, NUL, ... and names that end in a dot or a space
    utf8_only: bool = False
    ascii_only: bool = False
    one_case: bool = False
    one_form: bool = False
    max_name: int = 255
    counts_utf16: bool = False

    @property
    def escapes(self) -> bool:
        """Whether names are escaped there at all; if not, `%41` in a name is just `%41`."""
        return bool(self.forbidden) or self.windows_words or self.utf8_only or self.ascii_only

    def key(self, path: str) -> str:
        """Equal for two paths exactly where this file system would take them for one file."""
        if self.one_form or self.one_case:
            path = unicodedata.normalize("NFC", path)
        return unicodedata.normalize("NFC", path.casefold()) if self.one_case else path

    def length(self, name: str) -> int:
        """The length of a name as this file system counts it."""
        if self.counts_utf16:
            return len(name.encode("utf-16-le", "surrogatepass")) // 2
        return len(name.encode("utf-8", "surrogateescape"))


POSIX = NameRules()
WINDOWS = NameRules(forbidden=_WINDOWS_FORBIDDEN, windows_words=True, utf8_only=True, one_case=True, counts_utf16=True)
"""FAT, exFAT and NTFS as Windows takes them, whoever mounts them: a backup disk is read on other machines too."""
MACOS = NameRules(utf8_only=True, one_case=True, one_form=True)


def escape(name: str, rules: NameRules) -> str:
    """A name that the file system holds, from which `unescape` gives back the original.

    Each byte that cannot stand is written `%XX`; only a name that is too long even so is cut, and marked with a digest
    of the original (that one is known from the manifest alone).
    """
    if not rules.escapes:
        return name if rules.length(name) <= rules.max_name else _cut(name, name, rules)
    out = _LOOKS_ESCAPED.sub("%25", name)
    out = "".join(c if _stands(c, rules) else _percent(c) for c in out)
    if rules.windows_words:
        if out[-1:] in {".", " "}:
            out = out[:-1] + _percent(out[-1])
        if _RESERVED.match(out):
            out = _percent(out[0]) + out[1:]
    return out if rules.length(out) <= rules.max_name else _cut(name, out, rules)


def unescape(name: str) -> str:
    """The original of an escaped name."""
    raw = name.encode("utf-8", "surrogateescape")
    return _ESCAPED.sub(lambda m: bytes([int(m[1], 16)]), raw).decode("utf-8", "surrogateescape")


def escape_path(path: str, rules: NameRules) -> str:
    """Each part of a relative path with `/`, escaped."""
    return "/".join(escape(part, rules) for part in path.split("/"))


def mark(name: str, stem: str, tag: str) -> str:
    """`IMG_1.jpg` with the stem `IMG_1` and a tag becomes `IMG_1~TAG.jpg`: beside the other, never over it."""
    return f"{stem}~{tag}{name[len(stem) :]}"


def parts_inside(path: str) -> tuple[str, ...]:
    """The parts of a relative path that cannot leave the folder it is put under.

    Raises: BadManifest for an absolute path, `..`, an empty part, NUL, a backslash or a drive on Windows.
    """
    parts = tuple(path.split("/"))
    hostile = any(part in {"", ".", ".."} or "\0" in part for part in parts)
    if not hostile and Path("C:\\").is_absolute():
        hostile = any("\\" in part or ":" in part for part in parts)
    if hostile:
        raise BadManifest(f"the list names {path!r}, which is no path inside a folder; it may have been tampered with")
    return parts


def _stands(c: str, rules: NameRules) -> bool:
    if c in rules.forbidden:
        return False
    if "\udc80" <= c <= "\udcff":
        return not (rules.utf8_only or rules.ascii_only)
    return c.isascii() or not rules.ascii_only


def _percent(c: str) -> str:
    return "".join(f"%{byte:02X}" for byte in c.encode("utf-8", "surrogateescape"))


def _cut(original: str, escaped: str, rules: NameRules) -> str:
    tag = "~" + hashlib.sha256(original.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    dot = escaped.rfind(".")
    extension = escaped[dot:] if dot > 0 and len(escaped) - dot <= 16 else ""
    stem = escaped[: len(escaped) - len(extension)]
    while stem and rules.length(stem + tag + extension) > rules.max_name:
        stem = stem[:-1]
    stem = re.sub("%[0-9A-F]?$", "", stem)
    return stem + tag + extension
