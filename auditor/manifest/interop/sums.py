"""Lists of digests as sha256sum, md5sum, rclone hashsum, the BSD tools and BagIt write them, in and out.

Source: GNU coreutils manual, "md5 invocation" (escaped names, comments); RFC 8493 sections 2.1.3 and 2.4 (BagIt).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from auditor.disk import small_files
from auditor.errors import BadManifest, BadOutput
from auditor.manifest.interop import of_place
from auditor.manifest.interop.listed import Listed, is_piece, listed, of_piece, spelled
from auditor.manifest.rows import SCHEMA
from auditor.model import DIGESTS, MADE_ON_PHONE, Depth, Device, FileFacts, Header
from auditor.paths import display_path, path_key
from auditor.places.foreign_rows import HEX, row

BY_LENGTH = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
"""The digest that this many hex digits are, where the list's name does not say otherwise."""

LOOK_ALIKES = {"quickxor": 40, "dropbox": 64}
"""Digests that look like another one; a list is taken for one of these only where its file name says so."""

MOST_FETCH_BYTES = 1 << 30
"""The list of what a bag of some million files still lacks is smaller."""

_GNU = re.compile(rb"(\\?)([0-9a-fA-F]{32,128}) [ *](.+)", re.DOTALL)
_RCLONE_NONE = re.compile(rb"( {32,128}|UNSUPPORTED|ERROR)  (.+)", re.DOTALL)
_UNREAD = b"ERROR  "
"""As a line of rclone begins whose file could not be read."""
_PASSED = (b"OK", "Réussi".encode())
"""What `sha256sum -c` says of a file that is as listed, in English and German, and in French."""

_MOST_PARTS = 40
"""A line has fewer parts, but for one that was made to keep us busy."""

_BEFORE_A_NAME = re.compile(rb"[#;]+ *|\([A-Z0-9/-]+\) |\\")
"""What may stand before a name: the sign of a comment, the algorithm as OpenBSD has it, that of an escaped name."""

_QUOTES = tuple((one.encode(), other.encode()) for one, other in ("''", '""', "‘’", "“”", "„“", "«»"))

_COUNTED = re.compile(rb"(?:[#;]+ *)?\S*(?:sum|sha\d*|md5): [^:]+: (\d{1,18}) .*", re.DOTALL)
"""How many files a check says are not as listed, whatever its language (`sha256sum: WARNING: 1 computed checksum did
NOT match`)."""

_BSD = re.compile(rb"(\\?)([A-Z0-9-]+)(?: \((.+)\) |\((.+)\))= ([0-9a-fA-F]{32,128})", re.DOTALL)
"""As the BSD tools write it, and openssl without the blanks."""
_STAT = re.compile(rb"# stat (\d{1,19}) (-?\d{1,12}) (.+)", re.DOTALL)
_END = re.compile(rb"# end (\d{1,19})")
_FILES = re.compile(rb"# files (\d{1,19})")
_UNLISTED = re.compile(rb"# unlisted (.+)", re.DOTALL)
_MODEL = re.compile(rb"# model (.{1,200})")
_PHONE = b"# auditor phone list"
_FETCH = re.compile(rb"\S+[ \t]+(?:\d+|-)[ \t]+(.+)")
_ESCAPES = {b"\\\\": b"\\", b"\\n": b"\n", b"\\r": b"\r"}


def looks_like_sums(head: bytes) -> bool:
    """Whether the first line that is no comment is one of a digest list. `head` is the beginning of a file."""
    for line in head.removeprefix(b"\xef\xbb\xbf").split(_end(head))[:-1] or [head]:
        line = line.rstrip(b"\r")
        if line and not line.startswith((b"#", b"; ")):
            return bool(_GNU.fullmatch(line) or _BSD.fullmatch(line) or _RCLONE_NONE.fullmatch(line))
    return head.startswith(_PHONE)


def read(path: Path, content: bytes, bag_version: str | None = None) -> Listed:
    """The rows of a digest list; sizes and dates only where our script for phones wrote them beside.

    `bag_version` is that of the bag whose manifest it is, None outside of one. Raises: BadManifest where one path has
    two contents.
    """
    rows: list[FileFacts] = []
    unclear, remarks = [], []
    disproved: set[str] = set()
    failed: set[str] = set()
    counted = 0
    stats: dict[bytes, tuple[int, int]] = {}
    ended = met = model = None
    text = content.removeprefix(b"\xef\xbb\xbf")
    end = _end(text)
    for number, raw in enumerate(text.split(end), 1):
        line = raw.removesuffix(b"\r") if end == b"\n" else raw
        counted += int(match[1]) if (match := _COUNTED.fullmatch(line)) else 0
        if not line or line.startswith(b"#") or (line.startswith(b"; ") and not rows):
            remarks.append(_text(line).lstrip("#"))
            if match := _STAT.fullmatch(line):
                stats[match[3]] = (int(match[1]), int(match[2]) * 1_000_000_000)
            elif match := _END.fullmatch(line):
                ended = int(match[1])
            elif match := _FILES.fullmatch(line):
                met = int(match[1])
            elif match := _MODEL.fullmatch(line):
                model = _text(match[1])
            elif match := _UNLISTED.fullmatch(line):
                unclear.append(f"the phone could not list {display_path(_text(match[1]))}")
            failed |= _not_ok(line)  # of a file whose name begins so, or said in a comment
            continue
        told = _line(line, path.name.lower())
        if told is None:
            unclear.append(f"line {number} is no line of a digest list: {display_path(_text(line))[:80]}")
            failed |= _not_ok(line)
            continue
        name, digests = told
        if bag_version is not None:
            name = _from_bag(name, bag_version)
        size, mtime = stats.get(name, (None, None))
        rows.append(row(_text(name), digests, size, mtime, mtime_trusted=mtime is not None))
        if bag_version is None and is_piece(rows[-1].path):
            disproved.add(rows[-1].path)
            unclear.append(of_piece(number))
        if line.startswith(_UNREAD):
            disproved.add(rows[-1].path)
            unclear.append(f"line {number} says that {display_path(_text(name))[:80]} could not be read")
    if text.startswith(_PHONE):
        if ended != len(rows):
            unclear.append("the list made on the phone was cut off: its last line is missing; copy it again")
        elif met is not None and met != len(rows):
            unclear.append(f"the phone could not read {met - len(rows)} of its {met} files")
    if text and not text.endswith(end) and rows:
        unclear.append("the last line has no end: the list may have been cut off")
    if bag_version is not None:
        remarks += _remarks(path.parent / "bag-info.txt")
        awaited, unread = _to_fetch(path.parent / "fetch.txt")
        if awaited:
            unclear.append("files of the bag are still to be fetched, by its fetch.txt; fetch them, and take it away")
        if unread:
            unclear.append(
                f"line {unread} of the bag's fetch.txt cannot be read, so which files are still to be fetched is not"
                " known; fetch them, and take it away"
            )
        # A space at a name's end may be the line's: of both names nobody knows which one is meant.
        ends = {row(_text(_from_bag(name, bag_version)), {}).path.rstrip() for name in awaited}
        disproved |= {one.path for one in rows if unread or one.path.rstrip() in ends}
    keys = {spelled(one) for one in failed}
    # Where more failed than are named, it may be any of them.
    is_named = counted <= len({one.path for one in rows if keys and spelled(one.path) in keys})
    disproved |= failed if is_named else {one.path for one in rows}
    said = of_place.said_in(remarks, path)
    if text.startswith(_PHONE):
        said = replace(said, place=_of_phone(path, content, model))
    if said.place is None:
        known = of_place.recall(path, content)
        said = replace(said, place=known[0]) if len(known) == 1 else replace(said, perhaps=known)
    return listed(rows, unclear, said, str(path), disproved)


def _end(text: bytes) -> bytes:
    """How the lines of a list end: with NUL, as `sha256sum -z` has it, where there is one and no end of a line."""
    return b"\0" if b"\0" in text and b"\n" not in text else b"\n"


def _not_ok(line: bytes) -> set[str]:
    """The file of which `sha256sum -c` or its like says, in whatever language, that it is not as listed, by all that
    may be its name: what stands before a `: `, or between two. None where the line says no such thing."""
    found = list(re.finditer(b": ", line))[-_MOST_PARTS:]
    if not found or line[found[-1].end() :] in _PASSED:
        return set()
    parts = {line[start : one.start()] for one in found for start in (0, *(other.end() for other in found))}
    return {row(_text(name), {}).path for part in parts - {b""} for name in _as_written(part)}


def _as_written(part: bytes) -> set[bytes]:
    """A name as a check may have written it, and without what may stand around it."""
    found = {part}
    while before := _BEFORE_A_NAME.match(part):
        part = part[before.end() :]
        found |= {part, _unescaped(part)} if before[0] == b"\\" else {part}
    bare = {
        one[len(left) : -len(right)]
        for one in found
        for left, right in _QUOTES
        if one.startswith(left) and one.endswith(right)
    }
    return (found | bare) - {b""}


def _of_phone(path: Path, content: bytes, model: str | None) -> Header:
    """The place of a list that a phone made of itself. Which phone, it can say by no more than its model."""
    return Header(
        schema=SCHEMA,
        tool="phone-manifest.sh",
        place=str(path),
        place_id="phone:" + hashlib.sha256(content).hexdigest()[:24],
        label=model or path.stem,
        place_kind=MADE_ON_PHONE,
        depth=Depth.HASH,
        started="",
        columns=(),
        device=Device(model=model) if model else None,
    )


def write(rows: Iterable[FileFacts], digest: str, remark: str | None = None) -> Iterator[bytes]:
    """Lines that `sha256sum -c` (or md5sum, sha1sum) checks, names with a newline or backslash escaped as GNU does.
    `remark` is one line, a comment, which busybox and toybox take for a file that is missing.

    Raises: BadOutput where a row has no such digest.
    """
    yield f"# {remark}\n".encode() if remark else b""
    for facts in rows:
        name = path_key(facts.path)
        escaped = re.sub(rb"[\\\n\r]", lambda m: {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}[m[0]], name)
        yield (b"\\" if escaped != name else b"") + need(facts, digest).encode() + b"  " + escaped + b"\n"


def need(facts: FileFacts, digest: str) -> str:
    """The digest of a row that is to be written into another format.

    Raises: BadOutput where the row has none.
    """
    found = facts.digests.get(digest)
    if found is None:
        held = [kind for kind in DIGESTS if kind in facts.digests]
        # A list is all that its owner may have: what it holds can be written, and nothing else be made of it.
        raise BadOutput(
            f"{display_path(facts.path)} has no {digest} in the list, only {' and '.join(held) or 'its name'};"
            f" write that as sha256sum with --digest {held[0] if held else digest}, or all as csv,"
            f" or list the files themselves: `auditor scan PLACE --digest {digest}`"
        )
    if not HEX.fullmatch(found):
        raise BadOutput(
            f"the {digest} of {display_path(facts.path)} is no digest: {found[:40]!r}; scan the place again"
        )
    return found


def _line(line: bytes, list_name: str) -> tuple[bytes, dict[str, str]] | None:
    if match := _GNU.fullmatch(line):
        escaped, digest, name = match.groups()
        kind = _kind(len(digest), list_name)
    elif match := _BSD.fullmatch(line):
        escaped, word, spaced, close, digest = match.groups()
        name = spaced or close
        kind = {"SHA2-256": "sha256"}.get(word.decode(), word.decode().lower().replace("-", ""))
    elif match := _RCLONE_NONE.fullmatch(line):
        return match[2], {}
    else:
        return None
    if escaped:
        name = _unescaped(name)
    return (name, {kind: digest.decode()}) if kind else None


def _unescaped(name: bytes) -> bytes:
    return re.sub(rb"\\[\\nr]", lambda m: _ESCAPES[m[0]], name)


def _kind(length: int, list_name: str) -> str | None:
    for kind, digits in LOOK_ALIKES.items():
        if kind in list_name and length == digits:
            return kind
    return BY_LENGTH.get(length)


def _from_bag(name: bytes, version: str) -> bytes:
    """A path as a bag writes it: CR and LF are percent-encoded, from version 1.0 on the percent sign itself too."""
    codes = {b"%0a": b"\n", b"%0d": b"\r"} | ({b"%25": b"%"} if version >= "1" else {})
    return re.sub(b"|".join(codes), lambda m: codes[m[0].lower()], name, flags=re.IGNORECASE)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _declared(declaration: Path) -> str:
    try:
        return small_files.read(declaration).decode("utf-8", "replace").lstrip("\ufeff")
    except OSError as error:
        raise BadManifest(f"{declaration} cannot be read: {small_files.reason(error)}") from error


def _remarks(bag_info: Path) -> list[str]:
    """What a bag says of itself, the values alone; a long one may go on in lines that begin with a space."""
    lines = re.sub(r"\r?\n[ \t]+", " ", _declared(bag_info)).splitlines() if bag_info.is_file() else []
    return [line.partition(":")[2] for line in lines]


def _to_fetch(list_: Path) -> tuple[list[bytes], int | None]:
    """The files of a bag that need not be there yet, as it writes their names, and the number of the first line that is
    none of such a list; None where all are. Source: RFC 8493, section 2.2.3.

    Raises: BadManifest where the list of them cannot be read.
    """
    if not list_.is_file():
        return [], None
    try:
        content = small_files.read(list_, MOST_FETCH_BYTES)
    except OSError as error:
        raise BadManifest(f"{list_} cannot be read: {small_files.reason(error)}") from error
    lines = [(number, line) for number, line in enumerate(re.split(rb"\r\n|\r|\n", content), 1) if line.strip()]
    found = [(number, _FETCH.fullmatch(line)) for number, line in lines]
    return [match[1] for _, match in found if match], next((number for number, match in found if not match), None)


def bag_version(path: Path) -> str | None:
    """The version of the bag whose payload manifest this is; None where it is no bag's.

    Raises: BadManifest where the bag's declaration cannot be read.
    """
    declaration = path.parent / "bagit.txt"
    if not re.fullmatch(r"manifest-\w+\.txt", path.name) or not declaration.is_file():
        return None
    match = re.match(r"BagIt-Version: (\d+\.\d+)", _declared(declaration))
    if match is None:
        raise BadManifest(f"{declaration} does not say which version of BagIt it is")
    return match[1]
