"""An Android phone on a cable or over Wi-Fi, through the real adb: it lists and digests its files itself."""

from __future__ import annotations

import hashlib
import posixpath
import re
import shlex
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from auditor.disk.foreign_names import row_path
from auditor.errors import BadPlace, ListingCut
from auditor.model import Device, ErrorKind, FileFacts, Kind, Trouble
from auditor.places import Entry, EntryKind, Power, Whereabouts, links, phone_id
from auditor.places.adbclient import Answer, CableLost, Client, choose, find_adb
from auditor.places.adbstream import open_on_phone
from auditor.readers import kind_by_name

SDCARD = "/sdcard"
MEDIA_FOLDERS = ("DCIM", "Pictures", "Movies", "Download", "Android/media")
"""Where phones keep pictures and videos; what is listed of /sdcard where no path is named."""

HIDDEN = "hidden_from_apps"
"""Begins the note of a file below a folder with `.nomedia`: no app sees it, so none ever uploaded it."""
NOT_IN_STORE = "not_in_media_store"
"""The note of a picture or video that Android's own list does not hold: apps that upload do not see it either."""

BATCH_FILES = 256
BATCH_BYTES = 1 << 30
STAT_FILES = 2000

_TOOLS = {"sha256": "sha256sum", "sha1": "sha1sum", "md5": "md5sum"}
_STAT = re.compile(rb"([0-9a-f]{1,8}) (\d{1,20}) (-?\d{1,19}) ")
_DIGEST = re.compile(rb"\\?([0-9a-f]{32,64})  ")


@dataclass(frozen=True, slots=True)
class AdbPlace(Whereabouts):
    """A folder of a phone. `folders` are those below `root` that are listed; rows are relative to `root`."""

    client: Client
    spec: str
    root: str
    folders: tuple[str, ...]
    phone_serial: str
    model: str

    @property
    def label(self) -> str:
        """The phone's model."""
        return self.model

    @property
    def id(self) -> str:
        """Made of the phone's own serial number and the folder: the same by cable and over Wi-Fi."""
        words = "\0".join((self.phone_serial, self.root, *self.folders))
        return "adb:" + hashlib.sha256(words.encode("utf-8", "surrogateescape")).hexdigest()[:24]

    @property
    def phone(self) -> str:
        """Which phone it is, whatever the folder."""
        return phone_id(self.phone_serial)

    @property
    def kind(self) -> str:
        """Always `adb`."""
        return "adb"

    @property
    def powers(self) -> frozenset[Power]:
        """Dates are the phone's own; digests are made on the phone."""
        return frozenset({Power.MTIME, Power.DIGESTS, Power.COMPUTES})

    def device(self) -> Device | None:
        """Model, Android version, storage and USB state; None where the phone is not there."""
        script = (
            "for p in ro.product.model ro.build.version.release sys.usb.state; do getprop $p; done;"
            f" df -k {shlex.quote(self.root)}"
        )
        try:
            lines = self.client.run(script, seconds=30).output.decode("utf-8", "replace").splitlines()
        except (CableLost, ListingCut):
            return None
        size = re.search(r"\s(\d{1,15})\s+(\d{1,15})\s+(\d{1,15})\s+\d+%", lines[-1]) if len(lines) > 3 else None
        return Device(
            model=lines[0].strip() or None if lines else None,
            android_version=lines[1].strip() or None if len(lines) > 1 else None,
            storage_total_bytes=int(size[1]) * 1024 if size else None,
            storage_free_bytes=int(size[3]) * 1024 if size else None,
            usb_state=lines[2].strip() or None if len(lines) > 2 else None,
            is_phone=True,
            phone=self.phone,
        )

    def walk(self) -> Iterator[Entry]:
        """Each file once, listed by the phone's own `find` and `stat`.

        Raises: BadPlace where the folder is not there; ListingCut where the phone was lost, or could not list all.
        """
        folders = " ".join(shlex.quote("." if folder == "." else f"./{folder}") for folder in self.folders)
        each = f'for d in {folders}; do [ -e "$d" ] || continue; find "$d" %s -print0 || r=1; done'
        found = self._in_root("r=0; " + each % "! -type d" + "; (exit $r)")
        names = [name for name in found.output.split(b"\0") if name]
        yield from self._entries(names)
        if found.code != 0:
            locked = list(self._unlisted_folders(each % "-type d"))
            yield from locked
            if not locked:
                raise ListingCut(f"the phone could not list everything: {found.errors or 'find failed'}")

    def open(self, path: str) -> BinaryIO:
        """The bytes of one file; where the cable is lost, reading goes on at the same place when the phone is back.

        Raises: OSError where the phone cannot read it; ListingCut where the phone does not come back.
        """
        if row_path(path) != (path, None):
            raise OSError(f"{path!r} leads out of {self.spec}")
        return open_on_phone(self.client, self.root, _name(path))

    def native_digests(self) -> tuple[str, ...]:
        """Those that the phone has a tool for. Raises: ListingCut where it is not there."""
        script = "for t in " + " ".join(_TOOLS.values()) + '; do command -v "$t" >/dev/null && echo "$t"; done; true'
        there = (
            self.client.insist(lambda: self.client.run(script, seconds=60)).output.decode("ascii", "replace").split()
        )
        return tuple(name for name, tool in _TOOLS.items() if tool in there)

    def digests_of(self, entries: Sequence[Entry], name: str) -> Iterator[tuple[str, str]]:
        """Digests that the phone makes of its files now; the bytes stay where they are.

        In batches, so that a lost cable costs one of them. Raises: ListingCut where the phone does not come back.
        """
        if name not in _TOOLS:
            raise BadPlace(f"a phone makes no {name}; read the files instead")
        for batch in _batches(entries):
            names = [_name(entry.path) for entry in batch]
            seconds = 120 + sum(entry.size_bytes or 0 for entry in batch) / 2_000_000
            answer = self._in_root(f"xargs -0 {_TOOLS[name]}", names, seconds)
            for entry, values in zip(batch, _parsed(answer.output, names, _DIGEST), strict=True):
                if values:
                    yield entry.path, values[0].decode()

    def _in_root(self, script: str, names: Sequence[bytes] = (), seconds: float = 1800) -> Answer:
        """Runs a script in the root, begun again where the cable was lost. Raises: BadPlace, ListingCut."""
        whole = f"if cd {shlex.quote(self.root)} 2>/dev/null; then {script}\nelse (exit 99); fi"
        given = b"".join(name + b"\0" for name in names)
        answer = self.client.insist(lambda: self.client.run(whole, given, seconds))
        if answer.code == 99:
            raise BadPlace(f"there is no folder {self.root} on the phone {self.client.serial}; check the path")
        return answer

    def _entries(self, names: list[bytes]) -> Iterator[Entry]:
        hiding = {name.rpartition(b"/")[0] for name in names if name.endswith(b"/.nomedia")}
        stored = self._media_store()
        linked: list[bytes] = []
        for start in range(0, len(names), STAT_FILES):
            part = names[start : start + STAT_FILES]
            answer = self._in_root("xargs -0 stat -c '%f %s %Y %n'", part)
            for name, values in zip(part, _parsed(answer.output, part, _STAT), strict=True):
                path = name.removeprefix(b"./").decode("utf-8", "surrogateescape")
                if values is None:
                    yield Entry(
                        path, error=Trouble(ErrorKind.UNREADABLE, "the phone gives neither its size nor its date")
                    )
                    continue
                if stat.S_ISLNK(int(values[0], 16)):
                    linked.append(name)
                    continue
                yield _entry(path, values, _notes(path, name, hiding, stored))
        yield from self._links(linked)

    def _links(self, names: list[bytes]) -> Iterator[Entry]:
        """Links, which are not followed, with where they lead: the phone is asked, they are few."""
        ask = """pwd -P; xargs -0 sh -c 'for l in "$@"; do k=n; [ -e "$l" ] && k=f; [ -d "$l" ] && k=d
printf "%s%s\\0" $k "$(readlink -f "$l")"; done' sh"""
        for start in range(0, len(names), STAT_FILES):
            part = names[start : start + STAT_FILES]
            root, _, told = self._in_root(ask, part).output.partition(b"\n")
            listed = [root if folder == "." else posixpath.join(root, _name(folder)[2:]) for folder in self.folders]
            answers = told.split(b"\0")[:-1]
            for number, name in enumerate(part):
                kind, target = (answers[number][:1], answers[number][1:]) if len(answers) == len(part) else (b"d", b"")
                error = links.NOWHERE if kind == b"n" else links.outside(kind == b"d")
                if kind != b"n" and any(target == top or target.startswith(top + b"/") for top in listed):
                    error = links.INSIDE
                path = name.removeprefix(b"./").decode("utf-8", "surrogateescape")
                yield Entry(path, EntryKind.LINK, error=error)

    def _media_store(self) -> frozenset[str]:
        """The paths, relative to the root, that Android lists as pictures and videos; empty where it does not tell."""
        if not self.root.startswith(SDCARD):
            return frozenset()
        query = "content query --uri content://media/external/%s/media --projection _data"
        try:
            answer = self.client.run("; ".join(query % kind for kind in ("images", "video")) + "; true", seconds=120)
        except CableLost:
            return frozenset()
        # A row is not escaped: a name may hold a line break, but hardly one followed by the next row's head.
        rows = re.split(rb"(?:^|\n)Row: \d+ _data=", answer.output.replace(b"No result found.\n", b""))[1:]
        below = re.compile(
            rb"/storage/emulated/\d+" + re.escape(self.root.removeprefix(SDCARD).encode()) + rb"/(.*)", re.S
        )
        return frozenset(
            match[1].rstrip(b"\n").decode("utf-8", "surrogateescape") for row in rows if (match := below.match(row))
        )

    def _unlisted_folders(self, find_folders: str) -> Iterator[Entry]:
        script = f"""{{ {find_folders}; }} 2>/dev/null | xargs -0 sh -c \
'for d in "$@"; do ls -A "$d" >/dev/null 2>&1 || printf "%s\\0" "$d"; done' sh"""
        for name in self._in_root(script).output.split(b"\0"):
            if name:
                path = name.removeprefix(b"./").decode("utf-8", "surrogateescape")
                yield Entry(
                    path,
                    EntryKind.FOLDER,
                    error=Trouble(ErrorKind.UNREADABLE, "the phone does not let adb list this folder"),
                )


def open_adb(words: str) -> AdbPlace:
    """The phone that `SERIAL/path` names; without a serial the only one, without a path its media folders.

    Raises: BadPlace where it is not there or not ready, with what to do.
    """
    named, slash, path = words.partition("/")
    adb = find_adb()
    client = Client(adb, choose(adb, named))
    script = "getprop ro.serialno; getprop ro.product.model; command -v find xargs stat >/dev/null || echo none"
    try:
        lines = client.insist(lambda: client.run(script, seconds=60)).output.decode("utf-8", "replace").splitlines()
    except ListingCut as error:
        if "pty" in str(error).lower():  # what adb says of a phone without the shell protocol v2
            raise BadPlace(
                "this phone's debugging is older than Android 7 and cannot be used; copy the files, or make the list on"
                " the phone with the script of `auditor doctor`"
            ) from error
        raise BadPlace(str(error)) from error
    if "none" in lines[2:]:
        raise BadPlace("this phone's shell has no find, xargs or stat (Android before 8); copy the files to a folder")
    root = posixpath.normpath("/" + path.strip("/")) if slash and path.strip("/") else SDCARD
    folders = (".",) if path.strip("/") else MEDIA_FOLDERS
    serial, model = (line.strip() for line in (*lines, "", "")[:2])
    if serial.isprintable() and serial.isascii() and serial:
        client = replace(client, own_serial=serial)
    return AdbPlace(client, f"adb:{words}", root, folders, serial or client.serial, model or client.serial)


def _name(path: str) -> bytes:
    return b"./" + path.encode("utf-8", "surrogateescape")


def _batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and (len(batch) == BATCH_FILES or size + (entry.size_bytes or 0) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry.size_bytes or 0
    if batch:
        yield batch


def _parsed(output: bytes, names: Sequence[bytes], head: re.Pattern[bytes]) -> Iterator[tuple[bytes, ...] | None]:
    """What stands before each name in `output`; None where the phone said nothing of it.

    The names are known, so that a line break in one cannot confuse: a line is one only with the name that is due.
    """
    position = 0
    for name in names:
        escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
        match = head.match(output, position)
        written = next((n for n in (name, escaped) if match and output.startswith(n + b"\n", match.end())), None)
        if match is None or written is None:
            yield None
            continue
        position = match.end() + len(written) + 1
        yield match.groups()


def _entry(path: str, values: tuple[bytes, ...], notes: tuple[str, ...]) -> Entry:
    mode, size, seconds = int(values[0], 16), int(values[1]), int(values[2])
    if not stat.S_ISREG(mode):
        return Entry(path, EntryKind.SPECIAL, error=Trouble(ErrorKind.SPECIAL, "a device, socket or FIFO, not a file"))
    stated = FileFacts(path, notes=notes) if notes else None
    return Entry(path, size_bytes=size, mtime_ns=seconds * 1_000_000_000, stated=stated)


def _notes(path: str, name: bytes, hiding: set[bytes], stored: frozenset[str]) -> tuple[str, ...]:
    if kind_by_name(path) not in (Kind.PHOTO, Kind.VIDEO):
        return ()
    folder = name.rpartition(b"/")[0]
    while folder:
        if folder in hiding:
            return (f"{HIDDEN}: {folder.removeprefix(b'./').decode('utf-8', 'surrogateescape')}/.nomedia",)
        folder = folder.rpartition(b"/")[0]
    return (NOT_IN_STORE,) if stored and path not in stored else ()
