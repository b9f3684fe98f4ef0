"""Uploads to a remote of rclone: under a temporary name, compared with the source there, only then moved into place.

Nothing on the remote is replaced or deleted. What a stopped run uploaded lies in `.auditor/partial` of the remote,
which is no payload; the next run writes over it. What the remote holds already is known by its content, not its name.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from auditor.disk.foreign_names import row_path
from auditor.disk.volume import gone_from
from auditor.errors import BadPlace
from auditor.manifest.jsonl import Manifest
from auditor.model import DigestOrigin, ErrorKind, FileFacts
from auditor.places import Entry, EntryKind, Place, presence
from auditor.places.rclone import RclonePlace
from auditor.places.rclone_remotes import grade
from auditor.places.rcloneclient import RemoteFailed, call
from auditor.places.trash import in_bin
from auditor.readers import digests

PARTIAL = ".auditor/partial"
_CHUNK_BYTES = 1 << 20


class Outcome(StrEnum):
    """What became of one file."""

    UPLOADED = "uploaded"
    HELD = "held"  # its content is there already
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of the source: `remote_path` is where its content is on the remote, `reason` why it is not; `seconds` is
    how long it took to upload, 0 where it was not."""

    path: str
    outcome: Outcome
    size_bytes: int = 0
    remote_path: str | None = None
    reason: str | None = None
    seconds: float = 0.0


def upload_missing(
    source: Place,
    listed: Manifest,
    cloud: RclonePlace,
    excluded: re.Pattern[str] | None = None,
    to_upload: Callable[[int, int], object] = lambda files, size_bytes: None,
) -> Iterator[Upload]:
    """Uploads every file of the source whose content the remote does not hold, and yields what became of each.

    `to_upload` is told before how many files and bytes that are at most: those that the remote states are left out.
    `listed` is a list of the source of this run with SHA-256 and the first of the remote's own digests. A remote that
    states none has its files of equal size read. Raises: BadPlace, ListingCut where the remote cannot be listed;
    BadPlace where it shows a disk of this machine that is not there any more.
    """
    lay_on = presence.volumes(cloud)
    there = _RemoteIndex.of(cloud)
    lacking = [
        facts.size_bytes or 0
        for facts in listed.rows()
        if facts.sha256 is not None and not _is_excluded(facts, excluded) and there.stated(facts) is None
    ]
    to_upload(len(lacking), sum(lacking))
    for facts in listed.rows():
        if facts.sha256 is None:
            if facts.error_kind not in (ErrorKind.UNSUPPORTED, ErrorKind.SPECIAL, ErrorKind.ALIAS):
                yield Upload(facts.path, Outcome.FAILED, reason=str(facts.error or "it was not read"))
            continue
        if _is_excluded(facts, excluded):
            continue
        _refuse_another(cloud, lay_on)
        try:
            if (found := there.find(facts)) is not None:
                yield Upload(facts.path, Outcome.HELD, facts.size_bytes or 0, found)
                continue
            began = time.monotonic()
            placed = _upload(source, facts, cloud, there.paths)
        except (OSError, BadPlace, RemoteFailed) as error:
            yield Upload(facts.path, Outcome.FAILED, facts.size_bytes or 0, reason=str(error))
            continue
        there.add(placed, facts)
        took = time.monotonic() - began
        yield Upload(facts.path, Outcome.UPLOADED, facts.size_bytes or 0, placed, seconds=took)
    _refuse_another(cloud, lay_on)


def _refuse_another(cloud: RclonePlace, lay_on: Mapping[Path, str | None]) -> None:
    """Raises: BadPlace where a disk of this machine that the remote shows went away, and what is uploaded goes to the
    folder on which it was mounted, or to another disk."""
    if (away := gone_from(lay_on, presence.volumes(cloud))) is not None:
        raise BadPlace(
            f"the disk at {away}, which {cloud.spec} shows, is gone, or another one lies there now: connect and mount"
            " the first one, and run the same command again"
        )


def _is_excluded(facts: FileFacts, excluded: re.Pattern[str] | None) -> bool:
    return excluded is not None and excluded.search(facts.path.lower()) is not None


@dataclass(slots=True)
class _RemoteIndex:
    """What the remote holds, by content. Contents of a remote without digests are read when a size asks for it."""

    cloud: RclonePlace
    kind: str | None
    paths: set[str]
    by_digest: dict[tuple[str, int | None], str]
    by_size: dict[int | None, list[str]]

    @classmethod
    def of(cls, cloud: RclonePlace) -> _RemoteIndex:
        entries = [e for e in cloud.walk() if e.kind is EntryKind.FILE]
        kind = next(iter(cloud.native_digests()), None)
        index = cls(cloud, kind, {e.path for e in entries}, {}, {})
        for entry in entries:
            if not entry.error:
                index._note(entry)
        return index

    def _note(self, entry: Entry) -> None:
        if self.kind and self.kind in entry.digests and entry.digest_origin is not DigestOrigin.CLAIMED:
            self._hold(entry.digests[self.kind], entry.size_bytes, entry.path)
        else:
            self.by_size.setdefault(entry.size_bytes, []).append(entry.path)

    def _hold(self, digest: str, size_bytes: int | None, path: str) -> None:
        if in_bin(path):  # only where nothing else has it
            self.by_digest.setdefault((digest, size_bytes), path)
        else:
            self.by_digest[(digest, size_bytes)] = path

    def stated(self, facts: FileFacts) -> str | None:
        """Where this content is by the digests that are known so far; None where none says so."""
        digest = facts.digests.get(self.kind or "sha256")
        found = self.by_digest.get((digest, facts.size_bytes)) if digest is not None else None
        return found if found is not None and _serves(found, facts) else None

    def find(self, facts: FileFacts) -> str | None:
        """Where this content is; None where it is not, or in a bin alone though the file lies in none. Raises: OSError
        where the remote cannot be read."""
        digest = facts.digests.get(self.kind or "sha256")
        if digest is None:
            raise BadPlace(f"{facts.path} has no {self.kind} in the list of the source")
        if (found := self.stated(facts)) is not None:
            return found
        while (same := self.by_size.get(facts.size_bytes)) is not None and same:
            path = same.pop()
            with self.cloud.open(path) as stream:
                content = _digest(iter(lambda: stream.read(_CHUNK_BYTES), b""), self.kind or "sha256")
            self._hold(content, facts.size_bytes, path)
            if content == digest and _serves(path, facts):
                return path
        return None

    def add(self, path: str, facts: FileFacts) -> None:
        """Notes what was uploaded: the same content a second time is there already."""
        self.paths.add(path)
        self._hold(facts.digests[self.kind or "sha256"], facts.size_bytes, path)


def _serves(path: str, facts: FileFacts) -> bool:
    """Whether a copy that lies in a bin is one: of what lies in a folder of that name itself (an album)."""
    return in_bin(facts.path) or not in_bin(path)


def _upload(source: Place, facts: FileFacts, cloud: RclonePlace, taken: set[str]) -> str:
    """Copies one file by way of a temporary one; its final path. Raises: OSError, RemoteFailed, BadPlace."""
    if row_path(facts.path) != (facts.path, None):
        raise BadPlace("its name leads out of its folder")
    partial = f"{PARTIAL}/{facts.sha256}"
    with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
        local = Path(folder) / "content"
        with source.open(facts.path) as stream, local.open("wb") as out:
            sha256 = _digest(_copied(iter(lambda: stream.read(_CHUNK_BYTES), b""), out.write), "sha256")
        if sha256 != facts.sha256:
            raise OSError("it changed since it was listed; run the same command again")
        if facts.mtime_ns is not None:
            os.utime(local, ns=(facts.mtime_ns, facts.mtime_ns))
        where = {"srcFs": folder, "srcRemote": "content", "dstFs": cloud.remote, "dstRemote": partial}
        # What a stopped run left under this name may be of the same size: it is written anew, whatever rclone thinks.
        call(cloud.serving, "operations/copyfile", {**where, "_config": {"IgnoreTimes": True}})
    _compare(cloud, partial, facts)
    final = _free(facts.path, taken)
    if _stat(cloud, final) is not None:
        raise BadPlace(f"{final} appeared on the remote during this run; run the same command again")
    move = {"srcFs": cloud.remote, "srcRemote": partial, "dstFs": cloud.remote, "dstRemote": final}
    call(cloud.serving, "operations/movefile", move)
    moved = _stat(cloud, final)
    if moved is None or moved.get("Size") not in (facts.size_bytes, -1):
        raise OSError(f"it is not at {final} after it was moved there; run the same command again")
    return final


def _compare(cloud: RclonePlace, path: str, facts: FileFacts) -> None:
    """Whether what lies at `path` is this file: by a digest that the service made, else by reading it back.

    Raises: OSError where it is not.
    """
    kind = next(iter(cloud.native_digests()), None)
    item = _stat(cloud, path, kind) or {}
    told = item.get("Hashes")
    digest = told.get(kind) if isinstance(told, dict) else None
    if digest and grade(cloud.behind, facts.size_bytes) is not DigestOrigin.CLAIMED:
        right = digest == facts.digests.get(kind or "")
    else:
        with cloud.open(path) as stream:
            right = _digest(iter(lambda: stream.read(_CHUNK_BYTES), b""), "sha256") == facts.sha256
    if not right:
        raise OSError("it arrived altered on the remote; it was not put into place, run the same command again")


def _stat(cloud: RclonePlace, path: str, kind: str | None = None) -> dict[str, object] | None:
    options = {"showHash": True, "hashTypes": [kind]} if kind else {}
    told = call(cloud.serving, "operations/stat", {"fs": cloud.remote, "remote": path, "opt": options})
    item = told.get("item")
    return item if isinstance(item, dict) else None


def _free(path: str, taken: set[str]) -> str:
    """The path, numbered where the remote has another content under it."""
    pure, number = PurePosixPath(path), 2
    free = path
    while free in taken:
        free = str(pure.with_name(f"{pure.stem} ({number}){pure.suffix}"))
        number += 1
    return free


def _digest(chunks: Iterable[bytes], kind: str) -> str:
    return digests.digests(chunks, (kind,))[kind]


def _copied(chunks: Iterable[bytes], write: Callable[[bytes], object]) -> Iterator[bytes]:
    for chunk in chunks:
        write(chunk)
        yield chunk
