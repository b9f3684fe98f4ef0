"""What a column of another tool's table says: nothing of what became of a file, its digest, or how it went with it.

A row proves a copy only where every further cell of it is known to say nothing of that, or to say that it went well.
So the words of a title are looked up in lists of what is known, and a title with any other word may say anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum

from auditor.model import DIGESTS

_PLAIN = frozenset(
    {
        # Where it lies, and what it is called.
        *("path", "paths", "filepath", "filename", "file", "name", "folder", "directory", "dir", "parent", "root"),
        *("drive", "volume", "host", "device", "serial", "url", "uri", "link", "source path", "source file"),
        *("source folder", "target path", "target folder", "destination path", "destination folder", "original path"),
        *("original name", "original filename", "original file name", "complete path", "complete name", "backup path"),
        # What sort of file, how large, of when, and whose.
        *("ext", "extension", "type", "kind", "mime", "mimetype", "format", "version", "codec", "container", "puid"),
        *(
            "size",
            "bytes",
            "length",
            "kb",
            "mb",
            "gb",
            "blocks",
            "inode",
            "mode",
            "permissions",
            "attributes",
            "hidden",
        ),
        *("date", "time", "timestamp", "mtime", "ctime", "atime", "btime", "modtime", "birthtime", "year", "month"),
        *("day", "hour", "timezone", "tz", "offset", "owner", "user", "uid", "gid", "author", "artist", "creator"),
        *("copyright", "software", "product", "algorithm", "method"),
        # What is to be seen in it, and with which camera it was taken.
        *("width", "height", "pixels", "megapixels", "dimensions", "resolution", "dpi", "orientation", "rotation"),
        *("duration", "fps", "bitrate", "depth", "camera", "make", "manufacturer", "model", "lens", "iso", "exposure"),
        *("aperture", "shutter", "focal", "flash", "colorspace", "color", "gps", "latitude", "longitude", "lat", "lon"),
        *("lng", "altitude", "city", "town", "country", "region", "province", "location", "place", "address"),
        *("state province", "state or province", "album", "albums", "tags", "keywords"),
        *("title", "caption", "people", "persons", "faces", "rating", "favorite"),
        *("favourite", "starred"),
        # Which one it is among others, and digests of a part of it.
        *("id", "ids", "etag", "uuid", "guid", "index", "row", "sequence", "order", "phash", "dhash", "ahash"),
        *("head sha256", "image sha256", "coded sha256", "phash turned"),
    }
)
"""Words, and whole titles, of columns that describe a file whatever became of it."""

_BESIDE = frozenset(
    {
        *("is", "was", "has", "of", "the", "in", "on", "at", "to", "by", "from", "until", "for", "and", "with", "last"),
        *("first", "full", "relative", "code", "count", "number", "total", "text", "exact", "program"),
        *("entry", "media", "photo", "image", "picture", "video", "content", "cloud", "nas", "disk", "phone"),
        *("tool", "data"),
        *("source", "src", "target", "destination", "dest", "dst", "original", "expected", "actual"),
    }
)
"""Words that say nothing of their own beside one that is known."""

_SIDES = frozenset({"source", "src", "target", "destination", "dest", "dst", "original", "expected", "actual"})
"""Beside a size they name that of one side: with another on the other side, the file did not arrive."""

_OF_DIGESTS = frozenset(
    {
        *DIGESTS,
        *("sha224", "sha384", "sha512", "crc", "crc32", "crc32c", "crc64", "blake2b", "blake3", "xxh32", "xxh64"),
    }
    | {"xxh3", "xxh128", "xxhash", "xxhash64", "c4", "hash", "hashes", "checksum", "digest"}
)
_OF_NO_KIND = frozenset({"hash", "hashes", "checksum", "digest"})
_HOW_DIGESTED = frozenset({"algorithm", "type", "method", "format", "version", "length", "tool", "date", "time", "at"})
"""Beside the word of a digest they ask of its making, not for the digest."""

_WHEN = frozenset({"at", "on", "date", "time", "until", "timestamp"})
"""Last words of a title that asks when."""


class _Asks(Enum):
    """What a column asks of its file."""

    HOW = "how it went"
    CODE = "with which number it ended, of which 0 is good"
    IF_GOOD = "whether it went well"
    IF_BAD = "whether it went wrong"
    REMARK = "what else there is to say"
    DATE = "when, by a word that can ask whether"


_OUTCOMES = {
    **dict.fromkeys(("status", "state", "result", "results", "action", "outcome", "verification", "verify"), _Asks.HOW),
    **dict.fromkeys(("validation", "check", "integrity", "fixity", "comparison", "compare", "condition"), _Asks.HOW),
    **dict.fromkeys(("verdict", "health", "copy", "backup", "sync", "upload", "transfer"), _Asks.HOW),
    **dict.fromkeys(("exit", "return", "returncode", "rc", "errno", "exitcode"), _Asks.CODE),
    **dict.fromkeys(("verified", "valid", "validated", "match", "matches", "matched", "exists"), _Asks.IF_GOOD),
    **dict.fromkeys(("successful", "succeeded", "copied", "passed", "pass", "checked", "ok", "good"), _Asks.IF_GOOD),
    **dict.fromkeys(("present", "readable", "found", "uploaded", "synced", "synchronized", "complete"), _Asks.IF_GOOD),
    **dict.fromkeys(("completed", "done", "identical", "equal", "same", "transferred", "saved"), _Asks.IF_GOOD),
    **dict.fromkeys(("success", "intact", "correct", "confirmed", "unchanged", "safe"), _Asks.IF_GOOD),
    **dict.fromkeys(("error", "errors", "failed", "fail", "fails", "failure", "failures", "mismatch"), _Asks.IF_BAD),
    **dict.fromkeys(("mismatches", "mismatched", "missing", "deleted", "removed", "trashed", "corrupt"), _Asks.IF_BAD),
    **dict.fromkeys(("corrupted", "corruption", "damaged", "damage", "broken", "bad", "invalid"), _Asks.IF_BAD),
    **dict.fromkeys(("different", "differs", "difference", "differences", "changed", "altered", "lost"), _Asks.IF_BAD),
    **dict.fromkeys(("skipped", "ignored", "excluded", "incomplete", "truncated", "unreadable"), _Asks.IF_BAD),
    **dict.fromkeys(("unverified", "conflict", "conflicts", "warning", "warnings"), _Asks.IF_BAD),
    **dict.fromkeys(("message", "messages", "note", "notes", "comment", "comments", "remark"), _Asks.REMARK),
    **dict.fromkeys(("remarks", "detail", "details", "reason", "info", "description"), _Asks.REMARK),
    **dict.fromkeys(("modified", "created", "accessed", "taken", "captured", "added", "imported"), _Asks.DATE),
}

_AGAINST = frozenset(word for word, asks in _OUTCOMES.items() if asks is _Asks.IF_BAD) | {
    *("only", "recycle", "trash", "bin", "absent", "gone", "not"),
}
"""Words that say of a file that it is not there, or not as it was, under whatever title."""
_BESIDE_AGAINST = frozenset(
    {*("left", "right", "source", "target", "file", "found", "there", "in", "the", "is", "was")}
)
_WHETHER = frozenset({"is", "was", "has", "in", "on", "at"})
"""Words of a title that may ask whether: `File on disk` may be answered by `no`."""
_ANSWERS = frozenset({"yes", "no", "true", "false", "0", "1"})
_NAMES = frozenset(
    {
        *("path", "paths", "filepath", "filename", "name", "folder", "directory", "dir", "parent", "album", "albums"),
        *("title", "caption", "tags", "keywords"),
    }
)
"""Words of titles under which names stand, which may be any words."""

_GOOD = frozenset(
    {
        *("ok", "okay", "original", "verified", "valid", "validated", "pass", "passed", "success", "successful"),
        *("successfully", "succeeded", "match", "matches", "matched", "matching", "identical", "equal", "same", "good"),
        *("copied", "complete", "completed", "present", "exists", "done", "hashed", "unchanged", "uploaded", "synced"),
        *("synchronized", "transferred", "saved", "stored", "finished", "intact", "correct", "confirmed"),
        *("✓", "✔", "✅"),
    }
)
_BESIDE_GOOD = frozenset(
    {*("hash", "hashes", "checksum", "checksums", "digest", "digests", "file", "copy", "and", "all", "is", "checked")}
    | {*DIGESTS, "fully", "upload", "sync", "transfer", "verification"}
)
_GOOD_PHRASES = frozenset({"up to date", "up-to-date", "backed up"})
_YES = frozenset({"yes", "true"})
_ONE = frozenset({"1", "1.0", "100%", "100.0%"})
_NO = frozenset({"no", "false", "0", "0.0", "ok", "no error", "no errors"})
NOTHING = frozenset({"", "-", "none", "n/a", "null", "nan"})
"""What stands in a cell, in small letters, in which nothing stands."""

_HEX = re.compile("[0-9a-f]{8,128}")
_CALENDAR = frozenset(
    {
        *("t", "z", "am", "pm", "utc", "gmt", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar"),
        *("apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "january", "february", "march", "april"),
        *("june", "july", "august", "september", "october", "november", "december"),
    }
)
_LEAST_DIGITS_OF_A_DATE = 5

_METADATA = re.compile(
    r"\s*(exif|iptc|xmp|gps|quicktime|makernotes|composite|jfif|icc_profile)(-\w+)?\s*:", re.IGNORECASE
)
"""How exiftool names a column of what a file itself holds."""


def reads_well(title: str) -> Callable[[str], bool] | None:
    """Whether a cell under this title, in small letters, is known to be no word against its file.

    None where nobody knows what such a column says.
    """
    words = _words(title)
    asked = {_OUTCOMES[word] for word in words if word in _OUTCOMES}
    if not asked and _METADATA.match(title):
        return lambda said: True
    if " ".join(words) in _PLAIN:
        return lambda said: _describes(said, words)
    if not all(word in _PLAIN or word in _BESIDE or word in _OUTCOMES or word in _OF_DIGESTS for word in words):
        return None
    if not asked:
        is_of_one_side = {"size", "bytes", "length"} & set(words) and _SIDES & set(words)
        if not _PLAIN & set(words) or is_of_one_side:
            return None
        asks_whether = bool(_WHETHER & set(words))
        return lambda said: not (asks_whether and said in _ANSWERS) and _describes(said, words)
    # `Copy errors` asks for errors; an `error check` may ask for either.
    if asked > {_Asks.HOW} and not (_Asks.IF_BAD in asked and _OUTCOMES.get(words[-1]) is _Asks.HOW):
        asked.discard(_Asks.HOW)
    is_when = words[-1] in _WHEN and asked <= {_Asks.HOW, _Asks.IF_GOOD, _Asks.DATE}
    return lambda said: (is_when and _is_date(said)) or all(_answers_well(said, one) for one in asked)


def digest_kind(title: str) -> str | None:
    """The kind of digest that a column holds, "" where it does not say which; None where it holds no digest of files.

    `source_sha256` and `SHA-256 (target)` are of the kind sha256.
    """
    words = _words(title)
    kinds = [word for word in words if word in _OF_DIGESTS]
    if not kinds or " ".join(words) in _PLAIN or any(word in _OUTCOMES or word in _HOW_DIGESTED for word in words):
        return None
    return next((word for word in kinds if word not in _OF_NO_KIND), "")


def agree(digests: Sequence[tuple[str, str]]) -> bool:
    """Whether a row's digests, by their kinds, can all be of one file, as far as their kinds and lengths tell.

    One that is lacking beside another of its kind is not known to be the same.
    """
    told = [(kind, "" if said.lower() in NOTHING else said.lower()) for kind, said in digests]
    if any(said and not _HEX.fullmatch(said) for _, said in told):
        return False
    of_kind = dict(told)
    if any(said != of_kind[kind] for kind, said in told if kind):
        return False
    unnamed = {said for kind, said in told if not kind}
    if "" in unnamed and len(unnamed) > 1:
        return False
    for size in {len(said) for said in unnamed}:
        like = {said for said in unnamed if len(said) == size}
        named = {said for kind, said in told if kind and len(said) == size}
        if not like <= named and (named or len(like) > 1):
            return False
    return True


def _words(title: str) -> list[str]:
    """The words of a title in small letters: `hashMatch`, `hash_match` and `Hash match` are the same two."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", title)
    text = re.sub(r"sha[-_ ](?=[0-9])", "sha", apart.lower())
    found = re.findall(r"[^\W_]+", text)
    return [word for one in found if (word := one if one in _OF_DIGESTS else one.strip("0123456789"))]


def _answers_well(said: str, asked: _Asks) -> bool:
    match asked:
        case _Asks.HOW:
            return _is_good(said) or said in _YES
        case _Asks.CODE:
            return said in {"0", "0.0", "ok", "success"}
        case _Asks.IF_GOOD:
            return _is_good(said) or said in _YES or said.replace(" ", "") in _ONE
        case _Asks.IF_BAD:
            return said in _NO or said in NOTHING
        case _Asks.REMARK:
            return said in NOTHING or said in _NO or _is_good(said)
        case _Asks.DATE:
            return said in NOTHING or _is_date(said)


def _is_good(said: str) -> bool:
    """Whether all words are known, and one of them is good; of a `?` or a figure nobody knows what it means."""
    words = set(re.split(r"[\s,;:/&_.()+-]+", said)) - {""}
    return said in _GOOD_PHRASES or (bool(words & _GOOD) and words <= _GOOD | _BESIDE_GOOD)


def _is_date(said: str) -> bool:
    letters = set(re.findall(r"[^\W\d_]+", said))
    return sum(c.isdigit() for c in said) >= _LEAST_DIGITS_OF_A_DATE and letters <= _CALENDAR


def _describes(said: str, words: Sequence[str]) -> bool:
    """Whether a cell of a column that describes a file does that: its type is not `missing`. A name may be anything."""
    told = set(re.findall(r"[^\W_]+", said))
    return bool(_NAMES & set(words)) or not (told & _AGAINST and told <= _AGAINST | _BESIDE_AGAINST)
