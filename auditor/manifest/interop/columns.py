"""What a column of another tool's table says: nothing of what became of a file, its digest, or how it went with it.

A row proves a copy only where every further cell of it is known to say nothing of that, or to say that it went well.
So the words of a title are looked up in lists of what is known, and a title with any other word may say anything. So
may one that tells of a second place: such a table is what a copying program noted, and no list of what lies there now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from auditor.manifest.interop.cells import (
    AGAINST,
    ANSWERS,
    DIGEST,
    NO_PLACE,
    NOTHING,
    OUTCOMES,
    SIZE,
    Asks,
    answers_well,
    is_against,
    is_date,
    is_date_of_work,
    is_sort_of_file,
)
from auditor.model import DIGESTS
from auditor.places.trash import in_bin

_WHERE = frozenset(
    {
        *("path", "paths", "filepath", "filename", "file", "name", "folder", "directory", "dir", "parent", "root"),
        *("drive", "volume"),
    }
)
"""Words of titles that ask where a file lies, or under which name."""
_DATES = frozenset({"date", "time", "timestamp", "mtime", "ctime", "atime", "btime", "modtime", "birthtime"})
_IDS = frozenset({"id", "ids", "etag", "uuid", "guid", "inode", "serial"})
_SIZES = frozenset({"size", "bytes", "length"})
_ALBUMS = frozenset({"album", "albums"})
_SORTS = frozenset({"type", "kind"})
_NAMES = frozenset({"filename", "name", "title", "caption", "tags", "keywords"})
"""Words of titles under which names stand, which may be any words. Those of folders and albums may be those of bins."""

_PLAIN = (
    _WHERE
    | _DATES
    | _IDS
    | _SIZES
    | _ALBUMS
    | _NAMES
    | {
        # Where it lies, and what it is called.
        *("complete path", "complete name"),
        # What sort of file, how large, of when, and whose.
        *("ext", "extension", "type", "kind", "mime", "mimetype", "format", "version", "codec", "container", "puid"),
        *("kb", "mb", "gb", "blocks", "device", "mode", "permissions", "attributes", "hidden"),
        *("year", "month", "day", "hour", "timezone", "tz", "offset", "owner", "user", "uid", "gid", "author"),
        *("artist", "creator", "copyright", "software", "product", "algorithm", "method"),
        # What is to be seen in it, and with which camera it was taken.
        *("width", "height", "pixels", "megapixels", "dimensions", "resolution", "dpi", "orientation", "rotation"),
        *("duration", "fps", "bitrate", "depth", "camera", "make", "manufacturer", "model", "lens", "iso", "exposure"),
        *("aperture", "shutter", "focal", "flash", "colorspace", "color", "gps", "latitude", "longitude", "lat", "lon"),
        *("lng", "altitude", "city", "town", "country", "region", "province", "place", "address", "state province"),
        *("state or province", "people", "persons", "faces", "rating", "favorite", "favourite", "starred"),
        # Which one it is among others, and digests of a part of it.
        *("index", "row", "sequence", "order", "phash", "dhash", "ahash"),
        *("head sha256", "image sha256", "coded sha256", "phash turned"),
    }
)
"""Words, and whole titles, of columns that describe a file whatever became of it."""

_BESIDE = frozenset(
    {
        *("is", "was", "has", "of", "the", "in", "on", "at", "by", "from", "for", "and", "with", "last"),
        *("first", "full", "relative", "code", "count", "number", "total", "text", "exact", "program"),
        *("entry", "media", "photo", "image", "picture", "video", "content", "cloud", "nas", "disk", "phone"),
        *("tool", "data"),
        *("source", "src", "target", "destination", "dest", "dst", "original", "expected", "actual"),
    }
)
"""Words that say nothing of their own beside one that is known."""
_OF_DATES = frozenset({"write", "access", "creation", "create", "modify", "modification", "utc"})
"""Words that say nothing of their own in a title that asks for a date. `File access` may say `denied`."""
_LAST_CHANGED = frozenset({"changed", "last", "date", "time", "at", "on"})
"""The words of a title under which a date says when a file was last changed; `yes` says that it is another."""

_NOUNS = frozenset({"backup", "copy"})
_SECOND = frozenset({"target", "destination", "dest", "dst", "nas", "cloud", "disk", *_NOUNS})
"""Words that name the place where a copy is to be."""
_FURTHER = frozenset(
    {
        *("remote", "server", "mirror", "archive", "vault", "bucket", "url", "uri", "link", "location", "stored"),
        *("backed", "to"),
    }
)
"""Words that may name it, too, in a title of which nobody knows what it asks."""
_SIDES = frozenset({*_SECOND, "source", "src", "original", "expected", "actual"})
"""Beside a size they name that of one side: with another on the other side, the file did not arrive."""
_OF_DISKS = frozenset({"name", "volume", "serial", "drive", "id", "device"})
"""Beside `disk` they name the disk that everything lies on, as a catalogue of disks does."""

_OF_NO_KIND = frozenset({"hash", "hashes", "checksum", "digest"})
_OF_DIGESTS = frozenset(
    {
        *DIGESTS,
        *("sha224", "sha384", "sha512", "crc", "crc32", "crc32c", "crc64", "blake2b", "blake3", "xxh32", "xxh64"),
        *("xxh3", "xxh128", "xxhash", "xxhash64", "c4", *_OF_NO_KIND),
    }
)
_HOW_DIGESTED = frozenset({"algorithm", "type", "method", "format", "version", "length", "tool", "date", "time", "at"})
"""Beside the word of a digest they ask of its making, not for the digest."""

_WHEN = frozenset({"at", "on", "date", "time", "timestamp"})
"""Last words of a title that asks when."""

_WHETHER = frozenset({"is", "was", "has", "in", "on", "at"})
"""Words of a title that may ask whether: `File on phone` may be answered by `no`."""

_METADATA = re.compile(
    r"\s*(exif|iptc|xmp|gps|quicktime|makernotes|composite|jfif|icc_profile)(-\w+)?\s*:", re.IGNORECASE
)
"""How exiftool names a column of what a file itself holds."""

_OF_BINS = frozenset({"trash", "bin", "recycle", "deleted", "deletion", "removed", "trashed"})
_Reads = Callable[[str, str], bool]
"""Whether a cell is known to be no word against the file of its row, whose path is the second."""


def reads_well(title: str) -> _Reads | None:
    """Whether a cell under this title, in small letters, is known to be no word against its file; None where nobody
    knows what such a column says. Of a second place no empty cell is: nothing is said of a copy that is not made."""
    words = _words(title)
    if _DATES & set(words):
        words = [word for word in words if word not in _OF_DATES]
    if not _is_of_second(words):
        return _reads_well(title, words)
    reads = _reads_of_second(title, words)
    return reads and (lambda said, own: said not in NOTHING and reads(said, own))


def _reads_of_second(title: str, words: Sequence[str]) -> _Reads | None:
    if digest_kind(title) is not None:
        return lambda said, _: bool(DIGEST.fullmatch(said))
    of_outcome = {OUTCOMES[word] for word in words if word in OUTCOMES and word not in _NOUNS}
    is_of_more = not set(words) - (_BESIDE - _SECOND) <= _NOUNS | _DATES | _WHEN | _OF_NO_KIND
    return None if of_outcome <= {Asks.DATE} and is_of_more else _reads_well(title, words)


def _reads_well(title: str, words: Sequence[str]) -> _Reads | None:
    if digest_kind(title) is not None:
        return lambda said, _: True
    asked = {OUTCOMES[word] for word in words if word in OUTCOMES}
    in_file = {OUTCOMES[word] for word in words if word in OUTCOMES and word != "state"}  # that of an address
    if in_file <= {Asks.REMARK, Asks.DATE} and _METADATA.match(title):
        return lambda said, _: True
    if " ".join(words) in _PLAIN:
        return lambda said, own: _describes(said, own, words)
    if not all(word in _PLAIN or word in _BESIDE or word in OUTCOMES or word in _OF_DIGESTS for word in words):
        return None
    if not asked:
        if not _PLAIN & set(words):
            return None
        asks_whether = bool(_WHETHER & set(words))
        return lambda said, own: not (asks_whether and said in ANSWERS) and _describes(said, own, words)
    # `Copy errors` asks for errors; an `error check` may ask for either.
    if asked == {Asks.HOW, Asks.REMARK}:
        return lambda said, _: said in NOTHING or answers_well(said, Asks.HOW)
    if asked > {Asks.HOW} and not (Asks.IF_BAD in asked and OUTCOMES.get(words[-1]) is Asks.HOW):
        asked.discard(Asks.HOW)
    is_when_done = words[-1] in _WHEN and asked <= {Asks.HOW, Asks.IF_GOOD, Asks.DATE, Asks.IF_DONE}
    is_when_changed = set(words) <= _LAST_CHANGED
    return lambda said, _: (
        (is_when_done and is_date_of_work(said))
        or (is_when_changed and is_date(said))
        or all(answers_well(said, one) for one in asked)
    )


def is_of_a_second_place(title: str) -> bool:
    """Whether a column that nobody knows (`reads_well`) may tell of a place where copies are to be, as `Location` does:
    then it may say of a file that there is none, too, where it says nothing."""
    words = set(_words(title))
    return _is_of_second(tuple(words)) or bool(words & _FURTHER)


def is_size_of_a_side(title: str) -> bool:
    """Whether a column holds the size that a file has on one side, which must be its whole size."""
    words = _words(title)
    return _asks_size(words) and not _SIDES.isdisjoint(words) and not OUTCOMES.keys() - _NOUNS & set(words)


def is_whole(title: str, said: str, size: str) -> bool:
    """Whether what such a column says, in small letters, is the size of the whole file: `size`, "" where that is not
    known. What a file takes up on a disk is another figure than its size."""
    words = _words(title)
    if said in NOTHING:
        return not _is_of_second(words)
    if size and _SECOND & set(words) != {"disk"}:
        return said == size or (said.isdecimal() and said.lstrip("0") == size.lstrip("0"))
    return bool(SIZE.fullmatch(said))


def digest_kind(title: str) -> str | None:
    """The kind of digest that a column holds, "" where it does not say which; None where it holds no digest of files.

    `source_sha256` and `SHA-256 (target)` are of the kind sha256.
    """
    words = _words(title)
    kinds = [word for word in words if word in _OF_DIGESTS]
    if not kinds or " ".join(words) in _PLAIN:
        return None
    kind = next((word for word in kinds if word not in _OF_NO_KIND), "")
    # `Backup checksum` may say `OK`, `backup_md5` does not.
    others = (_HOW_DIGESTED | OUTCOMES.keys()) - (_NOUNS if kind else set())
    return kind if others.isdisjoint(words) else None


def agree(digests: Sequence[tuple[str, str]]) -> bool:
    """Whether a row's digests, by their kinds, can all be of one file, as far as their kinds and lengths tell.

    One that is lacking beside another of its kind is not known to be the same.
    """
    told = [(kind, "" if said.lower() in NOTHING else said.lower()) for kind, said in digests]
    if any(said and not DIGEST.fullmatch(said) for _, said in told):
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


def _is_of_second(words: Sequence[str]) -> bool:
    """Whether a title tells of the place where a copy is to be."""
    told = _SECOND & set(words)
    return bool(told) and not (told == {"disk"} and _OF_DISKS & set(words))


def _asks_size(words: Sequence[str]) -> bool:
    return not _SIZES.isdisjoint(words) and "focal" not in words


def _describes(said: str, own: str, words: Sequence[str]) -> bool:
    """Whether a cell of a column that describes a file does that: its type is not `missing`. A name may be anything,
    and so may be a place that is called as folders that the file lies in."""
    told = set(words)
    if said in (*NOTHING, own) or _NAMES & told:
        return True
    if _SORTS & told and not _OF_DIGESTS & told:
        return is_sort_of_file(said)
    if _ALBUMS & told:
        albums = [one.strip() for one in re.split("[,;]", said)]
        return not any(_is_bin_of_photos(one) or is_against(one, _OF_BINS) for one in albums)
    if (_DATES & told or _asks_size(words)) and not any(c.isdigit() for c in said):
        return False
    if not _WHERE & told:
        return not is_against(said, AGAINST)
    if in_bin(said.replace("\\", "/") + "/") or _is_bin_of_photos(said):
        return False
    is_own = f"/{said}/".replace("\\", "/") in f"/{own}/".replace("\\", "/")
    return is_own or not (said.startswith("#") or is_against(said, AGAINST | NO_PLACE))


def _is_bin_of_photos(said: str) -> bool:
    """Whether an album or a folder is called as the bin of Google's or Apple's photos is, in any language."""
    return in_bin(f"google photos/{said}/")
