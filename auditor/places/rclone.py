"""A remote of rclone: OneDrive, Yandex.Disk, pCloud, Google Drive, a WebDAV or SFTP server, crypt and the rest.

Its service states digests without a download; which ones differs by service, so the other side makes the same. Where
there is none, files are downloaded, or stay not checked.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TypedDict

from auditor.disk.foreign_names import row_path
from auditor.disk.marker import OWN_FOLDER
from auditor.disk.volume import keeps_change_times
from auditor.errors import BadPlace, ListingCut
from auditor.model import Behind, Device, ErrorKind, FileFacts, Kind, Trouble
from auditor.places import Entry, EntryKind, Power, Whereabouts, links, own_folder
from auditor.places.folder import file_id
from auditor.places.foreign_rows import lsjson_row
from auditor.places.members import once
from auditor.places.ours import is_ours
from auditor.places.rclone_remotes import Leaf, grade, leaves_of
from auditor.places.rcloneclient import (
    Server,
    answer,
    failure,
    find_rclone,
    links_left_out,
    open_remote,
    run,
    server,
    unlisted,
)
from auditor.readers import kind_by_name

BEST = ("sha256", "sha1", "md5", "quickxor", "dropbox")
"""Digests that rows have a column for, the most telling first."""

SAME_NAME = "same_name_twice"
"""The note of a file whose folder holds another one of the same name, as Google Drive allows."""

_GOOGLE_PHOTOS = "google photos"
_SHARED = "shared-album/"


class _File(TypedDict):
    file_id: str | None
    changed_ns: int | None


@dataclass(frozen=True, slots=True)
class RclonePlace(Whereabouts):
    """A folder of a remote. `digests` are those its service states; `slow` is whether it reads the bytes for them,
    `behind` the services and hosts that it is made of."""

    program: str
    remote: str
    spec: str
    service: str
    digests: tuple[str, ...]
    slow: bool
    dated: bool
    serving: Server
    behind: tuple[Leaf, ...] = ()

    @property
    def label(self) -> str:
        """The folder's name, or the remote's at its top."""
        name, _, path = self.remote.partition(":")
        return path.rstrip("/").rpartition("/")[2] or name

    @property
    def id(self) -> str:
        """Made of the remote's name and path as rclone knows them."""
        return "rclone:" + hashlib.sha256(self.remote.rstrip("/").encode("utf-8", "surrogateescape")).hexdigest()[:24]

    @property
    def kind(self) -> str:
        """Always `rclone`."""
        return "rclone"

    @property
    def powers(self) -> frozenset[Power]:
        """Seeking; dates where the service keeps those of the files; digests where it states any."""
        powers = {Power.SEEK, Power.DIGESTS}
        return frozenset(powers | ({Power.MTIME} if self.dated else set()))

    def device(self) -> Device | None:
        """How full the service is (`rclone about`); None where it does not tell."""
        return _room(self.program, self.remote, self.service)

    def room_of(self, leaf: Leaf) -> Device | None:
        """How full one of the services is that it is made of; None where that does not tell."""
        return _room(self.program, leaf.words, leaf.kind)

    def walk(self) -> Iterator[Entry]:
        """Each file once, with the digests that the service states.

        A folder that rclone could not list is an entry with its reason. Raises: BadPlace where the remote or folder is
        not there; ListingCut where rclone could not list all of it, after what it did list.
        """
        kinds = self.digests[:1] if self.slow else self.digests
        asked = [word for kind in kinds for word in ("--hash-type", kind)]
        done = run(
            *(self.program, "lsjson", "-R", "--files-only", "--no-mimetype", "--use-json-log"),
            *(("--hash", *asked) if asked else ()),
            remote=self.remote,
            seconds=None,
        )
        items, is_whole = _items(done.stdout)
        folders = unlisted(done.stderr) if done.returncode else {}
        failed = failure(done.stderr, self.remote) if done.returncode and (not folders or "" in folders) else None
        if isinstance(failed, BadPlace) and not items:
            raise failed
        seen: dict[str, int] = {}
        tops = tuple(_Top.of(leaf) for leaf in self.behind if leaf.folder is not None and not leaf.hidden)
        for item in items:
            top, _, rest = str(item["Path"]).partition("/")
            if top != OWN_FOLDER:
                yield self._entry(item, seen, tops)
            elif not is_ours(rest):
                yield own_folder.told(self._entry(item, seen, tops))
        for folder, reason in folders.items():
            if folder:
                yield Entry(
                    row_path(folder)[0], EntryKind.FOLDER, error=Trouble(ErrorKind.UNREADABLE, f"folder: {reason}")
                )
        for link in links_left_out(done.stderr):
            # Where it leads, rclone does not say: what no photo, film or sidecar is called may be a folder ("2023.05").
            error = links.outside(kind_by_name(link) is Kind.OTHER)
            yield Entry(row_path(link)[0], EntryKind.LINK, error=error)
        if failed:
            raise ListingCut(f"rclone could not list all of {self.remote}: {folders.get('') or failed}")
        if not is_whole and not folders:
            raise ListingCut(f"rclone's list of {self.remote} is cut off")

    def open(self, path: str) -> BinaryIO:
        """The bytes of one file, through the rclone that runs as long as this program. Raises: OSError."""
        if ".." in path.split("/") or path.startswith("/"):
            raise BadPlace(f"{path!r} leads out of {self.spec}")
        return open_remote(self.serving, self.remote, path)

    def native_digests(self) -> tuple[str, ...]:
        """Digests that the service states; empty where it has none."""
        return self.digests[:1] if self.slow else self.digests

    def digests_of(self, entries: Sequence[Entry], name: str) -> Iterator[tuple[str, str]]:
        """Digests that the service states of these files, from a new listing where the first did not ask for them.

        Raises: BadPlace, ListingCut as `walk` does.
        """
        if name not in self.digests:
            raise BadPlace(f"{self.spec} states no {name}, only {', '.join(self.digests) or 'none'}")
        if all(name in entry.digests for entry in entries):
            yield from ((entry.path, entry.digests[name]) for entry in entries)
            return
        wanted = {entry.path for entry in entries}
        for entry in replace(self, digests=(name,)).walk():
            if entry.path in wanted and name in entry.digests:
                yield entry.path, entry.digests[name]

    @property
    def services(self) -> tuple[Behind, ...]:
        """What it is made of, as its list says it."""
        return tuple(leaf.told for leaf in self.behind)

    @property
    def is_off_site(self) -> bool:
        """Whether all that it is made of is surely kept elsewhere: by services of the net. Where a server is that has
        a name of its own, nobody can tell by that."""
        return bool(self.behind) and all(leaf.is_public for leaf in self.behind)

    @property
    def local_things(self) -> tuple[Path, ...]:
        """The folders of this machine in which its files lie, as far as rclone's settings tell."""
        return tuple(Path(leaf.folder).absolute() for leaf in self.behind if leaf.folder is not None)

    def _entry(self, item: dict[str, object], seen: dict[str, int], tops: Sequence[_Top] = ()) -> Entry:
        facts = lsjson_row(item)
        path = once(facts.path, seen)
        error = facts.error
        if self.service == _GOOGLE_PHOTOS and f"{self.remote.partition(':')[2]}/{path}".lstrip("/").startswith(_SHARED):
            error = Trouble(ErrorKind.SHARED, "it lies in an album that somebody else can take away, so it is no copy")
        stated = FileFacts(path, notes=(SAME_NAME,)) if path != facts.path else None
        return Entry(
            path,
            size_bytes=facts.size_bytes,
            mtime_ns=facts.mtime_ns if self.dated else None,
            digests={} if error else facts.digests,  # what is no copy must prove nothing
            digest_origin=grade(self.behind, facts.size_bytes),
            error=error,
            stated=stated,
            **_file(tops, facts),
        )


def _room(program: str, remote: str, service: str) -> Device | None:
    try:
        told = answer(program, "about", "--json", remote=remote)
    except (BadPlace, ListingCut):
        return None
    total, free = told.get("total"), told.get("free")
    if not isinstance(total, int) or total <= 0:
        return None
    return Device(
        filesystem=service or None,
        storage_total_bytes=total,
        storage_free_bytes=free if isinstance(free, int) else None,
    )


@dataclass(frozen=True, slots=True)
class _Top:
    """A folder of this machine whose files a remote shows as they are; `device` is its disk, None where it is not
    there."""

    folder: Path
    device: int | None
    keeps_change_times: bool

    @classmethod
    def of(cls, leaf: Leaf) -> _Top:
        folder = Path(leaf.path).absolute()
        try:
            device = folder.stat().st_dev
        except (OSError, ValueError):
            return cls(folder, None, keeps_change_times=False)
        return cls(folder, device, keeps_change_times(folder))

    def file(self, facts: FileFacts) -> os.stat_result | None:
        """The file that is read for a row, through links as rclone goes; None where nothing is surely that file: a name
        that rclone spells otherwise than the disk, another size or date, or another disk behind a link."""
        if _SPELT.search(facts.path):
            return None
        with contextlib.suppress(OSError, ValueError):
            there = self.folder / facts.path
            found = there.stat()
            is_it = stat.S_ISREG(found.st_mode) and found.st_size == facts.size_bytes
            is_it &= facts.mtime_ns is None or abs(found.st_mtime_ns - facts.mtime_ns) < _TICK_NS
            if is_it and (found.st_dev == self.device or there.resolve() == self.folder.resolve() / facts.path):
                return found
        return None


_SPELT = re.compile("[\u2400-\u2426\u201b\ufffd]")
"""What rclone writes for letters that a name may not have, and before those that stand for one: rclone.org/overview,
"Restricted filenames"."""

_TICK_NS = 1_000


def _file(tops: Sequence[_Top], facts: FileFacts) -> _File:
    """Which file of this machine a row is of; nothing where none is, where it may be of two, or nobody can tell."""
    found = [(top, there) for top in tops if (there := top.file(facts)) is not None]
    if len({file_id(there.st_dev, there.st_ino) for _, there in found}) != 1:
        return {"file_id": None, "changed_ns": None}
    top, there = found[0]
    changed_ns = there.st_ctime_ns if top.keeps_change_times else None
    return {"file_id": file_id(there.st_dev, there.st_ino), "changed_ns": changed_ns}


def open_rclone(words: str) -> RclonePlace:
    """The remote and folder that `REMOTE:PATH` names.

    Raises: BadPlace where there is no rclone, or no such remote.
    """
    if ":" not in words:
        raise BadPlace(f"rclone:{words} names no remote; write rclone:REMOTE:PATH (see `rclone listremotes`)")
    if words.startswith("-"):
        raise BadPlace(f"rclone:{words} names no remote: the name of one does not begin with `-`, an option does")
    program = find_rclone()
    try:
        told = answer(program, "backend", "features", remote=words)
    except ListingCut as error:
        raise BadPlace(str(error)) from error
    hashes = [str(name).lower().replace("-", "") for name in told.get("Hashes") or ()]
    features = told.get("Features") or {}
    named = {"quickxorhash": "quickxor"}
    known = {named.get(name, name) for name in hashes}
    precision = told.get("Precision")
    return RclonePlace(
        program=program,
        remote=words,
        spec=f"rclone:{words}",
        service=_service(program, words),
        digests=tuple(name for name in BEST if name in known),
        slow=bool(features.get("SlowHash")),
        # A service that cannot set dates says a precision of a hundred years.
        dated=isinstance(precision, int) and 0 < precision <= 2_000_000_000,
        behind=leaves_of(words, _config(program), os.environ),
        serving=server(program),
    )


def _items(listing: bytes) -> tuple[list[dict[str, Any]], bool]:
    """The files of a listing, and whether it has its end: rclone leaves it out where a folder could not be listed."""
    text = listing.rstrip()
    for ending, is_whole in ((b"", True), (b"]", False)):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(text.removesuffix(b",") + ending), is_whole
    return [], False


def _config(program: str) -> dict[str, dict[str, str]]:
    """The settings of every remote that rclone knows; empty where it does not tell."""
    try:
        told = answer(program, "config", "dump")
    except (BadPlace, ListingCut):
        return {}
    return {n: s for n, s in told.items() if isinstance(s, dict)}


def _service(program: str, words: str) -> str:
    """What kind of remote this is; "" where its name is not in rclone's own list."""
    name = words.partition(":")[0]
    for line in run(program, "listremotes", "--long").stdout.decode("utf-8", "replace").splitlines():
        listed, _, service = line.partition(":")
        if listed == name:
            return service.strip()
    return ""
