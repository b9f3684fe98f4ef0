"""Other tools' manifests, known by their content, read as ours, and ours written as theirs.

sha256sum, md5sum and BSD lists, rclone hashsum and lsjson, hashdeep, BagIt, ASC MHL, CSV. Their digests are `foreign`:
stated, not read by us. Nothing in them is trusted to be a path: names that lead out keep a row without a digest.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from auditor import __version__
from auditor.disk import small_files
from auditor.disk.folder import Folder
from auditor.errors import BadManifest, BadOutput
from auditor.manifest.interop import hashdeep, mhl, of_place, sums, tabular
from auditor.manifest.interop.hash_list import KINDS
from auditor.manifest.interop.listed import MOST_LIST_BYTES, Listed, Said
from auditor.manifest.jsonl import Manifest, Writer
from auditor.manifest.rows import SCHEMA
from auditor.model import DIGESTS, Depth, DigestOrigin, ErrorKind, FileFacts, Header
from auditor.paths import path_key

_HEAD_BYTES = 65536


class Format(StrEnum):
    """A format of another tool."""

    SUMS = "sha256sum"
    BAGIT = "bagit"
    HASHDEEP = "hashdeep"
    MHL = "mhl"
    LSJSON = "lsjson"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Written:
    """What an export wrote: its files, and how many rows are in it, how many had nothing to be written for, and how
    many are no copy of anything (in a bin, in somebody else's album). `claimed`: nobody read what some digests are of.
    """

    files: tuple[Path, ...]
    rows: int
    left_out: int
    no_copies: int = 0
    claimed: bool = False


_PROVES = frozenset({None, ErrorKind.UNDECODABLE, ErrorKind.UNSUPPORTED, ErrorKind.DOUBTED})
"""The trouble with which a row's digest is that of a copy all the same; no other form says of the others that it is
not."""

_NO_FILES = frozenset({ErrorKind.ALIAS, ErrorKind.SPECIAL, ErrorKind.TEMPORARY})
"""What a list may lack and name all the files of its place."""


def detect(path: Path) -> Format | None:
    """The format of a file, by its first 64 KiB; None where it is none of them or cannot be read."""
    try:
        with small_files.open_file(path) as stream:
            head = stream.read(_HEAD_BYTES)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    if head.removeprefix(b"\xef\xbb\xbf").startswith(hashdeep.MAGIC):
        return Format.HASHDEEP
    if mhl.looks_like_mhl(head):
        return Format.MHL
    if tabular.looks_like_lsjson(head):
        return Format.LSJSON
    if sums.looks_like_sums(head):
        return Format.BAGIT if sums.bag_version(path) else Format.SUMS
    return Format.CSV if tabular.looks_like_csv(head) else None


def read(path: Path) -> Listed:
    """The rows of another tool's manifest.

    Raises: BadManifest where it is none, cannot be read, is cut off, names a path with two contents, or no path that
    may be used.
    """
    content = _content(path)
    form = detect(path)
    if form is None:
        raise BadManifest(f"{path} is neither a manifest of auditor nor of a tool that it knows")
    if form in (Format.SUMS, Format.BAGIT):
        listed = sums.read(path, content, sums.bag_version(path))
    else:
        readers: dict[Format, Callable[[Path, bytes], Listed]] = {
            Format.HASHDEEP: hashdeep.read,
            Format.MHL: mhl.read,
            Format.LSJSON: tabular.read_lsjson,
            Format.CSV: tabular.read_csv,
        }
        listed = readers[form](path, content)
    if listed.rows and all(facts.error for facts in listed.rows):
        raise BadManifest(
            f"{path} holds only names that lead out of their folder ({listed.rows[0].error}); make it again with"
            " relative names: change into the folder first"
        )
    return listed


def said_of_one(path: Path) -> Said:
    """What another tool's manifest says of itself, where it is of one place, or nobody knows of which.

    Raises: BadManifest as `read`, and where it may be of several places.
    """
    said = read(path).said
    if said.perhaps:
        places = " and of ".join(sorted(one.place for one in said.perhaps))
        raise BadManifest(
            f"{path} has the same lines as the lists of {places}, and which of them it is only the name tells that"
            " a list was written under: name that file, or the folder itself"
        )
    return said


def _content(path: Path) -> bytes:
    try:
        return small_files.read(path, MOST_LIST_BYTES)
    except OSError as error:
        raise BadManifest(f"{path} cannot be read: {small_files.reason(error)}") from error


def convert(path: Path, out: Path, now: datetime) -> Manifest:
    """Another tool's manifest as one of ours at `out`; complete unless something in it was not understood.

    Its rows' `read_at` is not known: when the digests were made, nobody says; the list is as old as its file.
    Raises: BadManifest as `read`; BadOutput where `out` is there already.
    """
    listed = read(path)
    rows = sorted(listed.rows, key=lambda facts: path_key(facts.path))
    content = _content(path)
    # An old list must not pass for a fresh one. When it was last written is the latest that it can speak of.
    made = min(now, _written(path, now))
    if listed.said.finished is not None:
        made = min(made, datetime.fromisoformat(listed.said.finished))
    moment = made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    place = listed.place
    known = ["path", "path_bytes", "kind", "error_kind", "error", "digest_origin"]
    known += ["size_bytes"] if any(facts.size_bytes is not None for facts in rows) else []
    known += ["mtime", "mtime_trusted"] if any(facts.mtime_ns is not None for facts in rows) else []
    digests = tuple(kind for kind in DIGESTS if any(kind in facts.digests for facts in rows))
    header = Header(
        schema=SCHEMA,
        tool=f"auditor {__version__}",
        place=place.place if place else str(path),
        place_id=place.place_id if place else "foreign:" + hashlib.sha256(content).hexdigest()[:24],
        label=place.label if place else path.stem if path.suffix else path.name,
        place_kind=place.place_kind if place else "manifest",
        device=place.device if place else None,
        sources=place.sources if place else None,
        behind=place.behind if place else None,
        depth=Depth.HASH if digests else Depth.LIST,
        started=moment,
        columns=(*known, *digests),
        digests=digests,
    )
    writer = Writer.create(out, header)
    try:
        for facts in rows:
            writer.add(facts)
    except BaseException:
        writer.abandon()
        raise
    return writer.close(complete=not listed.unclear, reasons=listed.unclear[:20], now=made)


def _written(path: Path, now: datetime) -> datetime:
    """When a file was last written; `now` where its date is none that a calendar knows."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return now


def export(manifest: Manifest, form: Format, out: Path, now: datetime, digest: str = "sha256") -> Written:
    """Writes a manifest in another tool's format. Rows without a digest (unreadable files, links) are left out, names
    that lead out of their folder, and what is no copy of anything; what was read is written, whatever else could not be
    done with it. Read again, no list proves more than this one: it says that something is lacking, or only claimed.

    `out` is a file; for `bagit` and `mhl` a folder that is made (`ascmhl` in the place's own folder for MHL). `digest`
    is the one wanted; an MHL holds md5 or sha1 only. Which place the list is of, it says itself; in sha256sum's form it
    cannot, and this machine keeps it in mind. Raises: BadOutput where it is there already or cannot be written so;
    nothing is left half written.
    """
    rows = list(manifest.rows())
    kept = [one for one in rows if one.digests and one.error_kind in _PROVES]
    claimed = any(facts.digest_origin is DigestOrigin.CLAIMED for facts in kept)
    of_files = sum(facts.error_kind not in _NO_FILES for facts in rows)
    here = sum(facts.error_kind not in _NO_FILES for facts in kept)
    lacks = of_files - here + (not manifest.footer.complete)
    remark = of_place.remark(manifest.header, Said(None, claimed, lacks, manifest.footer.finished))
    files = _write(manifest, kept, form, out, now, digest, remark, is_bare=not (claimed or lacks))
    no_copies = sum(bool(one.digests) and one.error_kind not in (*_PROVES, ErrorKind.REFUSED) for one in rows)
    return Written(files, len(kept), len(rows) - len(kept) - no_copies, no_copies, claimed)


def _write(
    manifest: Manifest,
    kept: Sequence[FileFacts],
    form: Format,
    out: Path,
    now: datetime,
    digest: str,
    remark: str | None,
    *,
    is_bare: bool,
) -> tuple[Path, ...]:
    """`is_bare`: the lines say all that must be said, where a remark is not passed over by every reader."""
    if form is Format.MHL:
        held = [kind for kind in (digest, *KINDS) if kind in KINDS and kind in manifest.header.digests]
        kind = held[0] if held else KINDS[0]
        contents = mhl.write(kept, kind, manifest.header.label, now.astimezone(UTC), platform.node(), remark)
        return _into_folder(out, contents)
    if form is Format.BAGIT:
        return _into_folder(out, _bag(kept, digest, now, remark))
    if form is Format.CSV:
        lines = tabular.write_csv(kept, remark)
    elif form is Format.HASHDEEP:
        lines = hashdeep.write(kept, manifest.header.digests, remark)
    elif form is Format.SUMS:
        lines = sums.write(kept, digest, None if is_bare else remark)
    else:
        raise BadOutput(f"a manifest cannot be written as {form}; sha256sum, hashdeep, bagit, mhl and csv can")
    content = b"".join(lines)
    _new_file(out, content)
    if form is Format.SUMS:
        of_place.keep(out, content, manifest.header)
        made = datetime.fromisoformat(manifest.footer.finished).timestamp()
        with contextlib.suppress(OSError, OverflowError, ValueError):
            os.utime(out, (made, made))  # as old as its rows; no line of it says so
    return (out,)


def _bag(rows: Iterable[FileFacts], digest: str, now: datetime, remark: str | None) -> dict[str, bytes]:
    """The tag files of a bag whose payload is to lie in `data/`.

    Version 0.97, which every tool reads: CR and LF in names are percent-encoded and nothing else.
    """
    lines, count, size = [], 0, 0
    if digest not in hashlib.algorithms_guaranteed:
        raise BadOutput(f"a bag cannot hold {digest}, which other tools do not know; use sha256, sha1 or md5")
    for facts in rows:
        if "%0a" in facts.path.lower() or "%0d" in facts.path.lower():
            raise BadOutput(f"a bag cannot hold the name {facts.path!r}: it would be read as a line break")
        name = path_key(facts.path).replace(b"\r", b"%0D").replace(b"\n", b"%0A")
        lines.append(sums.need(facts, digest).encode() + b"  data/" + name + b"\n")
        count, size = count + 1, size + (facts.size_bytes or 0)
    contents = {
        "bagit.txt": b"BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": (
            f"Bag-Software-Agent: auditor {__version__}\nBagging-Date: {now.astimezone(UTC):%Y-%m-%d}\n"
            f"Payload-Oxum: {size}.{count}\n" + (f"External-Description: {remark}\n" if remark else "")
        ).encode(),
        f"manifest-{digest}.txt": b"".join(lines),
    }
    tags = [hashlib.new(digest, content).hexdigest() + f"  {name}\n" for name, content in contents.items()]
    return {**contents, f"tagmanifest-{digest}.txt": "".join(tags).encode()}


def _into_folder(folder: Path, contents: dict[str, bytes]) -> tuple[Path, ...]:
    taken = [name for name in contents if (folder / name).exists()]
    if taken:
        raise BadOutput(f"{folder / taken[0]} is there already; nothing is written over. Choose another folder with -o")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOutput(f"{folder} cannot be made: {error.strerror}") from error
    for name, content in contents.items():
        _new_file(folder / name, content)
    return tuple(folder / name for name in contents)


def _new_file(path: Path, content: bytes) -> None:
    try:
        with Folder.open(path.parent) as folder:
            folder.write_new(path.name, content)
    except FileExistsError as error:
        raise BadOutput(f"{path} is there already; nothing is written over. Choose another name with -o") from error
    except OSError as error:
        raise BadOutput(f"{path} cannot be written: {error.strerror}") from error
