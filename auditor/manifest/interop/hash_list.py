"""What one ASC Media Hash List says. Source: ASC MHL Specification v2.0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

from auditor.dates import mtime_ns, rfc3339
from auditor.errors import BadManifest
from auditor.model import FileFacts
from auditor.paths import display_path
from auditor.places.foreign_rows import row, size_of

NAMESPACE = "urn:ASC:MHL:v2.0"
KINDS = ("md5", "sha1")
"""The digests that an MHL and our rows share; it knows no SHA-256."""

_MATCHED = (None, "original", "verified", "new")
"""What a list of version 2 says of a digest, whatever its kind, that is the file's; older ones say nothing."""

_STATED = frozenset({*KINDS, "c4", "xxh32", "xxh64", "xxh128", "xxh3", "xxhash", "xxhash64", "xxhash64be"})
"""The digests that the specification knows, and its forerunners: by any of them one list can speak of another's."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What lists state of the content of one file: its digests by kind, and its size; None where none does."""

    digests: dict[str, str]
    size_bytes: int | None

    def is_of(self, before: Stated) -> bool:
        """Whether it is known to be the same content: a digest of one kind at least says so, and nothing denies it."""
        return not self.digests.keys().isdisjoint(before.digests) and not self.denies(before)

    def denies(self, other: Stated) -> bool:
        """Whether it is another content: a digest of one kind says so, or the size."""
        both = self.digests.keys() & other.digests.keys()
        sizes = {self.size_bytes, other.size_bytes} - {None}
        return len(sizes) > 1 or any(self.digests[kind] != other.digests[kind] for kind in both)

    def with_also(self, other: Stated) -> Stated:
        """What both state. A generation may bring a digest of a new kind beside a known one; the next has only that."""
        size = other.size_bytes if self.size_bytes is None else self.size_bytes
        return Stated({**self.digests, **other.digests}, size)


@dataclass(frozen=True, slots=True)
class Told:
    """What one hash list says. `stated` is by path. `disproved` are the paths of files that by the list itself are not
    what they were, or are two things. `has_generations`: it is not of version 1; later lists are generations of one
    folder's history.

    `whole` are the folders ("" for the top) all of which it lists, but for what its patterns pass over (`ignored`, each
    with its folder) and the folders with lists of their own, whose paths are `nested`. `moved` are the new paths of
    files and folders by their former ones.
    """

    rows: tuple[FileFacts, ...]
    stated: dict[str, Stated]
    unclear: tuple[str, ...]
    disproved: frozenset[str]
    remarks: tuple[str, ...]
    has_generations: bool
    whole: frozenset[str] = frozenset()
    ignored: tuple[tuple[str, str], ...] = ()
    nested: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)

    def with_nested(self, folder: str, other: Told) -> Told:
        """What both say, where the other one is of a folder of this one's. A file of which they do not say the same is
        disproved."""

        def at(path: str) -> str:
            return f"{folder}/{path}" if path else folder

        theirs = {at(path): states for path, states in other.stated.items()}
        torn = {path for path, states in theirs.items() if path in self.stated and states.denies(self.stated[path])}
        return replace(
            self,
            stated={**self.stated, **theirs},
            disproved=self.disproved | set(map(at, other.disproved)) | torn,
            whole=self.whole | set(map(at, other.whole)),
            ignored=(*self.ignored, *((at(beneath), pattern) for beneath, pattern in other.ignored)),
            moved={**self.moved, **{at(former): at(path) for former, path in other.moved.items()}},
        )


def told_by(path: Path, content: bytes) -> Told:
    """What a hash list says.

    Raises: BadManifest where it is no XML, or XML that defines entities.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise BadManifest(f"{path} defines XML entities, which no hash list does; it is not read")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - what could expand was refused above
    except ElementTree.ParseError as error:
        raise BadManifest(f"{path} is cut off or damaged: {error}") from error
    rows, unclear = [], []
    disproved: set[str] = set()
    known: dict[str, Stated] = {}
    whole: set[str] = set()
    ignored, nested, moved = [], [], {}
    for element in root.iter():
        values = {_tag(child): child for child in element}
        if (former := _path(values.get("previousPath"))) and (new := _path(values.get("path"))):
            moved[former] = new
        if _tag(element) == "roothash":
            whole.add("")
        elif _tag(element) == "directoryhash":
            # Without digests it is named as one of all the folders that were gone through.
            has_digests = any(_tag(one) in _STATED for one in element.iter())
            whole.add(_path(values.get("path")) if has_digests else "")
        elif _tag(element) == "ignore":
            ignored += [("", child.text or "") for child in element]
        elif _tag(element) == "hashlistreference":
            nested.append(_path(values.get("path")))
        if _tag(element) != "hash":
            continue
        stated = [_tag(child) for child in element if _tag(child) in _STATED]
        named = values.get("path", values.get("file"))  # `file` in version 1
        if named is None or not named.text:
            unclear.append("a hash entry names no file")
            continue
        size = named.get("size") or (values["size"].text if "size" in values else None)
        date = named.get("lastmodificationdate")
        digests = {kind: (values[kind].text or "").strip() for kind in KINDS if kind in values}
        rows.append(row(named.text, digests, size_of(size), _ns(date)))
        if any(child.get("action") not in _MATCHED for child in element) or len(stated) > len(set(stated)):
            disproved.add(rows[-1].path)
        states = Stated({_tag(one): _told_digest(one) for one in element if _tag(one) in _STATED}, rows[-1].size_bytes)
        name = rows[-1].path
        if name in known and known[name].denies(states):
            disproved.add(name)
            unclear.append(f"it names {display_path(name)} twice, with two contents")
        known[name] = known[name].with_also(states) if name in known else states
    remarks = tuple(element.text or "" for element in root.iter() if _tag(element) == "comment")
    has_generations = NAMESPACE in str(root.tag) or not root.get("version", "").startswith("1")
    return Told(
        tuple(rows),
        known,
        tuple(unclear),
        frozenset(disproved),
        remarks,
        has_generations,
        frozenset(whole),
        tuple(ignored),
        tuple(nested),
        moved,
    )


def _path(element: ElementTree.Element | None) -> str:
    """The path that an element holds, as rows spell it; "" where there is none."""
    return row(element.text, {}).path if element is not None and element.text else ""


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
