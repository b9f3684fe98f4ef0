"""ASC Media Hash Lists, in and out. Source: ASC MHL Specification v2.0 (hash list, directory chain, C4 identifiers)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from auditor import __version__
from auditor.dates import mtime_ns, rfc3339
from auditor.disk import small_files
from auditor.errors import BadManifest, BadOutput
from auditor.manifest.interop import of_place
from auditor.manifest.interop.listed import MOST_LIST_BYTES, Listed, listed, spelled
from auditor.manifest.interop.sums import need
from auditor.model import FileFacts
from auditor.paths import display_path
from auditor.places.foreign_rows import row, size_of

_NAMESPACE = "urn:ASC:MHL:v2.0"
_CHAIN_NAMESPACE = "urn:ASC:MHL:DIRECTORY:v2.0"
_C4_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
KINDS = ("md5", "sha1")
"""The digests that an MHL and our rows share; it knows no SHA-256."""

_MATCHED = (None, "original", "verified", "new")
"""What a list of version 2 says of a digest, whatever its kind, that is the file's; older ones say nothing."""

_STATED = frozenset({*KINDS, "c4", "xxh32", "xxh64", "xxh128", "xxh3", "xxhash", "xxhash64", "xxhash64be"})
"""The digests that the specification knows, and its forerunners: by any of them one list can speak of another's."""

_GENERATION = re.compile(r"([0-9]{4,9})_.*\.mhl", re.DOTALL | re.IGNORECASE)

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def looks_like_mhl(head: bytes) -> bool:
    """Whether a file begins as a hash list of version 2, or of the older 1.x, does."""
    return b"<hashlist" in head and head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")


def read(path: Path, content: bytes) -> Listed:
    """The rows of one hash list: files only. Of a generation, later ones beside it say which files are not so any more.

    Raises: BadManifest where it is no XML, or XML that defines entities, or whether there are later ones is not known.
    """
    told = _told(path, content)
    disproved, unclear = set(told.disproved), list(told.unclear)
    was = dict(told.stated)
    names: dict[str, list[str]] = {}
    for path_here in was:
        names.setdefault(spelled(path_here), []).append(path_here)
    for later in _later(path) if told.has_generations else ():
        try:
            then = _told(later, small_files.read(later, MOST_LIST_BYTES))
        except (OSError, BadManifest) as error:
            said = error if isinstance(error, BadManifest) else f"{later} cannot be read: {small_files.reason(error)}"
            unclear.append(f"a later generation lies beside it, and what it says is not known: {said}")
            disproved |= {one.path for one in told.rows}
            continue
        if not then.has_generations:
            continue
        disproved |= then.disproved
        for name, states in then.stated.items():
            for one in [name] if name in was else names.get(spelled(name), []):
                if states.is_of(was[one]):
                    was[one] = was[one].with_also(states)
                else:
                    disproved.add(one)
    return listed(list(told.rows), unclear, of_place.said_in(told.remarks, path), str(path), disproved)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What lists state of the content of one file: its digests by kind, and its size; None where none does."""

    digests: dict[str, str]
    size_bytes: int | None

    def is_of(self, before: _Stated) -> bool:
        """Whether it is known to be the same content: a digest of one kind at least says so, and nothing denies it."""
        both = self.digests.keys() & before.digests.keys()
        sizes = {self.size_bytes, before.size_bytes} - {None}
        return bool(both) and len(sizes) <= 1 and all(self.digests[kind] == before.digests[kind] for kind in both)

    def with_also(self, other: _Stated) -> _Stated:
        """What both state. A generation may bring a digest of a new kind beside a known one; the next has only that."""
        size = other.size_bytes if self.size_bytes is None else self.size_bytes
        return _Stated({**self.digests, **other.digests}, size)


@dataclass(frozen=True, slots=True)
class _Told:
    """What one hash list says. `stated` is by path. `disproved` are the paths of files that by the list itself are not
    what they were, or are two things. `has_generations`: it is not of version 1; later lists are generations of one
    folder's history."""

    rows: tuple[FileFacts, ...]
    stated: dict[str, _Stated]
    unclear: tuple[str, ...]
    disproved: frozenset[str]
    remarks: tuple[str, ...]
    has_generations: bool


def _told(path: Path, content: bytes) -> _Told:
    """Raises: BadManifest as `read`."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise BadManifest(f"{path} defines XML entities, which no hash list does; it is not read")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - what could expand was refused above
    except ElementTree.ParseError as error:
        raise BadManifest(f"{path} is cut off or damaged: {error}") from error
    rows, unclear = [], []
    disproved: set[str] = set()
    known: dict[str, _Stated] = {}
    for element in root.iter():
        if _tag(element) != "hash":
            continue
        values = {_tag(child): child for child in element}
        stated = [child for child in element if _tag(child) in KINDS]
        named = values.get("path", values.get("file"))  # `file` in version 1
        if named is None or not named.text:
            unclear.append("a hash entry names no file")
            continue
        size = named.get("size") or (values["size"].text if "size" in values else None)
        date = named.get("lastmodificationdate")
        digests = {kind: (values[kind].text or "").strip() for kind in KINDS if kind in values}
        rows.append(row(named.text, digests, size_of(size), _ns(date)))
        if any(child.get("action") not in _MATCHED for child in element) or len(stated) > len(digests):
            disproved.add(rows[-1].path)
        states = _Stated({_tag(one): _told_digest(one) for one in element if _tag(one) in _STATED}, rows[-1].size_bytes)
        name = rows[-1].path
        known[name] = known[name].with_also(states) if name in known else states
    remarks = tuple(element.text or "" for element in root.iter() if _tag(element) == "comment")
    has_generations = _NAMESPACE in str(root.tag) or not root.get("version", "").startswith("1")
    return _Told(tuple(rows), known, tuple(unclear), frozenset(disproved), remarks, has_generations)


def _later(path: Path) -> list[Path]:
    """The later generations of the history that a list is one of, in order: they lie beside it, with higher numbers.

    Source: ASC MHL Specification v2.0, file names of a manifest. Raises: BadManifest where nobody knows.
    """
    own = _GENERATION.fullmatch(path.name)
    if own is None:
        return []
    try:
        others = [(one, _GENERATION.fullmatch(one.name)) for one in path.parent.iterdir()]
    except OSError as error:
        said = f"its folder cannot be listed: {small_files.reason(error)}"
        raise BadManifest(f"whether a later generation than {path} says otherwise is not known: {said}") from error
    later = [(int(match[1]), one) for one, match in others if match and int(match[1]) > int(own[1])]
    return [one for _, one in sorted(later)]


def write(
    rows: Iterable[FileFacts], kind: str, name: str, now: datetime, host: str, remark: str | None = None
) -> dict[str, bytes]:
    """The files of a first generation, by name, to lie in the folder `ascmhl`: the hash list and the chain.

    Folders have no entries: the hashes that these must have count empty folders in, of which a manifest knows none.
    `kind` is md5 or sha1, the digests that the format and our rows share; `name` that of the folder, and
    `remark` a comment on the list. Raises: BadOutput where a row lacks the digest, or has a name that XML cannot hold.
    """
    stamp = now.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    entries = []
    for facts in rows:
        if _NOT_IN_XML.search(facts.path) or "\r" in facts.path:
            raise BadOutput(f"an MHL cannot hold the name {display_path(facts.path)!r}; use sha256sum's format")
        size = "" if facts.size_bytes is None else f" size={quoteattr(str(facts.size_bytes))}"
        date = "" if facts.mtime_ns is None else f" lastmodificationdate={quoteattr(rfc3339(facts.mtime_ns))}"
        digest = f'<{kind} action="original" hashdate="{stamp}">{need(facts, kind)}</{kind}>'
        path = f"<path{size}{date}>{escape(facts.path)}</path>"
        entries.append(f"    <hash>\n      {path}\n      {digest}\n    </hash>\n")
    ignored = "".join(f"<pattern>{name}</pattern>" for name in (".DS_Store", "ascmhl", "ascmhl/", ".auditor/"))
    comment = f"    <comment>{escape(remark)}</comment>\n" if remark else ""
    hashes = f"  <hashes>\n{''.join(entries)}  </hashes>\n" if entries else ""  # the schema knows no empty one
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<hashlist version="2.0" xmlns="{_NAMESPACE}">\n'
        f"  <creatorinfo>\n    <creationdate>{stamp}</creationdate>\n    <hostname>{escape(host)}</hostname>\n"
        f'    <tool version="{__version__}">auditor</tool>\n{comment}  </creatorinfo>\n'
        f"  <processinfo>\n    <process>in-place</process>\n    <ignore>{ignored}</ignore>\n  </processinfo>\n"
        f"{hashes}</hashlist>\n"
    ).encode()
    file = f"0001_{re.sub(r'[^A-Za-z0-9._-]', '_', name)}_{now.strftime('%Y-%m-%d_%H%M%S')}Z.mhl"
    chain = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ascmhldirectory xmlns="{_CHAIN_NAMESPACE}">\n'
        f'  <hashlist sequencenr="1">\n    <path>{file}</path>\n    <c4>{c4(text)}</c4>\n  </hashlist>\n'
        "</ascmhldirectory>\n"
    ).encode()
    return {file: text, "ascmhl_chain.xml": chain}


def c4(content: bytes) -> str:
    """The C4 identifier: SHA-512 in base 58, 90 characters. Source: SMPTE ST 2114:2017."""
    number, letters = int.from_bytes(hashlib.sha512(content).digest(), "big"), ""
    while number:
        number, digit = divmod(number, 58)
        letters = _C4_LETTERS[digit] + letters
    return "c4" + letters.rjust(88, "1")


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _told_digest(element: ElementTree.Element) -> str:
    text = (element.text or "").strip()
    return text if _tag(element) == "c4" else text.lower()  # the letters of C4 have a case


def _ns(date: str | None) -> int | None:
    if not date:
        return None
    try:
        return mtime_ns(rfc3339(round(datetime.fromisoformat(date).timestamp() * 1_000_000) * 1000))
    except (ValueError, OverflowError, OSError):  # in UTC it may lie in the year 10000
        return None
